import { describe, expect, it } from "vitest";
import { runnerNamed } from "../../../languages/index.ts";
import type { BaselineSite } from "../../../pipeline/environment/baseline.ts";
import { differing, fewestTogether, filesTogether, unsure } from "../../../pipeline/environment/together.ts";
import type { TestRun } from "../../../sandbox/workspace.ts";
import type { BaselineTest } from "../../../schemas/environment.ts";
import { environmentOf, resultOf, type Script, standOf } from "../../grading/stand.ts";

const names = Array.from({ length: fewestTogether + 1 }, (_, at) => `test/${at}.test.js`);
const tests: BaselineTest[] = names.map((file) => ({ id: `${file} > t`, file, standing: "stable" }));
const testFiles = names.map((file) => ({ file, standalone: true, covers: {} }));
const green = (files: readonly string[]): Script["files"] => Object.fromEntries(files.map((file) => [file, ["+t"]]));

function runOf(script: Script): TestRun {
  const result = resultOf(script, "abc");
  const runner = runnerNamed("node-test");
  if (!runner) throw new Error("the runner is not listed");
  return { ended: result.ended, report: runner.parse(result.report, "abc"), result };
}

/** What the stage would stand on, with scripted runs; `asked` are the files of each. */
function siteOf(answer: (files: readonly string[]) => Script, runnerName = "node-test"): { site: BaselineSite; asked: string[][] } {
  const { workspace } = standOf(() => ({ files: {} }), { environment: environmentOf({}, runnerName) });
  const asked: string[][] = [];
  const jobs: BaselineSite["jobs"] = {
    run: async (job) => {
      const words = job.commands.at(-1) ?? [];
      const files = words.filter((word) => /^[\w./-]+\.test\.js$/.test(word));
      expect(JSON.parse(words.find((word) => word.startsWith("{")) ?? "{}").together).toEqual(files);
      asked.push(files);
      return resultOf(answer(files), job.nonce ?? "");
    },
  };
  const { environment, installed, runner, language } = workspace;
  const site = { jobs, recipe: environment.recipe, packageDir: ".", installed, runner, language, repeats: 3, runTimeoutMs: 1000 };
  return { site, asked };
}

describe("a run in which files shared a process", () => {
  it.each<[string, Partial<Script>, string | null]>([
    ["is sure where all is told", {}, null],
    ["is sure of a failure", { files: { "a.js": ["+t", "-u"] } }, null],
    ["is not where it hung", { ended: { kind: "timed-out" } }, "timed-out"],
    ["is not where it was not built", { ended: { kind: "finished", exitCode: 1, failedCommand: 0 } }, "build-failed"],
    ["is not where somebody else wrote", { foreign: 1 }, "report-forged"],
    ["is not where a file did not load", { files: { "a.js": ["load"] } }, "does-not-load"],
    ["is not where an error is nobody's", { files: { "a.js": ["+t", "stray"] } }, "nobody caught this"],
    ["is not where it ended early", { complete: false }, "ended-early"],
    ["is not where green tests end red", { exitCode: 1 }, "exit code 1"],
    ["is not where a test was late", { files: { "a.js": ["-t!timeout"] } }, "a.js > t: timeout"],
  ])("%s", (_, script, why) => {
    expect(unsure(runOf({ files: { "a.js": ["+t"] }, ...script }))).toBe(why);
  });
  it("differs where a test fails, is gone, or is new", () => {
    const files = {
      [names[0] as string]: ["-t"],
      [names[1] as string]: ["+t", "+new"],
      [names[2] as string]: ["~t"],
      [names[4] as string]: ["+t"],
    };
    expect(differing(runOf({ files }), names.slice(0, 5), tests)).toEqual(names.slice(0, 4));
  });
});

describe("the files that may share a process", () => {
  it("are all that stand alone, where two runs come out as the baseline", async () => {
    const { site, asked } = siteOf((files) => ({ files: green(files) }));
    expect(await filesTogether(site, tests, testFiles)).toEqual(names);
    expect(asked).toEqual([names, names]);
  });
  it("are those that are left when the disturbed are out and the rest is tried again", async () => {
    const [disturbed = ""] = names;
    const { site, asked } = siteOf((files) => ({
      files: { ...green(files), ...(files.includes(disturbed) ? { [disturbed]: ["-t"] } : {}) },
    }));
    expect(await filesTogether(site, tests, testFiles)).toEqual(names.slice(1));
    expect(asked).toHaveLength(4);
  });
  it("are none where too few are left", async () => {
    const { site } = siteOf((files) => ({
      files: { ...green(files), ...Object.fromEntries(names.slice(0, 2).map((file) => [file, ["-t"]])) },
    }));
    expect(await filesTogether(site, tests, testFiles)).toEqual([]);
  });
  it("are none where the run is not sure", async () => {
    const { site, asked } = siteOf((files) => ({ files: green(files), complete: false }));
    expect(await filesTogether(site, tests, testFiles)).toEqual([]);
    expect(asked).toHaveLength(2);
  });
  it("are none, and nothing is run, where the runner cannot", async () => {
    const { site, asked } = siteOf((files) => ({ files: green(files) }), "mocha");
    expect(await filesTogether(site, tests, testFiles)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
