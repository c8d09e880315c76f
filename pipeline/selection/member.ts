/** What must be known of every instance at once when it is chosen what a dataset holds. The rest of it stays on the disk. */
import { groupOfAddress, repoGroupOf } from "../../lib/address.ts";
import { difficultyOf } from "../../output/difficulty.ts";
import { editedLanguage } from "../../output/edited-language.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Instance, SkillName } from "../../schemas/instance.ts";
import type { Difficulty, Split } from "../../schemas/selection.ts";

export interface Member {
  readonly id: string;
  readonly skill: SkillName;
  readonly changeId: string;
  /** Shared by the two arms of a review: what happens to one happens to the other. */
  readonly pairId: string | null;
  /** All spellings of the repository's address as one. */
  readonly address: string;
  /** Its commit, and the forks that its change came from: what says that two addresses are of one history. */
  readonly commit: string;
  readonly forks: readonly string[];
  /** When its change was committed or merged, ISO 8601. */
  readonly at: string;
  /** 0 for a change of the history, 1 for one taken back in a later tree, 2 for what was injected. */
  readonly kind: 0 | 1 | 2;
  readonly operators: readonly string[];
  readonly file: string;
  /** What the edited files are written in. */
  readonly language: string;
  /** Null where its facts do not tell: then no limit is for it. */
  readonly difficulty: Difficulty | null;
  /** Where it lies already in the dataset that is added to; null where it comes. */
  readonly stands: { readonly group: string; readonly split: Split } | null;
}

const kindOf = (candidate: Candidate): Member["kind"] => {
  if (candidate.kind === "mutant") return 2;
  return candidate.mirrorOf === undefined ? 0 : 1;
};

export function memberOf({ draft, candidate }: Instance, stands: Member["stands"] = null): Member {
  const { repository, commit, committedAt } = candidate.revision;
  const pull = candidate.kind === "commit" ? candidate.pullRequest : undefined;
  return {
    id: draft.id,
    skill: draft.skill,
    changeId: draft.changeId,
    pairId: draft.pairId,
    address: repoGroupOf(repository),
    commit,
    forks: pull?.head.fork == null ? [] : [groupOfAddress(pull.head.fork)],
    at: pull?.mergedAt ?? committedAt,
    kind: kindOf(candidate),
    operators: candidate.kind === "mutant" ? [...new Set(candidate.sites.map(({ operator }) => operator))] : [],
    file: Object.keys(candidate.before).sort()[0] ?? "",
    language: editedLanguage(candidate),
    difficulty: difficultyOf(draft),
    stands,
  };
}
