import { describe, expect, it } from "vitest";
import type { Candidate, RemarkedLines } from "../../schemas/candidate.ts";
import type { PullRequest, ReviewThread } from "../../schemas/pull-request.ts";
import { humanFindings } from "../../skills/human-findings.ts";
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
const changeOf = (threads: readonly ReviewThread[], more: object = {}): Candidate =>
  ({ ...commit.candidate, pullRequest: pullRequest(threads), ...more }) as Candidate;
const findings = (...threads: ReviewThread[]) => humanFindings(changeOf(threads)).map(({ line, commit: at }) => [line, at]);
const gone = thread({ line: null, outdated: true });

describe("a remark of a review thread", () => {
  it.each([
    ["is gone", { line: null }],
    ["is gone and marked so", { line: null, outdated: true }],
    ["lies where later commits changed the diff", { outdated: true }],
  ])("is a finding about the commit that it was made on where its line %s", (_, over) =>
    expect(findings(thread(over))).toEqual([[4, began]]),
  );
  it("is none where its line stands to the end", () => expect(findings(thread())).toEqual([]));
  it.each([
    ["a robot", { author: { login: "lint", kind: "bot" } as const }],
    ["the author of the pull request", { author }],
    ["nobody: it has no words", { body: " \n" }],
    ["someone, on a file as a whole", { originalLine: null }],
    ["someone, on a commit that is gone", { commit: null }],
    ["someone, on the head that was merged, after which nothing came", { commit: "c".repeat(40) }],
  ])("is no finding where it is of %s", (_, over) => expect(findings({ ...gone, ...over })).toEqual([]));
  it("is a finding where the reviewer's account is gone", () =>
    expect(findings({ ...gone, author: { login: null, kind: "ghost" } })).toHaveLength(1));
  it("is a finding on all of its lines", () =>
    expect(humanFindings(changeOf([{ ...gone, originalStartLine: 2 }]))).toMatchObject([{ startLine: 2, line: 4 }]));
  it("is none where the change is taken back in a later tree, or there was no pull request", () => {
    expect(humanFindings(changeOf([gone], { mirrorOf: "e".repeat(40) }))).toEqual([]);
    expect(humanFindings(commit.candidate)).toEqual([]);
  });
});

describe("whether its lines were changed", () => {
  const said = (over: Partial<ReviewThread>, ...remarkedLines: RemarkedLines[]) =>
    humanFindings(changeOf([thread({ ...over, body: "first" }), thread(over)], { remarkedLines })).map(
      ({ body, changeToldBy, was, became }) => [body, changeToldBy, was, became],
    );
  const own = "Does this keep the case?";
  it("git says before the forge, with what they were and became", () => {
    const [was, became] = ["a\n", "b\n"];
    expect(said({}, { thread: 1, changed: true, was, became })).toEqual([[own, "git", was, became]]);
    expect(said({ outdated: true }, { thread: 0, changed: false }, { thread: 1, changed: false })).toEqual([]);
  });
  it("the forge says where git does not", () =>
    expect(said({ outdated: true }, { thread: 0, changed: false })).toEqual([[own, "forge", undefined, undefined]]));
  it("is said without the text where that is too long", () =>
    expect(said({}, { thread: 1, changed: true })).toEqual([[own, "git", undefined, undefined]]));
});
