/** What the tests did in both trees of a candidate. */
import { z } from "zod";
import { mutantSchema } from "./candidate.ts";
import { failureSchema } from "./report.ts";

/** A call that tests make of the package, whose outcome the defect changes. */
export const changedCallSchema = z
  .object({
    /** The source file of the function that is called. */
    file: z.string(),
    /** What importers call it. */
    symbol: z.string(),
    /** As source text: `isEmail("x@y")`. */
    call: z.string(),
    /** The text can be run as it is, by whoever imports its name. */
    selfContained: z.boolean(),
    /** What the clean tree gives, as source text where there is such. */
    expected: z.string(),
    /** What the defective tree gives; null where it throws in place of giving something. */
    actual: z.string().nullable(),
    error: z.string().nullable(),
  })
  .readonly();
export type ChangedCall = z.infer<typeof changedCallSchema>;

const seen = {
  candidateId: z.string(),
  environmentId: z.string(),
  /** Test files that were run in both trees: every standalone file that reaches an edited line. */
  files: z.array(z.string()),
  /** Fails before, passes after: by assertion or by a thrown error, never by a file that did not load. */
  failToPass: z.array(z.string()),
  passToPass: z.array(z.string()),
  /** Passes after; before, a run of its file that came to its end tells of no such test. */
  absentToPass: z.array(z.string()),
  skippedToPass: z.array(z.string()),
  passToFail: z.array(z.string()),
  failToFail: z.array(z.string()),
  /** Mixed outcomes over the repeats: never used. */
  flaky: z.array(z.string()),
  /** For each fail-to-pass test, the failure seen in `before`. */
  failures: z.record(z.string(), failureSchema),
  /** How `before` was run: each file as the runner's users have it, several in one process, or so and then, nothing being sure, each as usual. */
  manner: z.enum(["apart", "together", "apart-again"]),
  /** Where no failure shows what was put in: calls with other outcomes in `before`, the best told first. */
  calls: z.array(changedCallSchema),
  /** How `before` ended: a defect may also hang, exhaust memory or fail to load. */
  ended: z.enum(["finished", "timed-out", "out-of-memory", "disk-full", "output-too-large", "load"]),
};

const atBaseSchema = z.enum(["absent", "passed", "failed", "skipped"]);

/** Tests that are asked for in no trial, by what they did in the two trees; of those that are, what they did before there was a change at all. */
export const oddTestsSchema = z
  .object({
    absentToPass: seen.absentToPass,
    skippedToPass: seen.skippedToPass,
    passToFail: seen.passToFail,
    failToFail: seen.failToFail,
    flaky: seen.flaky,
    /** Of a commit's FAIL_TO_PASS tests, by id: their outcome in the parent's tree. Empty for other changes. */
    atBase: z.record(z.string(), atBaseSchema),
  })
  .readonly();
export type OddTests = z.infer<typeof oddTestsSchema>;

/**
 * A fixed tree made wrong, and what the tests did with it. A commit is alone in its environment, and what a skill asks
 * about it needs more wrong trees than the one before it.
 * - `hunk`: one of several changes of the fix was left out.
 * - `slip`: a mistake in a line that the fix wrote.
 * - `attempt`: the sources as one of the commit's attempts had them, which are the mutant's `before`.
 * - `test`: a failing test of the change was made to ask for the opposite, which only a test that does not bite passes.
 */
export const variantSchema = z
  .object({ role: z.enum(["hunk", "slip", "attempt", "test"]), mutant: mutantSchema, observation: z.object(seen).readonly() })
  .readonly();
export type Variant = z.infer<typeof variantSchema>;

export const observationSchema = z
  .object({
    ...seen,
    /** For each fail-to-pass test of a commit, what it did before the commit brought its tests: a third tree, that of the parent. */
    atBase: z.record(z.string(), atBaseSchema).optional(),
    /** Of a commit: wrong trees beside the fixed one that tests are known to tell from it. */
    variants: z.array(variantSchema).readonly().optional(),
  })
  .readonly();
export type Observation = z.infer<typeof observationSchema>;
