// biome-ignore-all lint/suspicious/noTemplateCurlyInString: source text
import { describe, expect, it } from "vitest";
import { emitsDifferently } from "../../../languages/javascript/emit.ts";

describe("emitsDifferently", () => {
  it.each([
    ["a type", "a.ts", "let a: number = 1;", "let a: string = 1;"],
    ["a type argument", "a.ts", "f<A>(b);", "f<C>(b);"],
    ["an assertion", "a.ts", "a = b as C;", "a = b as D;"],
    ["an interface", "a.ts", "interface A { b: 1 } c();", "interface A { b: 2 } c();"],
    ["a comment", "a.js", "a(); // one", "a(); // two"],
    ["indentation", "a.js", "if (a) { b(); }", "if (a) {\n  b();\n}"],
    ["line breaks in an object", "a.js", "a = { b, c };", "a = {\n  b,\n  c,\n};".replace(",\n}", "\n}")],
    ["space in a template's code", "a.js", "a = `b${c+d}`;", "a = `b${c + d}`;"],
  ])("sees no difference in %s", (_what, path, clean, mutated) => {
    expect(emitsDifferently(path, clean, mutated)).toBe(false);
  });

  it.each([
    ["an operator", "a.ts", "a = b < c;", "a = b <= c;"],
    ["white space in a string", "a.js", 'a = "b c";', 'a = "bc";'],
    ["white space in a template", "a.js", "a = `b ${c} d`;", "a = `b ${c}d`;"],
    ["white space in a pattern", "a.js", "a = /b c/;", "a = /bc/;"],
    ["white space in JSX", "a.tsx", "a = <b>c d</b>;", "a = <b>cd</b>;"],
    ["words that grow together", "a.js", "a = typeof b;", "a = typeofb;"],
    ["what a CommonJS module exports", "a.cts", "export = { a: 1 };", "export = { a: 2 };"],
    ["an enum's value", "a.ts", "enum A { b = 1 }", "enum A { b = 2 }"],
    ["a decorator", "a.ts", "@a(1) class B {}", "@a(2) class B {}"],
    ["a text that no longer parses", "a.ts", "a();", "a(;"],
  ])("sees a difference in %s", (_what, path, clean, mutated) => {
    expect(emitsDifferently(path, clean, mutated)).toBe(true);
  });

  it("keeps apart two clean texts of one path", () => {
    for (let i = 0; i < 20; i++) {
      expect(emitsDifferently("a.ts", `a = ${i};`, `a = ${i};`)).toBe(false);
      expect(emitsDifferently("a.ts", `a = ${i};`, `a = ${i + 1};`)).toBe(true);
    }
  });
});
