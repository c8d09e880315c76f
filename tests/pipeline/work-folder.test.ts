import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeDataset } from "../../output/dataset-writer.ts";
import { parseConfig } from "../../pipeline/config.ts";
import { Ledger } from "../../pipeline/ledger.ts";
import { createLog } from "../../pipeline/log.ts";
import { defaultPlace } from "../../pipeline/place.ts";
import { type RunOptions, run } from "../../pipeline/run.ts";
import { manifestHash } from "../../pipeline/stages/10-export.ts";
import { configHashOf } from "../../pipeline/summary.ts";
import { ledgerFile, refuseFolder, refuseForeign, refuseStrangers } from "../../pipeline/work-folder.ts";
import { datasetInput, summary } from "../output/samples.ts";

let out = "";
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "kihon-work-folder-"));
});
afterEach(() => rmSync(out, { recursive: true }));

const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
/** Of a repository that is not there: a run that gets so far has found nothing wrong with its folder. */
const started = (options: Partial<RunOptions> = {}) =>
  run(parseConfig({ repos: [join(out, "no-repository")] }), defaultPlace({ out, sandbox: "none" }), { log, ...options });
const passes = { message: expect.stringContaining("sandbox") };
const asked = { name: "StopRun", exitCode: 2, next: expect.stringContaining("--replace") };
function withBooks<T>(notes: Readonly<Record<string, string>>, step: (ledger: Ledger) => T): T {
  const ledger = new Ledger(ledgerFile(out), { write: true });
  try {
    for (const [name, value] of Object.entries(notes)) ledger.setMeta(name, value);
    return step(ledger);
  } finally {
    ledger.close();
  }
}
const judged = (notes: Readonly<Record<string, string>>, replace = false) =>
  withBooks(notes, (ledger) => refuseForeign(out, ledger, replace));

describe("a dataset that no run of this folder made", () => {
  beforeEach(async () => {
    await writeDataset(datasetInput(out));
  });

  it("stays as it is, and no work folder comes beside it", async () => {
    const before = readFileSync(join(out, "manifest.json"), "utf8");
    await expect(started()).rejects.toMatchObject(asked);
    expect([readFileSync(join(out, "manifest.json"), "utf8"), readdirSync(out).includes(".kihon")]).toEqual([before, false]);
  });

  it("stays also beside the books of another run", async () => {
    withBooks({ export: `key ${"0".repeat(64)}`, config: "{}" }, () => undefined);
    await expect(started()).rejects.toMatchObject(asked);
  });

  it("is given up by --replace, also by who goes on with that run", async () => {
    await expect(started({ replace: true })).rejects.toMatchObject(passes);
    await expect(started()).rejects.toMatchObject(passes);
  });
});

describe("a run's own dataset", () => {
  it("is known by what its last export noted, whatever the settings are now", async () => {
    await writeDataset(datasetInput(out));
    expect(() => judged({ export: `key ${manifestHash(out)}`, config: "{}" })).not.toThrow();
  });

  it("is known by its settings where the process was killed before it had noted its export", async () => {
    const config = parseConfig({ history: 5 });
    await writeDataset(datasetInput(out, { summary: { ...summary, configHash: configHashOf(config) } }));
    expect(() => judged({ config: JSON.stringify(config) })).not.toThrow();
    expect(() => judged({ config: JSON.stringify({ ...config, history: 6 }) })).toThrow("came of another run");
  });

  it("is written anew with fewer and with further repositories, but not from others alone", async () => {
    await writeDataset(datasetInput(out));
    expect(() => refuseStrangers(out, ["calc", "other"], ["calc", "third"])).not.toThrow();
    expect(() => refuseStrangers(out, ["calc"], ["other"])).toThrow("is of calc");
  });

  it("without rows has nothing to lose", async () => {
    await writeDataset(datasetInput(out, { sets: [], environments: () => [] }));
    expect(() => judged({})).not.toThrow();
    expect(() => refuseStrangers(out, ["calc"], ["other"])).not.toThrow();
  });
});

describe("a folder that is no dataset", () => {
  it("keeps its files, whatever is asked", async () => {
    writeFileSync(join(out, "README.md"), "my own");
    for (const replace of [false, true])
      await expect(started({ replace })).rejects.toMatchObject({ exitCode: 2, next: expect.stringContaining("empty folder") });
    expect(readdirSync(out)).toEqual(["README.md"]);
  });

  it("is taken where it is empty, where it is not there yet, or where a run has begun", () => {
    expect(() => refuseFolder(out, false)).not.toThrow();
    expect(() => refuseFolder(join(out, "new"), false)).not.toThrow();
    mkdirSync(join(out, ".kihon"));
    writeFileSync(join(out, "notes.txt"), "");
    expect(() => refuseFolder(out, false)).not.toThrow();
  });
});
