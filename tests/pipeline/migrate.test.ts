/** Datasets of row schema 1, as they were exported: written here with its own tables, by the writer of the files. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canonical, sha256 } from "../../lib/hash.ts";
import { parquetSchemaOf } from "../../output/columns.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { contentHashOf, toEnvironmentRow, toRows } from "../../output/rows.ts";
import { migrate } from "../../pipeline/migrate.ts";
import type { Instance } from "../../schemas/instance.ts";
import type { ConfigName, Row, RowPair } from "../../schemas/row.ts";
import { columnsIn, tablesOf } from "../../schemas/row-versions.ts";
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

/** The rows that version 1 made of an instance. */
function firstRows(instance: Instance): RowPair {
  const pair = toRows(instance, environment, context);
  const { human_findings_json: _, ...hidden } = { ...pair.private, schema_version: "1" };
  const first = { public: { ...pair.public, schema_version: "1" }, private: hidden } as unknown as RowPair;
  const provenance = { ...first.private.provenance, content_hash: contentHashOf(first) };
  return { public: first.public, private: { ...first.private, provenance } };
}

function writeFirst(pairs: readonly RowPair[], more: Record<string, unknown> = {}): void {
  const tables = tablesOf("1");
  if (tables === null) throw new Error("version 1 is known");
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
  const skill = "editing";
  const configs = [
    file(
      skill,
      pairs.map((pair) => pair.public),
    ),
    file(
      `${skill}-private`,
      pairs.map((pair) => pair.private),
    ),
    file("environments", [{ ...toEnvironmentRow(environment, archive), schema_version: "1" }]),
  ];
  const manifest = {
    schema_version: "1",
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
    writeFirst(samples.map(firstRows));
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
    expect(await migrate(old, out)).toEqual({ from: "1", to: "2", rows: 3, environments: 1, withdrawn: 0, unmatched: 0 });
    const data = await openDataset(out);
    const instances: Instance[] = [];
    for await (const instance of data.instances()) instances.push(instance);
    expect(instances).toEqual(samples);
    expect(await data.environment(environment.id)).toEqual(environment);
    expect(new Uint8Array(await data.archive(environment.id))).toEqual(archive);
    // A row that is migrated is the row that the current version writes.
    const rows: RowPair[] = [];
    for await (const pair of data.pairs()) rows.push(pair);
    expect(canonical(rows)).toEqual(canonical(samples.map((one) => toRows(one, environment, context))));
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
    writeFirst(samples.map(firstRows), { edition: 2, withdrawn: { file: "withdrawn-e0002.jsonl", records: 3, sha256: sha256(text) } });
    const out = join(folder, "new");
    expect(await migrate(old, out)).toMatchObject({ rows: 2, withdrawn: 3, unmatched: 1 });
    const data = await openDataset(out);
    const [sample] = samples;
    if (sample === undefined || second === undefined) throw new Error("there are samples");
    expect(data.withdrawn).toEqual(
      expect.arrayContaining([
        gone(ids[0] ?? "", toRows(sample, environment, context).private.provenance.content_hash),
        gone("f".repeat(16), "0".repeat(64)),
      ]),
    );
    expect(await data.instance(ids[0] ?? "")).toBeNull();
    expect(data.manifest.edition).toBe(2);
  });

  it("is not taken where a row was altered", async () => {
    const pairs = samples.map(firstRows);
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    writeFirst([{ ...pair, private: { ...pair.private, gold: "another" } }]);
    await expect(migrate(old, join(folder, "new"))).rejects.toThrow("not what their content hash says");
    expect(existsSync(join(folder, "new", "manifest.json"))).toBe(false);
  });

  it("is not written into a folder that holds something", async () => {
    await expect(migrate(old, old)).rejects.toThrow("is not empty");
  });
});

describe("other schemas", () => {
  it("need no migration, or know none", async () => {
    await writeDataset(datasetInput(old));
    await expect(migrate(old, join(folder, "new"))).rejects.toThrow("has row schema 2 already");
    const manifest = readFileSync(join(old, "manifest.json"), "utf8");
    writeFileSync(join(old, "manifest.json"), manifest.replace('"schema_version": "2"', '"schema_version": "99"'));
    await expect(migrate(old, join(folder, "new"))).rejects.toMatchObject({
      message: expect.stringContaining("row schema 99"),
      next: expect.stringContaining("version of the tool"),
    });
  });
});
