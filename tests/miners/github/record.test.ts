import { describe, expect, it } from "vitest";
import { pullRequestNodeSchema } from "../../../miners/github/queries.ts";
import { authorOf, begunAt, recordOf, reviewOf } from "../../../miners/github/record.ts";
import { base, head, other, pullRequestNode } from "./node.ts";

const nodeOf = (more: Readonly<Record<string, unknown>> = {}) => pullRequestNodeSchema.parse(pullRequestNode(more));
const none = { issues: [], threads: [], reviews: [] };
const merge = (message: string, parents: readonly string[], oid = other) => ({
  mergeCommit: { oid, message, parents: { nodes: parents.map((parent) => ({ oid: parent })) } },
});
const own = { headRepository: { nameWithOwner: "owner/name" } };

describe("how it was merged", () => {
  it.each([
    ["merge", "the head is the second parent", merge("Merge pull request #1 from ann/fix", [base, head])],
    ["squash", "one commit has a message of its own", merge("Fix the sum (#1)", [base])],
    ["rebase", "one commit has the last message as it was", merge("Fix\n", [base])],
    ["rebase", "the head itself is on the branch", merge("Fix", [base], head)],
    ["unknown", "the second parent is another", merge("Merge branch", [base, other])],
    ["unknown", "there are three parents", merge("Octopus", [base, head, other])],
    ["unknown", "there is no commit", { mergeCommit: null }],
  ])("is %s where %s", (method, _, more) => {
    expect(recordOf(nodeOf(more), none).method).toBe(method);
  });
});

describe("what it is", () => {
  it.each([
    ["change", "a fix", {}],
    ["change", "a fix that speaks of reverting", { title: "Reverting twice no longer fails" }],
    ["change", "a branch of a fork that is called like a long-lived one", { headRefName: "main" }],
    ["change", "a branch that begins like a long-lived one", { ...own, headRefName: "main-menu" }],
    ["revert", "GitHub's own title", { title: 'Revert "Add the sum"' }],
    ["revert", "a conventional title", { title: "revert: add the sum" }],
    ["revert", "GitHub's own words", { body: "Reverts owner/name#12" }],
    ["revert", "git's own words", { body: "Oh.\n\nThis reverts commit 1234567." }],
    ["merge-forward", "a long-lived branch of its own", { ...own, headRefName: "release/2.x" }],
    ["merge-forward", "a version's branch of its own", { ...own, headRefName: "v2.x" }],
    ["merge-forward", "a title that says so", { title: "Merge branch 'main' into next" }],
    ["merge-forward", "another title that says so", { title: "Sync `main` to next" }],
  ])("is a %s: %s", (kind, _, more) => {
    expect(recordOf(nodeOf(more), none).kind).toBe(kind);
  });
});

it.each([
  [{ __typename: "User", login: "ann" }, "user"],
  [{ __typename: "User", login: "abbott" }, "user"],
  [{ __typename: "Mannequin", login: "ann" }, "user"],
  [{ __typename: "Organization", login: "acme" }, "organization"],
  [{ __typename: "Bot", login: "anything" }, "bot"],
  [{ __typename: "User", login: "renovate-bot" }, "bot"],
  [{ __typename: "User", login: "dependabot-preview" }, "bot"],
  [null, "ghost"],
])("%j is a %s", (actor, kind) => {
  expect(authorOf(actor).kind).toBe(kind);
});

it.each([
  ["APPROVED", "approved"],
  ["CHANGES_REQUESTED", "changes-requested"],
  ["COMMENTED", "commented"],
  ["DISMISSED", "dismissed"],
] as const)("a review that GitHub calls %s has the verdict %s", (state, verdict) => {
  const submittedAt = "2024-01-02T01:00:00+01:00";
  const author = { __typename: "User", login: "bea" };
  expect(reviewOf({ state, submittedAt, author, body: "Well.", commit: { oid: head } })).toEqual({
    verdict,
    author: { login: "bea", kind: "user" },
    commit: head,
    body: "Well.",
    submittedAt: "2024-01-02T00:00:00.000Z",
  });
  expect(reviewOf({ state, submittedAt, author: null, body: "", commit: null })).toMatchObject({ author: { kind: "ghost" }, commit: null });
});

it("is no review that was never submitted", () => {
  expect(reviewOf({ state: "PENDING", submittedAt: null, author: null, body: "Hm", commit: null })).toBeNull();
});

it("has its reviews oldest first", () => {
  const review = { verdict: "approved" as const, author: { login: "bea", kind: "user" as const }, commit: head, body: "" };
  const reviews = ["2024-01-03", "2024-01-02"].map((day) => ({ ...review, submittedAt: `${day}T00:00:00.000Z` }));
  expect(recordOf(nodeOf(), { ...none, reviews }).reviews).toEqual([...reviews].reverse());
});

it("may have a first commit whose date is nonsense", () => {
  const node = nodeOf({ commits: { totalCount: 1, nodes: [{ commit: { oid: head, message: "Fix", authoredDate: "yesterday" } }] } });
  expect(begunAt(node)).toBe("2024-01-02T00:00:00.000Z");
  expect(recordOf(node, none).commits.list[0]?.authoredAt).toBeNull();
});

it("was begun with its first commit or its opening, whichever is earlier", () => {
  expect(begunAt(nodeOf())).toBe("2023-12-31T22:00:00.000Z");
  const late = { commits: { totalCount: 1, nodes: [{ commit: { oid: head, message: "Fix", authoredDate: "2031-01-01T00:00:00Z" } }] } };
  expect(begunAt(nodeOf(late))).toBe("2024-01-02T00:00:00.000Z");
});
