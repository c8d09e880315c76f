import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetFiles } from "../../bench/kill-resume.ts";
import type { SolveResult } from "../../index.ts";
import { baselinesFile } from "../../output/baselines.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { holdWriting } from "../../pipeline/ledger.ts";
import { ledgerFile } from "../../pipeline/work-folder.ts";
import { solvers } from "../../solvers/index.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, healthy, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const out = join(folder, "data");
const title = "## What rules without a model earn";

/** The part of the card that tells the figures. */
const told = (): string => readFileSync(join(out, "README.md"), "utf8").split(title)[1]?.split("\n## ")[0] ?? "";
async function idsIn(): Promise<string[]> {
  const found: string[] = [];
  for await (const { instance_id: id } of (await openDataset(out)).names()) found.push(id);
  return found;
}
async function solved(...words: string[]): Promise<SolveResult> {
  const { code, out: text, err } = await kihon(["solve", out, "--cache", cache, "--json", ...words]);
  if (code !== 0) throw new Error(err);
  return JSON.parse(text) as SolveResult;
}

let ids: string[] = [];
beforeAll(async () => {
  const repository = await ScratchRepository.make();
  afterAll(() => repository[Symbol.dispose]());
  await repository.commit("first", healthy);
  const words = ["--mutants", "4", "--per-skill", "2", "--repeats", "1", "--cache", cache];
  const { code, err } = await kihon(["run", "--repo", repository.work, "--out", out, ...words]);
  if (code !== 0) throw new Error(err);
  ids = await idsIn();
});

describe("what rules without a model earn on a dataset", () => {
  it("is printed, and nothing is written", async () => {
    const before = datasetFiles(out);
    const { figures, recorded } = await solved("--baseline", "always-approve");
    expect([figures.map(({ skill }) => skill), recorded]).toEqual([["review"], null]);
    expect(datasetFiles(out)).toEqual(before);
    expect(told()).toContain("This was not measured on these rows");
  });

  it("is recorded by rule after rule, and the card tells all of them", async () => {
    const first = await solved("--record", "--baseline", "always-approve");
    expect(first.recorded).toBe(1);
    const { figures, recorded } = await solved("--record", ...solvers.slice(0, -2).flatMap(({ name }) => ["--baseline", name]));
    expect(recorded).toBe(figures.length);
    for (const { skill, baseline, rows, reward } of [...first.figures, ...figures]) {
      expect(told()).toMatch(new RegExp(`^\\| ${skill} \\| ${baseline} \\| [^|]+ \\| ${rows} \\| ${reward.toFixed(3)} \\|`, "m"));
    }
    expect(told()).toMatch(/earns more than 0\.05 of [^.]*editing \(as-told/);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<td>as-told</td>");
  });

  it("leaves a dataset that opens, is verified and whose run has nothing to do", async () => {
    expect(await idsIn()).toEqual(ids);
    const verified = await kihon(["verify", out, "--cache", cache, "--json"]);
    expect([verified.code, JSON.parse(verified.out)]).toEqual([0, expect.objectContaining({ proven: ids.length, failures: [] })]);
    const before = datasetFiles(out);
    const resumed = await kihon(["resume", out, "--cache", cache]);
    expect([resumed.code, resumed.err]).toEqual([0, expect.stringContaining("nothing has changed")]);
    expect(datasetFiles(out)).toEqual(before);
  });

  it("is not recorded while somebody else writes the dataset", async () => {
    const held = holdWriting(ledgerFile(out));
    const { code, err } = await kihon(["solve", out, "--cache", cache, "--record", "--baseline", "always-approve"]);
    held.release();
    expect([code, err]).toEqual([2, expect.stringContaining("another process is writing this dataset")]);
  });

  it("is removed by a refresh that changes the rows, which says so", async () => {
    expect(existsSync(join(out, baselinesFile))).toBe(true);
    const list = join(folder, "takedown.txt");
    writeFileSync(list, `${ids[0]}\n`);
    const { code, err } = await kihon(["refresh", out, "--withdraw-only", "--takedown", list, "--cache", cache]);
    expect([code, err]).toEqual([0, expect.stringContaining(`kihon solve ${out} --record measures it`)]);
    expect([existsSync(join(out, baselinesFile)), told()]).toEqual([false, expect.stringContaining("This was not measured")]);
    expect(await idsIn()).toEqual(ids.slice(1));
  });
});
