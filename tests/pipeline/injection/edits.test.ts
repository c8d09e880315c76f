import { describe, expect, it } from "vitest";
import type { UnitSpan } from "../../../languages/contract.ts";
import { editsOf } from "../../../pipeline/injection/edits.ts";

/** One unit for each `function name` line, to the next closing brace at the start of a line. */
const unitsOn = ({ text }: { readonly text: string }): UnitSpan[] =>
  [...text.matchAll(/^function (\w+)[\s\S]*?^\}/gm)].map((match): UnitSpan => {
    const startLine = text.slice(0, match.index).split("\n").length;
    const endLine = startLine + match[0].split("\n").length - 1;
    return { name: match[1] ?? "", start: match.index, end: match.index + match[0].length, startLine, endLine };
  });

const sum = (sign: string, above = ""): string => `${above}function other() {\n}\n\nfunction sum(a, b) {\n  return a ${sign} b;\n}\n`;
const edited = (before: Record<string, string | null>, after: Record<string, string>) =>
  editsOf(before, (path) => after[path] ?? null, { unitsOn });

describe("what a change edits", () => {
  it("stands in its own tree, by units", () => {
    expect(edited({ "sum.js": sum("-"), "extra.js": null, "old.js": "2\n" }, { "sum.js": sum("+"), "extra.js": "1\n" })).toEqual([
      { file: "sum.js", symbol: "sum", startLine: 5, endLine: 5 },
      { file: "extra.js", symbol: null, startLine: 1, endLine: 1 },
    ]);
  });
  it("is a range for each run of lines within one unit", () => {
    const after = "// one\n// two\nfunction other() {\n  f();\n}\n\nfunction sum(a, b) {\n  return a - b;\n}\n";
    expect(edited({ "sum.js": sum("-") }, { "sum.js": after })).toEqual([
      { file: "sum.js", symbol: null, startLine: 1, endLine: 2 },
      { file: "sum.js", symbol: "other", startLine: 4, endLine: 4 },
    ]);
  });
  it("is the line after those that are only taken away", () => {
    expect(edited({ "sum.js": sum("-", "x();\n") }, { "sum.js": sum("-") })).toEqual([
      { file: "sum.js", symbol: "other", startLine: 1, endLine: 1 },
    ]);
  });
});
