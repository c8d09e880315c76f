import { describe, expect, it } from "vitest";
import type { Bench } from "../../../pipeline/bench.ts";
import { fewestTogether } from "../../../pipeline/environment/together.ts";
import { type ObservedRecord, observeStage, reachingFiles } from "../../../pipeline/stages/6-observe.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import type { Outcome } from "../../../schemas/outcome.ts";
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

describe("the tests of a change", () => {
  const tests = ["adds", "keeps zero", "is listed", "runs where it can", "is wanted"].map((title) => ({
    id: `test/add.test.js > ${title}`,
    file: "test/add.test.js",
    standing: title === "is wanted" ? ("failing" as const) : ("stable" as const),
  }));
  const small = environmentOf({ tests, testFiles: [{ file: "test/add.test.js", standalone: true, covers: { "src/add.js": [2] } }] });
  const candidate = change([edit("src/add.js", 2)], { "src/add.js": "broken" });
  async function observed(lines: readonly string[]): Promise<Outcome<ObservedRecord>> {
    const { workspace } = standOf(() => ({ files: { "test/add.test.js": lines } }), { environment: small });
    const bench = { workspace: async () => workspace, config: { mutants: 0 } } as unknown as Bench;
    for await (const { outcome } of observeStage.work([{ candidate, environment: small }], bench)) return outcome;
    throw new Error("nothing was said");
  }

  it("are sorted by what each did in both trees, absent and skipped ones apart from those that fail", async () => {
    const outcome = await observed(["-adds", "+keeps zero", "~runs where it can", "+is wanted"]);
    expect(outcome.kept && outcome.value.observation).toMatchObject({
      failToPass: ["test/add.test.js > adds"],
      passToPass: ["test/add.test.js > keeps zero"],
      absentToPass: ["test/add.test.js > is listed"],
      skippedToPass: ["test/add.test.js > runs where it can"],
      passToFail: ["test/add.test.js > is wanted"],
      failToFail: [],
    });
  });
  it("are none to tell it by where some vanish and none fails", async () => {
    expect(await observed(["+adds", "+keeps zero", "~runs where it can", "-is wanted"])).toEqual({
      kept: false,
      reason: "observe/tests-vanish",
      detail: "1 tests, first test/add.test.js > is listed",
    });
  });
});
