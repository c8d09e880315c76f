import { describe, expect, it } from "vitest";
import type { ChangedCall } from "../../schemas/observation.ts";
import type { Failure } from "../../schemas/report.ts";
import { isReproducible, isTelling, isThin, quoted, symptomsOf, tell } from "../../skills/symptoms.ts";
import { contextOf, failure, observedOf } from "./stand.ts";

const joins = "test/slug.test.js > joins the words of a title";
const mistake = { original: ".toLowerCase()", replacement: "" };
const told = (over: Partial<Failure>) => {
  const observed = observedOf([mistake], { [joins]: failure(over) });
  return symptomsOf(observed, contextOf([observed])).map((symptom) => ({ ...symptom, said: tell(symptom) }));
};

describe("a symptom", () => {
  it("is told by the call, what was expected and what came", () => {
    expect(told({})[0]?.said).toBe('`slugify("Hello World")` gives a wrong result. Expected: `hello-world`. Received: `Hello-World`.');
  });
  it("of an unexpected error is told by its first line", () => {
    const thrown = {
      kind: "error",
      name: "TypeError",
      message: "x is not a function\n    at somewhere",
      expected: null,
      actual: null,
    } as const;
    expect(told(thrown)[0]?.said).toBe('`slugify("Hello World")` throws `TypeError: x is not a function`, where no error is expected.');
  });
  it.each([
    ["Missing expected exception.", "/given twice/"],
    ["Missing expected rejection (RangeError).", "RangeError"],
    ["expect(received).toThrow(expected)\n\nReceived function did not throw", null],
    ["expected function to throw an error, but it didn't", null],
    ["expected [Function] to throw an error", null],
    ['promise resolved "1" instead of rejecting', null],
    ["expected promise to be rejected with 'Error' but it was fulfilled with 1", null],
  ])("of an error that does not come says that none came: %s", (message, expected) => {
    const [symptom] = told({ message, expected, actual: "undefined", frames: [{ file: "test/slug.test.js", line: 6 }] });
    expect(symptom).toMatchObject({ silent: true, actual: null });
    expect(symptom?.said).toMatch(/^`slugify\("Hello World"\)` throws no error, where one is expected/);
    if (expected !== null) expect(symptom?.said).toContain(`expected: \`${expected}\`.`);
    expect(symptom && isTelling(symptom)).toBe(true);
  });
  it.each(["Function returned:\n\nundefined", "Returned promise resolved with: 1"])("of ava says so too: %j", (actual) => {
    const frames = [{ file: "test/slug.test.js", line: 6 }];
    const [symptom] = told({ message: "", expected: null, actual, frames });
    expect(symptom).toMatchObject({ silent: true, actual: null, said: expect.stringMatching(/throws no error, where one is expected/) });
  });
  it.each(["Test finished without running any assertions", "Promise returned by test never resolved"])(
    "is none in a runner's own words: %s",
    (message) => {
      const thrown: Partial<Failure> = { kind: "error", name: "Error", message, expected: null, actual: null, frames: [] };
      expect(told(thrown).every((symptom) => !isTelling(symptom))).toBe(true);
    },
  );
  it("of a wrong error tells of both", () => {
    const message = "expected [Function] to throw error including 'a' but got 'b'";
    expect(told({ message, expected: "a", actual: "b" })[0]).toMatchObject({ silent: false, expected: "a", actual: "b" });
  });
  it("has no colour codes and no paths of the machine", () => {
    const [symptom] = told({ expected: "\u001b[32m/workspace/src/slug.js\u001b[39m", actual: "file:///tmp/x/y.js:3" });
    expect([symptom?.expected, symptom?.actual]).toEqual(["…", "…"].map(() => null));
    expect(told({ expected: "\u001b[32mgreen\u001b[39m", actual: "in /kihon/harness/x.cjs" })[0]).toMatchObject({
      expected: "green",
      actual: "in …",
    });
  });
  it("keeps white space within a line, because it may be the difference", () => {
    expect(told({ expected: "a  b", actual: "a b" })[0]).toMatchObject({ expected: "a  b", actual: "a b" });
  });
  it("shows where long values differ", () => {
    const same = "x".repeat(1000);
    const [symptom] = told({ expected: `${same} one ${same}`, actual: `${same} two ${same}` });
    expect(symptom?.expected).toContain(" one ");
    expect(symptom?.actual).toContain(" two ");
    expect(symptom?.expected?.length).toBeLessThanOrEqual(240);
  });
  it("has no values where they would read the same", () => {
    expect(told({ expected: "a\n\nb", actual: "a\nb" })[0]).toMatchObject({ expected: null, actual: null });
  });
  it("without a place in the test is told without the call", () => {
    const [symptom] = told({ frames: [], expected: "a".repeat(20), actual: "b".repeat(20) });
    expect(symptom?.call).toBeNull();
    expect(symptom?.said).toMatch(/^A check of the package gives a wrong result/);
  });
  it("is read from a test module that the test's own file loads", () => {
    const observed = observedOf([mistake], {
      [joins]: failure({
        frames: [
          { file: "src/slug.js", line: 2 },
          { file: "test/cases/title.js", line: 2 },
        ],
      }),
    });
    const cases = 'import { slugify } from "../../src/index.js";\nassert.equal(slugify("A B"), "a-b");\n';
    const text = (path: string): string | null => (path === "test/cases/title.js" ? cases : null);
    expect(symptomsOf(observed, contextOf([observed], { text }))[0]).toMatchObject({ call: 'slugify("A B")', selfContained: true });
  });
  it("of an error without a call is not enough to write the check anew", () => {
    const [symptom] = told({
      kind: "error",
      name: "TypeError",
      message: "Cannot read properties of null",
      expected: null,
      actual: null,
      frames: [],
    });
    expect(symptom && [isTelling(symptom), isReproducible(symptom)]).toEqual([true, false]);
  });
  it("that is cut holds no half of a surrogate pair", () => {
    for (const pad of [237, 238, 239, 240]) {
      const [symptom] = told({ expected: `${"a".repeat(pad)}\u{1f600}${"b".repeat(50)}`, actual: "c".repeat(30), frames: [] });
      expect(symptom?.expected?.isWellFormed()).toBe(true);
    }
  });
  it("tells nothing where there is neither call nor error nor two values", () => {
    const [symptom] = told({ frames: [], expected: null, actual: null });
    expect(symptom && [isTelling(symptom), isReproducible(symptom)]).toEqual([false, false]);
  });
  it("is told once where two tests show the same", () => {
    const other = "test/slug.test.js > keeps at most the words asked for";
    const observed = observedOf([mistake], { [joins]: failure(), [other]: failure() });
    expect(symptomsOf(observed, contextOf([observed]))).toHaveLength(1);
  });
});

describe("code in a sentence", () => {
  it.each([
    ["a", "`a`"],
    ["a `b`", "`` a `b` ``"],
    ["``", "``` `` ```"],
  ])("%s is quoted as %s", (code, text) => {
    expect(quoted(code)).toBe(text);
  });
});

describe("a changed call", () => {
  const call: ChangedCall = {
    file: "src/slug.js",
    symbol: "slugify",
    call: 'slugify("A B")',
    selfContained: true,
    expected: '"a-b"',
    actual: '"A-B"',
    error: null,
  };
  const silent = failure({ frames: [], expected: null, actual: null });
  const saying = (...calls: ChangedCall[]) => {
    const observed = observedOf([mistake], { [joins]: silent });
    return { ...observed, observation: { ...observed.observation, calls } };
  };
  const said = (...calls: ChangedCall[]): string[] => symptomsOf(saying(...calls), contextOf([])).map(tell);

  it("is told as a failed check is, in place of failures without a call", () => {
    expect(said()).toEqual(["A check of the package gives a wrong result."]);
    expect(said(call)).toEqual(['`slugify("A B")` gives a wrong result. Expected: `"a-b"`. Received: `"A-B"`.']);
  });
  it("that throws is told by its error", () => {
    expect(said({ ...call, actual: null, error: "TypeError: no" })[0]).toBe(
      '`slugify("A B")` throws `TypeError: no`, where no error is expected.',
    );
  });
  it("that cannot be made as it stands is told after those that can", () => {
    const like = { ...call, call: "slugify(() => …)", selfContained: false };
    expect(said(like, call).slice(0, 2)).toEqual([expect.stringMatching(/^`slugify\("A/), expect.stringMatching(/^A call like/)]);
  });
  it("that was given a function is told after a test's line that shows it", () => {
    const line = "assert.equal(slugify(title, (word) => word), joined);\n";
    const observed = observedOf([mistake]);
    const calls = [{ ...call, call: 'slugify("A B", () => …)', selfContained: false }];
    const seen = { ...observed, observation: { ...observed.observation, calls } };
    const context = contextOf([], { text: () => `import { slugify } from "../src/index.js";\n\n\n\n\n${line}` });
    expect(symptomsOf(seen, context).map((symptom) => symptom.call)).toEqual(["slugify(title, (word) => word)", 'slugify("A B", () => …)']);
  });
  it("makes an observation tell enough", () => {
    expect([isThin(saying(), contextOf([])), isThin(saying(call), contextOf([]))]).toEqual([true, false]);
  });
  it("is asked for where no failure shows what was put in", () => {
    const table = "for (const [title, joined] of cases) assert.equal(slugify(title), joined);\n";
    const observed = observedOf([mistake]);
    const [own, rows] = [contextOf([]), contextOf([], { text: () => `import { slugify } from "../src/index.js";\n\n\n\n\n${table}` })];
    expect([isThin(observed, own), isThin(observed, rows)]).toEqual([false, true]);
  });
  it("that is cut is not self-contained", () => {
    const [symptom] = symptomsOf(saying({ ...call, call: `slugify("${"a".repeat(300)}")` }), contextOf([]));
    expect(symptom).toMatchObject({ selfContained: false, of: { file: "src/slug.js", symbol: "slugify" } });
  });
});
