import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { record } from "../../../languages/javascript/record.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

/** Hooks are shown as `@call`, `@wrap name` and `@members name`. */
const shown = (text: string, path = "lib/a.js"): string | null =>
  record({ path, text }, 7)
    ?.replace(
      /if\(\(\((?:globalThis|\(globalThis as any\))\.process\|\|0\)\.__kihonCall\|\|Boolean\)\(\)\)return \((?:globalThis|\(globalThis as any\))\.process\|\|0\)\.__kihonCall\(7,"([^"]+)",(\w+),(this|void 0),arguments\)(?: as never)?;/g,
      "@call $1 $2 $3;",
    )
    .replace(
      /\(\(globalThis\.process\|\|0\)\.__kihon(Wrap|Members)\|\|\(\(i,n,s,f\)=>f\)\)\(7,"([^"]*)","([^"]+)",/g,
      (_, hook, own, name) => `@${String(hook).toLowerCase()}(${own === name ? own : `${own || "-"} as ${name}`}: `,
    ) ?? null;

const tables: readonly (readonly [string, string, string | null, string?])[] = [
  [
    "declared functions ask at their head",
    "export function f(a, b = 1) {\n  return a;\n}",
    "export function f(a, b = 1) {@call f f this;\n  return a;\n}",
  ],
  [
    "behind their directives",
    "exports.f = f\nfunction f() { 'use strict'\n}",
    "exports.f = f\nfunction f() { 'use strict';@call f f this;\n}",
  ],
  ["functions that are values are wrapped", "export const f = (a) => a\n", "export const f = @wrap(f: (a) => a)\n"],
  ["an arrow in an arrow closes first", "export const f = a => b => a", "export const f = @wrap(f: a => b => a)"],
  ["what is exported without a name goes by its file's", "export default (a) => a", "export default @wrap(default as a: (a) => a)"],
  ["or by its folder's", "export default function () {}", "export default @wrap(default as box: function () {})", "src/box/index.js"],
  [
    "an importer's name is told",
    "function a() {}\nfunction b() {}\nexport { a as c, b }",
    "function a() {@call c a this;}\nfunction b() {@call b b this;}\nexport { a as c, b }",
  ],
  [
    "in CommonJS too",
    "function a() {}\nfunction b() {}\nmodule.exports = { c: a }\nmodule.exports.d = b",
    "function a() {@call c a this;}\nfunction b() {@call d b this;}\nmodule.exports = { c: a }\nmodule.exports.d = b",
  ],
  [
    "methods of an object become values",
    "module.exports = { m(a) {}, async 'n-o'() {}, get g() {}, *k() {}, [x]() {} }",
    "module.exports = { m:@wrap(- as m: {m(a) {}}.m), 'n-o':@wrap(- as n-o: {async 'n-o'() {}}['n-o']), get g() {}, *k() {}, [x]() {} }",
  ],
  ["a class hands over its methods", "export class A { m() {} }\nf()", "export class A { m() {} };@members(- as A: A);\nf()"],
  ["as an expression too", "exports.A = class { m() {} }", "exports.A = @members(- as A: class { m() {} })"],
  [
    "its fields may hold functions",
    "export class A { a = () => 1; b = make(2); c = 3; #d = make(); static e = make() }",
    "export class A { a = @wrap(a as A.a: () => 1); b = @wrap(- as A.b: make(2)); c = 3; #d = make(); static e = @wrap(- as A.e: make()) };@members(- as A: A);",
  ],
  ["what no importer reaches stays", "function f() {}\nconst g = () => 1\nclass A {}", null],
  ["generators stay", "export function* f() {}", null],
  ["parameters that do something are not evaluated twice", "export function f(a = b()) {}\nexport function g([a]) {}", null],
  ["a name that means something else within stays", "export function f(f) {}\nexport function g() { const { g } = a }", null],
  ["so does a function that asks how it was called", "export function F() { if (!new.target) return new F() }", null],
  ["text that does not parse", "export function (", null],
  [
    "`this` only where it is mentioned",
    "export function f(a: string): a is 'b' { return true }\nexport function g(this: X) { return this.x }",
    "export function f(a: string): a is 'b' {@call f f void 0; return true }\nexport function g(this: X) {@call g g this; return this.x }",
    "a.ts",
  ],
  ["methods of an object with types stay", "export const a: A = { m(b) {} }", null, "a.ts"],
  ["overloads and ambient names stay", "export declare function f(): void\nexport function g(): void\n", null, "a.ts"],
];

for (const [title, text, expected, path] of tables) {
  test(title, () => {
    expect(shown(text, path)).toBe(expected);
  });
}

test("TypeScript gets a hook that keeps the type of what it is given", () => {
  expect(record({ path: "a.ts", text: "export const f: F = (a) => a" }, 3)).toBe(
    'export const f: F = ((((globalThis as any).process||0).__kihonWrap||((i: any, n: any, s: any, f: any) => f)) as <F>(i: number, n: string, s: string, f: F) => F)(3,"f","f",(a) => a)',
  );
});

describe("without a harness", () => {
  const logged = (text: string): unknown[] => {
    const seen: unknown[] = [];
    runInNewContext(text, {
      log: (...values: unknown[]) => void seen.push(values.join()),
      process: {},
      module: { exports: {} },
      exports: {},
    });
    return seen;
  };

  test("programs parse, keep their lines and do the same", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const text = `${program}\nmodule.exports = { f: function f() {}, m() { return 1 }, g: () => 1 }; log(module.exports.m())`;
        const recorded = record({ path: "a.js", text }, 1) ?? text;
        expect(parsesCleanly("a.js", recorded)).toBe(true);
        expect(recorded.split("\n")).toHaveLength(text.split("\n").length);
        expect(logged(recorded)).toEqual(logged(text));
      }),
      { numRuns: 60 },
    );
  });
});
