import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeDataset } from "../../../output/dataset-writer.ts";
import { readManifest } from "../../../output/manifest.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { Ledger } from "../../../pipeline/ledger.ts";
import { createLog } from "../../../pipeline/log.ts";
import { runText } from "../../../pipeline/run-text.ts";
import { exportDataset } from "../../../pipeline/stages/10-export.ts";
import { Summary } from "../../../pipeline/summary.ts";
import { configSchema } from "../../../schemas/config.ts";
import { datasetInput } from "../../output/samples.ts";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "kihon-export-"));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Exports one proven instance into a folder of this name. */
async function exported(name: string, settings: object) {
  const out = join(root, name);
  mkdirSync(out, { recursive: true });
  const bench = {
    config: configSchema.parse(settings),
    place: { out, cache: root },
    provider: { name: "none", version: 1, examine: async () => [] },
    jobs: { usage: () => ({ cpuMs: 0, peakMemoryBytes: 0 }) },
    log: createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 }),
    scratch: join(root, "scratch"),
    language: () => ({ units: () => [] }),
  } as unknown as Bench;
  const ledger = new Ledger(join(out, "ledger.sqlite"), { write: true });
  const load = (): never => {
    throw new Error("it was read");
  };
  try {
    const instances = [{ id: "00000000000000a1", sha: "b", load }];
    const summary = await exportDataset({ bench, ledger, environments: [], instances, summary: new Summary(bench) });
    return { out, summary, verdicts: ledger.verdicts({ stage: "export", version: 1, input: "taken-down", settings: "" }) };
  } finally {
    ledger.close();
  }
}

describe("an export", () => {
  it("leaves out an instance whose id was asked not to be used, before anything is read of it", async () => {
    const { out, summary, verdicts } = await exported("down", { takedown: { targets: ["00000000000000a1"] } });
    expect(summary.unmatched).toEqual([]);
    expect(summary.stages).toEqual([
      expect.objectContaining({ name: "export", in: 1, kept: 0, dropped: [{ reason: "takedown/instance", count: 1 }] }),
    ]);
    expect(verdicts).toMatchObject([{ id: "00000000000000a1", reason: "takedown/instance" }]);
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("`takedown/instance` 1");
    await expect(exported("up", {})).rejects.toThrow("it was read");
  });

  it("names the targets of a takedown list that meant nothing", async () => {
    const { out, summary } = await exported("unmatched", { takedown: { targets: ["acme/other", "00000000000000a1"] } });
    expect(summary.unmatched).toEqual(["acme/other"]);
    expect(runText(summary, out, "")).toContain("nothing of this run is meant by acme/other of the takedown list");
  });

  it("writes the card anew where other lists of evaluation sets are in force, though the rows are the same", async () => {
    const down = { takedown: { targets: ["00000000000000a1"] } };
    const { out } = await exported("lists", down);
    expect(readManifest(out).about?.facts.contamination?.bundled).toBe(true);
    await exported("lists", { ...down, contamination: { bundled: false } });
    expect(readManifest(out).about?.facts.contamination).toMatchObject({ bundled: false, lists: [] });
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("--no-evaluation-sets");
  });

  it("without a row leaves the rows of the export before as they are, and says so", async () => {
    await writeDataset(datasetInput(join(root, "standing")));
    const before = readManifest(join(root, "standing"));
    const { out, summary } = await exported("standing", { takedown: { targets: ["00000000000000a1"] } });
    expect(summary.stands).toBe(true);
    expect(readManifest(out)).toEqual(before);
    expect(runText(summary, out, "")).toContain("no instance was proven, for the reasons above; the dataset is as it was before");
  });

  it("prints in the card whom to write to", async () => {
    const down = { takedown: { targets: ["00000000000000a1"] }, takedownContact: "takedown@example.org" };
    const { out } = await exported("contact", down);
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("write to takedown@example.org.");
    expect(() => configSchema.parse({ takedownContact: " " })).toThrow();
  });
});
