import { describe, expect, it } from "vitest";
import { matchedBy } from "../../lib/foreign-pattern.ts";

describe("matchedBy", () => {
  it("gives the texts that a pattern matches, in their order", () => {
    expect(matchedBy("^b|c$", ["b1", "a", "xc"])).toEqual(["b1", "xc"]);
    expect(matchedBy("^[^/]*$", [])).toEqual([]);
  });

  it("gives none for what is no pattern", () => expect(matchedBy("(", ["("])).toEqual([]));

  it.each([
    ["^(a+)+$", `${"a".repeat(60)}b`],
    [`^${"[^/]*a".repeat(12)}b$`, "a".repeat(250)],
  ])("gives none for one that would not end, as %s", (pattern, text) => {
    expect(matchedBy(pattern, ["a", text])).toEqual([]);
    expect(matchedBy("^a", [text])).toEqual([text]);
  });

  it("runs nothing of the texts", () => {
    expect(matchedBy('x");process.exit(3);("', ["a"])).toEqual([]);
    expect(matchedBy("^exit", ["exit();process.exit(3)"])).toHaveLength(1);
  });
});
