import { beforeAll, expect, test } from "vitest";
import { emptyBody } from "../../../languages/javascript/empty-body.ts";
import { initSyntax } from "../../../languages/javascript/syntax.ts";
import { unitsOf } from "../../../languages/javascript/units.ts";

beforeAll(initSyntax);

function emptied(text: string, name: string, path = "a.ts"): string | null {
  const unit = unitsOf({ path, text }).find((candidate) => candidate.name === name);
  if (unit === undefined) throw new Error(`no unit ${name}`);
  return emptyBody({ path, text }, unit);
}

const tables: readonly (readonly [string, string, string, string | null])[] = [
  ["a function", "export function f(a: number) {\n  return a;\n}\ng();", "f", "export function f(a: number) {}\ng();"],
  ["a method, the others untouched", "class A { b() { return 1 } c() { return 2 } }", "A.c", "class A { b() { return 1 } c() {} }"],
  ["an arrow with an expression", "const f = (a) => ({ a });", "f", "const f = (a) => undefined;"],
  ["an arrow with braces", "const f = (a) => { return a };", "f", "const f = (a) => {};"],
  [
    "a derived constructor keeps its call of super",
    "class A extends B { constructor(a) { super(a); this.b = 1 } }",
    "A.constructor",
    "class A extends B { constructor(a) { super(a); } }",
  ],
  ["a class", "class A { b() { return 1 } }", "A", null],
  ["a function that is empty already", "function f() { /* nothing */ }", "f", null],
];

test.each(tables)("%s", (_, text, name, expected) => {
  expect(emptied(text, name)).toBe(expected);
});
