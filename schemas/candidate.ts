/** A possible change of a repository: a mutant of a revision, or a commit of its history. */
import { z } from "zod";
import { layerSchema } from "./layer.ts";
import { pullRequestSchema } from "./pull-request.ts";

const commitId = z.string().regex(/^[0-9a-f]{40,64}$/);

export const repositorySchema = z
  .object({
    /** `owner/name` where a remote says so, else the folder's name; never a path of this machine. */
    name: z.string().min(1),
    /** Where it came from, without credentials: a URL, or `local`. */
    origin: z.string(),
    /** SPDX expression of the manifest and the licence files at the revision; null when none was found. */
    license: z.string().nullable(),
    /** Paths of what says so. Absent where rows were made before it was kept. */
    licenseFrom: z.array(z.string()).readonly().optional(),
    /** `owner/name` in lower case that the manifests at the revision say they are of. Absent where they name none. */
    declared: z.array(z.string()).readonly().optional(),
  })
  .readonly();
export type Repository = z.infer<typeof repositorySchema>;

export const revisionSchema = z
  .object({
    repository: repositorySchema,
    commit: commitId,
    /** Committer date, ISO 8601 in UTC. */
    committedAt: z.string(),
    /** Workspace folder inside the repository; "." for the root package. */
    packageDir: z.string(),
  })
  .readonly();
export type Revision = z.infer<typeof revisionSchema>;

/** One place where a text was replaced. Offsets are UTF-16 code units of the clean file; lines count from 1. */
export const siteSchema = z
  .object({
    file: z.string(),
    /** Dotted name of the enclosing unit (`Class.method`), or null at module level. */
    symbol: z.string().nullable(),
    start: z.int().nonnegative(),
    end: z.int().nonnegative(),
    startLine: z.int().positive(),
    endLine: z.int().positive(),
    original: z.string(),
    replacement: z.string(),
    operator: z.string(),
  })
  .readonly();
export type Site = z.infer<typeof siteSchema>;

const candidateBase = {
  /** 16 hex digits over (repository, commit, packageDir, change): stable across runs and machines. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  revision: revisionSchema,
  /** What to lay over the revision's tree to get the defective tree. The revision itself is `after`. */
  before: layerSchema,
  /** What the fix edits in the `after` tree: file and enclosing symbols, source files only. */
  edits: z.array(z.object({ file: z.string(), symbol: z.string().nullable(), startLine: z.int().positive(), endLine: z.int().positive() })),
};

/** Earlier state of a change: sources that were proposed, and changed again before the change was taken. */
export const attemptSchema = z
  .object({
    /** The commit that was found first, and those with the same sources. */
    commits: z.array(commitId).min(1).readonly(),
    /** A commit of the branch as it was merged, or a head that a later push put aside. */
    kind: z.enum(["commit", "pushed-away"]),
    /** Laid over the revision's own tree, with its tests: the sources as the attempt had them. */
    layer: layerSchema,
    /** Files of the layer that others changed too before the change was taken: git merged the two, so lines have other numbers than in the commit. */
    merged: z.array(z.string()).readonly(),
  })
  .readonly();
export type Attempt = z.infer<typeof attemptSchema>;

/** Why an earlier state is no attempt. */
export const passedAttemptSchema = z
  .object({ commit: commitId, reason: z.enum(["same-as-fix", "nothing-changed", "conflict", "no-base", "unreadable", "too-many-files"]) })
  .readonly();
export type PassedAttempt = z.infer<typeof passedAttemptSchema>;

/** What git tells of lines that a pull request's review remarked on: from the commit that was remarked on to the head that was merged. */
export const remarkedLinesSchema = z
  .object({
    /** Place in the pull request's `threads`. */
    thread: z.int().nonnegative(),
    /** Whether later commits of the pull request changed them. */
    changed: z.boolean(),
    /** The lines, with what was changed in one go with them, and what stands there since. Absent where nothing was changed, or too much. */
    was: z.string().optional(),
    became: z.string().optional(),
  })
  .readonly();
export type RemarkedLines = z.infer<typeof remarkedLinesSchema>;

export const mutantSchema = z.object({ kind: z.literal("mutant"), ...candidateBase, sites: z.array(siteSchema).min(1) }).readonly();
export const commitSchema = z
  .object({
    kind: z.literal("commit"),
    ...candidateBase,
    /** Subject and body as written; scrubbed only when posed. */
    subject: z.string(),
    body: z.string(),
    /** Test files that the commit added or changed. */
    testFiles: z.array(z.string()),
    /** Where the change of another commit is taken back in this tree: that commit. */
    mirrorOf: commitId.optional(),
    /** What the message tells of how it came to the mainline; absent where nothing was read from a message. */
    landed: z
      .object({ pullRequest: z.int().positive().nullable(), closes: z.array(z.int().positive()).readonly() })
      .readonly()
      .optional(),
    /**
     * Every other file of the tree that the commit changed, as it was before: tests, documents, change logs, built files. Null where it was
     * added, or was no text. Configuration is left out: what is installed and how it is run is the revision's. Absent where it is not
     * known, and for a mirror.
     */
    earlier: layerSchema.optional(),
    /** What its branch was before, best first: no two alike, and none like the change or like the tree before it. Absent where there are none. */
    attempts: z.array(attemptSchema).readonly().optional(),
    /** What else its branch was, as far as it was looked at. Absent where there is nothing. */
    passedAttempts: z.array(passedAttemptSchema).readonly().optional(),
    /** Where it was mined as a pull request; subject and body are then the pull request's. */
    pullRequest: pullRequestSchema.optional(),
    /** What became of lines that its review remarked on, as far as git can tell. Absent where it tells of none. */
    remarkedLines: z.array(remarkedLinesSchema).readonly().optional(),
  })
  .readonly();
/** A commit as a miner gives it: what it edits is told once it has passed the filters, for that takes reading its sources' syntax. */
export const minedCommitSchema = commitSchema.unwrap().omit({ edits: true }).readonly();
export const candidateSchema = z.discriminatedUnion("kind", [mutantSchema, commitSchema]);
export type Mutant = z.infer<typeof mutantSchema>;
export type Commit = z.infer<typeof commitSchema>;
export type MinedCommit = z.infer<typeof minedCommitSchema>;
export type Candidate = z.infer<typeof candidateSchema>;
