/** How much of what environments test cannot be relied on, in words and figures: run, report, card and `kihon stats` say it alike. */
import { plural } from "../lib/plural.ts";
import type { UnsteadyTest } from "../schemas/environment.ts";
import type { Flakiness } from "../schemas/run-summary.ts";

/** What is counted where nothing that was changed tells a test's runs apart. */
export const noCause = "nothing";

/** `TZ` of `TZ=Pacific/Chatham`. */
const axisOf = (word: string): string => word.split("=")[0] ?? word;

/** Over environments: their tests, and which of them were quarantined. */
export function flakinessOf(environments: readonly { readonly tests: number; readonly unsteady: readonly UnsteadyTest[] }[]): Flakiness {
  const tests = environments.reduce((sum, each) => sum + each.tests, 0);
  const unsteady = environments.flatMap((each) => each.unsteady);
  const under: Record<string, number> = {};
  for (const one of unsteady) {
    const axes = new Set(one.under.map(axisOf));
    for (const axis of axes.size === 0 ? [noCause] : axes) under[axis] = (under[axis] ?? 0) + 1;
  }
  return { tests, quarantined: unsteady.length, share: tests === 0 ? 0 : unsteady.length / tests, under };
}

const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.001 ? 2 : 1)} %`;

/** `3 of 120 tests (2.5 %), under TZ 2, order 1`. */
export function flakinessText({ tests, quarantined, share, under }: Flakiness): string {
  const causes = Object.entries(under)
    .sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
    .map(([axis, count]) => `${axis} ${count}`);
  return `${quarantined} of ${plural(tests, "test")} (${percent(share)})${causes.length === 0 ? "" : `, under ${causes.join(", ")}`}`;
}

/** `passed 1 of 3 runs, otherwise under TZ=Pacific/Chatham`. */
export const unsteadyText = ({ seen, passed, under }: UnsteadyTest): string =>
  `passed ${passed} of ${plural(seen, "run")}, otherwise ${under.length === 0 ? "with nothing changed" : `under ${under.join(" ")}`}`;
