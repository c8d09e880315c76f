import { describe, expect, it } from "vitest";
import type { Candidate } from "../../schemas/candidate.ts";
import type { PullRequest, ReviewThread } from "../../schemas/pull-request.ts";
import { findingsOnDiff, humanFindings } from "../../skills/human-findings.ts";
import { commit } from "./stand.ts";

const author = { login: "writer", kind: "user" } as const;
const reviewer = { login: "reader", kind: "user" } as const;
const began = "b".repeat(40);
const thread = (over: Partial<ReviewThread> = {}): ReviewThread => ({
  path: "src/slug.js",
  line: 5,
  originalLine: 4,
  commit: began,
  resolved: false,
  outdated: false,
  body: "Does this keep the case?",
  author: reviewer,
  createdAt: "2025-01-01T00:00:00Z",
  ...over,
});
const pullRequest = (threads: readonly ReviewThread[]): PullRequest => ({
  number: 1,
  title: "Slugs are lower case",
  body: "",
  author,
  createdAt: "2025-01-01T00:00:00Z",
  mergedAt: "2025-01-02T00:00:00Z",
  base: { ref: "main", oid: "a".repeat(40) },
  head: { ref: "lower", oid: "c".repeat(40), fork: null },
  mergeCommit: null,
  method: "squash",
  kind: "change",
  commits: { count: 2, list: [], cut: true },
  forcePushes: [],
  labels: [],
  issues: [],
  threads,
});
const findings = (...threads: ReviewThread[]) => humanFindings(pullRequest(threads)).map(({ line, diff, commit: at }) => [line, diff, at]);

describe("a remark of a review thread", () => {
  it("concerns the merged diff where its line stands to the end", () => expect(findings(thread())).toEqual([[5, "merged", null]]));
  it.each([
    ["is gone", { line: null }],
    ["is gone and marked so", { line: null, outdated: true }],
    ["lies where later commits changed the diff", { outdated: true }],
  ])("concerns the diff that it was made on where its line %s", (_, over) =>
    expect(findings(thread(over))).toEqual([[4, "earlier", began]]),
  );
  it.each([
    ["a robot", { author: { login: "lint", kind: "bot" } as const }],
    ["the author of the pull request", { author }],
    ["nobody: it has no words", { body: " \n" }],
    ["someone, on a file as a whole", { line: null, originalLine: null }],
    ["someone, on a commit that is gone", { line: null, commit: null }],
  ])("is no finding where it is of %s", (_, over) => expect(findings(thread(over))).toEqual([]));
  it("is a finding where the reviewer's account is gone", () =>
    expect(findings(thread({ author: { login: null, kind: "ghost" } }))).toHaveLength(1));
  it("comes first where it is on the merged diff", () =>
    expect(findings(thread({ line: null }), thread({ line: 2 })).map(([line]) => line)).toEqual([2, 4]));
});

describe("remarks on a diff that is shown", () => {
  const shown = [{ file: "src/slug.js", startLine: 3, endLine: 6 }];
  const on = (...threads: ReviewThread[]) =>
    findingsOnDiff({ ...commit.candidate, pullRequest: pullRequest(threads) } as Candidate, shown).map(
      ({ file, line }) => `${file}:${line}`,
    );
  it("are those on its lines, first and last included", () => {
    expect(on(thread({ line: 3 }), thread({ line: 6 }))).toEqual(["src/slug.js:3", "src/slug.js:6"]);
    expect(on(thread({ line: 2 }), thread({ line: 7 }), thread({ path: "src/count.js" }))).toEqual([]);
  });
  it("are none of an earlier diff", () => expect(on(thread({ outdated: true }))).toEqual([]));
  it("are none where the change is taken back in a later tree", () => {
    const of = { ...commit.candidate, pullRequest: pullRequest([thread({ line: 3 })]) };
    expect(findingsOnDiff(of as Candidate, shown)).toHaveLength(1);
    expect(findingsOnDiff({ ...of, mirrorOf: "e".repeat(40) } as Candidate, shown)).toEqual([]);
  });
  it("are none where there was no pull request", () => expect(findingsOnDiff(commit.candidate, shown)).toEqual([]));
});
