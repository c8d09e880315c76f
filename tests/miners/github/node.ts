/** A pull request as the API tells of one: squashed, of one commit, without words beside its title. */
export const [head, other, base] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];

export const pullRequestNode = (more: Readonly<Record<string, unknown>> = {}): object => ({
  id: "PR_1",
  number: 1,
  title: "Fix the sum",
  body: "",
  createdAt: "2024-01-02T00:00:00Z",
  mergedAt: "2024-01-03T00:00:00Z",
  author: { __typename: "User", login: "ann" },
  baseRefName: "main",
  baseRefOid: base,
  headRefName: "fix",
  headRefOid: head,
  headRepository: { nameWithOwner: "ann/name" },
  baseRepository: { nameWithOwner: "owner/name" },
  mergeCommit: { oid: other, message: "Fix the sum (#1)", parents: { nodes: [{ oid: base }] } },
  labels: null,
  commits: { totalCount: 1, nodes: [{ commit: { oid: head, message: "Fix", authoredDate: "2024-01-01T00:00:00+02:00" } }] },
  timelineItems: { nodes: [] },
  lastCommit: { nodes: [{ commit: { message: "Fix" } }] },
  closingIssuesReferences: null,
  reviews: null,
  reviewThreads: { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] },
  ...more,
});
