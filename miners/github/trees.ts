/** Where a merged pull request lies in git: the tree that it was merged onto, the tree that came of it, and what its branch was before. */
import type { GitRepository } from "../../lib/git.ts";
import type { PullRequest } from "../../schemas/pull-request.ts";
import type { EarlierHead } from "../attempts.ts";

export const treeReasons = ["head-gone", "head-moved", "base-unknown"] as const;

export interface Trees {
  readonly before: string;
  readonly after: string;
}
export interface NoTrees {
  readonly reason: (typeof treeReasons)[number];
  readonly detail: string;
}

/**
 * The merge commit stands on the tree that the change was put onto: its first parent, or for a rebase what lies below the first of its
 * commits. (The merge base of branch and head would bring in what others merged meanwhile.) A merge commit that no branch leads to, as where
 * a branch was rewritten or removed, leaves the head that GitHub keeps of every pull request, and its merge base.
 */
export async function treesOf(repository: GitRepository, pullRequest: PullRequest): Promise<Trees | NoTrees> {
  const { mergeCommit, method } = pullRequest;
  if (mergeCommit !== null && (await repository.has(mergeCommit))) {
    const before = method === "rebase" ? await belowRebased(repository, mergeCommit, pullRequest) : await parentOf(repository, mergeCommit);
    return before === null
      ? { reason: "base-unknown", detail: `what ${mergeCommit} stands on is not known` }
      : { before, after: mergeCommit };
  }
  return ofHead(repository, pullRequest);
}

const parentOf = async (repository: GitRepository, commit: string): Promise<string | null> =>
  (await repository.firstParents(commit, 1))[0]?.parents[0] ?? null;

/** A rebase leaves out merges and commits that are on the branch already, so it may have fewer commits: the first is known by its message. */
async function belowRebased(repository: GitRepository, commit: string, { commits }: PullRequest): Promise<string | null> {
  const line = await repository.firstParents(commit, Math.min(commits.count, 250));
  const first = line.findLast(({ message }) => message === commits.list[0]?.message.trim());
  return first?.parents[0] ?? null;
}

/** Where GitHub keeps the head of every pull request. */
const refOf = (number: number): string => `refs/pull/${number}/head`;

async function ofHead(repository: GitRepository, { number, head, base }: PullRequest): Promise<Trees | NoTrees> {
  if (!(await repository.has(head.oid))) {
    const ref = refOf(number);
    const came = (await repository.bring(new Map([[ref, head.oid]]))).get(ref);
    if (came === "absent") return { reason: "head-gone", detail: `neither its merge commit nor ${ref} is to be had` };
    if (came === "moved") return { reason: "head-moved", detail: `${ref} is no longer at ${head.oid}, which was merged` };
  }
  const below = (await repository.has(base.oid)) ? base.oid : (await repository.resolve()).commit;
  const [before] = await repository.mergeBases(below, head.oid);
  if (before === undefined || before === head.oid)
    return { reason: "base-unknown", detail: `${head.oid} has no base of its own below ${below}` };
  return { before, after: head.oid };
}

/**
 * Which commits were its head once, as far as it tells: first those that somebody else remarked on, who had them before him as the change to be
 * merged; then those that were pushed away, which were heads for certain; then its own, which may be no more than steps. Each from the newest on.
 */
function namedHeads({ head, author, commits, forcePushes, threads }: PullRequest): readonly EarlierHead[] {
  const own = commits.list.map(({ oid }) => oid);
  const others = threads.filter(({ author: { kind, login } }) => kind !== "bot" && (login === null || login !== author.login));
  const remarkedOn = others.map(({ commit }) => commit);
  const away = forcePushes.map(({ before }) => before);
  const named = new Set([remarkedOn, away, own].flatMap((commits) => [...commits].reverse()));
  return [...named].flatMap((commit): readonly EarlierHead[] =>
    commit === null || commit === head.oid ? [] : [{ commit, kind: own.includes(commit) ? "commit" : "pushed-away" }],
  );
}

/**
 * The earlier heads of pull requests that can be had, by their numbers; the head that was merged is none of them. What is not here is fetched,
 * for all of them at once. Throws `RetryLater` where the place does not answer.
 */
export async function earlierHeads(
  repository: GitRepository,
  pullRequests: readonly PullRequest[],
): Promise<ReadonlyMap<number, readonly EarlierHead[]>> {
  const named = new Map(pullRequests.map((pullRequest) => [pullRequest.number, namedHeads(pullRequest)]));
  const all = [...named.values()].flat();
  const known = await repository.here([...all.map(({ commit }) => commit), ...pullRequests.map(({ head }) => head.oid)]);
  // What was remarked on is compared with the head.
  const behind = pullRequests.filter(
    ({ number, head, threads }) =>
      !known.has(head.oid) &&
      (named.get(number)?.some(({ kind }) => kind === "commit") === true ||
        threads.some(({ commit }) => commit !== null && commit !== head.oid)),
  );
  // A branch's own commits come with its head; where that was pushed away after all, they are not asked for one by one.
  await repository.bring(new Map(behind.map(({ number, head }) => [refOf(number), head.oid])));
  await repository.bringCommits(all.flatMap(({ commit, kind }) => (kind === "pushed-away" ? [commit] : [])));
  const here = await repository.here(all.map(({ commit }) => commit));
  return new Map([...named].map(([number, heads]) => [number, heads.filter(({ commit }) => here.has(commit))]));
}
