/** An audit in whole runs: of a repository whose verdicts hold, and of two with tests that notice a mutant without coming to it. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, healthy, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);

/** Reads the source as text: it runs no line of it, so nothing says that it could notice a change. */
const watching = (body: string): string => `import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
const isClean = readFileSync(new URL("./index.js", import.meta.url), "utf8") === ${JSON.stringify(healthy["index.js"])};
${body}
`;

async function audited(name: string, files: Readonly<Record<string, string>>) {
  const made = await ScratchRepository.make();
  afterAll(() => made[Symbol.dispose]());
  await made.commit("first", { ...healthy, ...files });
  const out = join(folder, name);
  const words = ["--mutants", "10", "--per-skill", "1", "--repeats", "1", "--skills", "editing", "--cache", cache];
  const { code, out: text, err } = await kihon(["run", "--repo", made.work, "--out", out, ...words, "--audit", "1", "--json"]);
  expect(err).not.toContain("a bug");
  return { code, out, summary: JSON.parse(text) as RunSummary };
}

describe("an audit of all verdicts", () => {
  it("finds nothing where they hold", async () => {
    const { code, summary } = await audited("sound", {});
    expect([code, summary.audit?.disagreed, summary.leftOut]).toEqual([0, 0, []]);
    expect(summary.audit?.recomputed).toBeGreaterThan(4);
    expect(summary.repositories[0]?.instances.editing).toBe(1);
  });

  it("quarantines the one test that all of them are off by, and goes on without it", async () => {
    const test = watching('test("is as it was", () => assert.ok(isClean));');
    const { code, out, summary } = await audited("watched", { "watch.test.js": test });
    const { recomputed = 0, disagreed, disagreements = [] } = summary.audit ?? {};
    expect(recomputed).toBeGreaterThan(4);
    expect([code, disagreed, summary.leftOut]).toEqual([0, recomputed, []]);
    for (const { toPass, toFail, flaky } of disagreements)
      expect([toPass, toFail, flaky]).toEqual([["watch.test.js > is as it was"], [], false]);
    // Every verdict was audited, so every one was off: none is left to ask anything of.
    expect(summary.stages.find(({ name }) => name === "audit")?.dropped).toEqual([{ reason: "audit/disagrees", count: recomputed }]);
    const [one] = disagreements;
    const told = await kihon(["explain", one?.candidateId ?? "", "--out", out]);
    expect(told.out).toContain("dropped: audit/disagrees");
    expect(told.out).toContain("watch.test.js > is as it was");
  });

  it("ends the run with 1 and leaves the repository out where they were wrong, and says so", async () => {
    const { code, out, summary } = await audited("unsound", {
      "watch.test.js": watching('if (!isClean) throw new Error("changed");\ntest("loads", () => assert.ok(isClean));'),
    });
    expect([code, summary.audit]).toEqual([1, null]);
    expect(summary.leftOut).toMatchObject([{ reason: "audit/unsound", detail: expect.stringContaining("does-not-load") }]);
    expect(summary.repositories[0]?.instances).toEqual({});
    const database = new DatabaseSync(join(out, ".kihon", "ledger.sqlite"), { readOnly: true });
    const reasons = database.prepare("select distinct reason from verdict where stage = 'audit'").all();
    database.close();
    expect(reasons).toEqual([{ reason: "audit/unsound" }]);
  });
});
