/** The rows of a dataset as a refresh sees them: which each is, what it was made from and what it says, not its text. */
import { madeFrom } from "../filters/takedown.ts";
import { canonical, sha256 } from "../lib/hash.ts";
import type { Dataset } from "../output/dataset-reader.ts";
import { fromRows } from "../output/rows.ts";
import type { Repository } from "../schemas/candidate.ts";
import type { SkillName } from "../schemas/instance.ts";
import { type Split, splitSchema } from "../schemas/selection.ts";

/** What a row and an instance that may become one have in common. */
export interface RowSubject {
  readonly id: string;
  readonly skill: SkillName;
  readonly split: string;
  readonly changeId: string;
  readonly pairId: string | null;
  readonly environmentId: string;
  readonly repository: Repository;
  readonly packageDir: string;
  readonly pullRequest: number | null;
  /** Whose text is in it. */
  readonly commits: readonly string[];
  /** sha256 of the instance behind it, as the store names it. */
  readonly instance: string;
  /** Version of the grader that proved it. */
  readonly verifier: string;
}

export interface StoredRow extends RowSubject {
  readonly split: Split;
  readonly group: string;
  readonly contentHash: string;
}

/** All that lies in the shards, what was withdrawn included. */
export async function storedRows(data: Dataset): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const pair of data.pairs({ withdrawn: true })) {
    const instance = fromRows(pair.public, pair.private);
    const { draft, candidate } = instance;
    rows.push({
      id: draft.id,
      skill: draft.skill,
      split: splitSchema.parse(pair.public.split),
      group: pair.public.repo_group,
      changeId: draft.changeId,
      pairId: draft.pairId,
      environmentId: draft.environmentId,
      ...madeFrom(candidate),
      packageDir: candidate.revision.packageDir,
      instance: sha256(canonical(instance)),
      verifier: pair.private.verifier.version,
      contentHash: pair.private.provenance.content_hash,
    });
  }
  return rows;
}
