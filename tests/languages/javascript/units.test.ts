import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Lines, Unit } from "../../../languages/contract.ts";
import { initSyntax } from "../../../languages/javascript/syntax.ts";
import { unitAt, unitsOf, unitsOn } from "../../../languages/javascript/units.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

/** `+` where it is exported, its kind's first letter, its name. */
const shown = (text: string, path = "a.js"): string[] =>
  unitsOf({ path, text }).map(({ name, kind, exported }) => `${exported ? "+" : "-"}${kind[0]} ${name}`);

const tables: readonly (readonly [string, string, readonly string[], string?])[] = [
  ["function declarations, nested ones dotted", "function a() { function b() {} }\nasync function* c() {}", ["-f a", "-f a.b", "-f c"]],
  ["exported declarations", "export function a() {}\nexport default function b() {}", ["+f a", "+f b"]],
  ["nameless default exports", "export default () => 1", ["+f default"]],
  [
    "functions assigned to variables",
    "export const a = () => 1, b = function () {};\nlet c = async (x) => { await x };",
    ["+f a", "+f b", "-f c"],
  ],
  ["names exported further down", "function a() {}\nconst b = () => 1\nfunction c() {}\nexport { a, b as d }", ["+f a", "+f b", "-f c"]],
  ["re-exports say nothing of names here", "function a() {}\nexport { a } from './b'", ["-f a"]],
  [
    "members of classes",
    "export class A { constructor() {} get b() { return 1 } static c() {} #d() {} e = () => 1; f = 2 }",
    ["+c A", "+m A.constructor", "+m A.b", "+m A.c", "-m A.#d", "+m A.e"],
  ],
  ["class expressions", "const A = class { b() {} }", ["-c A", "-m A.b"]],
  ["private members of TypeScript", "export class A { private b() {} protected c() {} }", ["+c A", "-m A.b", "+m A.c"], "a.ts"],
  [
    "overloads and abstract members have no body",
    "export abstract class A { abstract b(): void; c(x: 1): 1; c(x: any) { return x } }",
    ["+c A", "+m A.c"],
    "a.ts",
  ],
  [
    "members of object literals",
    "export const api = { a() {}, b: () => 1, 'c-d': function () {}, e: 1 }",
    ["+m api.a", "+m api.b", "+m api.c-d"],
  ],
  [
    "CommonJS exports",
    "exports.a = function () {}\nmodule.exports.b = () => 1\nexports.C = class { d() {} }",
    ["+f a", "+f b", "+c C", "+m C.d"],
  ],
  ["module.exports as an object", "function a() {}\nmodule.exports = { a, b() {}, c: () => 1 }", ["+f a", "+m b", "+m c"]],
  ["module.exports as a function", "module.exports = function run() {}", ["+f run"]],
  ["module.exports by name", "function a() {}\nfunction b() {}\nmodule.exports = a\nmodule.exports.d = wrap(b)", ["+f a", "+f b"]],
  [
    "prototype members",
    "function A() {}\nA.prototype.b = function b() {}\nA.c = () => 1\nmodule.exports = A",
    ["+f A", "+m A.b", "+m A.c"],
  ],
  ["members that a constructor function sets", "function A() { this.b = function () {} }\nmodule.exports = A", ["+f A", "+m A.b"]],
  ["an exported table of names exports them", "function a() {}\nconst api = { a }\nexport default api", ["+f a"]],
  ["functions inside functions are out of reach", "export function a() { const b = () => 1; return b }", ["+f a", "-f a.b"]],
  ["mere arguments are no units", "list.map((x) => x)\nit('a', function () {})", []],
  [
    "types do not hide the value",
    "export const a = (() => 1) as Fn\nexport const b = ((x: number) => x) satisfies Fn",
    ["+f a", "+f b"],
    "a.ts",
  ],
];

for (const [title, text, expected, path] of tables) {
  test(title, () => {
    expect(shown(text, path)).toEqual(expected);
  });
}

describe("a unit's parts", () => {
  const text = [
    "const before = 1 // no semicolon",
    "/**",
    " * Joins.",
    " *",
    " * @param {string} a first",
    " */",
    "export const join = (",
    "  a,",
    "  b,",
    ") => {",
    "  return a + b;",
    "};",
  ].join("\n");

  test("the whole statement is shown, with its doc comment, its signature and its body", () => {
    const [unit] = unitsOf({ path: "a.js", text });
    expect(unit).toMatchObject({
      startLine: 7,
      endLine: 12,
      signature: "export const join = ( a, b, ) =>",
      doc: "Joins.\n\n@param {string} a first",
    });
    expect(text.slice(unit?.bodyStart, unit?.bodyEnd)).toBe("{\n  return a + b;\n}");
    expect(text.slice(unit?.start, unit?.end)).toMatch(/^export const join[\s\S]*};$/);
  });

  test("a plain comment, and one beyond an empty line, is no doc", () => {
    expect(unitsOf({ path: "a.js", text: "/* a */\nfunction a() {}\n/** b */\n\nfunction b() {}" }).map(({ doc }) => doc)).toEqual([
      "",
      "",
    ]);
  });

  test("the body of an arrow without braces is its expression", () => {
    const arrow = "const f = (x) => ({ x })";
    const [unit] = unitsOf({ path: "a.js", text: arrow });
    expect(arrow.slice(unit?.bodyStart, unit?.bodyEnd)).toBe("({ x })");
  });
});

test("the innermost unit holds an offset, and none holds the module's own code", () => {
  const text = "class A { b() { first(); const c = () => 1 } }\nrun()";
  const units = unitsOf({ path: "a.js", text });
  expect(unitAt(units, text.indexOf("1"))?.name).toBe("A.b.c");
  expect(unitAt(units, text.indexOf("first"))?.name).toBe("A.b");
  expect(unitAt(units, text.indexOf("class"))?.name).toBe("A");
  expect(unitAt(units, text.indexOf("run"))).toBeNull();
});

describe("the units on some lines", () => {
  const shown = (units: readonly Pick<Unit, "name" | "startLine" | "endLine">[]) =>
    units.map(({ name, startLine, endLine }) => `${name} ${startLine}-${endLine}`);
  const meets = (lines: readonly Lines[]) => (unit: Unit) => lines.some(({ start, end }) => start <= unit.endLine && unit.startLine <= end);
  const someLines = fc
    .array(fc.tuple(fc.nat(30), fc.nat(3)), { maxLength: 3 })
    .map((pairs) => pairs.map(([start, more]) => ({ start: start + 1, end: start + 1 + more })));

  test("are those of all that have one of them, through texts that come one after another", () => {
    const holders = ["const table = {\n  first() {\n", "export class A {\n  static go = () => {\n", "exports.run = [\n  function () {\n"];
    const texts = fc.tuple(fc.constantFrom(...holders), programs, programs).map(([holder, inside, below]) => {
      const ends = holder.startsWith("const") ? "  }\n};" : holder.startsWith("export ") ? "  };\n}" : "  }\n];";
      return `${holder}${inside}\n${ends}\n${below}\n`;
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, someLines), { minLength: 2, maxLength: 4 }), (series) => {
        for (const [text, lines] of series) {
          const file = { path: "series.js", text };
          expect(shown(unitsOn(file, lines))).toEqual(shown(unitsOf(file).filter(meets(lines))));
        }
      }),
      { numRuns: 150 },
    );
  });

  test("are told of a text with an error as of any other, and after it", () => {
    const texts = [
      "function a() {\n  return 1;\n}\n",
      "function a() {\n  return (;\n}\n",
      "function a() {\n  return 2;\n}\nfunction b() {\n}\n",
    ];
    const all = [{ start: 1, end: 9 }];
    for (const text of texts) {
      const file = { path: "broken.js", text };
      expect(shown(unitsOn(file, all))).toEqual(shown(unitsOf(file)));
    }
  });
});
