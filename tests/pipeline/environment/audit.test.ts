import { describe, expect, it } from "vitest";
import { audit, type Claim } from "../../../pipeline/environment/audit.ts";
import { mutantOf } from "../../../pipeline/injection/mutant.ts";
import { environmentOf, type Script, standOf, tree } from "../../grading/stand.ts";

const environment = environmentOf();
const [adds, keeps, subtracts] = ["test/add.test.js > adds", "test/add.test.js > keeps zero", "test/sub.test.js > subtracts"] as const;
const start = (tree["src/add.js"] ?? "").indexOf("+");
const site = {
  ...{ file: "src/add.js", symbol: "add", operator: "arithmetic", original: "+", replacement: "*" },
  ...{ start, end: start + 1, startLine: 2, endLine: 2 },
};
const mutant = mutantOf(environment, [site], (path) => tree[path] ?? "");

const survived = (by: Claim["by"]): Claim => ({ mutant, by, observation: null });
const killed: Claim = { mutant, by: "observe", observation: { files: ["test/add.test.js"], failToPass: [adds], passToPass: [keeps] } };
const suite = (add: readonly string[], sub: readonly string[] = ["+subtracts"]): Script => ({
  files: { "test/add.test.js": add, "test/sub.test.js": sub },
});

/** What an audit finds where the whole suite does this, from the second run on the last of it; and how often it was run. */
async function audited(claim: Claim, scripts: readonly Script[], over: Parameters<typeof environmentOf>[0] = {}) {
  const { workspace, asked } = standOf(
    (read, _files, all) => {
      expect(read("src/add.js")).toContain("a * b");
      return scripts[Math.min(all.length, scripts.length) - 1] as Script;
    },
    { environment: environmentOf(over) },
  );
  const found = await audit(claim, workspace, 5_000);
  return { found, runs: asked.length, asked };
}

describe("an audit finds nothing where the whole suite", () => {
  it.each<[string, Claim, Script]>([
    ["notices a mutant as it was said", killed, suite(["-adds", "+keeps zero"])],
    ["does not notice one that survived a look", survived("observe"), suite(["+adds", "+keeps zero"])],
    ["does not notice one that survived a sift", survived("sift"), suite(["+adds", "+keeps zero"])],
  ])("%s", async (_name, claim, script) => expect(await audited(claim, [script])).toMatchObject({ found: null, runs: 1 }));

  it.each<[string, Parameters<typeof environmentOf>[0]]>([
    [
      "is not stable",
      { tests: environment.tests.map((test) => ({ ...test, standing: test.id === subtracts ? "quarantined" : "stable" })) },
    ],
    ["is of a file that does not stand alone", { testFiles: environment.testFiles.map((test, at) => ({ ...test, standalone: at === 0 })) }],
  ])("fails in a test that %s", async (_name, over) =>
    expect(await audited(killed, [suite(["-adds", "+keeps zero"], ["-subtracts"])], over)).toMatchObject({ found: null }),
  );

  it("fails in a test of which nothing was said, for it failed by a limit", async () => {
    const late = { ...killed, observation: { files: ["test/add.test.js"], failToPass: [adds], passToPass: [] } };
    expect((await audited(late, [suite(["-adds", "-keeps zero"])])).found).toBeNull();
  });
});

describe("an audit finds", () => {
  const base = { candidateId: mutant.id, toPass: [], toFail: [], ended: null, flaky: false };
  it.each<[string, Claim, Script, object]>([
    ["a survivor of a sift that is noticed", survived("sift"), suite(["-adds", "+keeps zero"]), { by: "sift", toPass: [adds] }],
    ["a survivor of a look that is noticed", survived("observe"), suite(["+adds", "-keeps zero"]), { by: "observe", toPass: [keeps] }],
    ["a test that was said to fail and passes", killed, suite(["+adds", "+keeps zero"]), { by: "observe", toFail: [adds] }],
    ["a test that was said to fail and is gone", killed, suite(["+keeps zero"]), { by: "observe", toFail: [adds] }],
    [
      "a failing test of a file that nobody ran",
      killed,
      suite(["-adds", "+keeps zero"], ["-subtracts"]),
      { by: "observe", toPass: [subtracts] },
    ],
    ["a test that is skipped in the whole suite", killed, suite(["-adds", "~keeps zero"]), { by: "observe", toPass: [keeps] }],
    ["a whole suite that does not load", killed, suite(["-adds", "+keeps zero"], ["load"]), { by: "observe", ended: "does-not-load" }],
    ["a whole suite that ends early", killed, { ...suite(["-adds"]), complete: false }, { by: "observe", ended: "ended-early" }],
    ["a whole suite that does not end", killed, { files: {}, ended: { kind: "timed-out" } }, { by: "observe", ended: "timed-out" }],
  ])("%s, and asks twice more", async (_name, claim, script, difference) => {
    expect(await audited(claim, [script])).toMatchObject({ found: { ...base, ...difference }, runs: 3 });
  });

  it("that the whole suite flickers, and by which tests", async () => {
    const red = suite(["-adds", "-keeps zero"]);
    const other = suite(["+adds", "+keeps zero"]);
    const { found } = await audited(killed, [red, other, suite(["-adds", "+keeps zero"])]);
    expect(found).toEqual({ ...base, by: "observe", toPass: [keeps], toFail: [adds], flaky: true });
  });
});

it("an audit builds anew, and takes nothing that an earlier run left", async () => {
  const recipe = { ...environment.recipe, build: [["node", "build.js"]] };
  const { asked } = await audited(survived("sift"), [suite(["+adds", "+keeps zero"])], { recipe });
  const [{ job } = { job: undefined }] = asked;
  expect(job?.commands.map((words) => words.at(-1))).toEqual(["build.js", expect.anything()]);
  expect([job?.temporary, job?.env["NODE_COMPILE_CACHE"], job?.limits.wallMs]).toEqual([undefined, undefined, 5_000]);
});
