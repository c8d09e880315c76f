import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Mutation } from "../../../languages/contract.ts";
import { mutationsOf } from "../../../languages/javascript/mutators/index.ts";
import { switched } from "../../../languages/javascript/switched.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

const numbered = (mutations: readonly Mutation[]) => mutations.map((mutation, id) => ({ id, mutation }));

const applied = (text: string, { start, end, replacement }: Mutation): string => text.slice(0, start) + replacement + text.slice(end);

/** One mutation: the first occurrence of a text, and what stands in its place. */
function only(text: string, from: string, to: string): Mutation {
  const start = text.indexOf(from);
  if (start < 0) throw new Error(`${text} has no ${from}`);
  return { operator: "test", start, end: start + from.length, replacement: to };
}

/** What the harness gives is left out, and the two questions are shown as `#1` and `@`. */
const shown = (text: string, path: string): string =>
  text
    .replace(/var __kihonAsked.*?function __kihonTurn\(\)\{.*?\}/, "")
    .replace(/\(__kihonAsked\|\|__kihonOpen\(\)\)\[(\d+)\]&&__kihonIs\(\1\)/g, "#$1")
    .replace(/__kihonAsked\|\|__kihonOpen\(\);--__kihonTurns\[0\]<0&&__kihonTurn\(\);/g, "@")
    .replace(path, path);

const held: readonly (readonly [string, string, string, string, string, string?])[] = [
  ["an expression", "x = a + b;", "a + b", "a - b", "x = (#0?(a - b):(a + b));"],
  ["a part of one that stands alone", "x = f(a + b);", "a + b", "a", "x = f((#0?(a):(a + b)));"],
  ["the call of a method, so that `this` stays", "x = a.b(c);", "a.b", "a.d", "x = (#0?(a.d(c)):(a.b(c)));"],
  ["a whole optional chain", "x = a?.b.c;", "a?.b", "a.b", "x = (#0?(a.b.c):(a?.b.c));"],
  ["the target of an assignment with it", "a.b = 1;", "a.b", "a.c", "if(#0){a.c = 1;}else {a.b = 1;}"],
  ["a statement", "f();\ng();", "f();\n", "", "if(#0){}else {f();}\ng();"],
  ["the head of a line without semicolons", "f()\na.b()", "b", "c", "f()\nif(#0){a.c()}else {a.b()}"],
  ["the body of a branch", "if (a) b();", "b();", "{}", "if (a) {if(#0){{}}else {b();}}"],
  ["a condition, in its parentheses", "if (a) b();", "a", "true", "if ((#0?(true):(a))) b();"],
  ["the body of a function", "function f() { g(); }", "{ g(); }", "{}", "function f() {;if(#0){}else { g(); }}"],
  [
    "what a function declares, behind its directives",
    "function f() { 'use strict'; const a = 1, b = 2; }",
    ", b = 2",
    "",
    "function f() { 'use strict';;if(#0){ const a = 1; }else { const a = 1, b = 2; }}",
  ],
  ["an arrow's value", "const f = (a) => a.b;", "a.b", "undefined", "const f = (a) => (#0?(undefined):(a.b));"],
  ["a default", "function f(a = 1) {}", "1", "2", "function f(a = (#0?(2):(1))) {}"],
  ["loops count", "for (;;) a();\nwhile (b) { c(); }", "b", "!b", "for (;;) {@a();}\nwhile ((#0?(!b):(b))) {@ c(); }"],
  [
    "a jump with its label",
    "out: for (;;) { if (a) break out; }",
    "break",
    "continue",
    "out: for (;;) {@ if (a) {if(#0){continue out;}else {break out;}} }",
  ],
  [
    "a value that is named and only read, where it is read",
    "const A = /b/g;\nf(() => A.test(c));",
    "g",
    "",
    "const A = /b/g, __kihonValue0 = /b/;\nf(() => (#0?(__kihonValue0):(A)).test(c));",
  ],
  [
    "a part of a list that is named",
    "var a = [1, b]\nfunction f() { return a }",
    "1",
    "2",
    "var a = [1, b], __kihonValue0 = [2, b]\nfunction f() { return (#0?(__kihonValue0):(a)) }",
  ],
  [
    "a named value that is handed on by its name, where it is made",
    "const a = 1;\nf({ a });",
    "1",
    "2",
    "const a = (#0?(2):(1));\nf({ a });",
  ],
  ["or is exported", "export const a = 1;\nf(a);", "1", "2", "export const a = (#0?(2):(1));\nf(a);"],
  ["or is assigned again", "let a = 1;\na = b;", "1", "2", "let a = (#0?(2):(1));\na = b;"],
  ["or has its name declared elsewhere", "const a = 1;\n(a) => a;", "1", "2", "const a = (#0?(2):(1));\n(a) => a;"],
  ["or is made by a call", "const a = b(1);\nf(a);", "1", "2", "const a = b((#0?(2):(1)));\nf(a);"],
  ["or becomes one", "const a = 1;\nf(a);", "1", "b()", "const a = (#0?(b()):(1));\nf(a);"],
  ["or gives a type", "const a = 1;\ntype B = typeof a;", "1", "2", "const a = (#0?(2):(1));\ntype B = typeof a;", "a.ts"],
  ["or may be looked up", "const a = 1;\nf(eval(a));", "1", "2", "const a = (#0?(2):(1));\nf(eval(a));"],
  ["types", "const a = (b as C).d;", "b as C", "e", "const a = ((#0?(e):(b as C))).d;", "a.ts"],
  ["JSX", "const a = <b c={d}>e</b>;", "d", "f", "const a = <b c={(#0?(f):(d))}>e</b>;", "a.tsx"],
  ["behind a line for the interpreter", "#!/usr/bin/env node\nf(1)", "1", "2", "#!/usr/bin/env node\n\nf((#0?(2):(1)))"],
];

describe("a mutant is held by", () => {
  for (const [title, text, from, to, expected, path = "a.js"] of held) {
    test(title, () => {
      const result = switched({ path, text }, numbered([only(text, from, to)]));
      expect(result?.held).toEqual([0]);
      expect(shown(result?.text ?? "", path)).toBe(expected);
    });
  }
});

const notHeld: readonly (readonly [string, string, string, string])[] = [
  ["what is loaded", "import a from 'b';", "'b'", "'c'"],
  ["a declaration of the file", "const a = 1, b = 2;", ", b = 2", ""],
  ["a member of a class", "class A { b() { super(); } }", "b()", "c()"],
  ["the name of a function that has it from its place", "const f = () => 1;", "() => 1", "() => 2"],
  ["a form that would regroup what is around it", "x = a * (b);", "a", "a + c"],
];

describe("a mutant is not held where it changes", () => {
  for (const [title, text, from, to] of notHeld) {
    test(title, () => expect(switched({ path: "a.js", text }, numbered([only(text, from, to)]))).toBeNull());
  }
});

test("mutants of one place stand side by side, those inside another in the code that it replaces", () => {
  const text = "x = a + f(b);";
  const mutations = [only(text, "a + f(b)", "a - f(b)"), only(text, "a + f(b)", "a"), only(text, "b", "c")];
  expect(shown(switched({ path: "a.js", text }, numbered(mutations))?.text ?? "", "a.js")).toBe(
    "x = (#0?(a - f(b)):#1?(a):(a + f((#2?(c):(b)))));",
  );
});

class EndlessLoop extends Error {}

/** What a program logs, and how it ends. */
function run(text: string, active: number): readonly unknown[] {
  const logged: unknown[] = [];
  const endless = (): never => {
    throw new EndlessLoop();
  };
  const context = {
    log: (...values: unknown[]) => void logged.push(values.join()),
    __kihonMutant: (id: number) => id === active,
    __kihonLoop: endless,
    __kihonAsked: active < 0 ? [] : { [active]: 1 },
    __kihonTurns: [500],
  };
  try {
    runInNewContext(text, context, { timeout: 500 });
    return [...logged, "end"];
  } catch (error) {
    // Loops that never end are stopped at another moment by each.
    if (error instanceof EndlessLoop || (error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return ["endless"];
    return [...logged, (error as Error).name];
  }
}

/** Values that are named at the top and only read. */
const values = [
  "",
  "var letters = /[a-c]+/g;\nlog('abcd'.replace(letters, 'x'), 'cab'.match(letters).length);\n",
  "const sizes = [1, -2, [3]]\nfor (const size of sizes) log(size)\nlog(sizes.length)\n",
  "let words = { one: 'two', three: 4 };\nfunction tell(key) { log(words[key]); }\nfor (const key in words) tell(key);\n",
];

test("of a file without mutants the loops are counted, and one without loops stays as it is", () => {
  const found = switched({ path: "a.js", text: "while (a) b();" }, []);
  expect(found?.held).toEqual([]);
  expect(found?.text).toContain("while (a) {__kihonAsked||__kihonOpen();--__kihonTurns[0]<0&&__kihonTurn();b();}");
  expect(switched({ path: "a.js", text: "a();" }, [])).toBeNull();
});

test("programs do the same with no mutant on, and with one on what that mutant does", () => {
  fc.assert(
    fc.property(fc.constantFrom(...values), programs, (head, rest) => {
      const text = head + rest;
      const mutations = mutationsOf("a.js", text);
      const result = switched({ path: "a.js", text }, numbered(mutations));
      if (result === null) throw new Error("nothing is held");
      expect(run(result.text, -1)).toEqual(run(text, -1));
      for (const id of result.held) {
        const mutant = applied(text, mutations[id] as Mutation);
        expect({ mutant, does: run(result.text, id) }).toEqual({ mutant, does: run(mutant, -1) });
      }
    }),
    { numRuns: 40 },
  );
});

test("of all mutants of these programs nearly all are held, and none that does not parse", () => {
  let [all, kept] = [0, 0];
  for (const text of fc.sample(programs, { numRuns: 200, seed: 1 })) {
    const mutations = mutationsOf("a.js", text);
    const result = switched({ path: "a.js", text }, numbered(mutations));
    all += mutations.filter((mutation) => parsesCleanly("a.js", applied(text, mutation))).length;
    kept += result?.held.length ?? 0;
  }
  expect(kept / all).toBeGreaterThan(0.95);
  expect(kept).toBeLessThanOrEqual(all);
});
