import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recheck } from "../../bench/recheck.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { writtenFiles } from "../../output/manifest.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import { type Instance, skills } from "../../schemas/instance.ts";
import type { PrivateRow } from "../../schemas/row.ts";
import { archive, context, datasetInput, environment, sampleInstance } from "../output/samples.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-recheck-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Validation = PrivateRow["validation"];
const writeWith = async (validation: Partial<Validation>, rest: Partial<PrivateRow> = {}): Promise<void> => {
  const pair = toRows(sampleInstance("editing"), environment, context);
  const row = { ...pair.private, ...rest, validation: { ...pair.private.validation, ...validation } };
  await writeDataset(datasetInput(folder, { sets: [{ skill: "editing", split: "train", pairs: () => [{ ...pair, private: row }] }] }));
};
const command = (...args: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [join(import.meta.dirname, "../../bench/recheck.ts"), ...args], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });

describe("the recheck", () => {
  it("finds nothing broken in rows that hold", async () => {
    await writeDataset(datasetInput(folder));
    const checks = await recheck(folder);
    expect(checks.map(({ skill }) => skill)).toEqual(skills);
    for (const check of checks) expect(check).toMatchObject({ rows: 1, publicRows: 1, decoys: 1, probes: 1, broken: {} });
  });

  it.each<[string, Partial<Validation>, Partial<PrivateRow>]>([
    ["gold", { gold_rewards: [1, 1, 0] }, {}],
    ["repeats", { gold_rewards: [1, 1], repeats: 2 }, {}],
    ["repeats", { gold_rewards: [1, 1, 1], repeats: 5 }, {}],
    ["premises", { premises_held: 0 }, {}],
    ["blank", { blank_reward: 1 }, {}],
    ["decoys", { decoys: [] }, {}],
    ["decoys", { decoys: [{ name: "d", reward: 0.5, reason: null }] }, {}],
    ["probes", { probes: [{ name: "p", reward: 1, reason: null }] }, {}],
    ["answers scored", { probes: [] }, {}],
    ["premises", { premises_held: 4 }, {}],
    ["gold text", {}, { gold: "" }],
    ["public row", {}, { change_id: "other" }],
    ["environment", {}, { environment_id: "ffffffffffffffff" }],
  ])("reports a broken promise on %s (%j %j)", async (name, validation, rest) => {
    await writeWith(validation, rest);
    expect(Object.keys((await recheck(folder))[0]?.broken ?? {})).toContain(name);
  });

  it("reports an archive whose bytes are not those of its hash", async () => {
    const row = { ...toEnvironmentRow(environment, archive), archive: new Uint8Array([1]) };
    await writeDataset(datasetInput(folder, { environments: () => [row] }));
    expect((await recheck(folder))[0]?.broken).toEqual({ archive: [(sampleInstance("localization") satisfies Instance).draft.id] });
  });

  it("leaves out what was withdrawn, and takes the newer row of an id", async () => {
    const pair = toRows(sampleInstance("editing"), environment, context);
    const broken = { ...pair.private, gold: "", provenance: { ...pair.private.provenance, content_hash: "an earlier one" } };
    const sets = (row: PrivateRow) => [{ skill: "editing" as const, split: "train", pairs: () => [{ ...pair, private: row }] }];
    const manifest = await writeDataset(datasetInput(folder, { sets: sets(broken) }));
    const gone = { kind: "row", instance_id: pair.public.instance_id, skill: "editing", content_hash: "an earlier one" } as const;
    const withdrawn = [{ ...gone, edition: 2, reason: "refresh/superseded", detail: "" }] as const;
    const standing = { edition: 2, files: writtenFiles(manifest), hashes: [], rows: [], pairs: () => [], withdrawn };
    await writeDataset(datasetInput(folder, { sets: sets(pair.private), standing }));
    expect(await recheck(folder)).toEqual([expect.objectContaining({ rows: 1, publicRows: 1, broken: {} })]);
    const unread = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as object;
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...unread, withdrawn: null }));
    expect(Object.keys((await recheck(folder))[0]?.broken ?? {})).toContain("gold text");
  });

  it("exits 0 where all holds, 1 where a promise is broken, 2 where it was called wrongly", async () => {
    await writeDataset(datasetInput(folder));
    expect(command(folder)).toMatchObject({ status: 0, stdout: expect.stringContaining("holds") });
    expect(JSON.parse(String(command(folder, "--json").stdout))).toMatchObject({ holds: true });
    await writeWith({ blank_reward: 1 });
    expect(command(folder)).toMatchObject({ status: 1, stdout: expect.stringContaining("blank: 1") });
    expect(command().status).toBe(2);
  });

  it("exits 1 where there is no row at all", async () => {
    await writeDataset(datasetInput(folder, { sets: [] }));
    expect(command(folder).status).toBe(1);
  });
});
