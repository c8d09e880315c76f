import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeLocations, judgeReview, judgeRun, type RunFacts } from "../../grading/judge.ts";
import { parseReport } from "../../languages/javascript/runners/report.ts";
import type { TestRun } from "../../sandbox/workspace.ts";
import type { Expectation, Finding } from "../../schemas/instance.ts";
import { resultOf, type Script } from "./stand.ts";

const runOf = (script: Script): TestRun => {
  const result = resultOf(script, "n0nce");
  return { ended: result.ended, report: parseReport(result.report, "n0nce"), result };
};
const facts: RunFacts = { answerPath: "a.test.js", known: null };
const wanted: Expectation = { kind: "tests", pass: ["a.test.js > one", "a.test.js > two"], fail: [] };
const broken: Expectation = { kind: "tests", pass: ["a.test.js > two"], fail: ["a.test.js > one"] };
const some: Expectation = { kind: "some-fail", among: ["a.test.js > one", "a.test.js > two"] };
const passes: Expectation = { kind: "answer-passes" };
const fails: Expectation = { kind: "answer-fails" };
const green = { "a.test.js": ["+one", "+two"] };
const red = { "a.test.js": ["-one", "+two"] };

const table: readonly [title: string, script: Script, expect: Expectation, reason: string | null][] = [
  ["tests: all pass", { files: green }, wanted, null],
  ["tests: one fails", { files: red }, wanted, "tests-failed"],
  ["tests: one is absent", { files: { "a.test.js": ["+one"] } }, wanted, "tests-failed"],
  ["tests: one is skipped", { files: { "a.test.js": ["+one", "~two"] } }, wanted, "tests-failed"],
  ["tests: the file does not load", { files: { "a.test.js": ["load"] } }, wanted, "tests-failed"],
  ["tests: a test of no interest fails", { files: { "a.test.js": ["+one", "+two", "-three"] } }, wanted, null],
  ["tests: nothing is asked", { files: green }, { kind: "tests", pass: [], fail: [] }, "nothing-expected"],
  ["tests: one fails as asked", { files: red }, broken, null],
  ["tests: it fails by an error", { files: { "a.test.js": ["-one!error", "+two"] } }, broken, null],
  ["tests: it fails by a timeout", { files: { "a.test.js": ["-one!timeout", "+two"] } }, broken, "failed-otherwise"],
  ["tests: it does not load", { files: { "a.test.js": ["-one!load", "+two"] } }, broken, "failed-otherwise"],
  ["tests: what should fail passes", { files: green }, broken, "tests-passed"],
  ["tests: what should fail is absent", { files: { "a.test.js": ["+two"] } }, broken, "failed-otherwise"],
  ["some-fail: one fails", { files: red }, some, null],
  ["some-fail: none fails", { files: green }, some, "tests-passed"],
  ["some-fail: another one fails", { files: { "a.test.js": ["+one", "+two", "-three"] } }, some, "tests-passed"],
  ["some-fail: it fails by a timeout", { files: { "a.test.js": ["-one!timeout"] } }, some, "tests-passed"],
  ["answer-passes: it passes", { files: green }, passes, null],
  ["answer-passes: one of it fails", { files: red }, passes, "fails-where-it-must-pass"],
  ["answer-passes: one is skipped beside one that passes", { files: { "a.test.js": ["+one", "~two"] } }, passes, null],
  ["answer-passes: all is skipped", { files: { "a.test.js": ["~one"] } }, passes, "no-tests"],
  ["answer-passes: only another file's tests pass", { files: { "b.test.js": ["+one"] } }, passes, "no-tests"],
  ["answer-passes: another file's test fails", { files: { ...green, "b.test.js": ["-one"] } }, passes, "fails-where-it-must-pass"],
  ["answer-passes: it does not load", { files: { "a.test.js": ["load"] } }, passes, "does-not-load"],
  ["answer-passes: an error that nobody caught", { files: { "a.test.js": ["+one", "stray"] } }, passes, "stray-error"],
  ["answer-fails: by an assertion", { files: red }, fails, null],
  ["answer-fails: by an error", { files: { "a.test.js": ["-one!error"] } }, fails, null],
  ["answer-fails: by a timeout", { files: { "a.test.js": ["-one!timeout"] } }, fails, "failed-otherwise"],
  ["answer-fails: by a timeout and an assertion", { files: { "a.test.js": ["-one!timeout", "-two"] } }, fails, null],
  ["answer-fails: it passes", { files: green }, fails, "passes-where-it-must-fail"],
  ["answer-fails: only an error outside its tests", { files: { "a.test.js": ["+one", "stray"] } }, fails, "passes-where-it-must-fail"],
  ["answer-fails: only a hook of its own", { files: { "a.test.js": ["hook"] } }, fails, null],
  ["answer-fails: a hook of its own, beside tests that pass", { files: { "a.test.js": ["+one", "hook"] } }, fails, null],
  ["answer-fails: a hook of another file", { files: { ...green, "b.test.js": ["hook"] } }, fails, "passes-where-it-must-fail"],
  ["answer-passes: a hook of its own fails", { files: { "a.test.js": ["+one", "hook"] } }, passes, "stray-error"],
  ["tests: a hook keeps them from running", { files: { "a.test.js": ["hook"] } }, wanted, "tests-failed"],
  ["answer-fails: another file's test fails", { files: { ...green, "b.test.js": ["-one"] } }, fails, "passes-where-it-must-fail"],
  ["answer-fails: it does not load", { files: { "a.test.js": ["load"] } }, fails, "does-not-load"],
];

describe("a run against what its trial expects", () => {
  it.each(table)("%s", (_, script, expectation, reason) => {
    const verdict = judgeRun(runOf(script), expectation, facts);
    expect({ held: verdict.held, reason: verdict.reason }).toEqual({ held: reason === null, reason });
  });

  const voids: readonly [title: string, script: Script, reason: string][] = [
    ["it ran out of time", { files: red, ended: { kind: "timed-out" } }, "timed-out"],
    ["it ran out of memory", { files: red, ended: { kind: "out-of-memory" } }, "out-of-memory"],
    ["it wrote too much", { files: red, ended: { kind: "output-too-large" } }, "output-too-large"],
    ["the build failed", { files: red, ended: { kind: "finished", exitCode: 2, failedCommand: 0 } }, "build-failed"],
    ["somebody else wrote on the report channel", { files: red, foreign: 1 }, "report-forged"],
    ["the closing record never came", { files: red, complete: false }, "ended-early"],
    ["it shows no test", { files: {} }, "no-tests"],
    ["a test failed and the runner exited with 0", { files: red, exitCode: 0 }, "exit-code"],
    ["a file did not load and the runner exited with 0", { files: { "a.test.js": ["load"] }, exitCode: 0 }, "exit-code"],
    ["no test failed and the runner exited with 1", { files: green, exitCode: 1 }, "exit-code"],
    ["no test failed and the runner was killed", { files: green, exitCode: 137 }, "exit-code"],
  ];
  it.each(voids)("nothing holds when %s", (_, script, reason) => {
    for (const expectation of [wanted, broken, some, passes, fails]) {
      expect(judgeRun(runOf(script), expectation, facts)).toMatchObject({ held: false, reason, share: 0 });
    }
  });

  it.each(["timed-out", "out-of-memory"] as const)(
    "a test of the answer that failed by itself has failed, though the run %s after it",
    (kind) => {
      const cut = (files: Script["files"]): TestRun => ({ ...runOf({ files, complete: false }), ended: { kind } });
      expect(judgeRun(cut(red), fails, facts)).toMatchObject({ held: true });
      expect(judgeRun(cut(green), fails, facts).held).toBe(false);
      for (const other of [wanted, some, passes]) expect(judgeRun(cut(red), other, facts).held).toBe(false);
      const forged = cut(red);
      expect(judgeRun({ ...forged, report: { ...forged.report, forged: 1 } }, fails, facts).held).toBe(false);
    },
  );

  it("the share counts the expected outcomes that were seen", () => {
    expect(judgeRun(runOf({ files: red }), wanted, facts).share).toBe(0.5);
    expect(judgeRun(runOf({ files: green }), wanted, facts).share).toBe(1);
  });

  describe("a test that takes the name of another", () => {
    const twice = runOf({ files: { "a.test.js": ["+one", "+two", "-one"] } });
    it("earns nothing where the tree has one of the name", () => {
      const known = new Set(["a.test.js > one", "a.test.js > two"]);
      expect(judgeRun(twice, wanted, { ...facts, known }).reason).toBe("impostor-test");
    });
    it("does not count as the failing test that is asked for", () => {
      const known = new Set(["a.test.js > one", "a.test.js > two"]);
      const forged = runOf({ files: { "a.test.js": ["-one", "+two", "+one"] } });
      expect(judgeRun(forged, some, { ...facts, known }).reason).toBe("impostor-test");
    });
    it("is the tree's own where the tree has two of the name", () => {
      const known = new Set(["a.test.js > one", "a.test.js > one #2", "a.test.js > two"]);
      expect(judgeRun(twice, wanted, { ...facts, known }).held).toBe(true);
    });
  });
});

const at = (file: string, symbol: string | null = null) => ({ file, symbol });

describe("locations", () => {
  it("the same set of files earns the reward, whatever the order and the symbols", () => {
    const score = judgeLocations([at("b"), at("a", "other")], [at("a", "f"), at("b")]);
    expect(score).toMatchObject({ reward: 1, reason: null, components: { "file-f1": 1, "symbol-f1": 0 } });
  });
  it.each([
    ["a part of them", [at("a")], "other-files"],
    ["one more", [at("a"), at("b"), at("c")], "other-files"],
    ["none", [], "no-answer"],
    ["more than the cap", ["a", "b", "c", "d", "e", "f"].map((file) => at(file)), "too-many-locations"],
  ] as const)("%s of the files earns nothing", (_, given, reason) => {
    expect(judgeLocations(given, [at("a", "f"), at("b")])).toMatchObject({ reward: 0, reason });
  });
  it("the cap is twice the gold where that is more than five", () => {
    const gold = ["a", "b", "c", "d"].map((file) => at(file));
    const symbols = (count: number) => [...gold, ...Array.from({ length: count - 4 }, (_, index) => at("a", `s${index}`))];
    expect(judgeLocations(symbols(8), gold).reward).toBe(1);
    expect(judgeLocations(symbols(9), gold).reason).toBe("too-many-locations");
  });
  it("too many locations earn no figures either", () => {
    const many = Array.from({ length: 9 }, (_, index) => at("a", `s${index}`));
    expect(judgeLocations(many, [at("a")]).components).toEqual({ "file-precision": 0, "file-recall": 0, "file-f1": 0 });
  });
  it("symbols count only where gold names one", () => {
    expect(judgeLocations([at("a", "f")], [at("a")]).components).not.toHaveProperty("symbol-f1");
    expect(judgeLocations([at("a", "f")], [at("a", "f")]).components).toHaveProperty("symbol-f1", 1);
  });

  it.each([
    ["the same", ["C.m"], 1],
    ["its last part", ["m"], 1],
    ["the same twice", ["C.m", "m"], 1],
    ["none", [undefined], 0],
    ["a part of its name", ["wm"], 0],
    ["what lies around it", ["C"], 0],
    ["another beside it", ["C.m", "g"], 0],
  ] as const)("where symbols are asked for, %s earns %o: %i", (_, symbols, reward) => {
    const given = symbols.map((symbol) => at("a", symbol));
    expect(judgeLocations(given, [at("a", "C.m")], true).reward).toBe(reward);
  });
});

const finding = (startLine: number, endLine = startLine, file = "a.js"): Finding => ({ file, startLine, endLine, category: "defect" });
const wrong = { verdict: "request_changes", defects: [finding(10)] };

describe("a review", () => {
  it.each([
    ["approves what is right", { verdict: "approve", findings: [] }, { verdict: "approve", defects: [] }, null],
    ["approves with remarks", { verdict: "approve", findings: [finding(1)] }, { verdict: "approve", defects: [] }, null],
    [
      "rejects what is right",
      { verdict: "request_changes", findings: [finding(10)] },
      { verdict: "approve", defects: [] },
      "wrong-verdict",
    ],
    ["approves what is wrong", { verdict: "approve", findings: [finding(10)] }, wrong, "wrong-verdict"],
    ["names the line", { verdict: "request_changes", findings: [finding(10)] }, wrong, null],
    ["names the line before", { verdict: "request_changes", findings: [finding(9)] }, wrong, null],
    ["names the line after", { verdict: "request_changes", findings: [finding(11)] }, wrong, null],
    ["names two lines before", { verdict: "request_changes", findings: [finding(8)] }, wrong, "defect-not-found"],
    ["names two lines after", { verdict: "request_changes", findings: [finding(12)] }, wrong, "defect-not-found"],
    ["names the line in another file", { verdict: "request_changes", findings: [finding(10, 10, "b.js")] }, wrong, "defect-not-found"],
    ["names nothing", { verdict: "request_changes", findings: [] }, wrong, "defect-not-found"],
    ["is right with the third finding", { verdict: "request_changes", findings: [finding(1), finding(30), finding(10)] }, wrong, null],
    [
      "has four findings",
      { verdict: "request_changes", findings: [1, 30, 40, 10].map((line) => finding(line)) },
      wrong,
      "too-many-findings",
    ],
    ["names 21 lines", { verdict: "request_changes", findings: [finding(5, 25)] }, wrong, null],
    ["names 22 lines", { verdict: "request_changes", findings: [finding(5, 26)] }, wrong, "findings-too-wide"],
    [
      "names 22 lines in two findings",
      { verdict: "request_changes", findings: [finding(5, 15), finding(30, 40)] },
      wrong,
      "findings-too-wide",
    ],
    ["names lines that end before they start", { verdict: "request_changes", findings: [finding(12, 8)] }, wrong, "defect-not-found"],
  ] as const)("that %s", (_, given, gold, reason) => {
    expect(judgeReview(given, gold)).toMatchObject({ reward: reason === null ? 1 : 0, reason });
  });

  it("may name as many lines as several defects have together", () => {
    const defects = [finding(10, 25), finding(40, 55)];
    expect(judgeReview({ verdict: "request_changes", findings: defects }, { verdict: "request_changes", defects }).reward).toBe(1);
  });
  it("may be as wide as a wide defect", () => {
    const gold = { verdict: "request_changes", defects: [finding(10, 60)] };
    expect(judgeReview({ verdict: "request_changes", findings: [finding(10, 60)] }, gold)).toMatchObject({
      reward: 1,
      components: { "line-f1": 1 },
    });
  });
  it("gives line F1 1 to the very lines and less to more lines", () => {
    const figure = (...findings: Finding[]) => judgeReview({ verdict: "request_changes", findings }, wrong).components["line-f1"] ?? -1;
    expect(figure(finding(10))).toBe(1);
    expect(figure(finding(10), finding(10))).toBe(1);
    expect(figure(finding(1, 20))).toBeLessThan(0.5);
  });
  it("a line beside a defect of three lines finds one of them", () => {
    const gold = { verdict: "request_changes", defects: [finding(10, 12)] };
    expect(judgeReview({ verdict: "request_changes", findings: [finding(9)] }, gold).components["line-f1"]).toBeCloseTo(0.5);
  });
  it("numbers of any size are judged at once", () => {
    const huge = finding(1, Number.MAX_SAFE_INTEGER);
    expect(judgeReview({ verdict: "request_changes", findings: [huge] }, wrong)).toMatchObject({ reward: 0, components: { "line-f1": 0 } });
  });
  it("has figures in [0, 1], and reward only with a figure above 0 where changes are due", () => {
    const line = fc.integer({ min: 1, max: 40 });
    const findings = fc.array(
      fc.record({ file: fc.constantFrom("a.js", "b.js"), startLine: line, endLine: line, category: fc.constant("x") }),
      { maxLength: 5 },
    );
    const verdicts = fc.constantFrom("approve", "request_changes");
    fc.assert(
      fc.property(verdicts, findings, verdicts, findings, (verdict, given, goldVerdict, defects) => {
        const score = judgeReview(
          { verdict, findings: given },
          { verdict: goldVerdict, defects: goldVerdict === "approve" ? [] : defects },
        );
        const figures = Object.values(score.components);
        const paid = score.reward === 0 || goldVerdict === "approve" || (score.components["line-f1"] ?? 0) > 0;
        return figures.every((figure) => figure >= 0 && figure <= 1) && paid && (score.reason === null) === (score.reward === 1);
      }),
    );
  });
});

describe("figures over symbols", () => {
  const gold = [
    { file: "a.js", symbol: "Box.#secret" },
    { file: "a.js", symbol: "open" },
  ];
  const of = (...symbols: string[]) =>
    judgeLocations(
      symbols.map((symbol) => ({ file: "a.js", symbol })),
      gold,
      true,
    );
  it("count a name as the reward does: shorter, or without the sign of a private member", () => {
    for (const name of ["secret", "#secret", "Box.secret", "Box.#secret"]) {
      expect(of(name, "open")).toMatchObject({ reward: 1, components: { "symbol-precision": 1, "symbol-recall": 1, "symbol-f1": 1 } });
    }
  });
  it("tell what was missed, and what was named beside", () => {
    expect(of("secret")).toMatchObject({ reward: 0, components: { "symbol-precision": 1, "symbol-recall": 0.5 } });
    expect(of("secret", "open", "close")).toMatchObject({ reward: 0, components: { "symbol-precision": 2 / 3, "symbol-recall": 1 } });
    expect(of("ecret", "open")).toMatchObject({ reward: 0, components: { "symbol-precision": 0.5, "symbol-recall": 0.5 } });
  });
});

it("a finding names its file as the tree or as a diff does", () => {
  const defects = [{ file: "src/a.js", startLine: 3, endLine: 3, category: "defect" }];
  const rewards = ["src/a.js", "a/src/a.js", "b/src/a.js", "c/src/a.js", "a.js"].map(
    (file) =>
      judgeReview(
        { verdict: "request_changes", findings: [{ file, startLine: 3, endLine: 3, category: "defect" }] },
        { verdict: "request_changes", defects },
      ).reward,
  );
  expect(rewards).toEqual([1, 1, 1, 0, 0]);
});
