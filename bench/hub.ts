/**
 * Holds datasets to what the Hugging Face Hub and its readers ask: `node bench/hub.ts DATASET...`.
 *
 * The whole folder goes through the strict check of the Hub's rules (names, the card's YAML against the files, row groups, page indexes). Then every
 * cell of every Parquet file is read by DuckDB and by parquetjs, which share no code with the writer, and compared; the columns and types must be
 * the documented ones. Prints a line for each dataset and all findings; exits 1 on any, and where a folder has no rows.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { ParquetReader } from "@dsnp/parquetjs";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type ConfigName, columnsOf, configNames } from "../schemas/row.ts";
import { hubProblems } from "../tests/output/hub-rules.ts";
import { duckType, fromDuckdb, fromParquetjs, unquoted } from "../tests/output/readers.ts";

const { positionals } = parseArgs({ allowPositionals: true });

interface Reading {
  readonly rows: number;
  readonly cells: number;
  readonly findings: readonly string[];
}

/** One file, row by row, as both readers see it. */
async function compareReaders(database: DuckDBConnection, path: string, config: ConfigName): Promise<Reading> {
  const findings: string[] = [];
  const columns = Object.entries(columnsOf(config));
  const from = `read_parquet('${path.replaceAll("'", "''")}', file_row_number = true)`;
  const described = (await database.runAndReadAll(`describe select * exclude (file_row_number) from ${from}`)).getRowObjects();
  const seen = described.map((row) => `${row["column_name"]} ${unquoted(String(row["column_type"]))}`);
  const documented = columns.map(([name, { type }]) => `${name} ${duckType(type)}`);
  if (!isDeepStrictEqual(seen, documented))
    findings.push(`${path}: columns ${seen.filter((column) => !documented.includes(column))} are not documented`);
  const reader = await ParquetReader.openFile(path);
  let [row, cells] = [0, 0];
  try {
    const cursor = reader.getCursor();
    for (;;) {
      const [ours] = (await database.runAndReadAll(`select * from ${from} where file_row_number = ${row}`)).getRowObjectsJS();
      const theirs = (await cursor.next()) as Readonly<Record<string, unknown>> | null;
      if (ours === undefined && theirs === null) return { rows: row, cells, findings };
      if (ours === undefined || theirs === null) {
        const [short, long] = ours === undefined ? ["DuckDB", "parquetjs"] : ["parquetjs", "DuckDB"];
        return { rows: row, cells, findings: [...findings, `${path}: ${short} ends before row ${row}, ${long} does not`] };
      }
      for (const [name, { type }] of columns) {
        cells += 1;
        if (!isDeepStrictEqual(fromDuckdb(ours[name]), fromParquetjs(theirs[name], type)))
          findings.push(`${path}: row ${row}, ${name} differs`);
      }
      row += 1;
    }
  } finally {
    await reader.close();
  }
}

async function checkDataset(database: DuckDBConnection, folder: string): Promise<Reading> {
  const findings = await hubProblems(folder);
  let [rows, cells] = [0, 0];
  for (const config of configNames) {
    const own = join(folder, config);
    for (const file of existsSync(own) ? readdirSync(own) : []) {
      const reading = await compareReaders(database, join(own, file), config).catch((error: unknown) => {
        if (!(error instanceof Error)) throw error;
        return { rows: 0, cells: 0, findings: [`${config}/${file} cannot be read: ${error.message.slice(0, 200)}`] };
      });
      rows += reading.rows;
      cells += reading.cells;
      findings.push(...reading.findings);
    }
  }
  if (rows === 0) findings.push("no rows");
  return { rows, cells, findings };
}

if (positionals.length === 0) {
  console.error("usage: node bench/hub.ts DATASET...");
  process.exit(2);
}
const instance = await DuckDBInstance.create(":memory:");
const database = await instance.connect();
let total = 0;
for (const folder of positionals) {
  const { rows, cells, findings } = await checkDataset(database, resolve(folder));
  console.log(`${folder}: ${rows} rows, ${cells} cells, ${findings.length} findings`);
  for (const finding of findings) console.log(`  ${finding}`);
  total += findings.length;
}
database.closeSync();
instance.closeSync();
process.exit(total === 0 ? 0 : 1);
