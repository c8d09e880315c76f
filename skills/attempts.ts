/**
 * Which attempt may stand beside the fix in a review.
 *
 * An attempt is the better wrong diff: somebody wrote it, meant it and changed it again. But it is free in its form, as a slip is not, so it
 * is taken only where nothing but its meaning tells it from the fix, and where its fault is none that only the author of the tests could know.
 */
import { reviewLimits } from "../grading/judge.ts";
import { changedLines, layerChanges, unifiedDiff } from "../lib/diff.ts";
import { replacementsOf } from "../lib/replacements.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import type { Failure } from "../schemas/report.ts";
import type { Observed, PoseContext } from "./contract.ts";
import { defectsOf, type ObservedMutant } from "./variants.ts";
import { fileOfTest } from "./visible.ts";

/** Files of a diff, and its lines, removed and added. */
function shapeOf(diff: string): { readonly files: string; readonly lines: number } {
  const { before, after } = changedLines(diff);
  const ranges = [...before, ...after];
  return {
    files: [...new Set(ranges.map(({ file }) => file))].sort().join("\n"),
    lines: ranges.reduce((sum, { start, end, empty }) => sum + (empty ? 0 : end - start + 1), 0),
  };
}

/** Both diffs are of the same files, and neither is more than twice as long as the other. */
function isAlike({ candidate }: Observed, attempt: Layer, context: PoseContext): boolean {
  const fixed: Layer = Object.fromEntries(Object.keys(candidate.before).map((file) => [file, context.text(file)]));
  const shapeTo = (target: Layer) => shapeOf(unifiedDiff(layerChanges(candidate.before, target, context.text)));
  const [right, wrong] = [shapeTo(fixed), shapeTo(mergeLayers(fixed, attempt))];
  return right.files === wrong.files && wrong.lines <= 2 * right.lines && right.lines <= 2 * wrong.lines;
}

/** What nobody leaves in what is merged: words for the author alone, prints, code in comments. */
const leftOver =
  /\bconsole\.(?:log|debug|trace|dir|table|time)\b|\bdebugger\b|\b(?:TODO|FIXME|XXX|HACK|WIP)\b|^\s*(?:\/\/|\/?\*).*[;{]\s*(?:\*\/)?\s*$|^(?:<{7}|={7}|>{7})/;

/**
 * Each place in which the two differ does something else: one that differs in looks alone, by a comment, a type or its layout, would be
 * what tells the two apart. Nor is there anything in it that its author would have taken away before long.
 */
const differsInMeaning = (attempt: Layer, { text, language }: PoseContext): boolean =>
  Object.entries(attempt).every(([file, wrong]) => {
    const fixed = text(file);
    if (fixed === null || wrong === null) return false;
    return replacementsOf(fixed, wrong, 1).every(({ before, after }) => {
      const alone = fixed.slice(0, before.start) + after.text + fixed.slice(before.start + before.text.length);
      return !after.text.split("\n").some((line) => leftOver.test(line)) && language.emitsDifferently(file, fixed, alone);
    });
  });

/** Where the test's own file was left. */
const lineIn = (test: string, { frames }: Failure): number | null => frames.find(({ file }) => file === fileOfTest(test))?.line ?? null;

/** Did a test ask both trees for the same, and get it from neither? It was left at the same line, with the same in mind. */
function asksTheSame(test: string, one: Failure, other: Failure): boolean {
  const line = lineIn(test, one);
  const wanted = one.expected === null || other.expected === null || one.expected === other.expected;
  return line !== null && line === lineIn(test, other) && wanted;
}

/** The change as far as the attempt does not repair it: what is seen of this is wrong with either tree. */
export function unrepaired(observed: Observed, { observation }: ObservedMutant): Observed {
  const shared = Object.entries(observed.observation.failures).filter(([test, failure]) => {
    const other = observation.failures[test];
    return other !== undefined && asksTheSame(test, failure, other);
  });
  return { ...observed, observation: { ...observed.observation, failures: Object.fromEntries(shared), calls: [] } };
}

/** Does the attempt break what was sound before the change? Then nobody has to be told what it should do. */
export const breaksMore = ({ observation: { passToPass } }: Observed, { observation }: ObservedMutant): boolean =>
  observation.failToPass.some((test) => passToPass.includes(test));

/** The two make a matched pair, and an answer may name every place that is wrong. */
export const isMatch = (observed: Observed, { candidate }: ObservedMutant, context: PoseContext): boolean =>
  isAlike(observed, candidate.before, context) &&
  differsInMeaning(candidate.before, context) &&
  defectsOf(candidate, context).length <= reviewLimits.findings;
