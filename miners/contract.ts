/**
 * The axis "miner": where revisions and commits come from.
 *
 * A miner promises:
 * - to give the same items, in the same order, for the same source and options;
 * - with every item a cursor, from which a later call goes on with the next item; the cursor is the miner's own affair;
 * - to look after its own rate limits, retries and caches (`RetryLater` when the far side asks for patience, `StopRun` when it cannot go on);
 * - not to judge: whether a commit is a fix worth posing is said by the filters and, in the end, by the tests;
 * - where its source counts what it holds (pull requests), to lose none: what gives no candidate is passed over with a reason from `reasons`.
 *
 * What a path is for is brought by the context, so a miner knows no language.
 */
import type { z } from "zod";
import type { Role } from "../languages/contract.ts";
import type { GitRepository } from "../lib/git.ts";
import type { MinedCommit, Revision } from "../schemas/candidate.ts";

export type MinedItem =
  | { readonly kind: "revision"; readonly revision: Revision }
  | { readonly kind: "commit"; readonly commit: MinedCommit };

/** What gives no candidate; written down as `<miner>/<reason>`. */
export interface PassedOver {
  readonly kind: "passed-over";
  /** 16 hex digits over what it is. */
  readonly id: string;
  readonly reason: string;
  readonly detail: string;
}

export interface Mined {
  /** Hand it back to go on with the item after this one. */
  readonly cursor: string;
  readonly item: MinedItem | PassedOver;
}

/** What a miner of a remote source needs beside the repository. */
export interface Outside {
  /** A folder of its own, kept from run to run. */
  readonly cacheDir: string;
  /** Where credentials are read from, when they are needed; they are kept nowhere. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: {
    info(message: string): void;
    warn(message: string): void;
    /** Replaces itself: a countdown, a page count. */
    progress(message: string): void;
  };
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
}

export interface MinerContext {
  readonly repository: GitRepository;
  readonly roleOf: (path: string) => Role;
  /** Where an earlier call ended; null starts at the first item. */
  readonly cursor: string | null;
  readonly signal?: AbortSignal;
  /** Absent where only local sources are mined. */
  readonly outside?: Outside;
}

export interface Miner<Options = unknown> {
  readonly name: string;
  readonly version: number;
  readonly reasons: readonly string[];
  readonly options: z.ZodType<Options>;
  mine(options: Options, context: MinerContext): AsyncIterable<Mined>;
}
