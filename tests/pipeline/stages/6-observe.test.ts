import { describe, expect, it } from "vitest";
import type { Bench } from "../../../pipeline/bench.ts";
import { fewestTogether } from "../../../pipeline/environment/together.ts";
import { observeStage, reachingFiles } from "../../../pipeline/stages/6-observe.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import { environmentOf, standOf } from "../../grading/stand.ts";

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

describe("a survivor", () => {
  const names = Array.from({ length: fewestTogether }, (_, at) => `test/${at}.test.js`);
  const shared = environmentOf({
    tests: names.map((file) => ({ id: `${file} > t`, file, standing: "stable" as const })),
    testFiles: names.map((file) => ({ file, standalone: true, covers: { "src/add.js": [2] }, together: true as const })),
  });
  const candidate = change([edit("src/add.js", 2)], { "src/add.js": "mutated" });
  it.each([
    ["in one process", true, `seen in one process: ${names.length} test files`],
    ["file by file", false, `seen file by file, after one process: ended-early: ${names.length} test files`],
  ])("is said to have been seen %s", async (_, complete, detail) => {
    const { workspace } = standOf(
      (_read, _files, asked) => ({
        files: Object.fromEntries(names.map((file) => [file, ["+t"]])),
        complete: complete || asked.length > 1,
      }),
      { environment: shared },
    );
    const bench = { workspace: async () => workspace } as unknown as Bench;
    const said: unknown[] = [];
    for await (const { outcome } of observeStage.work([{ candidate, environment: shared }], bench)) said.push(outcome);
    expect(said).toEqual([{ kept: false, reason: "observe/survived", detail }]);
  });
});
