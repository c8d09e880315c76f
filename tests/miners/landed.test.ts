import { describe, expect, it } from "vitest";
import { landedOf } from "../../miners/landed.ts";

const commit = (subject: string, body = "") => landedOf({ parents: ["a"], subject, body });
const merge = (subject: string, body = "") => landedOf({ parents: ["a", "b"], subject, body });

describe("landedOf", () => {
  it.each([
    ["Fix the sum", "Fix the sum", null],
    ["Fix the sum (#12)", "Fix the sum", 12],
    ["Fix #12 in the sum", "Fix #12 in the sum", null],
    ["Fix the sum (see #12)", "Fix the sum (see #12)", null],
  ])("reads the number of a squashed pull request: %s", (given, subject, pullRequest) => {
    expect(commit(given)).toMatchObject({ kind: "change", subject, pullRequest });
  });

  it.each([
    ["GitHub's", "Merge pull request #7 from a/fix", "\nFix it\n\nMore of it.", { pullRequest: 7, subject: "Fix it", body: "More of it." }],
    ["GitHub's without a title", "Merge pull request #7 from a/fix", "", { pullRequest: 7, subject: "Merge pull request #7 from a/fix" }],
    ["GitLab's", "Merge branch 'fix' into 'main'", "Fix it\n\nSee merge request g/p!8", { pullRequest: 8, subject: "Fix it" }],
    ["a branch", "Merge branch 'fix-it'", "", { pullRequest: null, subject: "Merge branch 'fix-it'" }],
  ])("takes a merge as a change: %s", (_, subject, body, landed) => {
    expect(merge(subject, body)).toMatchObject({ kind: "change", ...landed });
  });

  it.each([
    "Merge branch 'main' of https://example.invalid/a/b",
    "Merge branch 'master' into feature",
    "Merge branch 'v2'",
    "Merge branch '1.x' into fix",
    "Merge remote-tracking branch 'origin/main'",
    "Merge tag 'v1.2.3'",
    "Merged",
  ])("takes a merge as two copies brought together: %s", (subject) => {
    expect(merge(subject).kind).toBe("sync");
  });

  it("reads which issues are closed, each once, and takes a mention for none", () => {
    expect(commit("Fix the sum, fixes #3", "Closes: #10\nResolved #3 and #4, see #5").closes).toEqual([3, 10]);
    expect(commit("Prefix #3", "a/b#6 fixes https://example.invalid/7").closes).toEqual([]);
  });
});
