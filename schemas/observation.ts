/** What the tests did in both trees of a candidate. */
import { z } from "zod";
import { failureSchema } from "./report.ts";

export const observationSchema = z
  .object({
    candidateId: z.string(),
    environmentId: z.string(),
    /** Test files that were run in both trees: every standalone file that reaches an edited line. */
    files: z.array(z.string()),
    /** Fails before, passes after: by assertion or by a thrown error, never by a file that did not load. */
    failToPass: z.array(z.string()),
    passToPass: z.array(z.string()),
    /** Absent before (its file did not load), passes after. */
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
    /** How `before` ended: a defect may also hang, exhaust memory or fail to load. */
    ended: z.enum(["finished", "timed-out", "out-of-memory", "output-too-large", "load"]),
  })
  .readonly();
export type Observation = z.infer<typeof observationSchema>;
