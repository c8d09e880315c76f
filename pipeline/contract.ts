/**
 * A stage turns records into outcomes and keeps no books: `drive.ts` pulls its inputs, skips what the ledger knows, runs the rest,
 * retries what says `RetryLater`, records every outcome and stops on `StopRun`.
 *
 * Inputs with the same batch key are given together and recorded together. Everything random comes from the configuration's seed and the
 * item's id; every outcome is a function of the inputs, the configuration and what foreign code did.
 */
import type { z } from "zod";
import type { Config } from "../schemas/config.ts";
import type { Outcome } from "../schemas/outcome.ts";
import type { Bench } from "./bench.ts";

export interface Result<Out> {
  readonly id: string;
  /** The record it came from, for `explain`. */
  readonly parent: string | null;
  readonly outcome: Outcome<Out>;
}

export interface Stage<In, Out> {
  readonly name: string;
  readonly version: number;
  /** How many batches may run at once is the driver's affair, by this class. */
  readonly resource: "cpu" | "sandbox";
  readonly output: z.ZodType<Out>;
  /** The settings that its outcomes depend on: a change of another leaves its verdicts valid. */
  readonly settings: readonly (keyof Config)[];
  /** At most so many kept outcomes for each quota key that the driver is given, the first in input order; the rest are dropped as `<stage>/over-limit`. */
  readonly quota?: (config: Config) => number;
  /** Further blobs that a kept value names. What was done counts as done only while they are in the store. */
  readonly blobs?: (value: Out) => readonly string[];
  work(inputs: readonly In[], bench: Bench): AsyncIterable<Result<Out>>;
}
