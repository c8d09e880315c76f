import { beforeAll, describe, expect, it } from "vitest";
import { mutationsOf, mutators } from "../../../../languages/javascript/mutators/index.ts";
import { initSyntax, parsesCleanly } from "../../../../languages/javascript/syntax.ts";
import { arithmetic } from "./arithmetic.table.ts";
import { assignments } from "./assignments.table.ts";
import { calls } from "./calls.table.ts";
import { comparisons } from "./comparisons.table.ts";
import { conditions } from "./conditions.table.ts";
import { controlFlow } from "./control-flow.table.ts";
import { guards } from "./guards.table.ts";
import { literals } from "./literals.table.ts";
import { logic } from "./logic.table.ts";
import { methods } from "./methods.table.ts";
import { modern } from "./modern.table.ts";
import { positions } from "./positions.table.ts";
import { regularExpressions } from "./regular-expressions.table.ts";
import { samples } from "./samples.ts";
import type { Table } from "./table.ts";

beforeAll(initSyntax);

const table: Table = {
  ...arithmetic,
  ...assignments,
  ...calls,
  ...comparisons,
  ...conditions,
  ...controlFlow,
  ...guards,
  ...literals,
  ...logic,
  ...methods,
  ...modern,
  ...positions,
  ...regularExpressions,
};

const names = mutators.map(({ name }) => name);

const mutatedTexts = (path: string, text: string, operators?: readonly string[]): string[] =>
  mutationsOf(path, text, operators).map(({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end));

describe("the list of mutators", () => {
  it("has a table for every operator and no table without one", () => {
    expect(Object.keys(table).sort()).toEqual([...names].sort());
  });

  it("names each operator once, in kebab case", () => {
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });

  it.each(names)("shows for %s at least two places where it fires and one where it does not", (name) => {
    const rows = table[name] ?? [];
    expect(rows.filter((row) => row.length > 1).length).toBeGreaterThanOrEqual(2);
    expect(rows.filter((row) => row.length === 1).length).toBeGreaterThanOrEqual(1);
  });

  it("describes every operator for readers and for instructions", () => {
    for (const { about, noun, version } of mutators) {
      expect(about).toMatch(/^[A-Z].*\.$/);
      expect(noun).toMatch(/^[a-z]/);
      expect(version).toBeGreaterThanOrEqual(1);
    }
  });
});

describe.each(Object.entries(table))("%s", (operator, rows) => {
  it.each(rows.map(([source, ...mutated]) => ({ source, mutated })))("makes of $source: $mutated", ({ source, mutated }) => {
    expect(mutatedTexts("a.ts", source, [operator])).toEqual(mutated);
  });
});

describe("every mutation", () => {
  const texts = [
    ...samples,
    ...Object.values(table)
      .flat()
      .map(([text]) => ({ path: "a.ts", text })),
  ];

  it.each(samples)("of $path leaves a text that parses", ({ path, text }) => {
    expect(parsesCleanly(path, text)).toBe(true);
    for (const mutated of mutatedTexts(path, text)) expect(parsesCleanly(path, mutated), mutated).toBe(true);
  });

  it("of a table's text leaves a text that parses", () => {
    for (const { path, text } of texts) {
      for (const mutated of mutatedTexts(path, text)) expect(parsesCleanly(path, mutated), mutated).toBe(true);
    }
  });

  it("changes the text and can be taken back", () => {
    for (const { path, text } of texts) {
      for (const { start, end, replacement } of mutationsOf(path, text)) {
        const mutated = text.slice(0, start) + replacement + text.slice(end);
        expect(mutated).not.toBe(text);
        expect(mutated.slice(0, start) + text.slice(start, end) + mutated.slice(start + replacement.length)).toBe(text);
      }
    }
  });

  it("is given once, in text order, and the same each time", () => {
    for (const { path, text } of samples) {
      const mutations = mutationsOf(path, text);
      expect(new Set(mutations.map(({ start, end, replacement }) => `${start}:${end}:${replacement}`)).size).toBe(mutations.length);
      expect(mutations.map(({ start }) => start)).toEqual(mutations.map(({ start }) => start).sort((a, b) => a - b));
      expect(mutationsOf(path, text)).toEqual(mutations);
    }
  });

  it("keeps the line ends of a Windows file", () => {
    const windows = "function f(a) {\r\n  if (!a) return 0;\r\n  g(a);\r\n}\r\n";
    expect(mutatedTexts("a.js", windows, ["guard-removal"])).toEqual(["function f(a) {\r\n  g(a);\r\n}\r\n"]);
  });

  it("counts offsets in UTF-16 units", () => {
    expect(mutatedTexts("a.js", "s = '😀漢'; x = a < b;", ["relational-bound"])).toEqual(["s = '😀漢'; x = a <= b;"]);
  });
});

describe("what is never mutated", () => {
  it.each([
    ["imports", 'import a, { b as c } from "d";'],
    ["import attributes", 'import a from "b" with { type: "json" };'],
    ["re-exports", 'export { a as "b" } from "c";'],
    ["interfaces", 'interface A { b: "c" | 1 | null; d(e?: true): void }'],
    ["type aliases", 'type A = B extends "c" ? 1 : null;'],
    ["annotations", "let a: Array<1 | null>;"],
    ["assertions", 'a as "b"; c satisfies 1;'],
    ["type arguments", 'f<"a", 1>;'],
    ["declarations without a body", "declare const a: 1; declare function f(b: true): null;"],
    ["decorators", '@a("b", 1, c && d) class E {}'],
    ["directives", '"use strict";'],
    ["what goes to the console", 'console.log("a", 1, b && c, d ? e : f);'],
    ["comments", "// a < b\n/* true */"],
    ["a text that does not parse", "if (a < b {"],
  ])("leaves %s alone", (_what, text) => {
    expect(mutatedTexts("a.ts", text)).toEqual([]);
  });

  it("leaves the text and the attribute names of JSX alone", () => {
    expect(mutatedTexts("a.tsx", 'x = <p title>a && b "c" 1</p>;')).toEqual([]);
  });

  it("only uses the operators that are asked for", () => {
    const operators = mutationsOf("a.ts", samples[0]?.text ?? "", ["negation", "await-removal"]).map(({ operator }) => operator);
    expect([...new Set(operators)].sort()).toEqual(["await-removal", "negation"]);
  });
});
