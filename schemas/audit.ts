/** Verdicts on mutants that were computed a second time, the slow way: by the whole suite, on the plain source, in a fresh workspace. */
import { z } from "zod";

export const disagreementSchema = z
  .object({
    candidateId: z.string(),
    /** Who had given the verdict: a sift, that nothing notices it; or a look at it by itself. */
    by: z.enum(["sift", "observe"]),
    /** Tests that were to pass, and do not in the whole suite. */
    toPass: z.array(z.string()),
    /** Tests that were to fail, and do not in the whole suite. */
    toFail: z.array(z.string()),
    /** How the whole suite ended, where it gave no whole report; else null. */
    ended: z.string().nullable(),
    /** The whole suite does not say the same each time: then it is a test that flickers, and not the verdict that was wrong. */
    flaky: z.boolean(),
  })
  .readonly();
export type Disagreement = z.infer<typeof disagreementSchema>;

/** Of one environment. */
export const auditSchema = z
  .object({ environmentId: z.string(), recomputed: z.int().nonnegative(), disagreements: z.array(disagreementSchema).readonly() })
  .readonly();
export type Audit = z.infer<typeof auditSchema>;
