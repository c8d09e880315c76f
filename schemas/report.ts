/** What one run of a test runner said, in the words that every runner's reporter is brought to. */
import { z } from "zod";

export const failureSchema = z
  .object({
    /** assertion: a failed expectation; error: anything else thrown; timeout: the runner's own limit; load: the file never ran. */
    kind: z.enum(["assertion", "error", "timeout", "load"]),
    name: z.string(),
    message: z.string(),
    expected: z.string().nullable(),
    actual: z.string().nullable(),
    /** `file:line` of the innermost frame inside the tree's own files, node_modules excluded; null when unknown. */
    frames: z.array(z.object({ file: z.string(), line: z.int() })),
  })
  .readonly();
export type Failure = z.infer<typeof failureSchema>;

export const testResultSchema = z
  .object({
    /** `file > suite > title`, normalised, with ` #2` … where a file repeats a title. */
    id: z.string(),
    file: z.string(),
    status: z.enum(["passed", "failed", "skipped"]),
    durationMs: z.number().nonnegative(),
    failure: failureSchema.nullable(),
  })
  .readonly();
export type TestResult = z.infer<typeof testResultSchema>;

export const testReportSchema = z
  .object({
    tests: z.array(testResultSchema),
    /** Files whose loading failed: none of their tests is in `tests`. */
    unloaded: z.array(z.object({ file: z.string(), failure: failureSchema })),
    /** Errors outside any test (unhandled rejection, a hook): they make the run fail. */
    strays: z.array(failureSchema),
    /** Those of them that a hook of a file threw: what stands behind it was not run. Absent where there were none. */
    hooks: z.array(z.object({ file: z.string(), failure: failureSchema })).optional(),
    /** False when the closing record never came: the process ended early. */
    complete: z.boolean(),
    /** Lines on the report channel that did not carry the run's nonce: somebody else wrote there. */
    forged: z.int().nonnegative(),
  })
  .readonly();
export type TestReport = z.infer<typeof testReportSchema>;
