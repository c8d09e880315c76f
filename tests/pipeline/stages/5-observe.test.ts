import { describe, expect, it } from "vitest";
import type { Bench } from "../../../pipeline/bench.ts";
import { observeStage, reachingFiles } from "../../../pipeline/stages/5-observe.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import { type Asked, environmentOf, type Script, standOf } from "../../grading/stand.ts";

const environment = environmentOf({
  testFiles: [
    { file: "test/add.test.js", standalone: true, covers: { "src/add.js": [1, 2] } },
    { file: "test/all.test.js", standalone: true, covers: { "src/add.js": [5], "src/sub.js": [2] } },
    { file: "test/leans.test.js", standalone: false, covers: { "src/add.js": [1, 2, 5] } },
  ],
});
const change = (edits: Commit["edits"], before: Commit["before"]): Commit => ({
  kind: "commit",
  id: "0123456789abcdef",
  revision: environment.revision,
  before,
  edits,
  subject: "",
  body: "",
  testFiles: [],
});
const edit = (file: string, startLine: number, endLine = startLine) => ({ file, symbol: null, startLine, endLine });

describe("the test files that reach a change", () => {
  it("run one of its lines", () => {
    expect(reachingFiles(change([edit("src/add.js", 2)], { "src/add.js": "x" }), environment)).toEqual(["test/add.test.js"]);
    expect(reachingFiles(change([edit("src/add.js", 2, 6)], { "src/add.js": "x" }), environment)).toEqual([
      "test/add.test.js",
      "test/all.test.js",
    ]);
  });
  it("are none where only a file that does not stand alone runs them", () => {
    expect(reachingFiles(change([edit("src/add.js", 3)], { "src/add.js": "x" }), environment)).toEqual([]);
  });
  it("are all that load a source which the defective tree does not have", () => {
    expect(reachingFiles(change([], { "src/sub.js": null }), environment)).toEqual(["test/all.test.js"]);
  });
});

describe("files that may share a process", () => {
  const names = ["a", "b", "c", "d", "e"].map((name) => `test/${name}.test.js`);
  const covers = { "src/add.js": [2] };
  const shared = environmentOf({
    tests: names.flatMap((file) => ["t", "u"].map((title) => ({ id: `${file} > ${title}`, file, standing: "stable" as const }))),
    testFiles: names.map((file, at) => ({ file, standalone: true, covers, ...(at > 0 ? { together: true as const } : {}) })),
  });
  const mutant = change([edit("src/add.js", 2)], { "src/add.js": "mutated" });
  const green: Script["files"] = Object.fromEntries(names.map((file) => [file, ["+t", "+u"]]));
  const togetherOf = ({ job }: Asked): unknown => JSON.parse(job.commands.at(-1)?.find((word) => word.startsWith("{")) ?? "{}").together;

  async function observed(together: Script, apart: Script) {
    const stand = standOf((_, __, asked) => (togetherOf(asked.at(-1) as Asked) === undefined ? apart : together), { environment: shared });
    const bench = { workspace: async () => stand.workspace } as unknown as Bench;
    for await (const { outcome } of observeStage.work([{ candidate: mutant, environment: shared }], bench)) {
      return { ...stand, outcome, runs: stand.asked.map(togetherOf) };
    }
    throw new Error("the stage said nothing");
  }

  it("show a survivor, and it is said how", async () => {
    const { outcome, runs } = await observed({ files: green }, { files: {} });
    expect(outcome).toEqual({ kept: false, reason: "observe/survived", detail: "seen in one process: 5 test files" });
    expect(runs).toEqual([names.slice(1)]);
  });
  it("show a failure, and the same tree is run again for a premise", async () => {
    const files = { ...green, [names[2] as string]: ["+t", "-u"] };
    const { outcome, workspace, asked } = await observed({ files }, { files: green });
    expect(outcome).toMatchObject({ kept: true, value: { observation: { failToPass: [`${names[2]} > u`], manner: "together" } } });
    await workspace.run({ layer: mutant.before, files: names, bail: false, shared: true }, 0);
    expect(asked.map(togetherOf)).toEqual([names.slice(1), undefined]);
  });
  it.each<[string, Script]>([
    ["timed-out", { files: {}, ended: { kind: "timed-out" } }],
    ["nobody caught this", { files: { ...green, [names[0] as string]: ["+t", "+u", "stray"] } }],
    [`without ${names[4]} > u`, { files: { ...green, [names[4] as string]: ["+t"] } }],
    ["ended-early", { files: green, complete: false }],
  ])("are run each by itself where nothing is sure: %s", async (why, together) => {
    const { outcome, runs } = await observed(together, { files: green });
    const detail = `seen file by file, for in one process nothing was sure: ${why}: 5 test files`;
    expect(outcome).toEqual({ kept: false, reason: "observe/survived", detail });
    expect(runs).toEqual([names.slice(1), undefined]);
  });
  it("are run each by itself where they are few", async () => {
    const few = { ...shared, testFiles: shared.testFiles.slice(0, 4) };
    const stand = standOf(() => ({ files: green }), { environment: few });
    const bench = { workspace: async () => stand.workspace } as unknown as Bench;
    for await (const { outcome } of observeStage.work([{ candidate: mutant, environment: few }], bench)) {
      expect(outcome).toMatchObject({ reason: "observe/survived", detail: "4 test files" });
    }
    expect(stand.asked.map(togetherOf)).toEqual([undefined]);
  });
});
