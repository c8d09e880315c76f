/** Datasets are held against the Hub's own rules; that each rule bites is shown on a dataset that breaks it. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parquetSchemaOf } from "../../output/columns.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { writtenFiles } from "../../output/manifest.ts";
import { writeParquet } from "../../output/parquet.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { columnsOf } from "../../schemas/row.ts";
import { hubProblems } from "./hub-rules.ts";
import { archive, context, datasetInput, environment, sampleInstance, summary } from "./samples.ts";

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-hub-"));
  await writeDataset(datasetInput(join(folder, "plain")));
});
afterAll(() => rmSync(folder, { recursive: true }));

const idOf = (index: number): string => index.toString(16).padStart(16, "0");
const pairOf = (index: number, split = "train") =>
  toRows(sampleInstance("editing", { id: idOf(index), prompt: `${index} ${"x".repeat(9000)}` }), environment, { ...context, split });

describe("the Hub's rules are obeyed", () => {
  it.each(["snappy", "zstd"] as const)("by a dataset of one edition, with %s", async (compression) => {
    const own = join(folder, compression);
    await writeDataset(datasetInput(own, { compression, formats: ["jsonl"] }));
    expect(await hubProblems(own)).toEqual([]);
  });

  it("by several splits, with columns of several pages", async () => {
    const own = join(folder, "splits");
    const sets = ["train", "validation", "test"].map((split) => ({
      skill: "editing" as const,
      split,
      pairs: () => Array.from({ length: 400 }, (_, index) => pairOf(index, split)),
    }));
    await writeDataset(datasetInput(own, { sets }));
    expect(await hubProblems(own)).toEqual([]);
  });

  it("by a second edition, which leaves the files of the first as they were", async () => {
    const own = join(folder, "editions");
    const first = [pairOf(1)];
    const set = (pairs: typeof first) => [{ skill: "editing" as const, split: "train", pairs: () => pairs }];
    const before = await writeDataset(datasetInput(own, { sets: set(first) }));
    const bytes = before.configs.map(({ file }) => readFileSync(join(own, file)));
    const standing = {
      edition: 2,
      files: writtenFiles(before),
      hashes: first.map((pair) => pair.private.provenance.content_hash),
      rows: [{ skill: "editing" as const, split: "train", rows: 1 }],
      pairs: () => first,
      withdrawn: [],
    };
    const after = await writeDataset(datasetInput(own, { sets: set([pairOf(2)]), environments: () => [], standing }));
    expect(after.configs.map(({ file }) => file)).toEqual(
      expect.arrayContaining(["editing/train-00000-of-00001.parquet", "editing/train-e0002-00000-of-00001.parquet"]),
    );
    expect(before.configs.map(({ file }) => readFileSync(join(own, file)))).toEqual(bytes);
    expect(await hubProblems(own)).toEqual([]);
    expect(readFileSync(join(own, "README.md"), "utf8")).toContain("2 questions about 1 change.");
  });

  it("by licences that the Hub does not know, and by no repository at all", async () => {
    const [repository] = summary.repositories;
    if (repository === undefined) throw new Error("the sample has a repository");
    const odd = ["0BSD", "(MIT OR Apache-2.0)", "MIT", null].map((license, index) => ({ ...repository, name: `acme/${index}`, license }));
    await writeDataset(datasetInput(join(folder, "odd"), { summary: { ...summary, repositories: odd } }));
    expect(await hubProblems(join(folder, "odd"))).toEqual([]);
    expect(readFileSync(join(folder, "odd/README.md"), "utf8")).toContain("license_name: mit-or-apache-2.0-0bsd\nlicense_link: LICENSE.md");
    await writeDataset(datasetInput(join(folder, "none"), { summary: { ...summary, repositories: [] } }));
    expect(await hubProblems(join(folder, "none"))).toEqual([]);
  });

  it("by a row that is larger than a row group may be", async () => {
    const own = join(folder, "large");
    const large = toEnvironmentRow(environment, archive);
    await writeDataset(datasetInput(own));
    await writeParquet(own, [{ config: "environments", split: "train", rows: () => [{ ...large, archive: new Uint8Array(110e6) }] }], {});
    expect((await hubProblems(own)).filter((problem) => !problem.includes("download_size"))).toEqual([]);
  });
});

describe("a dataset that breaks a rule is named", () => {
  let broken = "";
  const breaking = async (change: (own: string) => unknown): Promise<string[]> => {
    broken = mkdtempSync(join(folder, "broken-"));
    cpSync(join(folder, "plain"), broken, { recursive: true });
    await change(broken);
    return hubProblems(broken);
  };
  const card = (from: string | RegExp, to: string) => (own: string) => {
    const path = join(own, "README.md");
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(from);
    writeFileSync(path, text.replace(from, to));
  };

  it.each([
    ["no YAML", /^---/, "", "no YAML block"],
    ["an unknown licence", "- mit", "- 0bsd", "no licence identifier"],
    ["a licence of its own without a name", "- mit", "- other", "without name and link"],
    ["a language that is none", "- en", "- code", "language"],
    ["an unknown task", "- text-generation", "- coding", "no task of the Hub"],
    ["a size that is another", "n<1K", "1K<n<10K", "5 rows are n<1K|6 rows are n<1K"],
    ["two defaults", "config_name: editing\n", "config_name: editing\n    default: true\n", "2 configs are the default"],
    ["a split with a dash", "- split: train", "- split: train-one", "split"],
    ["a pattern without files", "path: editing/train-*.parquet", "path: edits/train-*.parquet", "matches no file"],
    ["a pattern over two configs", "path: editing/train-*.parquet", "path: '*/train-*.parquet'", "is in 2 splits"],
    ["another feature", "dtype: string", "dtype: int64", "other features than the card"],
    ["another count", "num_examples: 1", "num_examples: 2", "the card says 2 rows, the files 1"],
    ["another size", /download_size: \d+/, "download_size: 7", "download_size is 7"],
    ["a picture that is not there", "figures/rows.svg", "figures/lost.svg", "figures/lost.svg, which is not there"],
  ])("%s", async (_, from, to, problem) => {
    expect((await breaking(card(from, to))).join("\n")).toMatch(new RegExp(problem));
  });

  it("a file under another name", async () => {
    const problems = await breaking((own) =>
      renameSync(join(own, "editing/train-00000-of-00001.parquet"), join(own, "editing/train-0.parquet")),
    );
    expect(problems.join("\n")).toContain("editing/train-0.parquet is not named");
  });

  it("ten pictures", async () => {
    const problems = await breaking((own) => {
      for (let index = 0; index < 10; index += 1) writeFileSync(join(own, `figures/${index}.svg`), "<svg/>");
    });
    expect(problems).toContain("ten pictures or more");
  });

  it("a file as the writer makes it by itself: chunks of one page have no index", async () => {
    const table = columnsOf("editing");
    const problems = await breaking((own) => {
      const buffer = new ByteWriter();
      const writer = new ParquetWriter({ writer: buffer, schema: parquetSchemaOf(table) });
      const row: Record<string, unknown> = pairOf(1).public;
      writer.write({ columnData: Object.keys(table).map((name) => ({ name, data: [row[name]] })) });
      writer.finish();
      writeFileSync(join(own, "editing/train-00000-of-00001.parquet"), buffer.getBytes());
    });
    expect(problems.join("\n")).toContain("instance_id: no offset index");
  });
});
