/** How far from the defect a failure shows. */
import type { Observed } from "./contract.ts";

/**
 * Calls between the innermost frame of a failure and the first one that stands in a file which the change edits, the least over the failing tests;
 * 0 where it fails in such a file. Undefined where no failure's frames lead there: what is wrong had returned before a test noticed it.
 */
export function frameDistance({ candidate, observation }: Observed): number | undefined {
  const distances = Object.values(observation.failures).flatMap(({ frames }) => {
    const at = frames.findIndex(({ file }) => Object.hasOwn(candidate.before, file));
    return at < 0 ? [] : [at];
  });
  return distances.length === 0 ? undefined : Math.min(...distances);
}
