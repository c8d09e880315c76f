/** Datasets of earlier row schemas, as they were exported: written here with its own tables, by the writer of the files. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BrokenRecord } from "../../lib/errors.ts";
import { canonical, sha256 } from "../../lib/hash.ts";
import { parquetSchemaOf } from "../../output/columns.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { migratePair } from "../../output/migrations.ts";
import { contentHashOf, toEnvironmentRow, toRows } from "../../output/rows.ts";
import { migrate } from "../../pipeline/migrate.ts";
import type { Instance, SkillName } from "../../schemas/instance.ts";
import type { ColumnTable, ConfigName, Row, RowPair } from "../../schemas/row.ts";
import { columnsIn, type RowTables, tablesOf } from "../../schemas/row-versions.ts";
import type { Withdrawal } from "../../schemas/withdrawal.ts";
import { hubProblems } from "../output/hub-rules.ts";
import { archive, context, datasetInput, environment, sampleInstance } from "../output/samples.ts";

let folder = "";
let old = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-migrate-"));
  old = join(folder, "old");
});
afterEach(() => rmSync(folder, { recursive: true }));

const tablesNamed = (version: string): RowTables => {
  const tables = tablesOf(version);
  if (tables === null) throw new Error(`version ${version} is known`);
  return tables;
};

/** The rows that an earlier version made of an instance: all were of one language. */
function earlierRows(instance: Instance, version: string): RowPair {
  const pair = toRows(instance, environment, context);
  const tables = tablesNamed(version);
  const known = (row: Row, table: ColumnTable): Row =>
    Object.fromEntries(Object.entries({ ...row, schema_version: version }).filter(([name]) => name in table));
  const open = { ...known(pair.public, tables.public), language: "javascript" };
  const earlier = { public: open, private: known(pair.private, tables.private) } as unknown as RowPair;
  const provenance = { ...earlier.private.provenance, content_hash: contentHashOf(earlier) };
  return { public: earlier.public, private: { ...earlier.private, provenance } };
}
const firstRows = (instance: Instance): RowPair => earlierRows(instance, "1");

function writeEarlier(version: string, pairs: readonly RowPair[], more: Record<string, unknown> = {}): void {
  const tables = tablesNamed(version);
  const file = (name: ConfigName, rows: readonly Row[]) => {
    const columns = columnsIn(tables, name);
    const buffer = new ByteWriter();
    const writer = new ParquetWriter({ writer: buffer, schema: parquetSchemaOf(columns) });
    writer.write({ columnData: Object.keys(columns).map((column) => ({ name: column, data: rows.map((row) => row[column]) })) });
    writer.finish();
    const path = `${name}/train-00000-of-00001.parquet`;
    const bytes = Buffer.from(buffer.getBytes());
    writeFileSync(join(old, path), bytes);
    return { name, split: "train", format: "parquet", file: path, rows: rows.length, bytes: bytes.length, sha256: sha256(bytes) };
  };
  const skill = (pairs[0]?.public.skill ?? "editing") as SkillName;
  const configs = [
    file(
      skill,
      pairs.map((pair) => pair.public),
    ),
    file(
      `${skill}-private`,
      pairs.map((pair) => pair.private),
    ),
    file("environments", [{ ...toEnvironmentRow(environment, archive), schema_version: version }]),
  ];
  const manifest = {
    schema_version: version,
    tool: "kihon",
    tool_version: "0.1.0",
    config_hash: "c",
    seed: "1",
    configs,
    row_hashes: "0".repeat(64),
    ...more,
  };
  writeFileSync(join(old, "manifest.json"), JSON.stringify(manifest));
}

/** As the current version writes it of what rows of earlier ones tell. */
function migratedRows(instance: Instance): RowPair {
  const pair = toRows(instance, environment, context);
  const hidden = { ...pair.private, difficulty_figures: { ...pair.private.difficulty_figures, source_files: null } };
  const provenance = { ...hidden.provenance, content_hash: contentHashOf({ ...pair, private: hidden }) };
  return { ...pair, private: { ...hidden, provenance } };
}

async function rowsIn(place: string): Promise<RowPair[]> {
  const rows: RowPair[] = [];
  for await (const pair of (await openDataset(place)).pairs()) rows.push(pair);
  return rows;
}

const ids = ["0", "1", "2"].map((digit) => digit.repeat(16));
const samples = ids.map((id) => sampleInstance("editing", { id }));

describe("a dataset of row schema 1", () => {
  beforeEach(async () => {
    // Only for its folders: every file is written over.
    await writeDataset(
      datasetInput(old, {
        sets: [{ skill: "editing", split: "train", pairs: () => samples.map((one) => toRows(one, environment, context)) }],
      }),
    );
    writeEarlier("1", samples.map(firstRows));
  });

  it("is refused by name, with the command that helps", async () => {
    await expect(openDataset(old)).rejects.toMatchObject({
      message: expect.stringContaining("row schema 1"),
      next: expect.stringContaining("kihon migrate"),
    });
  });

  it("comes out as the same instances, environments and archives in the current one", async () => {
    const out = join(folder, "new");
    const before = readFileSync(join(old, "manifest.json"), "utf8");
    expect(await migrate(old, out)).toEqual({ from: "1", to: "5", rows: 3, environments: 1, withdrawn: 0, unmatched: 0 });
    const data = await openDataset(out);
    const instances: Instance[] = [];
    for await (const instance of data.instances()) instances.push(instance);
    expect(instances).toEqual(samples);
    expect(await data.environment(environment.id)).toEqual(environment);
    expect(new Uint8Array(await data.archive(environment.id))).toEqual(archive);
    // A row that is migrated is the row that the current version writes, but for what stood in no row.
    expect(canonical(await rowsIn(out))).toEqual(canonical(samples.map(migratedRows)));
    expect(await hubProblems(out)).toEqual([]);
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("The figures of the run are not kept");
    expect(readFileSync(join(old, "manifest.json"), "utf8")).toBe(before);
  });

  it("leaves out what was withdrawn, and names it by the hash that the row has now", async () => {
    const [first, second] = samples.map(firstRows);
    const hash = first?.private.provenance.content_hash ?? "";
    const gone = (id: string, content_hash: string): Withdrawal => ({
      kind: "row",
      instance_id: id,
      skill: "editing",
      content_hash,
      edition: 2,
      reason: "takedown/asked",
      detail: "",
    });
    const list = [gone(ids[0] ?? "", hash), gone("f".repeat(16), "0".repeat(64)), { kind: "takedown", target: "acme/other", edition: 2 }];
    const text = list.map((one) => `${JSON.stringify(one)}\n`).join("");
    writeFileSync(join(old, "withdrawn-e0002.jsonl"), text);
    writeEarlier("1", samples.map(firstRows), {
      edition: 2,
      withdrawn: { file: "withdrawn-e0002.jsonl", records: 3, sha256: sha256(text) },
    });
    const out = join(folder, "new");
    expect(await migrate(old, out)).toMatchObject({ rows: 2, withdrawn: 3, unmatched: 1 });
    const data = await openDataset(out);
    const [sample] = samples;
    if (sample === undefined || second === undefined) throw new Error("there are samples");
    expect(data.withdrawn).toEqual(
      expect.arrayContaining([
        gone(ids[0] ?? "", migratedRows(sample).private.provenance.content_hash),
        gone("f".repeat(16), "0".repeat(64)),
      ]),
    );
    expect(await data.pair(ids[0] ?? "")).toBeNull();
    expect(data.manifest.edition).toBe(2);
  });

  it("is not taken where a row was altered", async () => {
    const pairs = samples.map(firstRows);
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    writeEarlier("1", [{ ...pair, private: { ...pair.private, gold: "another" } }]);
    await expect(migrate(old, join(folder, "new"))).rejects.toThrow("not what their content hash says");
    expect(existsSync(join(folder, "new", "manifest.json"))).toBe(false);
  });

  it("is not written into a folder that holds something", async () => {
    await expect(migrate(old, old)).rejects.toThrow("is not empty");
  });
});

describe("a dataset of row schema 2", () => {
  /** As version 2 wrote them, over the files of a current one, migrated. */
  async function moved(samples: readonly Instance[]): Promise<RowPair[]> {
    const skill = samples[0]?.draft.skill ?? "editing";
    const pairs = () => samples.map((one) => toRows(one, environment, context));
    await writeDataset(datasetInput(old, { sets: [{ skill, split: "train", pairs }] }));
    writeEarlier(
      "2",
      samples.map((one) => earlierRows(one, "2")),
    );
    expect(await migrate(old, join(folder, "new"))).toMatchObject({ from: "2", to: "5", rows: samples.length });
    return rowsIn(join(folder, "new"));
  }

  it("learns from its own rows when a change was made, in which language, how hard it is and in whose words", async () => {
    const [row] = await moved([sampleInstance("editing", { id: ids[0] ?? "" })]);
    expect(row?.public).toMatchObject({
      language: "typescript",
      committed_at: environment.revision.committedAt,
      difficulty: null,
      natural_language: null,
    });
    expect(row?.private.difficulty_figures).toEqual({
      failing_tests: 1,
      changed_lines: 2,
      changed_files: 1,
      source_files: null,
      frame_distance: null,
    });
  });

  it("keeps what a localization tells of its tree", async () => {
    const { draft, ...rest } = sampleInstance("localization", { id: ids[0] ?? "" });
    const [row] = await moved([{ ...rest, draft: { ...draft, facts: { "candidate-files": 7 } } }]);
    expect(row?.public.difficulty).toBe("medium");
    expect(row?.private.difficulty_figures.source_files).toBe(7);
  });

  it("tells the language of a report", async () => {
    const prompt = (words: string): string => `This was reported of the repository:\n\n<report>\n${words}\n</report>\n\nRepair it.`;
    const [english, other] = await moved([
      sampleInstance("bug-fix", { id: ids[0] ?? "", prompt: prompt("The parser keeps the first value of an option that is given twice.") }),
      sampleInstance("bug-fix", { id: ids[1] ?? "", prompt: prompt("当选项被给出两次时，解析器应该保留最后一个值。") }),
    ]);
    expect([english?.public.natural_language, other?.public.natural_language]).toEqual(["en", "und"]);
  });

  it("is not taken where a cell is not what its column promises", async () => {
    const sample = sampleInstance("editing", { id: ids[0] ?? "" });
    const pair = earlierRows(sample, "2");
    expect(() => migratePair({ ...pair, private: { ...pair.private, candidate_json: "{" } }, "2")).toThrow(BrokenRecord);
  });
});

describe("other schemas", () => {
  it("need no migration, or know none", async () => {
    await writeDataset(datasetInput(old));
    await expect(migrate(old, join(folder, "new"))).rejects.toThrow("has row schema 5 already");
    const manifest = readFileSync(join(old, "manifest.json"), "utf8");
    writeFileSync(join(old, "manifest.json"), manifest.replace('"schema_version": "5"', '"schema_version": "99"'));
    await expect(migrate(old, join(folder, "new"))).rejects.toMatchObject({
      message: expect.stringContaining("row schema 99"),
      next: expect.stringContaining("version of the tool"),
    });
  });
});
