/**
 * The history of one repository: the revision asked for, then the newest changes of sources and tests together. A change is what came to the
 * mainline in one step: a commit, or a merged branch as a whole, for a branch often has its tests in another commit than its sources. Where a
 * merge only brings two copies of the mainline together, the commits that it brings are looked at one by one.
 */
import { z } from "zod";
import { ahead } from "../lib/ahead.ts";
import type { LogEntry } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import type { Revision } from "../schemas/candidate.ts";
import { attemptsOf, type EarlierHead, locateAttempts } from "./attempts.ts";
import { isBotName } from "./bots.ts";
import { candidateOf, changeReasons, revisionAt } from "./change.ts";
import type { Mined, Miner, MinerContext } from "./contract.ts";
import { landedOf } from "./landed.ts";

const reasons = [...changeReasons, "bot"] as const;

export const localGitOptions = z
  .object({
    revision: z.string().default("HEAD").describe("Branch, tag or commit id."),
    packageDir: z.string().default(".").describe("Workspace folder inside the repository; `.` for the root."),
    history: z.int().nonnegative().default(0).describe("Newest changes of sources and tests together; 0 gives the revision only."),
    maxFileBytes: z.int().positive().default(300_000).describe("A commit that changes a larger source file is passed over."),
    maxSourceFiles: z.int().positive().default(50).describe("A commit that changes more source files is passed over."),
  })
  .strict();
export type LocalGitOptions = z.infer<typeof localGitOptions>;

/** Every change that came to the mainline, from the newest on. */
async function* changesOf({ commit }: Revision, { repository }: MinerContext): AsyncGenerator<LogEntry> {
  for await (const entry of repository.log({ from: commit, line: "mainline" })) {
    const [first, ...others] = entry.parents;
    if (first === undefined || landedOf(entry).kind === "change") {
      yield entry;
      continue;
    }
    for (const other of others) if (await repository.has(other)) yield* repository.log({ from: other, without: first });
  }
}

/** Commits of the branch that a merge brought, but for its last, from the newest on. */
async function earlierHeads([first, second, ...more]: LogEntry["parents"], { repository }: MinerContext): Promise<readonly EarlierHead[]> {
  if (first === undefined || second === undefined || more.length > 0 || !(await repository.has(second))) return [];
  const { commits, base } = await repository.branch(second, first);
  return commits.filter((commit) => commit !== second).map((commit) => ({ commit, kind: "commit", base }));
}

async function attemptsIn({ parents, changes }: LogEntry, options: LocalGitOptions, context: MinerContext) {
  const [onto = ""] = parents;
  const heads = await earlierHeads(parents, context);
  return attemptsOf(await locateAttempts(heads, onto, options, context), changes, options, context);
}

async function itemOf(entry: LogEntry, options: LocalGitOptions, context: MinerContext): Promise<Mined["item"] | null> {
  const { kind, subject, body, pullRequest, closes } = landedOf(entry);
  if (kind === "sync" || entry.parents.length === 0) return null;
  const commit = await candidateOf({ after: entry.commit, changes: entry.changes, subject, body }, options, context);
  // A history counts no candidates: what changes no source or no test is none.
  if (commit === "no-source" || commit === "no-test") return null;
  const id = shortId(["local-git", context.repository.name, entry.commit, options.packageDir]);
  const passedOver = (reason: (typeof reasons)[number], detail: string): Mined["item"] => ({ kind: "passed-over", id, reason, detail });
  if (isBotName(entry.author)) return passedOver("bot", `${entry.commit.slice(0, 10)} of ${entry.author}: ${subject}`);
  if (typeof commit !== "string") {
    const before = await attemptsIn(entry, options, context);
    return { kind: "commit", commit: { ...commit, ...before, landed: { pullRequest, closes } } };
  }
  return passedOver(commit, `${entry.commit.slice(0, 10)}: ${subject}`);
}

/** Two merges may bring the same commit. */
async function* onceEach(entries: AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
  const seen = new Set<string>();
  for await (const entry of entries) {
    if (!seen.has(entry.commit)) yield entry;
    seen.add(entry.commit);
  }
}

/** Changes that are read from the repository while one is looked into. */
const lookAhead = 4;

async function* mine(options: LocalGitOptions, context: MinerContext): AsyncGenerator<Mined> {
  const { repository, cursor, signal } = context;
  const revision = await revisionAt(repository, options.revision, options.packageDir);
  if (cursor === null) yield { cursor: "revision", item: { kind: "revision", revision } };
  let left = options.history;
  let passed = cursor === null || cursor === "revision";
  if (left === 0) return;
  const items = ahead(onceEach(changesOf(revision, context)), lookAhead, async (entry) => ({
    commit: entry.commit,
    item: await itemOf(entry, options, context),
  }));
  for await (const { commit, item } of items) {
    signal?.throwIfAborted();
    if (item === null) continue;
    const before = !passed;
    passed ||= commit === cursor;
    if (!before) yield { cursor: commit, item };
    left -= 1;
    if (left === 0) return;
  }
}

export const localGit = Object.freeze({
  name: "local-git",
  version: 9,
  reasons,
  options: localGitOptions,
  mine,
}) satisfies Miner<LocalGitOptions>;
