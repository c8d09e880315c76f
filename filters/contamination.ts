/** Drops what evaluation sets are made of: their repositories, pull requests, commits, patches and texts. Which, say lists with a name and a version. */
import { groupOfAddress, repoGroupOf } from "../lib/address.ts";
import { unifiedDiff } from "../lib/diff.ts";
import type { MinedCommit, Repository, Revision } from "../schemas/candidate.ts";
import { type Contamination, contaminationSchema, type DenyList } from "../schemas/contamination.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { deniedBy, denyReasons, type Hit, type Suspect } from "./contamination/deny-list.ts";
import { evaluationSets } from "./contamination/evaluation-sets.ts";
import type { Filter, FilterSubject } from "./contract.ts";

/** In the order in which they are asked. */
export const listsInForce = ({ bundled, lists }: Pick<Contamination, "bundled" | "lists">): readonly DenyList[] => [
  ...(bundled ? evaluationSets : []),
  ...lists,
];

/** What it is called, where it came from, and what it says it is: a copy without an address is known by the last. */
const namesOf = (repository: Repository): readonly string[] => [
  ...new Set([repoGroupOf(repository), repository.name.toLowerCase(), ...(repository.declared ?? [])]),
];

const isAllowed = (repository: Repository, { allow }: Contamination): boolean => {
  const names = namesOf(repository);
  return allow.some((name) => names.includes(groupOfAddress(name)));
};

function suspectOf(commit: MinedCommit, patch: string): Suspect {
  const { revision, subject, body, pullRequest, landed } = commit;
  const repositories = namesOf(revision.repository);
  const own = [pullRequest?.number ?? landed?.pullRequest ?? null, ...(landed?.closes ?? [])].filter((number) => number !== null);
  const issues = pullRequest?.issues ?? [];
  return {
    repositories,
    numbers: [
      ...repositories.flatMap((name) => own.map((number) => `${name}#${number}`)),
      ...issues.map(({ repository, number }) => `${repository.toLowerCase()}#${number}`),
    ],
    commits: [
      revision.commit,
      ...(pullRequest === undefined ? [] : [pullRequest.head.oid, pullRequest.base.oid, pullRequest.mergeCommit ?? ""]),
    ],
    patch,
    texts: [`${subject}\n${body}`, ...issues.map(({ title, body: text }) => `${title}\n${text}`)],
  };
}

const outcomeOf = <T>(value: T, hit: Hit | null): Outcome<T> =>
  hit === null ? keep(value) : drop(`contamination/${hit.reason}`, hit.detail);

/** What is known of a change by its candidate and its patch, whenever it was mined. */
export function deniedChange(commit: MinedCommit, patch: string, options: Contamination): Hit | null {
  return isAllowed(commit.revision.repository, options) ? null : deniedBy(listsInForce(options), suspectOf(commit, patch));
}

export function deniedRevision({ repository, commit }: Revision, options: Contamination): Hit | null {
  if (isAllowed(repository, options)) return null;
  return deniedBy(listsInForce(options), { repositories: namesOf(repository), numbers: [], commits: [commit], patch: null, texts: [] });
}

function judge({ commit, after }: FilterSubject, options: Contamination): Outcome<MinedCommit> {
  const changes = Object.entries(commit.before).map(([path, before]) => ({ path, before, after: after(path) }));
  return outcomeOf(commit, deniedChange(commit, unifiedDiff(changes, 0), options));
}

export const contamination = Object.freeze({
  name: "contamination",
  version: 2,
  reasons: denyReasons,
  options: contaminationSchema,
  judge,
  judgeRevision: (revision: Revision, options: Contamination) => outcomeOf(revision, deniedRevision(revision, options)),
}) satisfies Filter<Contamination>;
