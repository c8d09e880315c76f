/**
 * The axis "filter": judgements on what was mined that read and do not run. (A judgement by execution is a trial.)
 *
 * A filter promises:
 * - to be pure: the same subject and options give the same outcome, and nothing is written, fetched or executed;
 * - to keep or to drop a commit, or a revision where it judges those, whole, never to change it;
 * - to name each of its reasons in `reasons`, and to drop for no other; a drop is written down as `<filter>/<reason>`.
 */
import type { z } from "zod";
import type { MinedCommit, Revision } from "../schemas/candidate.ts";
import type { Outcome } from "../schemas/outcome.ts";

/** A mined commit with what a filter may ask about it. */
export interface FilterSubject {
  readonly commit: MinedCommit;
  /** Number of parents; more than one is a merge. */
  readonly parents: number;
  /** Text of a source file in the commit's own tree, or null where it is not there. */
  readonly after: (path: string) => string | null;
  /** Does the text compile to something else? Comments, types and formatting do not count. */
  readonly emitsDifferently: (path: string, before: string, after: string) => boolean;
}

export interface Filter<Options = unknown> {
  readonly name: string;
  readonly version: number;
  readonly reasons: readonly string[];
  readonly options: z.ZodType<Options>;
  judge(subject: FilterSubject, options: Options): Outcome<MinedCommit>;
  /** A revision into which mutants would be injected; without this, all pass. */
  judgeRevision?(revision: Revision, options: Options): Outcome<Revision>;
}
