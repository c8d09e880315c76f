import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rngFor } from "../../lib/rng.ts";
import type { RowSet } from "../../output/contract.ts";
import { writeParquet } from "../../output/parquet.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { skills } from "../../schemas/instance.ts";
import type { RowPair } from "../../schemas/row.ts";
import { archive, context, environment, sampleInstance } from "./samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-parquet-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const editing = (id: string, prompt = "Make it add."): RowPair => toRows(sampleInstance("editing", { id, prompt }), environment, context);
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => index.toString(16).padStart(16, "0"));
const publicSet = (pairs: readonly RowPair[]): RowSet => ({
  config: "editing",
  split: "train",
  rows: () => pairs.map((pair) => pair.public),
});

/** Text that no codec makes much smaller. */
function noise(seed: number, length: number): string {
  const rng = rngFor(seed, "noise", "test");
  return Array.from({ length }, () => String.fromCharCode(33 + rng.below(90))).join("");
}

describe("the parquet exporter", () => {
  it("names files as the Hub expects and tells their bytes and hash", async () => {
    const [written] = await writeParquet(folder, [publicSet([editing("0".repeat(16))])], {});
    const bytes = readFileSync(join(folder, "editing/train-00000-of-00001.parquet"));
    expect(written).toEqual({
      config: "editing",
      split: "train",
      format: "parquet",
      file: "editing/train-00000-of-00001.parquet",
      rows: 1,
      bytes: bytes.length,
      rawBytes: expect.any(Number),
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  it.each(["snappy", "zstd"])("writes the same bytes for the same rows with %s", async (compression) => {
    const sets = (): RowSet[] => [
      ...skills.map(
        (skill): RowSet => ({ config: skill, split: "train", rows: () => [toRows(sampleInstance(skill), environment, context).public] }),
      ),
      { config: "environments", split: "train", rows: () => [toEnvironmentRow(environment, archive)] },
    ];
    const one = await writeParquet(join(folder, "one"), sets(), { compression });
    const two = await writeParquet(join(folder, "two"), sets(), { compression });
    expect(two).toEqual(one);
  });

  it("cuts row groups by bytes and shards by their size", async () => {
    const pairs = ids(6).map((id, index) => editing(id, noise(index, 40_000)));
    const written = await writeParquet(folder, [publicSet(pairs)], { rowGroupBytes: 200_000, shardBytes: 400_000 });
    expect(written.map(({ file }) => file)).toEqual(["editing/train-00000-of-00002.parquet", "editing/train-00001-of-00002.parquet"]);
    expect(written.map(({ rows }) => rows)).toEqual([4, 2]);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(join(folder, written[0]?.file ?? "")));
    expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([2, 2]);
  });

  it("writes a column index and an offset index where a column has several pages", async () => {
    const pairs = ids(4).map((id) => editing(id, `${id} ${"x".repeat(600_000)}`));
    const [written] = await writeParquet(folder, [publicSet(pairs)], {});
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(join(folder, written?.file ?? "")));
    const chunk = metadata.row_groups[0]?.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === "problem_statement");
    expect(chunk?.offset_index_offset).toBeTypeOf("bigint");
    expect(chunk?.column_index_offset).toBeTypeOf("bigint");
  });

  it("gives no file for a set without rows", async () => {
    expect(await writeParquet(folder, [publicSet([])], {})).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses half a surrogate pair before anything is written, and names row and cell", async () => {
    const good = publicSet([editing("0".repeat(16))]);
    const bad = toRows(sampleInstance("review"), environment, context);
    const broken = { ...bad.public, facts: [{ name: "operator", value: "\ud83d" }] };
    await expect(writeParquet(folder, [good, { config: "review", split: "train", rows: () => [broken] }], {})).rejects.toThrow(
      `review/train row ${bad.public.instance_id} holds half a surrogate pair in facts.0.value`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses rows out of order, twice the same id, and cells of another type", async () => {
    const [first, second] = [editing("0".repeat(16)), editing("1".repeat(16))];
    await expect(writeParquet(folder, [publicSet([second, first])], {})).rejects.toThrow(/comes after/);
    await expect(writeParquet(folder, [publicSet([first, first])], {})).rejects.toThrow(/comes after/);
    const wrong = { ...first, public: { ...first.public, split: 3 as unknown as string } };
    await expect(writeParquet(folder, [publicSet([wrong])], {})).rejects.toThrow(/column table: split/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a split that is no word, and the same split twice", async () => {
    const set = publicSet([editing("0".repeat(16))]);
    await expect(writeParquet(folder, [{ ...set, split: "../x" }], {})).rejects.toThrow("a split is a word");
    await expect(writeParquet(folder, [set, set], {})).rejects.toThrow("editing/train");
  });

  it("leaves nothing behind when the rows fail half way", async () => {
    const pairs = ids(3).map((id) => editing(id));
    const before: string[][] = [];
    const set: RowSet = {
      config: "editing",
      split: "train",
      *rows() {
        yield* pairs.map((pair) => pair.public);
        before.push(readdirSync(join(folder, "editing")));
        throw new Error("the store is gone");
      },
    };
    await expect(writeParquet(folder, [set], { rowGroupBytes: 1 })).rejects.toThrow("the store is gone");
    expect(before).toEqual([[expect.stringMatching(/\.part$/)]]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps the file of an earlier export whole when a later one fails", async () => {
    await writeParquet(folder, [publicSet([editing("0".repeat(16))])], {});
    const file = join(folder, "editing/train-00000-of-00001.parquet");
    const before = readFileSync(file);
    await expect(writeParquet(folder, [publicSet([editing("0".repeat(16), "\udc00")])], {})).rejects.toThrow(/surrogate/);
    expect(existsSync(file) && readFileSync(file).equals(before)).toBe(true);
  });
});
