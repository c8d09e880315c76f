import { describe, expect, it } from "vitest";
import { editedLanguage } from "../../output/edited-language.ts";
import { toRows } from "../../output/rows.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import { context, environment, mutant, sampleInstance } from "./samples.ts";

/** A change of so many lines in each file; none where the file is only taken away. */
const change = (lines: Readonly<Record<string, number>>): Candidate => ({
  ...mutant,
  before: Object.fromEntries(Object.keys(lines).map((path) => [path, "text\n"])),
  edits: Object.entries(lines).flatMap(([file, count]) => (count === 0 ? [] : [{ file, symbol: null, startLine: 5, endLine: 4 + count }])),
});

describe("the language of a change", () => {
  it.each([
    ["src/parse.ts", "typescript"],
    ["src/View.tsx", "typescript"],
    ["lib/index.mts", "typescript"],
    ["lib/index.cts", "typescript"],
    ["lib/types.d.ts", "typescript"],
    ["lib/parse.js", "javascript"],
    ["src/view.jsx", "javascript"],
    ["index.mjs", "javascript"],
    ["bin/ts.cjs", "javascript"],
    ["ts/parse.js", "javascript"],
  ])("that edits %s is %s", (path, language) => {
    expect(editedLanguage(change({ [path]: 1 }))).toBe(language);
  });

  it("over both is the one with more edited lines, then with more files, then TypeScript", () => {
    expect(editedLanguage(change({ "a.ts": 1, "b.ts": 1, "c.js": 3 }))).toBe("javascript");
    expect(editedLanguage(change({ "a.ts": 2, "b.js": 1, "c.js": 1 }))).toBe("javascript");
    expect(editedLanguage(change({ "a.ts": 1, "b.js": 1 }))).toBe("typescript");
    expect(editedLanguage(change({ "a.js": 0, "b.js": 0, "c.ts": 0 }))).toBe("javascript");
  });

  it("counts a line once, whatever number of edits lie in it", () => {
    const twice = change({ "a.ts": 2, "b.js": 1 });
    const again = twice.edits.filter(({ file }) => file === "b.js").flatMap((one) => [one, one, one]);
    expect(editedLanguage({ ...twice, edits: [...twice.edits, ...again] })).toBe("typescript");
  });

  it("is what the row says", () => {
    const instance = sampleInstance("editing");
    expect(toRows(instance, environment, context).public.language).toBe("typescript");
    const plain = { ...instance, candidate: change({ "src/add.js": 1 }) };
    expect(toRows(plain, environment, context).public.language).toBe("javascript");
  });
});
