/** From GitHub's answer to our record: what came of a pull request, who wrote it, and what it is. */
import type { Author, Issue, PullRequest, Remark, Review, ReviewThread } from "../../schemas/pull-request.ts";
import { isBotName } from "../bots.ts";
import type { ActorNode, CommentNode, IssueNode, PullRequestNode, ReviewNode, ThreadNode } from "./queries.ts";

const iso = (date: string): string => new Date(date).toISOString();

export function authorOf(actor: ActorNode): Author {
  if (actor === null) return { login: null, kind: "ghost" };
  const { login, __typename: type } = actor;
  if (type === "Bot" || isBotName(login)) return { login, kind: "bot" };
  return { login, kind: type === "Organization" ? "organization" : "user" };
}

type RemarkNode = Pick<CommentNode, "author" | "body" | "createdAt">;
const remarkOf = ({ author, body, createdAt }: RemarkNode): Remark => ({ author: authorOf(author), body, createdAt: iso(createdAt) });

/** When the answer may have been known first. A clock that was wrong can only move this back. */
export const begunAt = ({ createdAt, commits }: PullRequestNode): string =>
  [createdAt, commits.nodes?.[0]?.commit.authoredDate ?? createdAt].map(iso).sort()[0] ?? "";

/** As it was called then. */
function titleAt({ title, renames }: IssueNode, moment: string): string {
  const later = renames.map((rename) => ({ ...rename, at: iso(rename.createdAt) })).filter(({ at }) => at >= moment);
  return later.sort((a, b) => (a.at < b.at ? -1 : 1))[0]?.previousTitle ?? title;
}

export const issueOf = (issue: IssueNode, comments: readonly CommentNode[], before: string): Issue => ({
  repository: issue.repository.nameWithOwner,
  number: issue.number,
  title: titleAt(issue, before),
  body: issue.body,
  author: authorOf(issue.author),
  createdAt: iso(issue.createdAt),
  editedAt: issue.lastEditedAt === null ? null : iso(issue.lastEditedAt),
  comments: comments.filter(({ createdAt, lastEditedAt }) => iso(lastEditedAt ?? createdAt) < before).map(remarkOf),
});

/** Of the left side of a diff is what was taken away: its number is none of the lines that are there. */
const lineOf = (line: number | null, { diffSide }: ThreadNode): number | null =>
  line !== null && line > 0 && diffSide === "RIGHT" ? line : null;

/** Null for a thread whose remarks are all gone. */
export function threadOf(thread: ThreadNode): ReviewThread | null {
  const [first] = thread.comments;
  if (first === undefined) return null;
  return {
    path: thread.path,
    line: lineOf(thread.line, thread),
    originalLine: lineOf(thread.originalLine, thread),
    originalStartLine: lineOf(thread.originalStartLine, thread),
    commit: first.originalCommit?.oid ?? null,
    resolved: thread.isResolved,
    outdated: thread.isOutdated,
    ...remarkOf(first),
  };
}

const verdicts = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  COMMENTED: "commented",
  DISMISSED: "dismissed",
} as const;

/** Null for one that was not submitted: only its author sees it. */
export function reviewOf({ state, submittedAt, author, body, commit }: ReviewNode): Review | null {
  if (state === "PENDING" || submittedAt === null) return null;
  return { verdict: verdicts[state], author: authorOf(author), commit: commit?.oid ?? null, body, submittedAt: iso(submittedAt) };
}

/** A merge has the head for its second parent; a rebase leaves the last message as it was, which a squash does not: it adds the number. */
function methodOf({ mergeCommit, headRefOid, lastCommit }: PullRequestNode): PullRequest["method"] {
  const parents = mergeCommit?.parents ?? [];
  if (mergeCommit === null || parents.length === 0) return "unknown";
  if (mergeCommit.oid === headRefOid) return "rebase"; // a fast-forward: its commits as they were
  if (parents.length === 2) return parents[1]?.oid === headRefOid ? "merge" : "unknown";
  if (parents.length > 2) return "unknown";
  return lastCommit[0]?.commit.message.trim() === mergeCommit.message.trim() ? "rebase" : "squash";
}

const revertTitle = /^revert[ :("]/i;
const revertBody = /^(?:Reverts \S*#\d+|This reverts commit [0-9a-f]{7,})/m;
const longLived =
  /^(?:main|master|trunk|dev|devel|develop|development|next|canary|staging|stable|production|release|v?\d+(?:\.(?:\d+|x))*)$/i;
const longLivedFolder = /^(?:release|releases|stable)[/-]/i;
const forwardTitle =
  /^(?:merge[- ]forward|forward[- ]?port|back[- ]?merge|merge (?:branch|remote-tracking branch) |(?:sync|merge|merging) [`'"]?[\w./-]+[`'"]? (?:in)?to )/i;

function kindOf({ title, body, headRefName, headRepository, baseRepository }: PullRequestNode): PullRequest["kind"] {
  if (revertTitle.test(title) || revertBody.test(body)) return "revert";
  const own = headRepository !== null && headRepository.nameWithOwner === baseRepository?.nameWithOwner;
  const branch = own && (longLived.test(headRefName) || longLivedFolder.test(headRefName));
  return branch || forwardTitle.test(title) ? "merge-forward" : "change";
}

/** What belongs to a pull request, whole. */
export interface PullRequestParts extends Pick<PullRequest, "issues" | "threads"> {
  readonly reviews: readonly Review[];
}

export function recordOf(node: PullRequestNode, { issues, threads, reviews }: PullRequestParts): PullRequest {
  const list = (node.commits.nodes ?? []).flatMap((one) => (one === null ? [] : [one.commit]));
  return {
    number: node.number,
    title: node.title,
    body: node.body,
    author: authorOf(node.author),
    createdAt: iso(node.createdAt),
    mergedAt: iso(node.mergedAt),
    base: { ref: node.baseRefName, oid: node.baseRefOid },
    head: { ref: node.headRefName, oid: node.headRefOid, fork: node.headRepository?.nameWithOwner ?? null },
    mergeCommit: node.mergeCommit?.oid ?? null,
    method: methodOf(node),
    kind: kindOf(node),
    commits: {
      count: node.commits.totalCount,
      list: list.map(({ oid, message, authoredDate }) => ({ oid, message, authoredAt: authoredDate === null ? null : iso(authoredDate) })),
      cut: list.length < node.commits.totalCount,
    },
    forcePushes: node.timelineItems
      .map(({ createdAt, beforeCommit, afterCommit }) => ({
        at: iso(createdAt),
        before: beforeCommit?.oid ?? null,
        after: afterCommit?.oid ?? null,
      }))
      .sort((a, b) => (a.at < b.at ? -1 : 1)),
    labels: node.labels.map(({ name }) => name),
    issues,
    threads,
    reviews: reviews.toSorted((a, b) => (a.submittedAt < b.submittedAt ? -1 : 1)),
  };
}
