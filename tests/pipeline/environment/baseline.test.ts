import { describe, expect, it } from "vitest";
import { initLanguages, languages, runnerNamed } from "../../../languages/index.ts";
import { baseline, telling } from "../../../pipeline/environment/baseline.ts";
import { environmentOf, resultOf, type Script } from "../../grading/stand.ts";

await initLanguages();
const green: Script = { files: { "a.test.js": ["+adds"], "b.test.js": ["+divides"] } };

/** Three whole runs by mocha; `answer` decides from the seed of the order, null for the suite's own. Also gives the seeds, in order. */
async function baselineBy(answer: (seed: number | null) => Script) {
  const [runner, [language]] = [runnerNamed("mocha"), languages];
  if (!runner || !language) throw new Error("the language or the runner is not listed");
  const seeds: (number | null)[] = [];
  const jobs = {
    run: async (job: Parameters<Parameters<typeof baseline>[0]["jobs"]["run"]>[0]) => {
      const { seed } = JSON.parse(job.commands.at(-1)?.find((word) => word.startsWith("{")) ?? "{}");
      seeds.push(seed);
      return resultOf(answer(seed), job.nonce ?? "");
    },
  };
  const installed = { folders: ["/nowhere/tree"], node: "/nowhere/node", harness: "/nowhere/harness", builds: null };
  const { recipe } = environmentOf();
  const found = await baseline({ jobs, recipe, packageDir: ".", installed, runner, language, repeats: 3, runTimeoutMs: 1_000 });
  return { found, seeds };
}

describe("a baseline's order of files", () => {
  it("is shuffled from the second run on", async () => {
    const { found, seeds } = await baselineBy(() => green);
    expect([found.kept && found.value.givenUp, seeds]).toEqual([[], [null, 1, 2]]);
  });
  it("is the suite's own where it can be run in no other, which is said, and tried once", async () => {
    const { found, seeds } = await baselineBy((seed) => (seed === null ? green : { files: { "b.test.js": ["load"] } }));
    // Once under what else was moved, and once without.
    expect(seeds).toEqual([null, 1, 1, null, null]);
    expect(found.kept && found.value.givenUp).toEqual([
      expect.stringMatching(/^another order of its files: prepare\/no-tests: it does not parse/),
    ]);
    expect(found.kept && found.value.tests.map(({ standing }) => standing)).toEqual(["stable", "stable"]);
  });
  it("is of no use where there are no tests, and says by which words they were looked for", async () => {
    const { found } = await baselineBy(() => ({ files: {} }));
    expect(found).toMatchObject({ kept: false, reason: "prepare/no-tests", detail: "node-test found none" });
  });
  it("saves no suite that cannot be run in its own either", async () => {
    const { found } = await baselineBy((seed) => ({ files: seed === 2 ? {} : green.files, ...(seed === null ? { complete: false } : {}) }));
    expect(found).toMatchObject({ kept: false, reason: "prepare/baseline-incomplete" });
  });
});

describe("what a run that is no baseline has printed", () => {
  it.each([
    [
      "internal/process/esm_loader.js:74\n    ^\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'\n    at f (a.js:1:1) {\n  code: 'ERR_MODULE_NOT_FOUND'\n}\n",
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'",
    ],
    ["Error: first\n  at a\nTypeError: last\n  at b\n\nNode.js v24.0.0\n", "TypeError: last"],
    ["one\ntwo\n three \nfour\n", "two | three | four"],
    ["an Error: that is told in passing\nNo test files found\n", "an Error: that is told in passing | No test files found"],
    ["", ""],
  ])("is told by its error, else by its last lines: %j", (printed, told) => {
    expect(telling(printed)).toBe(told);
  });
});
