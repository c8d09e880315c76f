/** The merged pull requests of a repository on GitHub, newest first: each a candidate, with what was asked and said, or passed over by name. */
import { z } from "zod";
import { RetryLater } from "../lib/errors.ts";
import { type LogChange, shasOf } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import { licenseFiles } from "../lib/license.ts";
import type { PullRequest } from "../schemas/pull-request.ts";
import { attemptsOf, type LocatedHead, locateAttempts } from "./attempts.ts";
import { candidateOf, changeReasons, sourceChanges } from "./change.ts";
import type { Mined, Miner, MinerContext, PassedOver } from "./contract.ts";
import { crawl } from "./github/crawl.ts";
import { repositoryReasons } from "./github/discover.ts";
import { clientOnDemand, shelfOf, unavailableReasons } from "./github/open.ts";
import { type Crawled, type Vanished, vanishedBy } from "./github/pages.ts";
import { type LocatedRemark, locateRemarks, remarkedLinesOf } from "./github/remarked-lines.ts";
import { earlierHeads, type Trees, treeReasons, treesOf } from "./github/trees.ts";

const ofChanges = [...changeReasons, ...treeReasons, "same-commit", "unanswered", "unexpected-form"] as const;
/** A search and a name may both find a private repository. */
const reasons = [...new Set([...repositoryReasons, ...unavailableReasons, ...ofChanges])];

export const githubOptions = z
  .object({
    api: z.string().describe("Base address of the REST API."),
    repositoryId: z.string().describe("GitHub's own id of the repository."),
    snapshot: z.string().describe("Which state of its pull requests is read."),
    limit: z.int().positive().describe("Newest merged pull requests that are looked at."),
    since: z.string().nullable().default(null).describe("Merged at or after this moment, ISO 8601."),
    until: z.string().nullable().default(null).describe("Merged before this moment, ISO 8601."),
    packageDir: z.string().default(".").describe("Workspace folder inside the repository; `.` for the root."),
    maxFileBytes: z.int().positive().default(300_000).describe("A pull request that changes a larger source file is passed over."),
    maxSourceFiles: z.int().positive().default(50).describe("A pull request that changes more source files is passed over."),
    retryMs: z.int().nonnegative().default(1000).describe("Before an answer that was none is asked for again, in milliseconds."),
    paced: z.boolean().default(true).describe("Keep a second between two questions."),
  })
  .strict();
export type GithubOptions = z.infer<typeof githubOptions>;

/** A pull request with what it changed, or why it gives nothing. */
interface Located extends Trees {
  readonly pullRequest: PullRequest;
  readonly changes: readonly LogChange[];
}

async function locatedOf(
  crawled: Crawled,
  cursor: string,
  options: GithubOptions,
  { repository, roleOf }: MinerContext,
): Promise<Located | PassedOver> {
  if ("gap" in crawled) return passedOver(cursor, crawled.gap.reason, crawled.gap.detail, options);
  const { pullRequest } = crawled;
  const trees = await treesOf(repository, pullRequest);
  if ("reason" in trees) return passedOver(pullRequest.number, trees.reason, trees.detail, options);
  const changes = await repository.changesBetween(trees.before, trees.after);
  const read = changes.filter(({ path }) => roleOf(path) === "source" || roleOf(path) === "test");
  if (read.length <= 2 * options.maxSourceFiles) repository.expect(shasOf(read));
  const top = (await repository.filesIn(trees.after)).filter(({ path }) => path === "package.json" || licenseFiles([path]).length > 0);
  repository.expect(top.map(({ sha }) => sha));
  return { ...trees, pullRequest, changes };
}

/** What the branch of a pull request was before, and what was remarked on of that. */
interface Earlier {
  readonly heads: readonly LocatedHead[];
  readonly remarks: readonly LocatedRemark[];
}

/** By number. One that changes no source gives no candidate, so nothing is fetched for it. */
async function earlierLocated(
  located: readonly (Located | PassedOver)[],
  options: GithubOptions,
  context: MinerContext,
): Promise<ReadonlyMap<number, Earlier>> {
  const wanted = located.filter(
    (one): one is Located => !("reason" in one) && sourceChanges(one.changes, options.packageDir, context).length > 0,
  );
  const heads = await earlierHeads(
    context.repository,
    wanted.map(({ pullRequest }) => pullRequest),
  );
  const found = new Map<number, Earlier>();
  for (const { pullRequest, before } of wanted) {
    found.set(pullRequest.number, {
      heads: await locateAttempts(heads.get(pullRequest.number) ?? [], before, options, context),
      remarks: await locateRemarks(context.repository, pullRequest, before),
    });
  }
  return found;
}

async function minedOf(
  located: Located | PassedOver,
  earlier: ReadonlyMap<number, Earlier>,
  options: GithubOptions,
  context: MinerContext,
): Promise<Mined["item"]> {
  if ("reason" in located) return located;
  const { pullRequest, after, changes } = located;
  const commit = await candidateOf({ after, changes, subject: pullRequest.title, body: pullRequest.body }, options, context);
  if (typeof commit === "string") return passedOver(pullRequest.number, commit, pullRequest.title, options);
  const { heads, remarks } = earlier.get(pullRequest.number) ?? { heads: [], remarks: [] };
  const before = await attemptsOf(heads, changes, options, context);
  const remarkedLines = await remarkedLinesOf(remarks, context.repository, options.maxFileBytes);
  return { kind: "commit", commit: { ...commit, ...before, pullRequest, ...(remarkedLines.length === 0 ? {} : { remarkedLines }) } };
}

/** So many are located before the first of them is read, so that what they change is fetched together. */
const lookAhead = 50;

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

const passedOver = (which: number | string, reason: (typeof reasons)[number], detail: string, options: GithubOptions): PassedOver => ({
  kind: "passed-over",
  id: shortId(["github", options.repositoryId, which, options.packageDir]),
  reason,
  detail: `#${which}: ${detail}`,
});

/** Before the first item. */
const start = "";

/**
 * Where git does not answer, GitHub is asked whether it has the repository still: what cannot be fetched of one that it has no longer ends by
 * that name, and is not waited for.
 */
function unlessVanished(ask: () => Promise<Vanished | null>) {
  let known: Vanished | null = null;
  return async <T>(work: () => Promise<T>, otherwise: (vanished: Vanished) => T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryLater)) throw error;
      known ??= await ask();
      if (known === null) throw error;
      return otherwise(known);
    }
  };
}

async function* mine(options: GithubOptions, context: MinerContext): AsyncGenerator<Mined> {
  const { outside, signal } = context;
  if (outside === undefined) throw new Error("the miner github was given nothing from outside");
  const { client, made } = clientOnDemand(options.api, outside, { ...options, ...(signal ? { signal } : {}) });
  const tools = { shelf: shelfOf(options.api, outside), client, progress: outside.log.progress, ...(signal ? { signal } : {}) };
  const settled = unlessVanished(() => vanishedBy(client, options.repositoryId));
  let passed = context.cursor === null || context.cursor === start;
  let at = 0;
  let last = context.cursor ?? start;
  /** Which was merged by a commit. GitHub counts as merged whatever a merge brought in, such as the lower one of two that stand on each other. */
  const mergedBy = new Map<string, number>();
  for await (const group of inGroups(crawl(options, tools), lookAhead)) {
    const wanted: { readonly cursor: string; readonly located: Located | PassedOver }[] = [];
    for (const crawled of group) {
      if ("vanished" in crawled) {
        const { message, reason } = crawled.vanished;
        outside.log.warn(`${context.repository.name}: ${message}; what was read before is worked on`);
        // Should the repository come back, what follows is what was not read.
        wanted.push({ cursor: last, located: passedOver("unread", reason, `${message}; ${at} were read before`, options) });
        continue;
      }
      at += 1;
      const number = "gap" in crawled ? crawled.gap.number : crawled.pullRequest.number;
      // A pull request without a number still has its place.
      const cursor = number === null ? `at ${at}` : String(number);
      if (passed) {
        const located = await settled(
          () => locatedOf(crawled, cursor, options, context),
          ({ reason, message }) => passedOver(cursor, reason, message, options),
        );
        const other = "after" in located ? mergedBy.get(located.after) : undefined;
        const same = other === undefined ? null : passedOver(cursor, "same-commit", `#${other} was merged by the same commit`, options);
        wanted.push({ cursor, located: same ?? located });
        last = cursor;
      }
      passed ||= cursor === context.cursor;
      const merge = "gap" in crawled ? null : crawled.pullRequest.mergeCommit;
      if (merge !== null && number !== null && !mergedBy.has(merge)) mergedBy.set(merge, number);
    }
    const located = wanted.map((one) => one.located);
    // A change is one without its earlier states too, as where its author pushed them away and GitHub has them no longer.
    const earlier = await settled<ReadonlyMap<number, Earlier>>(
      () => earlierLocated(located, options, context),
      () => new Map(),
    );
    for (const { cursor, located: one } of wanted) {
      const gone = ({ reason, message }: Vanished) => passedOver(cursor, reason, message, options);
      yield { cursor, item: await settled<Mined["item"]>(() => minedOf(one, earlier, options, context), gone) };
    }
  }
  for (const { spent } of made) {
    const { requests, points } = spent;
    outside.log.info(`${context.repository.name}: ${at} pull requests for ${requests} requests and ${points} points of GitHub's`);
  }
}

export const github = Object.freeze({ name: "github", version: 10, reasons, options: githubOptions, mine }) satisfies Miner<GithubOptions>;
