/** Datasets in figures and row by row: from folders, from single files, and over a real HTTP server, well and unwell. */
import { cpSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeDataset } from "../../output/dataset-writer.ts";
import { toRows } from "../../output/rows.ts";
import { inspect } from "../../pipeline/inspect.ts";
import { stats, statsText } from "../../pipeline/stats.ts";
import { skills } from "../../schemas/instance.ts";
import { rowSchemaVersion } from "../../schemas/row.ts";
import { context, datasetInput, environment, sampleInstance } from "../output/samples.ts";
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
    expect(found.skills["editing"]).toMatchObject({
      rows: 40,
      splits: { train: 40 },
      sources: { injected: 40 },
      runs: { min: 2, max: 2 },
      facts: { lines: { count: 40, median: 1 }, digits: { median: 42 } },
      rewards: [
        { role: "gold", rows: 40, least: 1, greatest: 1, reasons: {} },
        { role: "blank", rows: 40, least: 0, greatest: 0 },
        { role: "decoy", name: "decoy-one", rows: 40, reasons: { "tests-failed": 40 } },
        { role: "probe", name: "probe-exit", rows: 40, reasons: {} },
      ],
    });
    expect(statsText(found)).toMatch(/editing +decoy +decoy-one +40 +0 +tests-failed/);
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
    expect(found).toMatchObject({ rows: 40, dataset: null, skills: { editing: { runs: null, prompt: { count: 40 } } } });
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
      skills: { editing: { prompt: null, runs: { count: 40 } } },
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

  it("shows the cells of a single file", async () => {
    const server = await served();
    const rows = await inspect(`${server.address}/${editing}`, asked);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ json: { instance_id: "0".repeat(16), skill: "editing" }, text: expect.stringContaining("prompt: ") });
    const [one] = await inspect(join(data, editing), { ...asked, id: "0000000000000011" });
    expect(one?.json).toMatchObject({ instance_id: "0000000000000011" });
    await expect(inspect(join(data, editing), { ...asked, id: "f".repeat(16) })).rejects.toThrow("has no row");
  });

  it("shows answers only to who asks for them", async () => {
    await expect(inspect(join(data, hidden), asked)).rejects.toThrow("holds the answers");
    expect((await inspect(join(data, hidden), { ...asked, hidden: true }))[0]?.json).toMatchObject({ gold: "the gold text" });
  });
});
