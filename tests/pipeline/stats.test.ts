/** Datasets in figures and row by row: from folders, from single files, and over a real HTTP server, well and unwell. */
import { cpSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeDataset } from "../../output/dataset-writer.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { inspect, rowNames } from "../../pipeline/inspect.ts";
import { stats, statsText } from "../../pipeline/stats.ts";
import { skills } from "../../schemas/instance.ts";
import { rowSchemaVersion } from "../../schemas/row.ts";
import { archive, context, datasetInput, environment, sampleInstance } from "../output/samples.ts";
import { type FileServer, type Manners, serveFiles } from "./file-server.ts";

let folder = "";
let data = "";
const servers: FileServer[] = [];
const editing = "editing/train-00000-of-00001.parquet";
const hidden = "editing-private/train-00000-of-00001.parquet";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-stats-"));
  data = join(folder, "data");
  // Texts that figures do not need, so that reading them over a network would be seen.
  const bulky = Array.from({ length: 40 }, (_, index) => {
    const pair = toRows(sampleInstance("editing", { id: index.toString(16).padStart(16, "0") }), environment, context);
    const noise = Array.from({ length: 8000 }, (_, at) => String.fromCharCode(33 + ((at * 7919 * (index + 3)) % 90))).join("");
    return { public: { ...pair.public, visible_layer_json: JSON.stringify({ "a.txt": noise }) }, private: pair.private };
  });
  const others = datasetInput(data).sets.filter(({ skill }) => skill !== "editing");
  await writeDataset(datasetInput(data, { sets: [...others, { skill: "editing", split: "train", pairs: () => bulky }] }));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function served(manners: Manners = {}): Promise<FileServer> {
  const server = await serveFiles(data, manners);
  servers.push(server);
  return server;
}

describe("stats of a folder", () => {
  it("counts rows, balance, lengths, facts, yields and what the known answers scored", async () => {
    const found = await stats(data);
    expect(found).toMatchObject({
      rows: 40 + skills.length - 1,
      changes: 1,
      languages: { typescript: 40 + skills.length - 1 },
      licenses: { MIT: 40 + skills.length - 1 },
      repositories: { "acme/calc": { editing: 40, review: 1 } },
      operators: { arithmetic: 40 + skills.length - 1 },
      files: { "acme/calc: src/add.ts": 40 + skills.length - 1 },
      dataset: { schemaVersion: rowSchemaVersion, edition: 1, environments: 1, withdrawn: 0, yields: [{ name: "prove", in: 9, kept: 5 }] },
    });
    expect(found.dataset?.flakiness).toEqual({
      ...{ tests: 8, quarantined: 2, share: 0.25, under: { nothing: 1, order: 1, TZ: 1 } },
      byEnvironment: [{ repository: "acme/calc", id: environment.id, tests: 8, quarantined: 2, share: 0.25 }],
    });
    expect(statsText(found)).toContain("are quarantined: 2 of 8 tests (25.0 %), under TZ 1, nothing 1, order 1");
    expect(found.skills["editing"]).toMatchObject({
      rows: 40,
      splits: { train: 40 },
      sources: { injected: 40 },
      gradings: { min: 6, max: 6 },
      pullRequests: 0,
      facts: { lines: { count: 40, median: 1 }, digits: { median: 42 } },
      rewards: [
        { role: "gold", rows: 40, least: 1, greatest: 1, reasons: {} },
        { role: "blank", rows: 40, least: 0, greatest: 0 },
        { role: "decoy", name: "decoy-one", rows: 40, reasons: { "tests-failed": 40 } },
        { role: "probe", name: "probe-exit", rows: 40, reasons: {} },
      ],
    });
    expect(found.dataset?.timings).toEqual({
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T01:02:03Z",
      stages: [{ name: "prove", tookMs: 900, workMs: 1234, cpuMs: null }],
    });
    expect(statsText(found)).toMatch(
      /the run took 1 h 2 min; its stages[^\n]*\nstage +took +work +processor\nprove +0\.9 s +1\.2 s +unknown/,
    );
    expect(statsText(found)).toMatch(/editing +decoy +decoy-one +40 +0 +tests-failed/);
  });

  it("says where no times are known, or none that can be read", async () => {
    const copy = join(folder, "copy");
    cpSync(data, copy, { recursive: true });
    writeFileSync(join(copy, "timings.json"), "{}");
    expect((await stats(copy)).dataset?.timings).toBeNull();
    rmSync(join(copy, "timings.json"));
    expect(statsText(await stats(copy))).toContain("the dataset holds no timings.json");
  });

  it("is refused where a file is no Parquet, or none of a dataset's", async () => {
    const path = join(folder, "odd.parquet");
    writeFileSync(path, "not a file of columns, though it is long enough");
    await expect(stats(path)).rejects.toMatchObject({ name: "StopRun", message: expect.stringContaining("is not a whole Parquet file") });
    await expect(stats(join(folder, "lost.parquet"))).rejects.toThrow("there is no file");
    await expect(stats(join(data, "environments/train-00000-of-00001.parquet"))).rejects.toThrow("holds no questions");
  });
});

describe("stats over HTTP", () => {
  it("gives what the folder gives, and fetches the columns that it needs and no others", async () => {
    const server = await served();
    expect(await stats(server.address)).toEqual(await stats(data));
    expect(server.asked.every((line) => !line.startsWith("GET /environments") || / 206$/.test(line))).toBe(true);
    const parquet = await served();
    const found = await stats(`${parquet.address}/${editing}`);
    expect(found).toMatchObject({
      rows: 40,
      dataset: null,
      skills: { editing: { gradings: null, pullRequests: null, prompt: { count: 40 } } },
    });
    expect(parquet.sent).toBeLessThan(statSync(join(data, editing)).size / 2 + 512 * 1024);
  });

  it("knows the page of a dataset on the Hub by its form", async () => {
    const site = join(folder, "site");
    cpSync(data, join(site, "datasets/acme/calc/resolve/main"), { recursive: true });
    const server = await serveFiles(site);
    servers.push(server);
    expect(await stats(`${server.address}/datasets/acme/calc`)).toEqual(await stats(data));
  });

  it("reads a server that knows no ranges", async () => {
    const server = await served({ noRanges: true });
    expect(await stats(`${server.address}/manifest.json`)).toEqual(await stats(data));
    expect(server.asked.filter((line) => line.includes(` /${editing} `))).toHaveLength(1);
  });

  it("reads the private file alone", async () => {
    const server = await served();
    expect(await stats(`${server.address}/${hidden}`)).toMatchObject({
      rows: 40,
      changes: 1,
      skills: { editing: { prompt: null, gradings: { count: 40 } } },
    });
  });

  it("asks again where an answer was cut short, and gives up by name where all are", async () => {
    const once = await served({ cut: { ending: editing, times: 1 } });
    expect((await stats(`${once.address}/${editing}`)).rows).toBe(40);
    const always = await served({ cut: { ending: editing, times: 1000 } });
    await expect(stats(`${always.address}/${editing}`)).rejects.toMatchObject({
      name: "RetryLater",
      message: expect.stringContaining("could not be read to its end"),
    });
    const manifest = await served({ cut: { ending: "manifest.json", times: 1 } });
    expect((await stats(manifest.address)).rows).toBeGreaterThan(40);
  });

  it.each([
    [404, /there is nothing at/, /manifest\.json lies/],
    [401, /is not open to everybody \(401\)/, /kihon pull/],
    [403, /is not open to everybody \(403\)/, /kihon pull/],
    [418, /answers 418/, /address/],
  ])("says what a server means by %i, at once", async (status, message, next) => {
    const server = await served({ refuse: { status, times: 1000 } });
    await expect(stats(`${server.address}/${editing}`)).rejects.toMatchObject({
      name: "StopRun",
      message: expect.stringMatching(message),
      next: expect.stringMatching(next),
    });
    expect(server.asked).toHaveLength(1);
  });

  it("names a dataset without a manifest", async () => {
    const server = await served();
    await expect(stats(`${server.address}/editing`)).rejects.toThrow(`${server.address}/editing holds no manifest.json`);
  });

  it("knows a single file whatever else its address asks of the server", async () => {
    const server = await served();
    expect((await stats(`${server.address}/${editing}?download=true`)).dataset).toBeNull();
    expect(await inspect(`${server.address}/${editing}?download=true`, { rows: 1, hidden: false })).toHaveLength(1);
  });

  it("takes a server that refuses what is not there for one that knows no times", async () => {
    const site = join(folder, "closed");
    cpSync(data, site, { recursive: true });
    rmSync(join(site, "timings.json"));
    const server = await serveFiles(site, { refuseLost: 403 });
    servers.push(server);
    expect((await stats(server.address)).dataset?.timings).toBeNull();
  });

  it("waits for a server that is busy", async () => {
    const server = await served({ refuse: { status: 429, times: 2, retryAfter: "0" } });
    expect((await stats(`${server.address}/${editing}`)).rows).toBe(40);
  });

  it("gives up where nobody answers, and where a file changes while it is read", async () => {
    const server = await served();
    server.close();
    await expect(stats(`${server.address}/${editing}`)).rejects.toMatchObject({
      name: "RetryLater",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    const growing = await served({ growsAt: 1 });
    await expect(stats(`${growing.address}/${editing}`)).rejects.toThrow("changed while it was read");
  });

  it("takes no password from an address", async () => {
    await expect(stats("http://me:secret@127.0.0.1/x.parquet")).rejects.toThrow("the address holds a password");
  });

  it("is refused for a file that ends early on the server itself", async () => {
    const short = join(data, "short.parquet");
    writeFileSync(short, "PAR1");
    truncateSync(short, 4);
    const server = await served();
    await expect(stats(`${server.address}/short.parquet`)).rejects.toThrow("is not a whole Parquet file");
    rmSync(short);
  });
});

describe("inspect", () => {
  const asked = { rows: 2, hidden: false };

  it("shows the same rows over HTTP as from the folder", async () => {
    const server = await served();
    expect(await inspect(server.address, { ...asked, hidden: true, skill: "review" })).toEqual(
      await inspect(data, { ...asked, hidden: true, skill: "review" }),
    );
  });

  it("shows the rows of all skills that are named, in turn", async () => {
    const all = join(folder, "all");
    await writeDataset(datasetInput(all));
    const rows = await inspect(all, { rows: 3, hidden: false, skill: ["review", "editing"] });
    expect(rows.map(({ json }) => json)).toMatchObject([{ skill: "review" }, { skill: "editing" }]);
    expect(await inspect(join(data, editing), { ...asked, skill: ["review", "editing"] })).toHaveLength(2);
  });

  it("shows the cells of a single file", async () => {
    const server = await served();
    const rows = await inspect(`${server.address}/${editing}`, asked);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ json: { instance_id: "0".repeat(16), skill: "editing" }, text: expect.stringContaining("prompt: ") });
    const [one] = await inspect(join(data, editing), { ...asked, id: "0000000000000011" });
    expect(one?.json).toMatchObject({ instance_id: "0000000000000011" });
    await expect(inspect(join(data, editing), { ...asked, id: "f".repeat(16) })).rejects.toThrow("has no row");
  });

  it("gives whole rows as JSON, of both configs where answers are asked for", async () => {
    const { public: open, private: closed } = toRows(sampleInstance("review"), environment, context);
    const [seen] = await inspect(data, { ...asked, skill: "review" });
    expect(seen?.json).toEqual(open);
    const plain = join(folder, "plain");
    await writeDataset(datasetInput(plain));
    const [all] = await inspect(plain, { ...asked, id: open.instance_id, hidden: true });
    expect(all?.json).toEqual({ ...open, ...closed });
  });

  it("tells a person what the answer is held against, and the trials it must pass, where answers are asked for", async () => {
    const [review] = await inspect(data, { ...asked, skill: "review", hidden: true });
    expect(review?.text).toMatch(/gold answer:\n {2}> the gold text\ncompared with:\n {2}\* \{"kind":"review","verdict":"request_changes"/);
    const [repair] = await inspect(data, { ...asked, skill: "bug-fix", hidden: true });
    expect(repair?.text).toContain(
      "trials:\n  * fixed: runs tests/add.test.ts with src/add.ts, tests/hidden.test.ts (removed) laid over; must pass: tests/add.test.ts > add > sums",
    );
    const [open] = await inspect(data, { ...asked, skill: "bug-fix" });
    expect(open?.text).not.toMatch(/trials|gold answer/);
  });

  it("lists every id, of a dataset, of an address and of a file", async () => {
    const names = await rowNames(data);
    expect(names).toHaveLength(39 + skills.length);
    expect(names).toContainEqual({ id: sampleInstance("review").draft.id, skill: "review", split: "train" });
    const server = await served();
    expect(await rowNames(server.address, "review")).toEqual([{ id: sampleInstance("review").draft.id, skill: "review", split: "train" }]);
    expect(await rowNames(join(data, editing))).toHaveLength(40);
    expect((await rowNames(join(data, hidden)))[0]).toEqual({ id: "0".repeat(16), skill: "editing" });
    expect(await rowNames(join(data, "environments/train-00000-of-00001.parquet"))).toEqual([{ id: environment.id }]);
    const few = join(folder, "few");
    await writeDataset(datasetInput(few));
    await expect(inspect(few, { ...asked, id: "wrong" })).rejects.toMatchObject({
      next: "list its ids with: kihon inspect DATASET --ids",
    });
  });

  it("says which skills there are where a skill has no rows", async () => {
    const some = join(folder, "some");
    await writeDataset(datasetInput(some, { sets: datasetInput(some).sets.filter(({ skill }) => ["editing", "review"].includes(skill)) }));
    const refused = {
      name: "StopRun",
      message: "the dataset has no rows of bug-fix",
      next: "choose with --skill among: editing, review",
      exitCode: 1,
    };
    await expect(inspect(some, { ...asked, skill: "bug-fix" })).rejects.toMatchObject(refused);
    await expect(inspect(some, { ...asked, skill: ["bug-fix", "localization"] })).rejects.toThrow("has no rows of bug-fix, localization");
    await expect(inspect(join(data, editing), { ...asked, skill: "review" })).rejects.toMatchObject({
      message: expect.stringContaining("has no rows of review"),
      next: "choose with --skill among: editing",
    });
    const none = join(folder, "none");
    await writeDataset(datasetInput(none, { sets: [] }));
    await expect(inspect(none, asked)).rejects.toMatchObject({ message: "the dataset has no rows", exitCode: 1 });
  });

  it("asks no public file for answers", async () => {
    await expect(inspect(join(data, editing), { ...asked, hidden: true })).rejects.toMatchObject({
      name: "StopRun",
      message: expect.stringContaining("holds no answers"),
      next: expect.stringContaining("the dataset's folder with --private"),
    });
  });

  it("shortens what is long in an environment, and gives it whole as JSON", async () => {
    const path = join(data, "environments/train-00000-of-00001.parquet");
    const [short] = await inspect(path, asked);
    expect(short?.text).toContain('test_files_json: [{"covers"');
    const covers = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`src/file-${at}.ts`, [1, 2, 3]]));
    const wide = join(folder, "wide");
    const testFiles = [{ file: "tests/add.test.ts", standalone: true, covers }];
    await writeDataset(datasetInput(wide, { environments: () => [toEnvironmentRow({ ...environment, testFiles }, archive)] }));
    const [long] = await inspect(join(wide, "environments/train-00000-of-00001.parquet"), asked);
    expect(long?.text).toMatch(/^test_files_json: .{500}… and \d+ characters more, which --json shows$/m);
    expect(long?.json).toMatchObject({ test_files_json: expect.stringContaining("src/file-399.ts") });
  });

  it("shows answers only to who asks for them", async () => {
    await expect(inspect(join(data, hidden), asked)).rejects.toThrow("holds the answers");
    expect((await inspect(join(data, hidden), { ...asked, hidden: true }))[0]?.json).toMatchObject({ gold: "the gold text" });
  });
});
