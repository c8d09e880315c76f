/** Dense figures beside the strict reward, each in [0, 1]. They are read from the runs that the reward was judged by. */
import { changedLines, type LineRange } from "../lib/diff.ts";
import { PatchError } from "../lib/patch.ts";
import type { TestRun } from "../sandbox/workspace.ts";
import type { Draft, Trial } from "../schemas/instance.ts";
import type { Verdict } from "./judge.ts";

export interface Performed {
  readonly trial: Trial;
  readonly verdict: Verdict;
  readonly run: TestRun;
}

/** Share of the mutants that the answer's tests kill; nothing is killed by tests that do not pass where they must. */
export function killShare(performed: readonly Performed[]): Record<string, number> {
  const mutants = performed.filter(({ trial }) => trial.name.startsWith("mutant-"));
  if (mutants.length === 0) return {};
  const sound = performed.every(({ trial, verdict }) => trial.expect.kind !== "answer-passes" || verdict.held);
  return { "kill-share": sound ? mutants.filter(({ verdict }) => verdict.held).length / mutants.length : 0 };
}

/** Lines that a patch removes or adds beside, in the tree that it is written against, as `file:line`. */
const oldLines = (ranges: readonly LineRange[]): Set<string> =>
  new Set(ranges.flatMap(({ file, start, end }) => Array.from({ length: end - start + 1 }, (_, at) => `${file}:${start + at}`)));

/** Null where the text is no patch. */
function linesOf(patch: string): Set<string> | null {
  try {
    return oldLines(changedLines(patch).before);
  } catch (error) {
    if (error instanceof PatchError) return null;
    throw error;
  }
}

/**
 * Of a patch: the share of the fail-to-pass tests and of the pass-to-pass tests that pass (a trial that was void counts none), and the
 * share of its changed lines that are further than a line from any line that the known right patch changes.
 */
export function editingComponents(draft: Draft, answer: string, performed: readonly Performed[]): Record<string, number> {
  const passed = new Set(
    performed.flatMap(({ run, verdict }) =>
      verdict.share === 0 ? [] : run.report.tests.filter((test) => test.status === "passed").map((test) => test.id),
    ),
  );
  const asked = new Set(performed.flatMap(({ trial }) => (trial.expect.kind === "tests" ? trial.expect.pass : [])));
  const rate = (ids: readonly string[]): number => (ids.length === 0 ? 1 : ids.filter((id) => passed.has(id)).length / ids.length);
  const rates = {
    "fail-to-pass-rate": rate(draft.failToPass.filter((id) => asked.has(id))),
    "pass-to-pass-rate": rate(draft.passToPass.filter((id) => asked.has(id))),
  };
  const gold = draft.answers.find((known) => known.role === "gold");
  const [mine, target] = [linesOf(answer), gold === undefined ? null : linesOf(gold.text)];
  if (mine === null || target === null || mine.size === 0) return rates;
  const near = (key: string): boolean => {
    const cut = key.lastIndexOf(":");
    return [-1, 0, 1].some((step) => target.has(`${key.slice(0, cut)}:${Number(key.slice(cut + 1)) + step}`));
  };
  return { ...rates, "lines-outside-target": [...mine].filter((key) => !near(key)).length / mine.size };
}
