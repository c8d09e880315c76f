import { beforeAll, describe, expect, test } from "vitest";
import { assertionCalls, evidence } from "../../../languages/javascript/evidence.ts";
import { initSyntax } from "../../../languages/javascript/syntax.ts";

beforeAll(initSyntax);

const seen = (text: string): string[] =>
  assertionCalls({ path: "a.test.js", text }).map(
    ({ call, relation, expected }) => `${call} ${relation}${expected === null ? "" : ` ${expected}`}`,
  );

const tables: readonly (readonly [string, string, string])[] = [
  ["expect", "expect(f(1)).toBe(2)", "f(1) equals 2"],
  ["expect with deep equality", "expect(f(1)).toEqual({ a: 1 })", "f(1) equals { a: 1 }"],
  ["expect of a promise", "await expect(f(1)).resolves.toBe(2)", "f(1) equals 2"],
  ["an awaited subject", "expect(await f(1)).toBe(2)", "await f(1) equals 2"],
  ["fixed values", "expect(f(1)).toBeNull()", "f(1) equals null"],
  ["negation says nothing of the value", "expect(f(1)).not.toBe(2)", "f(1) other"],
  ["other matchers", "expect(f(1)).toContain(2)", "f(1) other"],
  ["truth", "expect(f(1)).toBeTruthy()", "f(1) truthy"],
  ["untruth", "expect(f(1)).not.toBeTruthy()", "f(1) falsy"],
  ["what throws", "expect(() => f(1)).toThrow(/x/)", "f(1) throws"],
  ["what throws in braces", "assert.throws(function () { f(1); }, Error)", "f(1) throws"],
  ["what does not throw", "expect(() => f(1)).not.toThrow()", "f(1) other"],
  ["rejections", "await expect(f(1)).rejects.toThrow()", "f(1) throws"],
  ["assert.strictEqual", "assert.strictEqual(f(1), 2)", "f(1) equals 2"],
  ["assert.deepEqual with the sides swapped", "assert.deepEqual([2], f(1))", "f(1) equals [2]"],
  ["assert.strict", "assert.strict.equal(f(1), 2)", "f(1) equals 2"],
  ["assert alone", "assert(f(1))", "f(1) truthy"],
  ["assert of a negation", "assert(!f(1))", "f(1) falsy"],
  ["assert of an identity", "assert(f(1) === 2)", "f(1) equals 2"],
  ["ava", "t.is(f(1), 2)", "f(1) equals 2"],
  ["ava's truths", "t.true(f(1))", "f(1) equals true"],
  ["ava's falsehoods", "t.falsy(f(1))", "f(1) falsy"],
  ["chai's expect", "expect(f(1)).to.deep.equal([2])", "f(1) equals [2]"],
  ["chai's properties", "expect(f(1)).to.be.true", "f(1) equals true"],
  ["chai's should", "f(1).should.equal(2)", "f(1) equals 2"],
  ["members by name", "f(1).should.have.property('a', 2)", "f(1).a equals 2"],
  ["lengths", "expect(f(1)).toHaveLength(2)", "f(1).length equals 2"],
  ["new", "expect(new F(1)).toEqual(g)", "new F(1) equals g"],
];

test.each(tables)("%s", (_, text, expected) => {
  expect(seen(`it('a', async (t) => { ${text} })`)).toEqual([expected]);
});

test("a variable is replaced by the call that made it", () => {
  expect(seen("it('a', () => { const x = f(1); expect(x).toBe(2); expect(x.b).toBe(3); })")).toEqual(["f(1) equals 2", "f(1).b equals 3"]);
});

test("a variable that was used since it was made is not replaced", () => {
  expect(seen("it('a', () => { const x = f(1); x.push(3); expect(x).toBe(2); expect(x.b).toBe(3); })")).toEqual(["x.b equals 3"]);
});

test("a variable of the file, and one that holds no call, is nothing to show", () => {
  expect(seen("const x = f(1); it('a', () => { const y = 2; expect(x).toBe(2); expect(y).toBe(2); })")).toEqual([]);
});

test("plain code is no assertion", () => {
  expect(seen("it('a', () => { f(1); value.toBe(2); t.plan(3); expect(1).toBe(1); })")).toEqual([]);
});

test("several lines become one, comments go, and templates stay what they are", () => {
  expect(seen("it('a', () => {\n  expect(\n    f(\n      1, // one\n      2,\n    ),\n  ).toBe(`a\n  b`);\n})")).toEqual([
    'f( 1, 2, ) equals "a\\n  b"',
  ]);
});

test("long texts are cut to 300 characters", () => {
  const [call] = assertionCalls({ path: "a.test.js", text: `expect(f("${"x".repeat(400)}")).toBe(1)` });
  expect(call?.call).toHaveLength(300);
});

describe("a self-contained call", () => {
  const contained = (assertion: string): boolean | undefined =>
    assertionCalls({
      path: "a.test.js",
      text: `import { f, N } from './f.js'\nconst own = f()\nit('a', () => { const x = 1; ${assertion} })`,
    })[0]?.selfContained;

  test.each([
    "expect(f(1, 'a', [-1, { b: null }], /c/)).toBe(2)",
    "expect(f(f(1))).toBe(2)",
    "expect(N.of(1).add(2)).toBe(3)",
    "assert(new N(1))",
  ])("%s is one", (text) => {
    expect(contained(text)).toBe(true);
  });

  test.each([
    "expect(f(x)).toBe(2)",
    "expect(f(1)).toBe(x)",
    "expect(own.a(1)).toBe(2)",
    "expect(f(() => 1)).toBe(2)",
    "expect(f(...[1])).toBe(2)",
  ])("%s is none", (text) => {
    expect(contained(text)).toBe(false);
  });
});

describe("evidence at a line", () => {
  const text = "it('a', () => {\n  const x = 1;\n  expect(\n    f(x),\n  ).toBe(2);\n  f(3);\n});\n";

  test("is the assertion that spans it", () => {
    for (const line of [3, 4, 5]) expect(evidence({ path: "a.test.js", text }, line)).toMatchObject({ call: "f(x)", expected: "2" });
  });

  test("is nothing where no assertion stands", () => {
    for (const line of [1, 2, 6]) expect(evidence({ path: "a.test.js", text }, line)).toBeNull();
  });
});

describe("a call that stands by itself", () => {
  const at = (text: string) => evidence({ path: "a.test.js", text }, 2)?.selfContained;
  test("is made of imported names and literals", () => {
    expect(at('import { f } from "../f.js";\nexpect(f("a", [1])).toBe(2);\n')).toBe(true);
  });
  test("is not made with the variable of a table", () => {
    expect(at('import { f } from "../f.js";\nfor (const row of rows) expect(f(row.input)).toBe(row.out);\n')).toBe(false);
  });
  test("may be compared with something that does not", () => {
    expect(at('import { f } from "../f.js";\nfor (const row of rows) expect(f(1)).toBe(row.out);\n')).toBe(true);
  });
});
