/** An audit in whole runs: of a repository whose verdicts hold, and of two with tests that notice a mutant without coming to it. */
import { join } from "node:path";
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
    // Nothing is left to ask anything of, and a run without a row ends with 1.
    expect([code, disagreed, summary.leftOut]).toEqual([1, recomputed, []]);
    for (const { elsewhere, toPass, toFail, flaky } of disagreements)
      expect([elsewhere, toPass, toFail, flaky]).toEqual([["watch.test.js > is as it was"], [], [], false]);
    // Every verdict was audited, so every one was off: none is left to ask anything of.
    expect(summary.stages.find(({ name }) => name === "audit")?.dropped).toEqual([{ reason: "audit/disagrees", count: recomputed }]);
    const [one] = disagreements;
    const told = await kihon(["explain", one?.candidateId ?? "", "--out", out]);
    expect(told.out).toContain("dropped: audit/disagrees");
    expect(told.out).toContain("watch.test.js > is as it was");
  });

  it("ends the run with 1 and leaves the repository out where they were wrong, and says so", async () => {
    // Beside another file's tests, and only there, this one notices every change.
    const leaves =
      'import { writeFileSync } from "node:fs";\nimport { test } from "node:test";\ntest("leaves a mark", () => writeFileSync(".mark", ""));\n';
    const finds = watching(`import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { clamp } from "./index.js";
test("is as it was, where there is a mark", async () => {
  assert.equal(typeof clamp(2, 1, 3), typeof clamp(9, 1, 3));
  for (let at = 0; at < 20 && !existsSync(".mark"); at++) await setTimeout(50);
  if (existsSync(".mark")) assert.ok(isClean);
});`);
    const { code, out, summary } = await audited("unsound", { "leaves.test.js": leaves, "finds.test.js": finds });
    const { recomputed = 0, disagreed = 0, disagreements = [] } = summary.audit ?? {};
    expect(code).toBe(1);
    // All but those that this test notices by itself too.
    expect(disagreed).toBeGreaterThan(recomputed / 2);
    for (const { toPass } of disagreements) expect(toPass).toEqual(["finds.test.js > is as it was, where there is a mark"]);
    expect(summary.leftOut).toMatchObject([{ reason: "audit/unsound", detail: expect.stringContaining("finds.test.js") }]);
    expect(summary.repositories[0]?.instances).toEqual({ editing: 0 });
    const told = await kihon(["explain", disagreements[0]?.candidateId ?? "", "--out", out]);
    expect(told.out).toContain("dropped: audit/disagrees");
  });
});
