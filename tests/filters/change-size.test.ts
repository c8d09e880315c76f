import { describe, expect, it } from "vitest";
import { changeSize } from "../../filters/change-size.ts";
import { subjectOf } from "./subject.ts";

const options = changeSize.options.parse({});
const lines = (count: number, word: string): string => Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join("");
const files = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`src/f${index}.js`, ["1\n", "2\n"] as const]));

describe("change-size", () => {
  it("keeps as many files as the limit and drops one more", () => {
    expect(changeSize.judge(subjectOf({ files: files(5) }), options)).toMatchObject({ kept: true });
    expect(changeSize.judge(subjectOf({ files: files(6) }), options)).toEqual({
      kept: false,
      reason: "change-size/too-many-files",
      detail: "6 source files, at most 5",
    });
  });

  it("keeps as many lines as the limit, removed and added together, and drops one more", () => {
    expect(changeSize.judge(subjectOf({ files: { "a.js": [lines(100, "old"), lines(100, "new")] } }), options)).toMatchObject({
      kept: true,
    });
    expect(changeSize.judge(subjectOf({ files: { "a.js": [lines(100, "old"), lines(101, "new")] } }), options)).toEqual({
      kept: false,
      reason: "change-size/too-many-lines",
      detail: "201 source lines, at most 200",
    });
  });

  it("counts the lines of added and removed files", () => {
    const subject = subjectOf({ files: { "new.js": [null, lines(100, "n")], "old.js": [lines(101, "o"), null] } });
    expect(changeSize.judge(subject, options)).toMatchObject({
      reason: "change-size/too-many-lines",
      detail: expect.stringContaining("201"),
    });
  });

  it("drops a commit whose source lines do not differ (a change of mode)", () => {
    expect(changeSize.judge(subjectOf({ files: { "a.js": ["1\n", "1\n"] } }), options)).toMatchObject({ reason: "change-size/no-lines" });
  });
});
