import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { emitsDifferently } from "../../../languages/javascript/emit.ts";
import { rewrite } from "../../../languages/javascript/rewrite.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

const rewritten = (text: string, names: readonly string[] = [], path = "a.js"): string => rewrite({ path, text }, names);

/** Without the comments and spaces, so that a table shows names alone. */
const renamed = (text: string, path = "a.js"): string =>
  rewritten(text, [], path)
    .replace(/_k\d+\b/g, "_")
    .replace(/\/\* k\d+ \*\/|\s/g, "");

test("comments stand between the tokens of a line", () => {
  expect(rewritten("function f() {\n  return [];\n}")).toBe(
    "function /* k1 */ f /* k2 */ ( /* k3 */ ) /* k4 */ {\n  return /* k5 */ [ /* k6 */ ] /* k7 */ ;\n}",
  );
});

test("only the named unit changes", () => {
  const text = "function f(a) { return a }\nfunction g(b) { return b }";
  const result = rewritten(text, ["g"]);
  expect(result.startsWith("function f(a) { return a }\n")).toBe(true);
  expect(result).toContain("b_k1");
});

test("all units change where none has the name", () => {
  expect(rewritten("function f(a) { return a }\nclass G { h(b) { return b } }", ["nowhere"])).toMatch(/a_k\d[\s\S]*b_k\d/);
});

test("text is left alone in strings, templates, regexes, comments, directives and JSX", () => {
  const text = "function f() { 'use strict'; /* a b */ return ['a b', `c $" + "{d} e`, /f g/, <h i='j k'>l m</h>] }";
  const result = rewritten(text, [], "a.jsx");
  for (const kept of ["'use strict';", "/* a b */", "'a b'", "`c $" + "{d} e`", "/f g/", "<h i='j k'>l m</h>"])
    expect(result).toContain(kept);
});

test("a division does not become a comment", () => {
  expect(parsesCleanly("a.js", rewritten("const f = (a, b) => a/b/2"))).toBe(true);
});

test("text that does not parse comes back unchanged", () => {
  expect(rewritten("function (")).toBe("function (");
});

const names: readonly (readonly [string, string, string, string?])[] = [
  ["parameters, with defaults and rest", "const f=(a,b=a,...c)=>a+b+c", "const f=(a_,b_=a_,...c_)=>a_+b_+c_"],
  [
    "variables",
    "function f(){const a=1;let b=a;for(const c of d)b+=c;return b}",
    "function f(){const a_=1;let b_=a_;for(const c_ of d)b_+=c_;return b_}",
  ],
  [
    "the same name in two functions",
    "function f(a){return a}function g(a){return a}",
    "function f(a_){return a_}function g(a_){return a_}",
  ],
  ["shadowed names together", "function f(a){return a.map(a=>a)}", "function f(a_){return a_.map(a_=>a_)}"],
  ["a name that is global elsewhere", "function f(){{const a=1;use(a)}return a}", "function f(){{const a_=1;use(a_)}return a}"],
  ["properties keep theirs", "function f(a){return a.a+{a:1}.a+a['a']}", "function f(a_){return a_.a+{a:1}.a+a_['a']}"],
  ["shorthand properties hold the name", "function f(a,b){return{a,b:b}}", "function f(a,b_){return{a,b:b_}}"],
  ["destructuring holds the name", "function f({a,b:c}){const{d}=a;return d+c}", "function f({a,b:c}){const{d}=a;return d+c}"],
  ["names of the module", "const a=1;export const b=()=>a;function c(){return b}", "const a=1;export const b=()=>a;function c(){return b}"],
  ["a variable that names a function", "function f(){const g=()=>1;return g.name}", "function f(){const g=()=>1;return g.name}"],
  ["a function named like its parameter", "function a(a){return a}", "function a(a){return a}"],
  ["a variable that is its parameter", "function f(a){var a=a||1;return a}", "function f(a_){var a_=a_||1;return a_}"],
  ["a var that a destructured parameter shares", "function f({a}){var a=1;return a}", "function f({a}){var a=1;return a}"],
  ["code made at run time", "function f(a){return eval('a')}", "function f(a){return eval('a')}"],
  ["arguments", "function f(){var arguments=1;return arguments}", "function f(){var arguments=1;return arguments}"],
  ["tags in JSX", "const f=(a)=>{const div=1;return <div b={a}/>}", "const f=(a_)=>{const div=1;return <div b={a_}/>}", "a.jsx"],
  ["names in types", "function f(a:string,b:typeof a):a is 'x'{return b}", "function f(a:string,b_:typeof a):a is 'x'{return b_}", "a.ts"],
  [
    "parameters that are fields",
    "class A{constructor(private a:number,b:number){this.c=b}}",
    "class A{constructor(private a:number,b_:number){this.c=b_}}",
    "a.ts",
  ],
];

for (const [title, text, expected, path] of names) {
  test(title, () => {
    expect(renamed(text, path)).toBe(expected.replaceAll(" ", ""));
  });
}

test("a new name is new to the file", () => {
  const result = rewritten("function f(a) { return a + a_k1 }");
  expect(result).toContain("a_k2");
  expect(result.match(/a_k1/g)).toHaveLength(1);
});

function run(text: string): readonly string[] {
  const logged: string[] = [];
  runInNewContext(text, { log: (...values: unknown[]) => void logged.push(values.join()) });
  return logged;
}

test("programs parse, do the same, and are the old ones but for comments and names", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const text = `(() => {${program}\n})();\nconst main = () => {${program}\n};\nmain()`;
      const result = rewritten(text);
      expect(result).not.toBe(text);
      expect(parsesCleanly("a.js", result)).toBe(true);
      expect(run(result)).toEqual(run(text));
      expect(emitsDifferently("a.js", text, result.replace(/_k\d+\b/g, ""))).toBe(false);
      expect(rewritten(text)).toBe(result);
    }),
    { numRuns: 60 },
  );
});
