/** A merged pull request as its forge tells of it: what was asked, what was said, and where its commits are. */
import { z } from "zod";

const oidSchema = z.string().regex(/^[0-9a-f]{40,64}$/);

export const authorSchema = z
  .object({
    /** Null where the account is gone. */
    login: z.string().nullable(),
    kind: z.enum(["user", "bot", "organization", "ghost"]),
  })
  .readonly();
export type Author = z.infer<typeof authorSchema>;

export const remarkSchema = z.object({ author: authorSchema, body: z.string(), createdAt: z.string() }).readonly();
export type Remark = z.infer<typeof remarkSchema>;

export const issueSchema = z
  .object({
    /** `owner/name`: an issue may lie in another repository than the pull request that closes it. */
    repository: z.string(),
    number: z.int().positive(),
    /** As it was when the pull request was begun. */
    title: z.string(),
    body: z.string(),
    author: authorSchema,
    createdAt: z.string(),
    /** The last edit of the body; null where nobody edited it, absent in records that are older than this field. */
    editedAt: z.string().nullable().optional(),
    /** Those from before the pull request was begun, as they were then: nothing said or edited later can tell of its answer. */
    comments: z.array(remarkSchema).readonly(),
  })
  .readonly();
export type Issue = z.infer<typeof issueSchema>;

export const reviewThreadSchema = z
  .object({
    path: z.string(),
    /** In the newest state of the pull request; null where the line is gone or was taken away by the diff. Lines count from 1. */
    line: z.int().positive().nullable(),
    /** In the commit that was commented on; null for a remark on a whole file, or on a line that the diff took away. */
    originalLine: z.int().positive().nullable(),
    /** The first of several lines of that commit, which end at `originalLine`; null or absent for a remark on one line. */
    originalStartLine: z.int().positive().nullable().optional(),
    /** The commit that was commented on; null where it is gone. */
    commit: oidSchema.nullable(),
    resolved: z.boolean(),
    outdated: z.boolean(),
    /** The remark that opened the thread. */
    body: z.string(),
    author: authorSchema,
    createdAt: z.string(),
  })
  .readonly();
export type ReviewThread = z.infer<typeof reviewThreadSchema>;

/** What somebody thought of the pull request as a whole, at one time. */
export const reviewSchema = z
  .object({
    /** As it was given; `dismissed` where somebody set it aside later, whatever it was. */
    verdict: z.enum(["approved", "changes-requested", "commented", "dismissed"]),
    author: authorSchema,
    /** The head that was looked at; null where it is gone. */
    commit: oidSchema.nullable(),
    /** What was said beside remarks on lines; empty, as a rule. */
    body: z.string(),
    submittedAt: z.string(),
  })
  .readonly();
export type Review = z.infer<typeof reviewSchema>;

/** A commit of the branch as it was when it was merged. */
export const branchCommitSchema = z
  .object({
    oid: oidSchema,
    message: z.string(),
    /** ISO 8601 in UTC; null where the commit's own date is nonsense. */
    authoredAt: z.string().nullable(),
  })
  .readonly();
export type BranchCommit = z.infer<typeof branchCommitSchema>;

export const commitListSchema = z
  .object({
    count: z.int().nonnegative(),
    /** Oldest first, those that the forge shows: its first hundred at most. */
    list: z.array(branchCommitSchema).readonly(),
    /** There are more than `list` has. */
    cut: z.boolean(),
  })
  .readonly();

export const forcePushSchema = z
  .object({
    at: z.string(),
    /** Null where the commit is gone. */
    before: oidSchema.nullable(),
    after: oidSchema.nullable(),
  })
  .readonly();
export type ForcePush = z.infer<typeof forcePushSchema>;

export const pullRequestSchema = z
  .object({
    number: z.int().positive(),
    title: z.string(),
    body: z.string(),
    author: authorSchema,
    createdAt: z.string(),
    mergedAt: z.string(),
    base: z.object({ ref: z.string(), oid: oidSchema }).readonly(),
    /** `fork` is `owner/name` of where it came from, or null where that is gone. */
    head: z.object({ ref: z.string(), oid: oidSchema, fork: z.string().nullable() }).readonly(),
    /** The commit that brought it to the base branch; null where the forge knows of none. */
    mergeCommit: oidSchema.nullable(),
    /** As far as parents and messages tell. */
    method: z.enum(["merge", "squash", "rebase", "unknown"]),
    kind: z.enum(["change", "revert", "merge-forward"]),
    commits: commitListSchema,
    /** Oldest first: heads of the branch that were put in place of others. */
    forcePushes: z.array(forcePushSchema).readonly(),
    labels: z.array(z.string()).readonly(),
    issues: z.array(issueSchema).readonly(),
    threads: z.array(reviewThreadSchema).readonly(),
    /** Oldest first. Absent in records that are older than this field. */
    reviews: z.array(reviewSchema).readonly().optional(),
  })
  .readonly();
export type PullRequest = z.infer<typeof pullRequestSchema>;
