import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import { sweepStrays, writeDataset } from "../../output/dataset-writer.ts";
import { readManifest, writtenFiles } from "../../output/manifest.ts";
import { fromRows, toEnvironmentRow, toRows } from "../../output/rows.ts";
import { type Instance, skills } from "../../schemas/instance.ts";
import { configNames } from "../../schemas/row.ts";
import type { Withdrawal } from "../../schemas/withdrawal.ts";
import { archive, context, datasetInput, environment, sampleInstance, summary } from "./samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-dataset-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const editingFile = "editing/train-00000-of-00001.parquet";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

describe("a dataset", () => {
  it.each(["snappy", "zstd"] as const)("written with %s gives back its instances, environments and archives", async (compression) => {
    await writeDataset(datasetInput(folder, { compression }));
    const dataset = await openDataset(folder);
    expect(await all(dataset.instances())).toEqual(skills.map((skill) => sampleInstance(skill)));
    expect(await dataset.environmentIds()).toEqual([environment.id]);
    expect(await dataset.environment(environment.id)).toEqual(environment);
    expect(new Uint8Array(await dataset.archive(environment.id))).toEqual(archive);
  });

  it("can be asked for one skill, one split, one instance", async () => {
    const test = { ...context, split: "test" };
    const other = sampleInstance("editing", { id: "00000000000000b1" });
    const sets = [
      ...datasetInput(folder).sets,
      { skill: "editing" as const, split: "test", pairs: () => [toRows(other, environment, test)] },
    ];
    await writeDataset(datasetInput(folder, { sets }));
    const dataset = await openDataset(folder);
    expect(await all(dataset.instances({ skill: "review" }))).toEqual([sampleInstance("review")]);
    const two = await all(dataset.instances({ skill: ["review", "localization"] }));
    expect(two.map(({ draft }) => draft.skill)).toEqual(["localization", "review"]);
    expect(await all(dataset.instances({ split: "test" }))).toEqual([other]);
    const pair = await dataset.pair(other.draft.id);
    expect(pair && fromRows(pair.public, pair.private)).toEqual(other);
    expect(await dataset.pair("ffffffffffffffff")).toBeNull();
  });

  it("joins rows over several row groups and shards", async () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      sampleInstance("editing", { id: index.toString(16).padStart(16, "0"), prompt: `${index}` }),
    );
    const pairs = many.map((instance) => toRows(instance, environment, context));
    await writeDataset(datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => pairs }] }));
    expect(await all((await openDataset(folder)).instances())).toEqual(many);
  });

  it("has the same manifest, card and data files whenever and wherever it is written", async () => {
    const later = { ...summary, startedAt: "2030-01-01T00:00:00Z", finishedAt: "2030-01-02T00:00:00Z" };
    const stages = summary.stages.map((stage) => ({ ...stage, wallMs: 9, cpuMs: 9, retried: 9 }));
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    expect(await writeDataset(datasetInput(two, { summary: { ...later, stages } }))).toEqual(await writeDataset(datasetInput(one)));
    for (const file of ["manifest.json", "README.md", editingFile]) {
      expect(readFileSync(join(two, file)).equals(readFileSync(join(one, file))), file).toBe(true);
    }
  });

  it("has one row hash under both codecs", async () => {
    const snappy = await writeDataset(datasetInput(join(folder, "one")));
    const zstd = await writeDataset(datasetInput(join(folder, "two"), { compression: "zstd" }));
    expect(zstd.row_hashes).toBe(snappy.row_hashes);
    expect(zstd.configs[0]?.sha256).not.toBe(snappy.configs[0]?.sha256);
  });

  it("without rows is a manifest without files, and opens", async () => {
    const manifest = await writeDataset(datasetInput(folder, { sets: [], environments: () => [] }));
    expect(manifest.configs).toEqual([]);
    expect(await all((await openDataset(folder)).instances())).toEqual([]);
  });

  it("lists the files of every format that was asked for", async () => {
    const { configs } = await writeDataset(datasetInput(folder, { formats: ["jsonl"] }));
    expect(configs.filter(({ format }) => format === "jsonl").map(({ name }) => name)).toEqual(configNames);
    expect(await all((await openDataset(folder)).instances())).toHaveLength(skills.length);
  });

  it("is not begun where a format is unknown", async () => {
    await expect(writeDataset(datasetInput(folder, { formats: ["xml"] }))).rejects.toMatchObject({
      name: "StopRun",
      next: "Choose among parquet, jsonl.",
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("replaces an earlier one and leaves none of its files", async () => {
    await writeDataset(datasetInput(folder, { formats: ["jsonl"] }));
    const sets = datasetInput(folder).sets.filter(({ skill }) => skill !== "editing");
    await writeDataset(datasetInput(folder, { sets }));
    expect(existsSync(join(folder, editingFile))).toBe(false);
    expect(existsSync(join(folder, "jsonl/editing/train.jsonl"))).toBe(false);
    expect(await all((await openDataset(folder)).instances())).toHaveLength(skills.length - 1);
  });
});

describe("an edition", () => {
  const second = sampleInstance("editing", { id: "0000000000000001", prompt: "another" });
  const pairOf = (instance: Instance) => toRows(instance, environment, context);
  const hashOf = (instance: Instance): string => pairOf(instance).private.provenance.content_hash;
  const first = sampleInstance("editing");
  const gone = (instance: Instance): Withdrawal => ({
    kind: "row",
    instance_id: instance.draft.id,
    skill: instance.draft.skill,
    content_hash: hashOf(instance),
    edition: 2,
    reason: "takedown/asked",
    detail: "",
  });

  async function refreshed(
    withdrawn: readonly Withdrawal[],
    sets = [{ skill: "editing" as const, split: "train", pairs: () => [pairOf(second)] }],
  ) {
    const manifest = await writeDataset(
      datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => [pairOf(first)] }] }),
    );
    const standing = {
      edition: 2,
      files: writtenFiles(manifest),
      hashes: [],
      rows: [{ skill: "editing" as const, split: "train", rows: 1 }],
      pairs: () => [pairOf(first)],
      withdrawn,
    };
    return writeDataset(datasetInput(folder, { sets, environments: () => [], standing }));
  }

  it("adds files and leaves those before as they are", async () => {
    const before = await writeDataset(datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => [pairOf(first)] }] }));
    const bytes = readFileSync(join(folder, editingFile));
    const after = await refreshed([]);
    expect(readFileSync(join(folder, editingFile)).equals(bytes)).toBe(true);
    expect(after.configs.slice(0, before.configs.length)).toEqual(before.configs);
    expect(after.configs.slice(before.configs.length).map(({ file }) => file)).toEqual([
      "editing/train-e0002-00000-of-00001.parquet",
      "editing-private/train-e0002-00000-of-00001.parquet",
    ]);
    const ids = (await all((await openDataset(folder)).instances())).map(({ draft }) => draft.id);
    expect(ids).toEqual([second.draft.id, first.draft.id]);
  });

  it("does not have what was withdrawn, whoever asks", async () => {
    await refreshed([gone(first), { kind: "environment", environment_id: environment.id, edition: 2, reason: "refresh/no-rows" }]);
    const dataset = await openDataset(folder);
    expect((await all(dataset.instances())).map(({ draft }) => draft.id)).toEqual([second.draft.id]);
    expect(await dataset.pair(first.draft.id)).toBeNull();
    expect(await dataset.environmentIds()).toEqual([]);
    expect(await all(dataset.pairs({ withdrawn: true }))).toHaveLength(2);
  });

  it("has the newer row of an id where the older one was withdrawn", async () => {
    const newer = sampleInstance("editing", { prompt: "proven anew" });
    await refreshed([gone(first)], [{ skill: "editing", split: "train", pairs: () => [pairOf(newer)] }]);
    expect(await all((await openDataset(folder)).instances())).toEqual([newer]);
  });

  it("is not read where its list of withdrawn rows is missing or altered", async () => {
    const { withdrawn } = await refreshed([gone(first)]);
    const path = join(folder, withdrawn?.file ?? "");
    writeFileSync(path, readFileSync(path, "utf8").replace("asked", "other"));
    await expect(openDataset(folder)).rejects.toThrow("withdrawn-e0002.jsonl was altered");
    rmSync(path);
    await expect(openDataset(folder)).rejects.toThrow("withdrawn-e0002.jsonl is missing");
  });

  it("is swept of what a killed edition left, and of nothing else", async () => {
    const manifest = await refreshed([gone(first)]);
    const strays = [
      "editing/train-e0003-00000-of-00001.parquet",
      "editing/train-00000-of-00002.parquet",
      "review/train-e0003-1.part",
      "withdrawn-e0003.jsonl",
    ];
    const others = ["editing/mine.parquet", "notes-e0003.txt"];
    mkdirSync(join(folder, "review"));
    for (const file of [...strays, ...others]) writeFileSync(join(folder, file), "");
    sweepStrays(folder, manifest);
    expect([...strays, ...others].filter((file) => existsSync(join(folder, file)))).toEqual(others);
    expect(await all((await openDataset(folder)).instances())).toHaveLength(1);
  });
});

describe("opening", () => {
  beforeEach(() => writeDataset(datasetInput(folder)));

  it("names the file that was cut short", async () => {
    truncateSync(join(folder, editingFile), 100);
    await expect(openDataset(folder)).rejects.toThrow(/editing\/train-00000-of-00001\.parquet has 100 bytes, the manifest says \d+/);
  });

  it("names the file in which one byte was altered", async () => {
    const bytes = readFileSync(join(folder, editingFile));
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    writeFileSync(join(folder, editingFile), bytes);
    await expect(openDataset(folder)).rejects.toThrow(`${editingFile} was altered`);
  });

  it("names the file that is missing", async () => {
    rmSync(join(folder, editingFile));
    await expect(openDataset(folder)).rejects.toThrow(`${editingFile} is missing`);
  });

  it("says what to do where there is no dataset", async () => {
    await expect(openDataset(join(folder, "nowhere"))).rejects.toMatchObject({
      name: "StopRun",
      next: "Give the folder of an exported dataset.",
    });
  });

  it("refuses a manifest that leads out of the folder", () => {
    const text = readFileSync(join(folder, "manifest.json"), "utf8").replace(editingFile, "../../etc/passwd");
    writeFileSync(join(folder, "manifest.json"), text);
    expect(() => readManifest(folder)).toThrow(/lies below its folder/);
  });

  it("refuses a manifest of another row schema", () => {
    const text = readFileSync(join(folder, "manifest.json"), "utf8").replace(/"schema_version": "\d+"/, '"schema_version": "0"');
    writeFileSync(join(folder, "manifest.json"), text);
    expect(() => readManifest(folder)).toThrow(/row schema 0/);
  });
});

describe("rows that do not belong together", () => {
  it("are refused by their content hash", async () => {
    const pair = toRows(sampleInstance("editing"), environment, context);
    const altered = { ...pair, private: { ...pair.private, gold: "another" } };
    await writeDataset(datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => [altered] }] }));
    await expect(all((await openDataset(folder)).instances())).rejects.toThrow(/not what their content hash says/);
  });

  it("include an archive that is not the one of its hash", async () => {
    const row = { ...toEnvironmentRow(environment, archive), archive: new Uint8Array([1, 2, 3]) };
    await writeDataset(datasetInput(folder, { environments: () => [row] }));
    await expect((await openDataset(folder)).archive(environment.id)).rejects.toThrow(/archive of environment/);
  });
});
