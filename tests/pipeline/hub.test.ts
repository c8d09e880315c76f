/** Datasets brought to a Hub and back, by the Hub's own client over a real port. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { writtenFiles } from "../../output/manifest.ts";
import { toRows } from "../../output/rows.ts";
import { type HubPlace, pull, pullText, push, pushText, tokenFrom } from "../../pipeline/hub.ts";
import { createLog } from "../../pipeline/log.ts";
import type { Withdrawal } from "../../schemas/withdrawal.ts";
import { context, datasetInput, environment, sampleInstance } from "../output/samples.ts";
import { type HubServer, serveHub } from "./hub-server.ts";

const token = "hf_verySecretToken";
const repo = "acme/calc-skills";
let folder = "";
let data = "";
let hub: HubServer;
let said = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-hub-"));
  data = join(folder, "data");
  said = "";
  hub = await serveHub({ token });
  await writeDataset(datasetInput(data, { sets: [first] }));
});
afterEach(() => {
  hub.close();
  rmSync(folder, { recursive: true });
});

const pairOf = (id: string) => toRows(sampleInstance("editing", { id: id.repeat(16) }), environment, context);
const first = { skill: "editing" as const, split: "train", pairs: () => [pairOf("1")] };
const log = createLog({ json: true, terminal: false, write: (text) => (said += text), now: () => 0 });
const place = (more: Partial<HubPlace> = {}): HubPlace => ({ repo, token, hub: hub.address, log, ...more });
const filesIn = (at: string): string[] =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(at.length + 1))
    .sort();

/** A second edition beside the first, with what left. */
async function refreshed(withdrawn: readonly Withdrawal[] = []): Promise<void> {
  const { manifest } = await openDataset(data);
  const hashes = [pairOf("1").private.provenance.content_hash];
  const standing = {
    edition: 2,
    files: writtenFiles(manifest),
    hashes,
    rows: [{ skill: "editing" as const, split: "train", rows: 1 }],
    pairs: () => [pairOf("1")],
    withdrawn,
  };
  await writeDataset(datasetInput(data, { sets: [{ ...first, pairs: () => [pairOf("2")] }], environments: () => [], standing }));
}

describe("push and pull", () => {
  it("bring every file of a dataset to the Hub and back, whole", async () => {
    const pushed = await push(data, place(), { create: "private" });
    expect(pushed).toMatchObject({
      deleted: [],
      unchanged: 0,
      uploaded: expect.arrayContaining(["manifest.json", "README.md", "figures/rows.svg"]),
    });
    expect([...hub.files(repo).keys()].filter((path) => path !== ".gitattributes").sort()).toEqual(filesIn(data));
    const back = join(folder, "back");
    const pulled = await pull(back, place());
    expect(filesIn(back)).toEqual(filesIn(data));
    for (const file of filesIn(data)) expect(readFileSync(join(back, file)).equals(readFileSync(join(data, file))), file).toBe(true);
    expect([pulled.commit, pulled.bytes]).toEqual([pushed.commit, pushed.bytes]);
    expect((await openDataset(back)).manifest).toEqual((await openDataset(data)).manifest);
    expect(pushText(pushed)).toContain(String(pushed.commit));
    expect(pullText(pulled)).toContain("0 were there");
  });

  it("bring what rules and models earned along, and take it away with them", async () => {
    const measured = ["baselines.json", "solve-rates.json"];
    for (const name of measured) writeFileSync(join(data, name), `{ "${name}": [] }\n`);
    expect((await push(data, place(), { create: "private" })).uploaded).toEqual(expect.arrayContaining(measured));
    const back = join(folder, "back");
    await pull(back, place());
    for (const name of measured) expect(readFileSync(join(back, name), "utf8")).toBe(`{ "${name}": [] }\n`);
    for (const name of measured) rmSync(join(data, name));
    expect((await push(data, place())).deleted).toEqual(measured);
    expect((await pull(back, place())).removed).toEqual(measured);
    expect(measured.filter((name) => existsSync(join(back, name)))).toEqual([]);
  });

  it("move nothing where nothing is new, and of a refresh what it added", async () => {
    await push(data, place(), { create: "public" });
    const back = join(folder, "back");
    await pull(back, place());
    const [uploaded, commits] = [hub.uploaded, hub.commits(repo)];
    expect(await push(data, place())).toMatchObject({ commit: null, uploaded: [], deleted: [] });
    expect(await pull(back, place())).toMatchObject({ downloaded: [], removed: [] });
    expect([hub.uploaded, hub.commits(repo)]).toEqual([uploaded, commits]);

    await refreshed();
    const planned = await push(data, place(), { dryRun: true });
    expect(hub.commits(repo)).toBe(commits);
    const moved = await push(data, place());
    expect(moved.uploaded).toEqual(planned.uploaded);
    const shards = ["editing/train-e0002-00000-of-00001.parquet", "editing-private/train-e0002-00000-of-00001.parquet"];
    expect(moved.uploaded.filter((path) => path.endsWith(".parquet"))).toEqual(shards);
    hub.asked.splice(0);
    const came = await pull(back, place());
    expect(came.downloaded.filter((path) => path.endsWith(".parquet"))).toEqual(shards);
    expect(hub.asked.filter((line) => line.includes("/train-00000"))).toEqual([]);
    expect((await openDataset(back)).manifest.edition).toBe(2);
  });

  it("remove what no edition names any more, and nothing of others", async () => {
    await push(data, place(), { create: "private" });
    await refreshed();
    await push(data, place());
    const back = join(folder, "back");
    await pull(back, place());
    hub.meddle(repo, "notes/ours.txt", "keep me");
    writeFileSync(join(back, "mine.txt"), "keep me too");
    // As `--compact` does: one edition in files of its own.
    const { manifest } = await openDataset(data);
    const standing = { edition: 3, files: [], hashes: [], rows: [], pairs: () => [], withdrawn: [] };
    await writeDataset(datasetInput(data, { sets: [{ ...first, pairs: () => [pairOf("1"), pairOf("2")] }], standing }));
    const moved = await push(data, place());
    expect(moved.deleted).toEqual(manifest.configs.map(({ file }) => file).sort());
    expect([...hub.files(repo).keys()]).toEqual(expect.arrayContaining([".gitattributes", "notes/ours.txt"]));
    // The environments are the same bytes under a new name, so the folder is known to be of this dataset.
    const came = await pull(back, place());
    expect([...came.removed].sort()).toEqual(moved.deleted);
    expect(existsSync(join(back, "mine.txt"))).toBe(true);
    expect((await openDataset(back)).manifest.edition).toBe(3);
  });

  it("do not publish rows that were taken down and still lie in the files", async () => {
    const { public: row, private: hidden } = pairOf("1");
    await refreshed([
      {
        kind: "row",
        instance_id: row.instance_id,
        skill: "editing",
        content_hash: hidden.provenance.content_hash,
        edition: 2,
        reason: "takedown/asked",
        detail: "",
      },
    ]);
    await expect(push(data, place(), { create: "private" })).rejects.toMatchObject({
      message: expect.stringContaining("was taken down"),
      next: expect.stringContaining("--compact"),
    });
    expect(hub.asked).toEqual([]);
  });

  it("read a public dataset without a token", async () => {
    await push(data, place(), { create: "public" });
    expect((await pull(join(folder, "back"), place({ token: null }))).downloaded.length).toBeGreaterThan(5);
  });
});

describe("what can go wrong", () => {
  it.each([
    ["a token that the Hub does not know", { token: "hf_another" }, /does not accept the token/],
    ["no token", { token: null }, /wants a token|has no dataset/],
    ["a dataset that is not there", {}, /has no dataset acme\/calc-skills/],
    ["a name that is none", { repo: "calc" }, /names no dataset/],
    ["an address that is none", { hub: "hub" }, /no address of a Hub/],
    ["a token that would go out in plain text", { hub: "http://example.org" }, /is not encrypted/],
  ])("%s is named", async (_, more, message) => {
    await expect(push(data, place(more))).rejects.toMatchObject({
      name: "StopRun",
      message: expect.stringMatching(message),
      next: expect.any(String),
    });
  });

  it.each([
    [403, "StopRun", /may not do that/],
    [409, "StopRun", /changed by somebody else/],
    [413, "StopRun", /the Hub refuses: no/],
  ])("a refusal of a commit by %i is named", async (status, name, message) => {
    await push(data, place(), { create: "private" });
    await refreshed();
    hub.fail({ at: /^POST .*\/commit\//, status, times: 9 });
    await expect(push(data, place())).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect(hub.commits(repo)).toBe(2);
  });

  it("a commit by somebody else meanwhile is not written over", async () => {
    await push(data, place(), { create: "private" });
    await refreshed();
    let once = true;
    hub.on(/preupload/, () => {
      if (once) hub.meddle(repo, "theirs.txt", "x");
      once = false;
    });
    await expect(push(data, place())).rejects.toThrow("was changed by somebody else meanwhile (412)");
    expect((await push(data, place())).commit).not.toBeNull();
    expect([...hub.files(repo).keys()]).toContain("theirs.txt");
  });

  it("a Hub that is busy is waited for as long as it asks", async () => {
    hub.fail({ at: /repos\/create|preupload|objects\/batch|\/commit\/|\/tree\//, status: 429, headers: { "retry-after": "0" }, times: 3 });
    hub.fail({ at: /\/lfs\//, status: 503, headers: { "retry-after": "0" }, times: 2 });
    await push(data, place(), { create: "private" });
    expect(hub.asked.filter((line) => / (?:429|503)$/.test(line))).toHaveLength(5);
    hub.fail({ at: /\/resolve\//, status: 429, headers: { ratelimit: '"api";r=0;t=0' }, times: 2 });
    await pull(join(folder, "back"), place());
    hub.fail({ at: /\/tree\//, status: 429, headers: { "retry-after": "0" }, times: 99 });
    await expect(pull(join(folder, "more"), place())).rejects.toMatchObject({
      name: "RetryLater",
      message: "the Hub answers 429, 4 times in a row",
    });
  });

  it("a connection that breaks is taken up again, and no file is left half", async () => {
    hub.fail({ at: /\/lfs\//, cut: "before", times: 1 });
    await push(data, place(), { create: "private" });
    hub.fail({ at: /\/resolve\/.*editing\/train/, cut: "within", times: 1 });
    const back = join(folder, "back");
    await pull(back, place());
    expect(filesIn(back)).toEqual(filesIn(data));
    // An upload that was cut for good goes on where it stopped: what the Hub has is not sent again.
    await refreshed();
    hub.fail({ at: /\/commit\//, cut: "before", times: 1 });
    await expect(push(data, place())).rejects.toMatchObject({
      name: "RetryLater",
      message: expect.stringContaining("run the same command again"),
    });
    const sent = hub.uploaded;
    expect((await push(data, place())).commit).not.toBeNull();
    expect(hub.uploaded).toBe(sent);
  });

  it("a file that is not what the manifest names is not kept", async () => {
    await push(data, place(), { create: "private" });
    const path = "editing/train-00000-of-00001.parquet";
    hub.meddle(repo, path, "x".repeat(hub.files(repo).get(path)?.length ?? 0));
    const back = join(folder, "back");
    await expect(pull(back, place())).rejects.toThrow(`${path} on the Hub is not the file that the manifest names`);
    expect([existsSync(join(back, path)), existsSync(join(back, "manifest.json"))]).toEqual([false, false]);
    // What is mended on the Hub is all that a second pull needs.
    await push(data, place());
    await pull(back, place());
    expect(filesIn(back)).toEqual(filesIn(data));
  });

  it("a folder that holds something else is left alone", async () => {
    await push(data, place(), { create: "private" });
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "thesis.txt"), "mine");
    await expect(pull(other, place())).rejects.toThrow("holds other things (thesis.txt)");
    const dataset = join(folder, "dataset");
    const sets = [{ skill: "review" as const, split: "train", pairs: () => [toRows(sampleInstance("review"), environment, context)] }];
    await writeDataset(datasetInput(dataset, { sets, environments: () => [] }));
    await expect(pull(dataset, place())).rejects.toThrow("holds another dataset");
    const newer = join(folder, "newer");
    await refreshed();
    cpSync(data, newer, { recursive: true });
    await expect(pull(newer, place())).rejects.toThrow("has edition 2, the Hub edition 1");
  });
});

describe("the token", () => {
  it("is read from the environment, or from a file, the named one first", () => {
    const file = join(folder, "token");
    writeFileSync(file, "hf_fromFile\n");
    const none = { HF_HOME: join(folder, "nowhere") };
    expect(tokenFrom({ ...none, HF_TOKEN: " hf_fromEnv " })).toBe("hf_fromEnv");
    expect(tokenFrom({ ...none, HF_TOKEN: "hf_fromEnv" }, file)).toBe("hf_fromFile");
    expect(tokenFrom({ ...none, HF_TOKEN_PATH: file })).toBe("hf_fromFile");
    expect(tokenFrom({ HF_HOME: folder })).toBe("hf_fromFile");
    expect(tokenFrom(none)).toBeNull();
    expect(() => tokenFrom(none, join(folder, "lost"))).toThrow("there is no token in");
    expect(() => tokenFrom({ ...none, HF_TOKEN: "ghp_secret" })).toThrow(/^the token is none of the Hub's: those begin with hf_$/);
  });

  it("is never said, whatever goes wrong", async () => {
    const errors: unknown[] = [];
    hub.fail({ at: /\/tree\//, status: 500, headers: { "retry-after": "0" }, times: 4 });
    hub.fail({ at: /\/commit\//, status: 403, times: 1 });
    errors.push(await push(data, place(), { create: "private" }).catch((error: unknown) => error));
    errors.push(await push(data, place(), { create: "private" }).catch((error: unknown) => error));
    await push(data, place());
    await pull(join(folder, "back"), place());
    const whole = (error: unknown): string =>
      error instanceof Error ? `${error.stack} ${JSON.stringify(error)} ${whole(error.cause)}` : String(error);
    expect(errors.map((error) => (error as Error).name)).toEqual(["RetryLater", "StopRun"]);
    expect(said + errors.map(whole).join()).not.toContain(token);
    for (const file of filesIn(join(folder, "back"))) expect(readFileSync(join(folder, "back", file)).includes(token), file).toBe(false);
  });
});
