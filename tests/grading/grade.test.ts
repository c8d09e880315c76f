import { describe, expect, it } from "vitest";
import { grade } from "../../grading/grade.ts";
import { layerChanges, unifiedDiff } from "../../lib/diff.ts";
import { RetryLater } from "../../lib/errors.ts";
import { Workspace } from "../../sandbox/workspace.ts";
import type { Trial } from "../../schemas/instance.ts";
import type { Layer } from "../../schemas/layer.ts";
import { defective, draftOf, environmentOf, type Script, standOf, tree } from "./stand.ts";

const read = (path: string): string | null => tree[path] ?? null;
const visible = { "src/add.js": defective, "test/add.test.js": null };
const patch = (after: Layer): string => unifiedDiff(layerChanges(visible, { ...visible, ...after }, read));
const healthy = tree["src/add.js"] ?? "";
const gold = patch({ "src/add.js": healthy });

const trial = (name: string, files: string[], pass: string[]): Trial => ({
  name,
  layer: { "src/add.js": defective },
  answer: "patch",
  files,
  expect: { kind: "tests", pass, fail: [] },
});
const draft = draftOf({
  trials: [
    trial("fail-to-pass", ["test/add.test.js"], ["test/add.test.js > adds", "test/add.test.js > keeps zero"]),
    trial("pass-to-pass", ["test/sub.test.js"], ["test/sub.test.js > subtracts"]),
  ],
  answers: [{ role: "gold", name: "gold", text: gold }],
});

/** The tests do what tests of this tree would do. */
const honest = (text: (path: string) => string | null, files: readonly string[]): Script => {
  const adds = text("src/add.js")?.includes("a + b") ? "+adds" : "-adds";
  const subtracts = text("src/sub.js")?.includes("a - b") ? "+subtracts" : "-subtracts";
  const all: Record<string, readonly string[]> = { "test/add.test.js": [adds, "+keeps zero"], "test/sub.test.js": [subtracts] };
  return { files: Object.fromEntries(files.map((file) => [file, all[file] ?? []])) };
};
const full = { strict: false, repeat: 0 };
const strict = { strict: true, repeat: 0 };

describe("a patch", () => {
  it("that repairs the defect earns 1 with full figures", async () => {
    const score = await grade(draft, gold, standOf(honest).workspace, full);
    expect(score).toEqual({
      reward: 1,
      reason: null,
      detail: "",
      components: { "fail-to-pass": 1, "pass-to-pass": 1, "fail-to-pass-rate": 1, "pass-to-pass-rate": 1, "lines-outside-target": 0 },
    });
  });

  it("that repairs it and breaks something else earns 0, and its figures say which", async () => {
    const answer = patch({ "src/add.js": healthy, "src/sub.js": "export function sub(a, b) {\n  return a;\n}\n" });
    const score = await grade(draft, answer, standOf(honest).workspace, full);
    expect(score).toMatchObject({ reward: 0, reason: "tests-failed", components: { "fail-to-pass-rate": 1, "pass-to-pass-rate": 0.5 } });
    expect(score.components["lines-outside-target"]).toBe(0.5);
  });

  describe("that also changes what the draft's trials do not reach", () => {
    const alone = { ...draft, trials: draft.trials.slice(0, 1) };
    const graded = async (after: Layer, texts: Layer = tree, environment = environmentOf()) => {
      const { workspace, asked } = standOf(honest, { environment, texts: texts as Record<string, string> });
      const score = await grade(alone, patch({ "src/add.js": healthy, ...after }), workspace, full);
      return { score, ran: asked.slice(1).flatMap(({ files }) => files) };
    };
    const ofSub = ["test/sub.test.js"];

    it("earns 0 where the tests that reach it fail", async () => {
      const { score, ran } = await graded({ "src/sub.js": "export function sub(a, b) {\n  return a;\n}\n" });
      expect(score).toMatchObject({
        reward: 0,
        reason: "tests-failed",
        components: { "fail-to-pass": 1, elsewhere: 0, "pass-to-pass-rate": 0.5 },
      });
      expect([score.detail, ran]).toEqual([expect.stringContaining("elsewhere: 1 of 1, first: test/sub.test.js"), ofSub]);
    });

    it.each<[string, Layer]>([
      ["another form of it", { "src/sub.js": "export function sub(a, b) {\n  const c = a - b;\n  return c;\n}\n" }],
      ["a comment below it", { "src/sub.js": `${tree["src/sub.js"]}// a - b\n` }],
      [
        "a file beside it",
        { "src/sub.js": "export { sub } from './new.js';\n// a - b\n", "src/new.js": "export const sub = (a, b) => a - b;\n" },
      ],
    ])("earns 1 where they pass: %s", async (_, after) => {
      const { score, ran } = await graded(after);
      expect([score.reward, score.components["elsewhere"], ran]).toEqual([1, 1, ofSub]);
    });

    describe("where no test runs the line itself", () => {
      const sub = "// one\n// two\n// three\n// four\nexport function sub(a, b) {\n  // a\n  // b\n  // c\n  return a - b;\n}\n";
      const covered = environmentOf({
        testFiles: [
          { file: "test/add.test.js", standalone: true, covers: { "src/add.js": [1, 2], "src/sub.js": [20] } },
          { file: "test/sub.test.js", standalone: true, covers: { "src/sub.js": [9] } },
        ],
      });
      const ranWith = async (after: string | null) => {
        const { workspace, asked } = standOf(honest, { environment: covered, texts: { ...tree, "src/sub.js": sub } });
        const layer = { ...visible, "src/add.js": healthy, "src/sub.js": after };
        const answer = unifiedDiff(layerChanges({ ...visible, "src/sub.js": sub }, layer, read));
        await grade({ ...alone, trials: [trial("fail-to-pass", [], ["test/add.test.js > adds"])] }, answer, workspace, full);
        return asked.slice(1).flatMap(({ files }) => files);
      };

      it("those that run the function around it are asked", async () => {
        expect(await ranWith(sub.replace("  // b\n", "  // b, changed\n"))).toEqual(ofSub);
      });
      it("outside of any function all that run the file are asked", async () => {
        expect(await ranWith(sub.replace("// two\n", "// two, changed\n"))).toEqual(["test/add.test.js", "test/sub.test.js"]);
      });
      it("of a file that is removed all are asked", async () => {
        expect(await ranWith(null)).toEqual(["test/add.test.js", "test/sub.test.js"]);
      });
    });

    it("runs nothing more for a repair that is the healthy tree, or that adds a file which nothing loads", async () => {
      expect((await graded({})).ran).toEqual([]);
      expect((await graded({ "src/new.js": "export {};\n" })).ran).toEqual([]);
    });

    it("runs nothing more for a known wrong answer that failed already", async () => {
      const { workspace, asked } = standOf(honest);
      const answer = patch({ "src/sub.js": "export function sub(a, b) {\n  return a;\n}\n" });
      expect((await grade(alone, answer, workspace, strict)).reward).toBe(0);
      expect(asked.map(({ files }) => files)).toEqual([["test/add.test.js"]]);
    });
  });

  it("is graded over the trial's own tree, so a change of a hidden or protected file is as if it were not made", async () => {
    const answer = patch({ "src/add.js": healthy, "test/add.test.js": "// nothing\n", "package.json": "{}\n" });
    const { workspace, asked } = standOf(honest);
    expect((await grade(draft, answer, workspace, full)).reward).toBe(1);
    for (const { layer } of asked) expect(Object.keys(layer)).toEqual([]);
  });

  it.each([
    ["only a hidden test", { "test/add.test.js": "// nothing\n" }],
    ["only the manifest", { "package.json": "{}\n" }],
    ["only a visible test, which it removes", { "test/sub.test.js": null }],
    ["only a file in node_modules", { "node_modules/x/index.js": "x\n" }],
    ["only a configuration", { "vitest.config.js": "export default {};\n" }],
  ])("that changes %s earns 0 without a run", async (_, after) => {
    const { workspace, asked } = standOf(honest);
    expect(await grade(draft, patch(after), workspace, full)).toMatchObject({ reward: 0, reason: "nothing-changed" });
    expect(asked).toEqual([]);
  });

  it("that renames a source into a test keeps neither the test nor the name", async () => {
    const answer =
      "diff --git a/src/add.js b/test/add.test.js\nsimilarity index 100%\nrename from src/add.js\nrename to test/add.test.js\n";
    const { workspace, asked } = standOf(honest);
    expect((await grade(draft, answer, workspace, full)).reward).toBe(0);
    expect(asked[0]?.layer).toEqual({ "src/add.js": null });
  });

  it("is read against the solver's tree, in which names of the language are no files", async () => {
    const answer = "--- a/constructor\n+++ b/constructor\n@@ -1 +1 @@\n-a\n+b\n";
    expect((await grade(draft, answer, standOf(honest).workspace, full)).reason).toBe("patch-does-not-apply");
  });

  it("earns 0 when it registers a test with the name of a hidden one", async () => {
    const answer = patch({ "src/add.js": defective.replace("a * b", "a - -b * b") });
    const forged = (): Script => ({ files: { "test/add.test.js": ["+adds", "+keeps zero", "-adds"], "test/sub.test.js": ["+subtracts"] } });
    expect(await grade(draft, answer, standOf(forged).workspace, full)).toMatchObject({ reward: 0, reason: "impostor-test" });
  });
});

describe("strict grading", () => {
  const wrong = patch({ "src/add.js": defective.replace("a * b", "a % b") });
  it("stops at the first trial that does not hold, with the same reward", async () => {
    const [one, all] = [standOf(honest), standOf(honest)];
    const [short, long] = [await grade(draft, wrong, one.workspace, strict), await grade(draft, wrong, all.workspace, full)];
    expect([one.asked.length, all.asked.length]).toEqual([1, 2]);
    expect([short.reward, short.reason, short.detail]).toEqual([long.reward, long.reason, long.detail]);
  });
});

describe("a run that holds an answer", () => {
  const [spy, own] = ["test/spy.test.js", "src/own.js"];
  const others = draftOf({
    trials: [
      ...draft.trials,
      {
        ...trial("turned", ["test/add.test.js"], ["test/add.test.js > adds"]),
        layer: { "src/add.js": defective, "test/add.test.js": "// turned\n" },
      },
      { ...trial("beside", ["test/add.test.js"], ["test/add.test.js > adds"]), layer: { "src/add.js": defective, [spy]: "// new\n" } },
    ],
    answers: draft.answers,
  });
  it("has the same files written in each trial, as the tree has them or otherwise, in the same order", async () => {
    const { workspace, asked } = standOf(honest);
    await grade(others, patch({ "src/add.js": defective.replace("a * b", "a - b"), [own]: "export {};\n" }), workspace, full);
    const written = asked.map(({ job }) => Object.keys(job.layer).filter((path) => !path.startsWith(".kihon")));
    expect(new Set(written.map((paths) => JSON.stringify(paths)))).toEqual(
      new Set([JSON.stringify(["src/add.js", own, "test/add.test.js", spy])]),
    );
    expect(asked.map(({ job }) => job.layer["test/add.test.js"])).toEqual([
      tree["test/add.test.js"],
      tree["test/add.test.js"],
      "// turned\n",
      tree["test/add.test.js"],
    ]);
    expect(new Set(asked.map(({ job }) => job.layer[spy]))).toEqual(new Set(["// new\n"]));
  });
  it("has nothing beside it that tools keep of the healthy tree, but the dependencies' code", async () => {
    const installed = {
      folders: ["tree", "kept", "dependencies"],
      bare: ["tree", "dependencies"],
      compiled: "compiled",
      temporary: "temporary",
    };
    const { workspace, asked } = standOf(honest, { installed });
    await grade(draft, patch({ "src/add.js": defective.replace("a * b", "a - b") }), workspace, full);
    for (const { job } of asked) {
      expect([job.tree, job.temporary]).toEqual([["tree", "dependencies"], undefined]);
      expect(job.mounts.map(({ host }) => host)).toContain("compiled");
    }
    await workspace.run({ layer: { "src/add.js": defective }, files: ["test/add.test.js"], shared: false }, 0);
    expect([asked.at(-1)?.job.tree, asked.at(-1)?.job.temporary]).toEqual([installed.folders, "temporary"]);
  });
  it("has what was made of sources beside it, but not of those that one of its trials lays", async () => {
    const ofSources = { folder: "made", paths: { "src/add.js": ["cache/add", "cache/add.map"], "src/sub.js": ["cache/sub"] } };
    const installed = { folders: ["tree", "kept", "dependencies"], bare: ["tree", "dependencies"], ofSources };
    const { workspace, asked } = standOf(honest, { installed });
    await grade(draft, patch({ "src/add.js": healthy, "src/sub.js": `${tree["src/sub.js"]}// a - b\n` }), workspace, full);
    expect(asked.length).toBeGreaterThan(1);
    for (const { job } of asked) {
      expect(job.tree).toEqual(["tree", "made", "dependencies"]);
      expect(Object.entries(job.layer).filter(([path]) => path.startsWith("cache/"))).toEqual([
        ["cache/add", null],
        ["cache/add.map", null],
      ]);
    }
  });
});

describe("a test file", () => {
  const path = "test/add-unit.test.js";
  const on = (name: string, layer: Layer, kind: "answer-passes" | "answer-fails"): Trial => ({
    name,
    layer,
    answer: "file",
    files: [path],
    expect: { kind },
  });
  const unit = draftOf({
    skill: "unit-tests",
    answerForm: "test-file",
    answerPath: path,
    trials: [
      on("clean", {}, "answer-passes"),
      on("rewritten", { "src/add.js": `// other\n${healthy}` }, "answer-passes"),
      on("mutant-1", { "src/add.js": defective }, "answer-fails"),
      on("mutant-2", { "src/add.js": defective.replace("*", "/") }, "answer-fails"),
    ],
  });
  /** The answer's words say what it does: `always`, or the operators it kills. */
  const script = (text: (path: string) => string | null): Script => {
    const answer = text(path) ?? "";
    const source = text("src/add.js") ?? "";
    const dead = answer.includes("always") || [..."*/"].some((operator) => answer.includes(operator) && source.includes(`a ${operator} b`));
    return { files: { [path]: [dead ? "-it" : "+it"] } };
  };
  it.each([
    ["kills * /", 1, 1],
    ["kills *", 0, 0.5],
    ["kills none", 0, 0],
    ["fails always", 0, 0],
  ] as const)("that %s earns %d and has kill share %d", async (answer, reward, share) => {
    const score = await grade(unit, answer, standOf(script).workspace, full);
    expect([score.reward, score.components["kill-share"]]).toEqual([reward, share]);
  });
  it("lies at its path in every trial's tree", async () => {
    const { workspace, asked } = standOf(script);
    await grade(unit, "kills * /", workspace, full);
    expect(asked.map(({ layer, files }) => [layer[path], files])).toEqual(asked.map(() => ["kills * /", [path]]));
    expect(asked).toHaveLength(4);
  });
  it("earns 0 without a run where it holds a copy of what it tests, or no parser reads it", async () => {
    const [first] = unit.trials as [Trial];
    const long = `export function add(a, b) {\n  if (a === undefined || b === undefined) return 0;\n  return a > 0 ? a + b : b + a;\n}\n`;
    const spoilt = {
      ...unit,
      visible: {},
      trials: [{ ...first, layer: { "src/add.js": "x" }, expect: { kind: "answer-fails" as const } }],
    };
    const { workspace, asked } = standOf(script, { texts: { ...tree, "src/add.js": long } });
    expect(await grade(spoilt, `kills * /\n${long}`, workspace, full)).toMatchObject({ reward: 0, reason: "repeats-source" });
    expect(await grade(spoilt, `${"(".repeat(200_000)}1`, workspace, full)).toMatchObject({ reward: 0, reason: "malformed-answer" });
    expect(asked).toEqual([]);
    // Who sees the wrong code has nothing to copy.
    const reproduction = { ...spoilt, visible: { "src/add.js": "x" } };
    expect((await grade(reproduction, `kills * /\n${long}`, workspace, full)).reason).not.toBe("repeats-source");
  });
  it("needs a path", async () => {
    expect((await grade({ ...unit, answerPath: null }, "x", standOf(script).workspace, full)).reason).toBe("no-answer-path");
  });
});

describe("drafts and machines in trouble", () => {
  it("a draft without trials pays nobody", async () => {
    expect(await grade(draftOf(), gold, standOf(honest).workspace, full)).toMatchObject({ reward: 0, reason: "no-trial" });
  });
  it("trouble of the sandbox is thrown, not scored", async () => {
    const { workspace: base } = standOf(honest);
    const jobs = { run: () => Promise.reject(new RetryLater("the sandbox died")) };
    const workspace = new Workspace(base.environment, base.installed, {
      runner: base.runner,
      language: base.language,
      jobs,
      text: read,
      paths: () => [],
      copies: () => [],
      limits: { wallMs: 1 },
    });
    await expect(grade(draft, patch({ "src/add.js": defective.replace("*", "%") }), workspace, full)).rejects.toThrow(RetryLater);
  });
  it("locations and reviews are judged without a run", async () => {
    const { workspace, asked } = standOf(honest);
    const locations = draftOf({ judgement: { kind: "locations", gold: [{ file: "src/add.js", symbol: "add" }] }, answerForm: "locations" });
    expect((await grade(locations, '{"locations":[{"file":"src/add.js"}]}', workspace, full)).reward).toBe(1);
    const review = draftOf({ judgement: { kind: "review", verdict: "approve", defects: [] }, answerForm: "review" });
    expect((await grade(review, '{"verdict":"approve"}', workspace, full)).reward).toBe(1);
    expect((await grade(review, "LGTM", workspace, full)).reason).toBe("malformed-answer");
    expect(asked).toEqual([]);
  });
});

describe("an answer that a solver gave", () => {
  const rounds = 3;
  const answer = patch({ "src/add.js": `${healthy}// the sum\n` });
  it("must be right each time", async () => {
    const { workspace, asked } = standOf(honest);
    expect((await grade(draft, answer, workspace, { ...full, rounds })).reward).toBe(1);
    // What only guards other tests is not run again.
    const again = asked.filter(({ files }) => files.includes("test/add.test.js")).length;
    expect(again).toBe(rounds);
    expect(asked.length).toBe(rounds + 1);
  });
  it("earns nothing where it is right only at first", async () => {
    const { workspace } = standOf((text, files, asked) => {
      const seen = honest(text, files);
      return asked.length <= 2 ? seen : { files: { ...seen.files, "test/add.test.js": ["-adds", "+keeps zero"] } };
    });
    const score = await grade(draft, answer, workspace, { ...full, rounds });
    expect(score).toMatchObject({ reward: 0, reason: "wavers", components: { "fail-to-pass": 1 } });
  });
  it("is run in an order that differs from one time to another", async () => {
    const orders = new Set<string>();
    for (let at = 0; at < 40 && orders.size < 2; at++) {
      const { workspace, asked } = standOf(honest);
      await grade(draft, answer, workspace, { ...full, rounds });
      orders.add(asked.map(({ files }) => files.join()).join(" "));
    }
    expect(orders.size).toBe(2);
  });
});
