/**
 * What is asked of GraphQL, and the form that answers must have.
 *
 * GitHub charges a question by its connections: one for each page of a connection that it could need, a hundred to the point, so the sizes of
 * those that hold further connections are what costs: 25 pull requests with up to 19 threads and 5 issues each come to
 * (1 + 25 × 8 + 25 × 5 × 2 + 25 × 19) / 100, 9 points; the leaves may be as long as they like. What is longer is asked for by itself.
 * https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#predicting-the-point-value-of-a-query
 */
import { z } from "zod";

export const pageSize = 25;

const who = "author { __typename login }";
const pageInfo = "pageInfo { hasNextPage endCursor }";
const threadParts = `${pageInfo} nodes {
  path line originalLine originalStartLine diffSide isResolved isOutdated
  comments(first: 1) { nodes { body createdAt ${who} originalCommit { oid } } }
}`;
const reviewParts = `${pageInfo} nodes { state submittedAt body ${who} commit { oid } }`;
const commentParts = `${pageInfo} nodes { body createdAt lastEditedAt ${who} }`;
const issueParts = `${pageInfo} nodes {
  id number title body createdAt lastEditedAt ${who} repository { nameWithOwner }
  comments(first: 50) { ${commentParts} }
  renames: timelineItems(first: 50, itemTypes: [RENAMED_TITLE_EVENT]) { nodes { ... on RenamedTitleEvent { createdAt previousTitle } } }
}`;
const inRepository = (parts: string): string => `query PullRequests($repository: ID!, $first: Int!, $after: String, $orderBy: IssueOrder!) {
  rateLimit { cost }
  node(id: $repository) { ... on Repository {
    pullRequests(states: MERGED, first: $first, after: $after, orderBy: $orderBy) { ${pageInfo} nodes { ${parts} } }
  } }
}`;
const inNode = (type: "PullRequest" | "Issue", parts: string): string => `query More($id: ID!, $after: String) {
  rateLimit { cost }
  node(id: $id) { ... on ${type} { ${parts} } }
}`;

export const queries = Object.freeze({
  pullRequests: inRepository(`
    id number title body createdAt updatedAt mergedAt ${who}
    baseRefName baseRefOid headRefName headRefOid headRepository { nameWithOwner } baseRepository { nameWithOwner }
    mergeCommit { oid message parents(first: 3) { nodes { oid } } }
    labels(first: 100) { nodes { name } }
    commits(first: 100) { totalCount nodes { commit { oid message authoredDate } } }
    lastCommit: commits(last: 1) { nodes { commit { message } } }
    timelineItems(first: 100, itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT]) {
      nodes { ... on HeadRefForcePushedEvent { createdAt beforeCommit { oid } afterCommit { oid } } }
    }
    closingIssuesReferences(first: 5) { ${issueParts} }
    reviews(first: 100) { ${reviewParts} }
    reviewThreads(first: 19) { ${threadParts} }`),
  /** Whether there is such a thing. */
  repository: `query There($id: ID!) { rateLimit { cost } node(id: $id) { id } }`,
  /** Only which they are, where one cannot be told more of. */
  numbers: inRepository("number updatedAt"),
  threads: inNode("PullRequest", `more: reviewThreads(first: 100, after: $after) { ${threadParts} }`),
  reviews: inNode("PullRequest", `more: reviews(first: 100, after: $after) { ${reviewParts} }`),
  issues: inNode("PullRequest", `more: closingIssuesReferences(first: 20, after: $after) { ${issueParts} }`),
  comments: inNode("Issue", `more: comments(first: 100, after: $after) { ${commentParts} }`),
});

/** What GitHub calls a nullable list of nullable nodes; those that it will not show are left out. */
const listOf = <T extends z.ZodType>(node: T) =>
  z
    .object({ nodes: z.array(node.nullable()).nullish() })
    .nullish()
    .transform((list) => list?.nodes?.filter((one) => one !== null) ?? []);
const pageInfoSchema = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
export const connectionOf = <T extends z.ZodType>(node: T) =>
  z
    .object({ pageInfo: pageInfoSchema, nodes: z.array(node.nullable()).nullish() })
    .nullish()
    .transform((list) => ({
      nodes: list?.nodes?.filter((one) => one !== null) ?? [],
      next: list?.pageInfo.hasNextPage === true ? list.pageInfo.endCursor : null,
    }));
/** Of any length: what `next` leads to is asked for until there is none. */
export interface Connection<T> {
  readonly nodes: readonly T[];
  readonly next: string | null;
}

const actorSchema = z.object({ __typename: z.string(), login: z.string() }).nullable();
const oid = z.string();
const moment = z.iso.datetime({ offset: true });
/** Null where nobody did; GitHub tells of no other edit than the last. */
const lastEditedAt = moment.nullable();
const remarkParts = { body: z.string(), createdAt: moment, author: actorSchema };
export const commentSchema = z.object({ ...remarkParts, lastEditedAt });
export const threadSchema = z.object({
  path: z.string(),
  line: z.int().nullable(),
  originalLine: z.int().nullable(),
  originalStartLine: z.int().nullable(),
  diffSide: z.enum(["LEFT", "RIGHT"]),
  isResolved: z.boolean(),
  isOutdated: z.boolean(),
  comments: listOf(z.object({ ...remarkParts, originalCommit: z.object({ oid }).nullable() })),
});
export const reviewSchema = z.object({
  state: z.enum(["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]),
  /** Null where it is not submitted yet. */
  submittedAt: moment.nullable(),
  body: z.string(),
  author: actorSchema,
  commit: z.object({ oid }).nullable(),
});
export const issueNodeSchema = z.object({
  id: z.string(),
  number: z.int(),
  title: z.string(),
  body: z.string(),
  createdAt: moment,
  lastEditedAt,
  author: actorSchema,
  repository: z.object({ nameWithOwner: z.string() }),
  comments: connectionOf(commentSchema),
  renames: listOf(z.object({ createdAt: moment, previousTitle: z.string() })),
});
/** Written by whoever made the commit, so it may be anything. */
const authoredDate = moment.nullable().catch(null);
export const pullRequestNodeSchema = z.object({
  id: z.string(),
  number: z.int(),
  title: z.string(),
  body: z.string(),
  createdAt: moment,
  mergedAt: moment,
  author: actorSchema,
  baseRefName: z.string(),
  baseRefOid: oid,
  headRefName: z.string(),
  headRefOid: oid,
  headRepository: z.object({ nameWithOwner: z.string() }).nullable(),
  baseRepository: z.object({ nameWithOwner: z.string() }).nullable(),
  mergeCommit: z.object({ oid, message: z.string(), parents: listOf(z.object({ oid })) }).nullable(),
  labels: listOf(z.object({ name: z.string() })),
  commits: z.object({
    totalCount: z.int(),
    nodes: z.array(z.object({ commit: z.object({ oid, message: z.string(), authoredDate }) }).nullable()).nullish(),
  }),
  lastCommit: listOf(z.object({ commit: z.object({ message: z.string() }) })),
  timelineItems: listOf(
    z.object({ createdAt: moment, beforeCommit: z.object({ oid }).nullable(), afterCommit: z.object({ oid }).nullable() }),
  ),
  closingIssuesReferences: connectionOf(issueNodeSchema),
  reviews: connectionOf(reviewSchema),
  reviewThreads: connectionOf(threadSchema),
});
export type PullRequestNode = z.infer<typeof pullRequestNodeSchema>;
export type IssueNode = z.infer<typeof issueNodeSchema>;
export type ThreadNode = z.infer<typeof threadSchema>;
export type ReviewNode = z.infer<typeof reviewSchema>;
export type CommentNode = z.infer<typeof commentSchema>;
export type ActorNode = z.infer<typeof actorSchema>;

/** Each pull request is read by itself, so that one of another form takes no other with it. */
export const pageSchema = z.object({
  node: z.object({ pullRequests: z.object({ pageInfo: pageInfoSchema, nodes: z.array(z.unknown()) }) }),
});
export const numberSchema = z.object({ number: z.int().positive(), updatedAt: moment });
export const moreSchema = <T extends z.ZodType>(node: T) => z.object({ node: z.object({ more: connectionOf(node) }) });
