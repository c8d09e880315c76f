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
const candidate = mutantOf(environment, [site], (path) => tree[path] ?? "");
const reaching = ["test/add.test.js"];

const survived = (by: Claim["by"]): Claim => ({ candidate, by, observation: null, reaching });
const seen = (failToPass: readonly string[], passToPass: readonly string[]): Claim => ({
  ...{ candidate, by: "observe", reaching },
  observation: { files: reaching, failToPass: [...failToPass], passToPass: [...passToPass] },
});
const killed = seen([adds], [keeps]);
const suite = (add: readonly string[], sub: readonly string[] = ["+subtracts"]): Script => ({
  files: { "test/add.test.js": add, "test/sub.test.js": sub },
});
const healthy = suite(["+adds", "+keeps zero"]);
const asSaid = suite(["-adds", "+keeps zero"]);

interface More {
  readonly over?: Parameters<typeof environmentOf>[0];
  /** What the suite does without the change. */
  readonly control?: Script;
}

/** What an audit finds where the whole suite does this, from then on the last of it; how often it was run with the change, and all jobs. */
async function audited(claim: Claim, scripts: readonly Script[], { over = {}, control = healthy }: More = {}) {
  let runs = 0;
  const { workspace, asked } = standOf(
    (read) => {
      if (read("src/add.js")?.includes("a + b")) return control;
      runs += 1;
      return scripts[Math.min(runs, scripts.length) - 1] as Script;
    },
    { environment: environmentOf(over) },
  );
  const found = await audit(claim, workspace, 5_000);
  return { found, runs: () => runs, workspace, asked };
}
const agrees = {
  ...{ candidateId: candidate.id, environmentId: environment.id, result: "agrees" },
  ...{ toPass: [], inCompany: [], elsewhere: [], toFail: [], flaky: false, why: "" },
};

describe("an audit agrees where the whole suite", () => {
  it.each<[string, Claim, Script]>([
    ["notices a mutant as it was said", killed, asSaid],
    ["does not notice one that survived a look", survived("observe"), healthy],
    ["does not notice one that survived a sift", survived("sift"), healthy],
    ["skips a test of a survivor", survived("observe"), suite(["+adds", "~keeps zero"])],
    ["has a test that fails by a limit", killed, suite(["-adds", "-keeps zero!timeout"])],
  ])("%s, and asks once", async (_name, claim, script) => {
    const { found, runs } = await audited(claim, [script]);
    expect([found, runs()]).toEqual([{ ...agrees, by: claim.by }, 1]);
  });

  it.each<[string, More]>([
    [
      "is not stable",
      { over: { tests: environment.tests.map((test) => ({ ...test, standing: test.id === subtracts ? "quarantined" : "stable" })) } },
    ],
    [
      "is of a file that does not stand alone",
      { over: { testFiles: environment.testFiles.map((test, at) => ({ ...test, standalone: at === 0 })) } },
    ],
    ["fails in the whole suite without the change too", { control: suite(["+adds", "+keeps zero"], ["-subtracts"]) }],
    ["is of a file that does not load without the change either", { control: suite(["+adds", "+keeps zero"], ["load"]) }],
  ])("fails in a test that %s", async (_name, more) => {
    const { found } = await audited(killed, [suite(["-adds", "+keeps zero"], ["-subtracts"])], more);
    expect(found.result).toBe("agrees");
  });

  it("fails in a test of which nothing was said, for it failed by a limit", async () => {
    expect((await audited(seen([adds], []), [suite(["-adds", "-keeps zero"])])).found.result).toBe("agrees");
  });

  it("says something else once, and then as it was said", async () => {
    const { found, runs } = await audited(killed, [suite(["-adds", "-keeps zero"]), asSaid]);
    expect([found, runs()]).toEqual([{ ...agrees, by: "observe" }, 3]);
  });
});

describe("an audit disagrees where the whole suite", () => {
  it.each<[string, Claim, Script, object]>([
    ["notices a survivor of a sift", survived("sift"), asSaid, { by: "sift", toPass: [adds] }],
    ["notices a survivor of a look", survived("observe"), suite(["+adds", "-keeps zero"]), { toPass: [keeps] }],
    ["passes a test that was said to fail", killed, healthy, { toFail: [adds] }],
    ["fails in a file that nobody ran", killed, suite(["-adds", "+keeps zero"], ["-subtracts"]), { elsewhere: [subtracts] }],
    ["does not load a file that nobody ran", killed, suite(["-adds", "+keeps zero"], ["load"]), { elsewhere: [subtracts] }],
    ["fails by an error", killed, suite(["-adds", "-keeps zero!error"]), { toPass: [keeps] }],
  ])("%s, three times", async (_name, claim, script, difference) => {
    const { found, runs } = await audited(claim, [script]);
    const files = "elsewhere" in difference ? 1 : 0; // each runs once more, alone
    expect([found, runs()]).toEqual([{ ...agrees, by: "observe", result: "disagrees", ...difference }, 3 + files]);
  });

  it("fails in a file that nobody ran, which passes where it is run alone", async () => {
    const together = suite(["-adds", "+keeps zero"], ["-subtracts"]);
    const { found } = await audited(killed, [together, together, together, { files: { "test/sub.test.js": ["+subtracts"] } }]);
    expect(found).toEqual({ ...agrees, by: "observe", result: "disagrees", inCompany: [subtracts] });
  });

  it("flickers: what most of its runs say counts", async () => {
    const both = suite(["+adds", "-keeps zero"]);
    const { found } = await audited(killed, [both, suite(["+adds", "+keeps zero"]), asSaid]);
    expect(found).toEqual({ ...agrees, by: "observe", result: "disagrees", toFail: [adds], flaky: true });
  });
});

describe("an audit decides nothing where the whole suite", () => {
  it.each<[string, Script, string]>([
    ["does not end", { files: {}, ended: { kind: "timed-out" } }, "timed-out"],
    ["ends early", { ...asSaid, complete: false }, "the suite ends early"],
    ["has no test", { files: {} }, "no test was run"],
    ["cannot be built", { ...asSaid, ended: { kind: "finished", exitCode: 1, failedCommand: 0 } }, "the build fails"],
  ])("%s, with the change or without", async (_name, script, why) => {
    expect((await audited(killed, [script])).found).toMatchObject({ result: "undecided", why });
    const without = await audited(killed, [asSaid], { control: script });
    expect(without.found).toMatchObject({ result: "undecided", why: `without the change: ${why}` });
    expect(without.runs()).toBe(0);
  });
});

it("an audit builds anew, takes nothing that an earlier run left, and runs the healthy suite once for all", async () => {
  const recipe = { ...environment.recipe, build: [["node", "build.js"]] };
  const { asked, workspace } = await audited(survived("sift"), [healthy], { over: { recipe } });
  for (const { job } of asked) {
    expect(job.commands.map((words) => words.at(-1))).toEqual(["build.js", expect.anything()]);
    expect([job.temporary, job.env["NODE_COMPILE_CACHE"], job.tree]).toEqual([undefined, undefined, ["/nowhere/tree"]]);
  }
  expect(asked.map(({ job }) => job.limits.wallMs)).toEqual([20_000, 60_000]);
  await audit(survived("observe"), workspace, 5_000);
  expect(asked).toHaveLength(3);
});
