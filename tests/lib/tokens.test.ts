import { describe, expect, it } from "vitest";
import { codeTokens, proseWords } from "../../lib/tokens.ts";

const told = (text: string): string =>
  codeTokens(text)
    .map((token) => token.text)
    .join(" ");

describe("tokens of code", () => {
  it.each([
    ["comments and white space", "a + b // sum\n", "/* sum */ a+b"],
    ["quotes", "x('it')", 'x("it")'],
    ["semicolons and last commas", "f(a, b,);\nreturn [a,];", "f(a, b)\nreturn [a]"],
    ["brackets around one parameter", "(x) => x + 1", "x => x+1"],
    ["names that an author chose", "const sum = left + right", "const total = a + b"],
  ])("do not tell of %s", (_, one, other) => {
    expect(told(one)).toBe(told(other));
  });

  it.each([
    ["members", "a.start", "a.end"],
    ["what every program is given", "Math.min(a)", "Number.min(a)"],
    ["operators", "a < b", "a <= b"],
    ["numbers and strings", "f(1, 'a')", "f(2, 'a')"],
    ["words of the language", "return a", "throw a"],
    ["optional steps", "a?.b", "a.b"],
  ])("tell of %s", (_, one, other) => {
    expect(told(one)).not.toBe(told(other));
  });

  it("know their lines, also behind a text of several", () => {
    expect(codeTokens("`a\nb` +\n\nc").map(({ text, line }) => [text, line])).toEqual([
      ["`a\nb`", 1],
      ["+", 2],
      ["$", 4],
    ]);
  });
});

describe("words of prose", () => {
  it("are without marks, numbers and addresses", () => {
    expect(proseWords("See https://example.com/a?b: it *doesn't* work in 2.0, does IT?")).toEqual([
      "see",
      "it",
      "doesn't",
      "work",
      "in",
      "does",
      "it",
    ]);
  });
});
