import { describe, expect, it } from "vitest";
import { runText } from "../../pipeline/run-text.ts";
import { summary } from "../output/samples.ts";

describe("the end of a run for a person", () => {
  const line = (audit: Parameters<typeof runText>[0]["audit"]): string | undefined =>
    runText({ ...summary, audit }, "out")
      .split("\n")
      .find((text) => text.startsWith("audit:"));
  it("says what an audit found", () => {
    expect(line({ recomputed: 9, disagreed: 0 })).toBe("audit: 9 verdicts computed again by the whole suite, 0 came out differently");
    expect(line({ recomputed: 9, disagreed: 1, undecided: 2 })).toBe(
      "audit: 9 verdicts computed again by the whole suite, 1 came out differently (the report lists them); of 2 more the whole suite gave no whole report",
    );
  });
  it("says nothing of it where there was none", () => {
    expect(line(null)).toBeUndefined();
  });
});
