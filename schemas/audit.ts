/** Verdicts on candidates that were computed a second time, the slow way: by the whole suite, on the plain source, in a fresh workspace. */
import { z } from "zod";

const by = z.enum(["sift", "observe"]);

export const auditedSchema = z
  .object({
    candidateId: z.string(),
    environmentId: z.string(),
    /** Who had given the verdict: a sift, that nothing notices it; or a look at it by itself. */
    by,
    /** Undecided: the whole suite gave no whole report here, which says nothing of the verdict. */
    result: z.enum(["agrees", "disagrees", "undecided"]),
    /** Tests of files that come to the change: they were to pass, and fail in the whole suite. */
    toPass: z.array(z.string()),
    /** The same, of files of which it is not known that they come to the change. */
    elsewhere: z.array(z.string()),
    /** Of those, tests that pass where their file is run alone: what fails them is what another file left in the process that they share. */
    inCompany: z.array(z.string()),
    /** Tests that were to fail, and pass in the whole suite. */
    toFail: z.array(z.string()),
    /** The whole suite does not do the same each time: then it is a test that flickers, and not the verdict that was wrong. */
    flaky: z.boolean(),
    /** Why nothing was decided; else empty. */
    why: z.string(),
  })
  .readonly();
export type Audited = z.infer<typeof auditedSchema>;

export const disagreementSchema = auditedSchema.unwrap().omit({ result: true, why: true }).readonly();
export type Disagreement = z.infer<typeof disagreementSchema>;
