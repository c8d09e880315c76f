/** Where a merged pull request lies in git: the tree that it was merged onto, the tree that came of it, and what its branch was before. */
import type { GitRepository } from "../../lib/git.ts";
import type { PullRequest } from "../../schemas/pull-request.ts";

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

async function ofHead(repository: GitRepository, { number, head, base }: PullRequest): Promise<Trees | NoTrees> {
  if (!(await repository.has(head.oid))) {
    const ref = `refs/pull/${number}/head`;
    const came = await repository.bring(ref, head.oid);
    if (came === "absent") return { reason: "head-gone", detail: `neither its merge commit nor ${ref} is to be had` };
    if (came === "moved") return { reason: "head-moved", detail: `${ref} is no longer at ${head.oid}, which was merged` };
  }
  const below = (await repository.has(base.oid)) ? base.oid : (await repository.resolve()).commit;
  const before = await repository.mergeBase(below, head.oid);
  if (before === null || before === head.oid)
    return { reason: "base-unknown", detail: `${head.oid} has no base of its own below ${below}` };
  return { before, after: head.oid };
}

export interface EarlierHead {
  readonly commit: string;
  /** A commit of the branch as it was merged, or a head that a later push put aside. */
  readonly kind: "commit" | "pushed-away";
}

/**
 * Those that can be had, the oldest first within their kind; they are fetched where they are not here. The head that was merged is none of them.
 * Throws `RetryLater` where the place does not answer.
 */
export async function earlierHeads(repository: GitRepository, pullRequest: PullRequest): Promise<readonly EarlierHead[]> {
  const { number, head, commits, forcePushes } = pullRequest;
  if (!(await repository.has(head.oid))) await repository.bring(`refs/pull/${number}/head`, head.oid);
  const own = commits.list.map(({ oid }) => oid).filter((oid) => oid !== head.oid);
  const away = new Set(
    forcePushes.flatMap(({ before }) => (before === null || before === head.oid || own.includes(before) ? [] : [before])),
  );
  const earlier: EarlierHead[] = [];
  // A branch that is not here was pushed away itself, so its commits are not asked for one by one.
  for (const commit of own) if (await repository.has(commit)) earlier.push({ commit, kind: "commit" });
  for (const commit of await repository.bringCommits([...away])) earlier.push({ commit, kind: "pushed-away" });
  return earlier;
}
