import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetFiles } from "../../bench/kill-resume.ts";
import type { RefreshResult } from "../../index.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Difference, DiffSummary } from "../../pipeline/diff.ts";
import { cache, demo, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const repository = join(folder, "parcel-kit.git");
const before = join(folder, "before");
const out = join(folder, "data");
/** Of the bundle's history: two of these five fix a defect and add the test that shows it. */
const newCommits = 5;

const git = (...words: string[]): string => {
  const { status, stdout, stderr } = spawnSync("git", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};
const inRepository = (...words: string[]): string => git(`--git-dir=${repository}`, ...words);

interface Work {
  readonly stage: string;
  readonly id: string;
  readonly reason: string | null;
  readonly seq: string;
}
/** Every verdict in the ledger, with what it was said of. */
function verdicts(at: string): Map<string, Work> {
  const database = new DatabaseSync(join(at, ".kihon", "ledger.sqlite"), { readOnly: true });
  const rows = database
    .prepare("select stage, id, reason, version || input || settings || seq as seq from verdict")
    .all() as unknown as Work[];
  database.close();
  return new Map(rows.map((row) => [`${row.stage} ${row.id} ${row.seq}`, row]));
}
async function rowsOf(at: string): Promise<Map<string, { split: string; commit: string; kind: string }>> {
  const rows = new Map<string, { split: string; commit: string; kind: string }>();
  for await (const { public: row } of (await openDataset(at)).pairs()) {
    rows.set(row.instance_id, { split: row.split, commit: row.base_commit, kind: row.source_kind });
  }
  return rows;
}
const refreshed = async (...words: string[]): Promise<RefreshResult> => {
  const { code, out: text, err } = await kihon(["refresh", out, "--cache", cache, "--json", ...words]);
  if (code !== 0) throw new Error(err);
  return JSON.parse(text) as RefreshResult;
};
async function difference(older: string, newer: string): Promise<{ code: number | null; told: Difference[]; summary: DiffSummary }> {
  const { code, out: text } = await kihon(["diff", older, newer, "--json"]);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  return { code, summary: lines.pop() as DiffSummary, told: lines as Difference[] };
}

let tip = "";
let fresh: readonly string[] = [];
beforeAll(async () => {
  git("clone", "--quiet", "--bare", demo, repository);
  tip = inRepository("rev-parse", "HEAD");
  const old = inRepository("rev-parse", `HEAD~${newCommits}`);
  fresh = inRepository("rev-list", `${old}..${tip}`).split("\n");
  inRepository("update-ref", "HEAD", old);
  const words = ["--mutants", "6", "--history", "4", "--per-skill", "1", "--repeats", "1", "--cache", cache];
  const { code, err } = await kihon(["run", "--repo", repository, "--out", out, ...words]);
  if (code !== 0) throw new Error(err);
  cpSync(out, before, { recursive: true });
});

describe("a dataset whose repository went on", () => {
  it("is as it was after a refresh that is killed while it works, and comes to the same as one that is not", async () => {
    inRepository("update-ref", "HEAD", tip);
    const { code, err } = await kihon(["refresh", out, "--cache", cache], { interruptAt: "observe: " });
    expect([code, err]).toEqual([130, expect.stringContaining("next: kihon refresh")]);
    expect(datasetFiles(out)).toEqual(datasetFiles(before));
  });

  it("is refreshed by working on the new commits alone", async () => {
    const result = await refreshed();
    expect(result).toMatchObject({ edition: 2, changed: true, withdrawn: {}, returned: 0 });
    const [olds, nows] = [verdicts(before), verdicts(out)];
    const added = [...nows].flatMap(([key, row]) => (olds.has(key) ? [] : [row]));
    const rows = await rowsOf(out);
    const newRows = [...rows].filter(([, { commit }]) => fresh.includes(commit)).map(([id]) => id);
    const proven = added.filter(({ stage }) => stage === "prove").map(({ id }) => id);
    expect(added.filter(({ stage }) => stage === "inject")).toEqual([]);
    expect(added.filter(({ stage, reason }) => stage === "prepare" && reason === null)).toHaveLength(2);
    // A third of the new commits changes sources and tests: its tests do not load without it.
    expect(added.filter(({ stage, reason }) => stage === "prepare" && reason !== null)).toMatchObject([
      { reason: "glimpse/does-not-load" },
    ]);
    expect(added.filter(({ stage }) => stage === "observe")).toHaveLength(2);
    expect(proven).toEqual(expect.arrayContaining(newRows));
    expect(newRows.length).toBeGreaterThan(0);
    for (const key of olds.keys()) expect(nows.has(key)).toBe(true);
  });

  it("keeps every file, id and split that it had", async () => {
    const manifest = (await openDataset(before)).manifest;
    for (const { file } of manifest.configs)
      expect(readFileSync(join(out, file)).equals(readFileSync(join(before, file))), file).toBe(true);
    const rows = await rowsOf(out);
    for (const [id, row] of await rowsOf(before)) expect(rows.get(id)).toEqual(row);
  });

  it("differs from what it was by the rows of the new commits, and by nothing else", async () => {
    const { code, told, summary } = await difference(before, out);
    const olds = await rowsOf(before);
    const added = [...(await rowsOf(out))].filter(([id]) => !olds.has(id));
    expect([code, summary.same]).toEqual([1, false]);
    expect(summary.rows).toEqual({ same: olds.size, added: added.length, removed: 0, changed: 0 });
    expect(
      told
        .filter(({ kind }) => kind === "row")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(added.map(([id]) => id).sort());
    for (const [, { commit, kind }] of added) expect([kind, fresh]).toEqual(["commit", expect.arrayContaining([commit])]);
    for (const { change, why } of told)
      expect([change, why]).toEqual(["added", expect.stringMatching(/^(?:the new commit|rows at revision) /)]);
    expect(await difference(out, out)).toMatchObject({ code: 0, told: [], summary: { same: true } });
  });

  it("is left as it is by a second refresh, which works on nothing", async () => {
    const [files, known] = [datasetFiles(out), verdicts(out).size];
    expect(await refreshed()).toMatchObject({ edition: 2, changed: false, added: {} });
    expect([datasetFiles(out), verdicts(out).size]).toEqual([files, known]);
  });

  it("is not written over by a run", async () => {
    const { code, err } = await kihon(["resume", out, "--cache", cache]);
    expect([code, err]).toEqual([2, expect.stringMatching(/was refreshed \(edition 2\)[\s\S]*next: kihon refresh/)]);
  });

  it("loses what is taken down for good: compacted, it does not come back from the ledger", async () => {
    const [id = ""] = (await rowsOf(before)).keys();
    const list = join(folder, "list");
    writeFileSync(list, `${id}\n`);
    const result = await refreshed("--takedown", list, "--compact");
    expect(result).toMatchObject({ edition: 3, compacted: true, withdrawn: expect.objectContaining({ "takedown/asked": 1 }) });
    expect((await rowsOf(out)).has(id)).toBe(false);
    expect(existsSync(join(out, "environments/train-00000-of-00001.parquet"))).toBe(false);
    expect(await refreshed()).toMatchObject({ edition: 3, changed: false, notAdded: expect.objectContaining({ "takedown/asked": 1 }) });
    const removed = (await difference(before, out)).told.filter(({ change, kind }) => change === "removed" && kind === "row");
    expect(removed).toContainEqual(expect.objectContaining({ id, why: `takedown/asked: ${id}` }));
  });
});
