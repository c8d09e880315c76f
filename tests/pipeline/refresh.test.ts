import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRepository } from "../../lib/git.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { toRows } from "../../output/rows.ts";
import type { Bench } from "../../pipeline/bench.ts";
import { parseConfig } from "../../pipeline/config.ts";
import { type Difference, diff, differenceText } from "../../pipeline/diff.ts";
import { holdWriting } from "../../pipeline/ledger.ts";
import { createLog } from "../../pipeline/log.ts";
import { defaultPlace } from "../../pipeline/place.ts";
import { licenceRule, type RefreshOptions, refresh } from "../../pipeline/refresh.ts";
import { run } from "../../pipeline/run.ts";
import { refreshText } from "../../pipeline/run-text.ts";
import type { RowSubject } from "../../pipeline/stored-rows.ts";
import { configSchema } from "../../schemas/config.ts";
import { skills } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { context, datasetInput, environment, sampleInstance } from "../output/samples.ts";

let root = "";
let folder = "";
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "kihon-refresh-"));
  folder = join(root, "data");
  // The lone arm of the sample would leave by itself.
  await writeDataset(
    datasetInput(folder, { sets: datasetInput(folder).sets.filter(({ skill }) => skill !== "review"), formats: ["jsonl"] }),
  );
}, 60_000);
afterEach(() => rmSync(root, { recursive: true }));

const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
const withdraw = (more: Partial<RefreshOptions> = {}) => refresh(defaultPlace({ out: folder }), { log, withdrawOnly: true, ...more });
const down = (...targets: string[]): string => {
  writeFileSync(join(root, "list"), targets.join("\n"));
  return join(root, "list");
};
const editing = sampleInstance("editing").draft.id;
const rest = skills.filter((skill) => skill !== "editing" && skill !== "review");
async function skillsIn(at = folder): Promise<string[]> {
  const seen: string[] = [];
  for await (const { draft } of (await openDataset(at)).instances()) seen.push(draft.skill);
  return seen;
}
const filesIn = (at: string): string[] =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
    .sort();
const dataIn = (at: string): string[] => filesIn(at).filter((path) => /\.(?:parquet|jsonl)$/.test(path) && !path.includes("withdrawn"));
async function differences(older: string, newer: string) {
  const told: Difference[] = [];
  return { summary: await diff(older, newer, (one) => told.push(one)), told };
}

describe("a refresh that only withdraws", () => {
  it("hides what is taken down from every reader and touches no shard", async () => {
    const before = dataIn(folder).map((path) => [path, readFileSync(path, "hex")]);
    const result = await withdraw({ takedown: down(editing) });
    expect(result).toMatchObject({ edition: 2, changed: true, rows: rest.length, withdrawn: { "takedown/asked": 1 }, unmatched: [] });
    expect(refreshText(result, folder)).toContain(
      `what was withdrawn still lies in the files; before publishing: kihon refresh ${folder} --withdraw-only --compact`,
    );
    expect(await skillsIn()).toEqual(rest);
    expect(dataIn(folder).map((path) => [path, readFileSync(path, "hex")])).toEqual(before);
    expect(existsSync(join(folder, "report.html"))).toBe(false);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("still lie in the files");
  });

  it("changes nothing when it is asked the same again", async () => {
    await withdraw({ takedown: down(editing) });
    const before = filesIn(folder).map((path) => [path, readFileSync(path, "hex")]);
    expect(await withdraw({ takedown: down(editing) })).toMatchObject({ edition: 2, changed: false, withdrawn: {} });
    expect(await withdraw()).toMatchObject({ edition: 2, changed: false });
    expect(filesIn(folder).map((path) => [path, readFileSync(path, "hex")])).toEqual(before);
  });

  it("removes the text from the disk when it compacts, and says the same rows", async () => {
    await withdraw({ takedown: down(editing) });
    const before = (await openDataset(folder)).manifest.row_hashes;
    const result = await withdraw({ compact: true });
    expect(result).toMatchObject({ edition: 3, compacted: true, rows: rest.length, withdrawn: {} });
    const { manifest, withdrawn } = await openDataset(folder);
    expect(manifest.row_hashes).toBe(before);
    expect(withdrawn.map(({ kind }) => kind)).toEqual(["row", "takedown"]);
    expect(
      dataIn(folder)
        .map((path) => path.slice(folder.length + 1))
        .sort(),
    ).toEqual(manifest.configs.map(({ file }) => file).sort());
    const needle = Buffer.from(`(${"editing"})`);
    expect(filesIn(folder).filter((path) => readFileSync(path).includes(needle))).toEqual([]);
    expect(await skillsIn()).toEqual(rest);
    expect(await withdraw({ compact: true })).toMatchObject({ edition: 3, changed: false });
  });

  it("takes a repository down with its environments, though its rows were all there were", async () => {
    expect(await withdraw({ takedown: down("https://github.com/acme/calc"), compact: true })).toMatchObject({
      rows: 0,
      withdrawn: { "takedown/asked": rest.length + 1 },
    });
    const { manifest } = await openDataset(folder);
    expect(manifest.configs).toEqual([]);
    expect(readFileSync(join(folder, "README.md"), "utf8")).not.toContain("acme/calc");
  });

  it("lets the other arm of a review pair go with the one that is asked for", async () => {
    const pair = [sampleInstance("review"), sampleInstance("review", { id: "00000000000000b9" })];
    const at = datasetInput(folder);
    await writeDataset({
      ...at,
      sets: [{ skill: "review", split: "train", pairs: () => pair.map((each) => toRows(each, environment, context)) }],
    });
    expect(await withdraw({ takedown: down(pair[0]?.draft.id ?? "") })).toMatchObject({
      rows: 0,
      withdrawn: { "takedown/asked": 1, "export/lone-arm": 1 },
    });
    expect((await openDataset(folder)).withdrawn.map(({ kind }) => kind).sort()).toEqual(["environment", "row", "row", "takedown"]);
  });

  it("names a target that means no row, and keeps it", async () => {
    expect(await withdraw({ takedown: down("acme/other") })).toMatchObject({
      rows: rest.length + 1,
      changed: true,
      unmatched: ["acme/other"],
    });
    expect((await openDataset(folder)).withdrawn).toEqual([{ kind: "takedown", target: "acme/other", edition: 2 }]);
  });

  it("sweeps what a killed one left beside the files", async () => {
    const stray = join(folder, "editing/train-e0002-00000-of-00001.parquet");
    writeFileSync(stray, "half");
    await withdraw();
    expect(existsSync(stray)).toBe(false);
  });

  it.each([{ compact: false }, { compact: true }])(
    "that ends before its manifest leaves the dataset as it was, and is gone on with (%j)",
    async ({ compact }) => {
      const obstacle = join(folder, "manifest.json.part");
      mkdirSync(obstacle);
      await expect(withdraw({ takedown: down(editing), compact })).rejects.toThrow(/cannot write .*manifest\.json: EISDIR/);
      expect((await skillsIn()).sort()).toEqual([...rest, "editing"].sort());
      rmSync(obstacle, { recursive: true });
      expect(await withdraw({ takedown: down(editing), compact })).toMatchObject({
        edition: 2,
        rows: rest.length,
        withdrawn: { "takedown/asked": 1 },
      });
      expect(await skillsIn()).toEqual(rest);
      expect(readdirSync(folder).filter((name) => name.startsWith("withdrawn"))).toEqual(["withdrawn-e0002.jsonl"]);
    },
  );

  it("waits for nobody: it stops where somebody else writes", async () => {
    await withdraw();
    const held = holdWriting(join(folder, ".kihon", "ledger.sqlite"));
    try {
      await expect(withdraw()).rejects.toThrow("another process is writing this dataset");
    } finally {
      held.release();
    }
    expect(await withdraw()).toMatchObject({ changed: false });
  });
});

describe("a refresh stops, and says what to do", () => {
  const whole = () => refresh(defaultPlace({ out: folder }), { log });

  it("where there is no dataset", async () => {
    rmSync(folder, { recursive: true });
    await expect(whole()).rejects.toMatchObject({ name: "StopRun", message: expect.stringContaining("holds no manifest.json") });
  });

  it("where a newer Kihon wrote the rows", async () => {
    const path = join(folder, "manifest.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"schema_version": "\d+"/, '"schema_version": "99"'));
    await expect(whole()).rejects.toMatchObject({
      message: expect.stringContaining("row schema 99"),
      next: expect.stringContaining("manifest names"),
    });
  });

  it("where it is to mine nothing and to look at repositories", async () => {
    await expect(withdraw({ licenses: ["MIT"] })).rejects.toMatchObject({
      message: expect.stringContaining("--withdraw-only looks at no repository"),
    });
  });

  it("where the ledger is gone", async () => {
    await expect(whole()).rejects.toMatchObject({
      message: expect.stringContaining("has no ledger"),
      next: expect.stringContaining("--withdraw-only"),
    });
  });

  it("and a run does not write over what was refreshed", async () => {
    await withdraw({ takedown: down(editing) });
    const again = run(configSchema.parse({ repos: [root] }), defaultPlace({ out: folder }), { log });
    await expect(again).rejects.toMatchObject({
      message: expect.stringContaining("edition 2"),
      next: expect.stringContaining("kihon refresh"),
    });
  });
});

describe("the difference of two datasets", () => {
  it("is none between a dataset and its copy, or its compacted self", async () => {
    const copy = join(root, "copy");
    cpSync(folder, copy, { recursive: true });
    expect((await differences(copy, folder)).summary).toEqual({
      rows: { same: rest.length + 1, added: 0, removed: 0, changed: 0 },
      environments: { added: 0, removed: 0, changed: 0 },
      same: true,
    });
    await withdraw({ takedown: down(editing) });
    const hidden = join(root, "hidden");
    cpSync(folder, hidden, { recursive: true });
    await withdraw({ compact: true });
    expect((await differences(hidden, folder)).summary.same).toBe(true);
  });

  it("names what left with its reason, and what came back", async () => {
    const copy = join(root, "copy");
    cpSync(folder, copy, { recursive: true });
    await withdraw({ takedown: down(editing) });
    const { told, summary } = await differences(copy, folder);
    expect(told).toEqual([
      { change: "removed", kind: "row", id: editing, skill: "editing", repo: "acme/calc", columns: [], why: `takedown/asked: ${editing}` },
    ]);
    expect([summary.same, summary.rows.same]).toEqual([false, rest.length]);
    expect((await differences(folder, copy)).told).toMatchObject([
      { change: "added", why: `no longer withdrawn (takedown/asked: ${editing})` },
    ]);
  });

  it("names the columns that changed, and why, on one line of plain text", async () => {
    const newer = join(root, "newer");
    const prompt = { ...sampleInstance("editing", { prompt: "other\u001b[31m words" }) };
    const sets = datasetInput(folder).sets.filter(({ skill }) => rest.includes(skill as never));
    const pairs = () => [toRows(prompt, environment, { ...context, verifierVersion: "9" })];
    await writeDataset(datasetInput(newer, { sets: [...sets, { skill: "editing", split: "train", pairs }] }));
    const { told } = await differences(folder, newer);
    expect(told).toMatchObject([
      { change: "changed", id: editing, columns: ["prompt", "problem_statement", "verifier"], why: "proven anew by verifier 9, was 1" },
    ]);
    const [one] = told;
    expect(one && differenceText({ ...one, why: "a\nb\u001b[31m" })).toMatch(
      /^~ editing {7}\w{16} {2}acme\/calc \[prompt, .*\] {2}a b�\[31m$/,
    );
  });
});

describe("the licences that a refresh allows", () => {
  const judgedOf = async (
    license: string | undefined,
    licenses: readonly string[] | undefined,
    settings: object = {},
    before: string | null = license ?? null,
  ) => {
    using repository = await ScratchRepository.make();
    const commit = await repository.commit("first", { "package.json": JSON.stringify({ name: "calc", license }) });
    const opened = await openRepository(repository.work, join(root, "mirrors"));
    const bench = { repository: () => opened, config: parseConfig(settings) } as unknown as Bench;
    const row = { repository: { ...environment.revision.repository, name: opened.name, license: before }, packageDir: "." };
    const options = { log, ...(licenses === undefined ? {} : { licenses }) };
    return (await licenceRule([{ name: opened.name, commit }], [row as RowSubject], bench, options))(row as RowSubject);
  };

  it.each([
    ["MIT OR GPL-3.0-only", ["MIT"]],
    ["Apache-2.0 AND mit", ["MIT", "Apache-2.0"]],
    ["Apache-2.0 WITH LLVM-exception", ["Apache-2.0"]],
  ])("are weighed as SPDX means them: %s under %j stays", async (license, licenses) => {
    expect(await judgedOf(license, licenses)).toBeNull();
  });

  it("let a row go whose licence asks for more", async () => {
    expect(await judgedOf("MIT AND GPL-3.0-only", ["MIT"])).toMatchObject({ reason: "license/not-allowed" });
  });

  it.each([
    ["GPL-3.0-only", "MIT", {}],
    ["MIT AND GPL-3.0-only", "MIT", {}],
    ["SSPL-1.0", null, {}],
    ["Apache-2.0", "MIT", { permissive: { allow: ["MIT"] } }],
  ])("are those of the run where none are given: %s after %s lets a row go", async (now, before, settings) => {
    const detail = `${before ?? "none stated"}, now ${now}`;
    expect(await judgedOf(now, undefined, settings, before)).toEqual({ reason: "license/not-allowed", detail });
  });

  it.each([
    ["Apache-2.0", "MIT", {}],
    ["MIT OR GPL-3.0-only", "MIT", {}],
    ["MIT", null, {}],
    ["GPL-3.0-only", "MIT", { permissive: { allow: ["MIT", "GPL-3.0-only"] } }],
    // It was taken in so, and stays until a list is given.
    ["GPL-3.0-only", "GPL-3.0-only", {}],
  ])("of the run let a row stay that is under %s after %s", async (now, before, settings) => {
    expect(await judgedOf(now, undefined, settings, before)).toBeNull();
  });

  it("let a row go whose repository states none any more", async () => {
    for (const missing of ["keep", "drop"])
      expect(await judgedOf(undefined, undefined, { permissive: { missing } }, "MIT")).toMatchObject({ reason: "license/gone" });
  });

  it("leave a row without a known licence as the run did, unless the run required one", async () => {
    expect(await judgedOf(undefined, ["MIT"])).toBeNull();
    expect(await judgedOf(undefined, ["MIT"], { permissive: { missing: "drop" } })).toMatchObject({ reason: "license/not-allowed" });
  });
});
