/**
 * What an export costs: the same rows from the same file of JSON lines, written by Kihon's exporter, by the Parquet library that it stands on with
 * nothing around it, and by DuckDB's `COPY`, each in a process of its own.
 *
 * `node bench/export.ts [--rows 100000] [--folder FOLDER]` writes Kihon's files twice, prints seconds, throughput, peak memory and sizes, and the
 * ratios to the others. Exits 1 where the two exports differ in a byte, where Kihon needed 500 MB of memory or more, or where DuckDB reads other rows
 * from Kihon's files than from its own. Kihon checks every row, which the others do not.
 */
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { exec } from "../lib/exec.ts";
import { sha256 } from "../lib/hash.ts";
import { type Rng, rngFor } from "../lib/rng.ts";
import { parquetSchemaOf } from "../output/columns.ts";
import { writeParquet } from "../output/parquet.ts";
import { type CellType, type PublicRow, publicColumns, type Row, rowSchemaVersion } from "../schemas/row.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "100000" }, folder: { type: "string" }, part: { type: "string" }, out: { type: "string" } },
});
const limitBytes = 500e6;
const groupRows = 4096;

const words =
  "const return if else for of map filter value index options result error path node text count length push join slice parse type".split(
    " ",
  );

/** A line as code has them: some words, signs between, indented. */
function lineOf(rng: Rng): string {
  const picked = Array.from({ length: 3 + rng.below(8) }, () => words[rng.below(words.length)] ?? "");
  return `${"  ".repeat(rng.below(4))}${picked.join([" ", ".", "(", " = "][rng.below(4)])}${rng.below(1000)};`;
}

/** Rows of the size that proven ones have: a question of about 1 kB, told twice, and a changed source of about 4 kB. */
function* syntheticRows(count: number): Generator<PublicRow> {
  const rng = rngFor(1, "rows", "bench");
  // Blocks of eight lines, put together anew for each row.
  const blocks = Array.from({ length: 2000 }, () => Array.from({ length: 8 }, () => lineOf(rng)).join("\n"));
  const text = (length: number): string => Array.from({ length }, () => blocks[rng.below(blocks.length)] ?? "").join("\n");
  for (let index = 0; index < count; index += 1) {
    const question = text(3);
    yield {
      instance_id: index.toString(16).padStart(16, "0"),
      skill: "editing",
      schema_version: rowSchemaVersion,
      repo: `owner${index % 97}/name${index % 311}`,
      repo_group: `owner${index % 97}/name${index % 311}`,
      language: index % 3 === 0 ? "javascript" : "typescript",
      license_spdx: index % 11 === 0 ? null : "MIT",
      base_commit: sha256(String(index % 311)).slice(0, 40),
      committed_at: "2025-03-01T10:00:00Z",
      source_kind: "injected",
      change_id: sha256(`change ${index >> 2}`).slice(0, 16),
      pair_id: null,
      environment_id: sha256(`environment ${index % 311}`).slice(0, 16),
      prompt: [{ role: "user", content: question }],
      problem_statement: question,
      interface: index % 2 === 0 ? [] : [words[index % words.length] ?? "", "parse"],
      answer_form: "patch",
      answer_path: null,
      visible_layer_json: JSON.stringify({ [`src/file${index % 50}.ts`]: text(13), "tests/hidden.test.ts": null }),
      workdir: "/workspace",
      split: "train",
      facts: [
        { name: "failing-tests", value: String(1 + (index % 40)) },
        { name: "operator", value: words[index % words.length] ?? "" },
      ],
      difficulty: "easy",
      natural_language: null,
    };
  }
}

async function writeLines(path: string, count: number): Promise<number> {
  const stream = createWriteStream(path);
  for (const row of syntheticRows(count)) {
    if (!stream.write(`${JSON.stringify(row)}\n`)) await new Promise<void>((resolve) => stream.once("drain", resolve));
  }
  stream.end();
  await finished(stream);
  return statSync(path).size;
}

async function* readLines(path: string): AsyncGenerator<Row> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }))
    yield JSON.parse(line) as Row;
}

const duckNames = { string: "VARCHAR", int32: "INTEGER", double: "DOUBLE", binary: "BLOB" } as const;
function duckType(type: CellType): string {
  if (type.kind === "list") return `${duckType(type.of)}[]`;
  if (type.kind !== "struct") return duckNames[type.kind];
  return `STRUCT(${Object.entries(type.fields)
    .map(([name, field]) => `"${name}" ${duckType(field)}`)
    .join(", ")})`;
}

const jsonColumns = `{${Object.entries(publicColumns)
  .map(([name, { type }]) => `'${name}': '${duckType(type)}'`)
  .join(", ")}}`;

/** As whoever has the library alone would write them: groups of so many rows, and every column of them as an array. */
async function writeByLibrary(path: string, lines: string): Promise<void> {
  const writer = new ParquetWriter({ writer: fileWriter(path), schema: parquetSchemaOf(publicColumns), codec: "SNAPPY" });
  let rows: Row[] = [];
  const flush = (): void => {
    const columnData = Object.keys(publicColumns).map((name) => ({ name, data: rows.map((row) => row[name]) }));
    writer.write({ columnData, rowGroupSize: rows.length });
    rows = [];
  };
  for await (const row of readLines(lines)) if (rows.push(row) === groupRows) flush();
  if (rows.length > 0) flush();
  writer.finish();
}

/** One writer, in this process; what it took and needed as JSON. */
async function part(name: string, lines: string, out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  const [began, before] = [performance.now(), process.cpuUsage()];
  if (name === "kihon") await writeParquet(out, [{ config: "editing", split: "train", rows: () => readLines(lines) }], {});
  else if (name === "library") await writeByLibrary(join(out, "train.parquet"), lines);
  else {
    const database = await (await DuckDBInstance.create(":memory:", { threads: name === "duckdb-1" ? "1" : "2" })).connect();
    await database.run(
      `COPY (SELECT * FROM read_json('${lines}', format = 'newline_delimited', columns = ${jsonColumns})) TO '${join(out, "train.parquet")}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${groupRows})`,
    );
    database.closeSync();
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ seconds, cpu: (user + system) / 1e6, memory: process.resourceUsage().maxRSS * 1024 }));
}

interface Measured {
  readonly seconds: number;
  /** Seconds of processor time, of all threads: what a machine that others share leaves comparable. */
  readonly cpu: number;
  readonly memory: number;
  readonly bytes: number;
  /** Of every file, in order of their names. */
  readonly hashes: readonly string[];
}

async function measured(name: string, lines: string, out: string): Promise<Measured> {
  const { stdout, stderr, ended } = await exec({
    argv: [process.execPath, import.meta.filename, "--part", name, "--folder", lines, "--out", out],
    env: { PATH: process.env["PATH"] ?? "" },
    timeoutMs: 3_600_000,
    outputBytes: 2 ** 20,
  });
  if (ended.kind !== "exited" || ended.code !== 0) throw new Error(`${name} ended ${JSON.stringify(ended)}: ${stderr}`);
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return {
    ...(JSON.parse(stdout) as { seconds: number; cpu: number; memory: number }),
    bytes: paths.reduce((total, path) => total + statSync(path).size, 0),
    hashes: paths.map((path) => sha256(readFileSync(path))),
  };
}

/** A hash over all rows, as DuckDB reads them; the order of rows does not count. */
async function readByDuckdb(pattern: string): Promise<string> {
  const database = await (await DuckDBInstance.create(":memory:")).connect();
  const names = Object.keys(publicColumns).map((name) => `"${name}"`);
  const result = await database.runAndReadAll(
    `SELECT count(*) AS rows, bit_xor(hash(${names.join(", ")}))::VARCHAR AS sum FROM read_parquet('${pattern}')`,
  );
  database.closeSync();
  const [row] = result.getRowObjects();
  return `${row?.["rows"]} rows, ${row?.["sum"]}`;
}

async function main(): Promise<number> {
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), "kihon-export-"));
  mkdirSync(folder, { recursive: true });
  try {
    const lines = join(folder, "rows.jsonl");
    const raw = await writeLines(lines, Number(values.rows));
    process.stdout.write(`${values.rows} rows, ${(raw / 1e6).toFixed(0)} MB as JSON lines; Node ${process.version}\n`);
    const results = new Map<string, Measured>();
    for (const name of ["kihon", "kihon again", "library", "duckdb-1", "duckdb-2"]) {
      const own = await measured(name.split(" ")[0] ?? "", lines, join(folder, name.replace(" ", "-")));
      results.set(name, own);
      process.stdout.write(
        `${name.padEnd(12)} ${own.seconds.toFixed(1).padStart(6)} s  ${own.cpu.toFixed(1).padStart(6)} CPU s  ${(raw / 1e6 / own.seconds).toFixed(1).padStart(6)} MB/s  peak ${(own.memory / 1e6).toFixed(0).padStart(5)} MB  files ${(own.bytes / 1e6).toFixed(1)} MB\n`,
      );
    }
    const [one, two, ...others] = [...results.values()];
    const same = one !== undefined && one.hashes.join() === two?.hashes.join();
    for (const [index, name] of ["hyparquet-writer alone", "DuckDB with one thread", "DuckDB with two threads"].entries()) {
      const other = others[index];
      if (one === undefined || other === undefined) continue;
      const ratio = (mine: number, its: number): string => (mine / its).toFixed(2);
      process.stdout.write(
        `to ${name}: time × ${ratio(one.seconds, other.seconds)}, CPU × ${ratio(one.cpu, other.cpu)}, memory × ${ratio(one.memory, other.memory)}, size × ${ratio(one.bytes, other.bytes)}\n`,
      );
    }
    const [ours, theirs] = [await readByDuckdb(`${folder}/kihon/editing/*.parquet`), await readByDuckdb(`${folder}/duckdb-1/*.parquet`)];
    const slim = [one, two].every((own) => own !== undefined && own.memory < limitBytes);
    process.stdout.write(
      `two exports ${same ? "are the same to the byte" : "DIFFER"}; memory ${slim ? "below" : "NOT BELOW"} ${limitBytes / 1e6} MB; DuckDB reads ${ours === theirs ? "the same rows" : `OTHER ROWS (${ours}; ${theirs})`}\n`,
    );
    return same && slim && ours === theirs ? 0 : 1;
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

if (values.part !== undefined) await part(values.part, values.folder ?? "", values.out ?? "");
else process.exitCode = await main();
