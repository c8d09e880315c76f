import { beforeAll, describe, expect, test } from "vitest";
import { initSyntax } from "../../../languages/javascript/syntax.ts";
import { reduceTests, testCalls } from "../../../languages/javascript/test-calls.ts";

beforeAll(initSyntax);

const paths = (text: string): (string | null)[][] => testCalls({ path: "a.test.js", text }).map(({ path }) => [...path]);

test.each([
  ["jest's and vitest's", "it('a', () => { expect(x).toMatchSnapshot() })", true],
  ["of an error", "it('a', () => { expect(f).not.toThrowErrorMatchingSnapshot() })", true],
  ["in a file of its own", "it('a', async () => { await expect(x).toMatchFileSnapshot('./x.txt') })", true],
  ["ava's", "import test from 'ava'\ntest('a', t => { t.snapshot(f()) })", true],
  ["node:test's", "import test from 'node:test'\ntest('a', (t) => { t.assert.snapshot(x) })", true],
  ["that stand in the test", "it('a', () => { expect(x).toMatchInlineSnapshot('1') })", false],
  ["of what is under test", "it('a', () => { expect(store.snapshot()).toEqual({}) })", false],
])("snapshots that are stored: %s", (_, text, stored) => {
  expect(testCalls({ path: "a.test.js", text }).map((call) => call.stored)).toEqual([stored]);
});

const tables: readonly (readonly [string, string, readonly (readonly (string | null)[])[]])[] = [
  [
    "describe and it",
    "describe('a', () => { it('b', () => {}); describe('c', () => { test(\"d\", f) }) })",
    [
      ["a", "b"],
      ["a", "c", "d"],
    ],
  ],
  [
    "the words of the tdd interface",
    "suite('a', () => { test('b', () => {}) }); context('c', () => { specify('d', () => {}) })",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "modifiers",
    "it.only('a', f); test.skip('b', f); test.concurrent.only('c', f); it.todo('d'); describe.skip('e', () => { xit('f', g) })",
    [["a"], ["b"], ["c"], ["d"], ["e", "f"]],
  ],
  [
    "each has no plain title",
    "it.each([1, 2])('a %i', (n) => {}); test.each`x\n1`('b', () => {}); describe.each([1])('c', () => { it('d', f) })",
    [[null], [null], [null, "d"]],
  ],
  ["conditions keep the title", "test.skipIf(win)('a', f); describe.runIf(x)('b', () => { it('c', f) })", [["a"], ["b", "c"]]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is in the text under test
  ["templates", "it(`a`, f); it(`b ${c}`, f)", [["a"], [null]]],
  ["escapes and sums", "it('it\\'s \\u0041', f); it('a' + \"b\", f)", [["it's A"], ["ab"]]],
  ["titles that are no literals", "describe(Foo, () => { it(title, f) })", [[null, null]]],
  [
    "ava",
    "import test from 'ava'\ntest('a', t => { t.is(1, 1) })\ntest.serial('b', macro, 1)\ntest.failing('c', f)\ntest.before(f)",
    [["a"], ["b"], ["c"]],
  ],
  ["default imports under another name", "import check from 'node:test'\ncheck('a', f)", [["a"]]],
  [
    "imports under another name",
    "import { it as check, describe as group } from 'vitest'\ngroup('a', () => { check('b', f) })",
    [["a", "b"]],
  ],
  [
    "require under another name",
    "const check = require('node:test'); const { it: also } = require('node:test'); check('a', f); also('b', f)",
    [["a"], ["b"]],
  ],
  [
    "subtests of node:test",
    "test('a', async (t) => { await t.test('b', () => {}); await t.test('c', async (u) => { await u.test('d', f) }) })",
    [["a"], ["a", "b"], ["a", "c"], ["a", "c", "d"]],
  ],
  ["test.describe", "test.describe('a', () => { test.it('b', f) })", [["a", "b"]]],
  ["matching a regex is no test", "it('a', (re) => { /x/.test('y'); other.test('z') })", [["a"]]],
  ["a helper of the name is no test", "import test from './helper'\nit('a', () => { test({ valid: [] }) })", [["a"]]],
  ["a function of the file is no test", "function test(a, b) { it('x', f) }\ntest('a', 'b')", [["x"]]],
  ["tests in loops", "for (const a of b) it('c', f)\nlist.forEach((a) => { it(a, f) })", [["c"], [null]]],
];

test.each(tables)("%s", (_, text, expected) => {
  expect(paths(text)).toEqual(expected);
});

test("a test spans its whole statement", () => {
  const text = "describe('a', () => {\n  it('b', () => {\n    c();\n  }).timeout(5);\n});\n";
  const [call] = testCalls({ path: "a.test.js", text });
  expect(call).toMatchObject({ startLine: 2, endLine: 4 });
  expect(text.slice(call?.start, call?.end)).toBe("it('b', () => {\n    c();\n  }).timeout(5);");
});

describe("a reduced file", () => {
  const reduced = (text: string, ...kept: string[]): string =>
    reduceTests({ path: "a.test.js", text }, ({ path }) => kept.includes(path[path.length - 1] ?? ""));

  test("keeps imports, helpers and hooks, and loses the refused tests with their lines", () => {
    const text = "import { it } from 'vitest';\nconst help = 1;\nbeforeEach(reset);\nit('a', () => {\n  x();\n});\nit('b', y);\n";
    expect(reduced(text, "b")).toBe("import { it } from 'vitest';\nconst help = 1;\nbeforeEach(reset);\nit('b', y);\n");
  });

  test("has no holes of blank lines where tests were", () => {
    const text =
      "const help = 1;\n\nit('a', f);\n\nit('b', () => {\n  x();\n});\n  \n\nit('c', f);\n\ndescribe('d', () => {\n  it('e', f);\n\n  it('g', f);\n});\n";
    expect(reduced(text, "c", "g")).toBe("const help = 1;\n\nit('c', f);\n\ndescribe('d', () => {\n  it('g', f);\n});\n");
    expect(reduced("it('a', f);\n\nit('b', f);\n", "a")).toBe("it('a', f);\n\n");
  });

  test("loses suites left without a test, but not those that never had one", () => {
    const text = "describe('a', () => {\n  before(x);\n  it('b', f);\n});\ndescribe('c', () => {\n  shared();\n});\nit('d', f);\n";
    expect(reduced(text, "d")).toBe("describe('c', () => {\n  shared();\n});\nit('d', f);\n");
  });

  test("loses the subtests of a refused test", () => {
    expect(reduced("test('a', async (t) => {\n  await t.test('b', f);\n});\ntest('c', f);\n", "b", "c")).toBe("test('c', f);\n");
  });

  test("loses subtests alone where their test is kept", () => {
    expect(reduced("test('a', async (t) => {\n  await t.test('b', f);\n});\n", "a")).toBe("test('a', async (t) => {\n});\n");
  });

  test("keeps statements apart that have no semicolon", () => {
    expect(reduced("a()\nit('b', f)\n;[1].map(c)\n")).toBe("a()\n;[1].map(c)\n");
    expect(reduced("a()\nit('b', f);\n(c)\n")).toBe("a()\n;\n(c)\n");
  });

  test("stays valid where a test is the body of a loop or an expression", () => {
    expect(reduced("for (const a of b) it('c', f);\nlist.forEach((d) => it('e', f));\n")).toBe(
      "for (const a of b) ;\nlist.forEach((d) => undefined);\n",
    );
  });

  test("is the same text where every test is kept, and where it does not parse", () => {
    expect(reduced("it('a', f)\n", "a")).toBe("it('a', f)\n");
    expect(reduced("it('a', f)\n}")).toBe("it('a', f)\n}");
  });
});

describe("a test is made as its file loads", () => {
  const onLoad = (text: string): boolean[] => testCalls({ path: "a.js", text }).map((call) => call.onLoad);
  test.each([
    ["at the top and in suites", "it('a', f); describe('b', () => { it('c', f) })"],
    ["in a callback", "cases.forEach(function (one) { it(one, f) })"],
    ["in a function called where it stands", "(function () { it('a', f) })(); (() => { it('b', f) })()"],
    ["in a function that the file calls", "function check(one) { it(one, f) }\ncheck('a')"],
    ["in a named function expression that the file calls", "const check = (one) => { it(one, f) };\ncheck('a')"],
  ])("%s", (_, text) => expect(onLoad(text)).not.toContain(false));
  test.each([
    ["not in what is exported", "module.exports = function (make) { it('a', f) }"],
    ["not in what others call", "exports.behaves = (make) => describe('a', () => { it('b', f) })"],
    ["not in a function that is only declared", "export function check(one) { it(one, f) }"],
  ])("%s", (_, text) => expect(onLoad(text)).toEqual([false]));
});
