/**
 * The axis "miner": where revisions and commits come from.
 *
 * A miner promises:
 * - to give the same items, in the same order, for the same source and options;
 * - with every item a cursor, from which a later call goes on with the next item; the cursor is the miner's own affair;
 * - to look after its own rate limits, retries and caches (`RetryLater` when the far side asks for patience, `StopRun` when it cannot go on);
 * - not to judge: whether a commit is a fix worth posing is said by the filters and, in the end, by the tests.
 *
 * What a path is for and what a text's units are is brought by the context, so a miner knows no language.
 */
import type { z } from "zod";
import type { Role, SourceFile, Unit } from "../languages/contract.ts";
import type { GitRepository } from "../lib/git.ts";
import type { Commit, Revision } from "../schemas/candidate.ts";

export type MinedItem = { readonly kind: "revision"; readonly revision: Revision } | { readonly kind: "commit"; readonly commit: Commit };

export interface Mined {
  /** Hand it back to go on with the item after this one. */
  readonly cursor: string;
  readonly item: MinedItem;
}

export interface MinerContext {
  readonly repository: GitRepository;
  readonly roleOf: (path: string) => Role;
  readonly units: (file: SourceFile) => readonly Unit[];
  /** Where an earlier call ended; null starts at the first item. */
  readonly cursor: string | null;
  readonly signal?: AbortSignal;
}

export interface Miner<Options = unknown> {
  readonly name: string;
  readonly version: number;
  readonly options: z.ZodType<Options>;
  mine(options: Options, context: MinerContext): AsyncIterable<Mined>;
}
