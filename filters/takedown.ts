/** Drops what its owners asked not to be used: repositories, commits and pull requests. Instances are known only when they are posed. */
import { repoGroupOf } from "../lib/address.ts";
import type { MinedCommit, Mutant, Repository, Revision } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { type TakedownSettings, takedownSchema } from "../schemas/takedown.ts";
import type { Filter, FilterSubject } from "./contract.ts";

/** What a takedown may mean: a row, or what a row would be made from. */
export interface TakedownSubject {
  readonly id?: string;
  readonly repository: Pick<Repository, "name" | "origin">;
  /** Number of the pull request behind it; null where there is none. */
  readonly pullRequest: number | null;
  /** Whose text is in it. */
  readonly commits: readonly string[];
}

export interface Takedowns {
  /** The line that means it; null where none does. */
  match(subject: TakedownSubject): string | null;
}

const instanceLike = /^[0-9a-f]{16}$/;
const commitLike = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Of an instance or a commit. */
export const isWholeId = (text: string): boolean => instanceLike.test(text) || commitLike.test(text);
const pullRequestLike = /^(https?:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+)\/pull\/(\d+)$/i;

/** All spellings of a repository's address are one, as in the column `repo_group`. */
const groupOf = (target: string): string => repoGroupOf({ name: target, origin: target });

export function takedownsOf(targets: readonly string[]): Takedowns {
  const meant = new Map<string, string>();
  for (const target of targets) {
    const [, repository, number] = pullRequestLike.exec(target) ?? [];
    if (repository !== undefined) meant.set(`${groupOf(repository)}#${number}`, target);
    else meant.set(isWholeId(target) ? target : groupOf(target), target);
  }
  return {
    match({ id, repository: { name, origin }, pullRequest, commits }) {
      const names = [repoGroupOf({ name, origin }), name.toLowerCase()];
      const keys = [id ?? "", ...names, ...(pullRequest === null ? [] : names.map((own) => `${own}#${pullRequest}`)), ...commits];
      return keys.map((key) => meant.get(key)).find((target) => target !== undefined) ?? null;
    },
  };
}

/** What a candidate was made from. */
export function madeFrom(
  candidate: Mutant | MinedCommit,
): Pick<TakedownSubject, "pullRequest" | "commits"> & { readonly repository: Repository } {
  const { repository, commit } = candidate.revision;
  if (candidate.kind === "mutant") return { repository, pullRequest: null, commits: [commit] };
  const { pullRequest, landed, mirrorOf } = candidate;
  return {
    repository,
    pullRequest: pullRequest?.number ?? landed?.pullRequest ?? null,
    commits: [commit, mirrorOf, pullRequest?.head.oid, pullRequest?.mergeCommit].filter((one) => typeof one === "string"),
  };
}

const reasons = ["repository", "pull-request", "commit"] as const;

const read = new WeakMap<TakedownSettings, Takedowns>();

function judged<T>(value: T, subject: TakedownSubject, settings: TakedownSettings): Outcome<T> {
  const takedowns = read.get(settings) ?? takedownsOf(settings.targets);
  read.set(settings, takedowns);
  const target = takedowns.match(subject);
  if (target === null) return keep(value);
  const reason = pullRequestLike.test(target) ? "pull-request" : commitLike.test(target) ? "commit" : "repository";
  return drop(`takedown/${reason}`, target);
}

export const takedown = Object.freeze({
  name: "takedown",
  version: 1,
  reasons,
  options: takedownSchema,
  judge: ({ commit }: FilterSubject, options: TakedownSettings): Outcome<MinedCommit> => judged(commit, madeFrom(commit), options),
  judgeRevision: (revision: Revision, options: TakedownSettings): Outcome<Revision> =>
    judged(revision, { repository: revision.repository, pullRequest: null, commits: [revision.commit] }, options),
}) satisfies Filter<TakedownSettings>;
