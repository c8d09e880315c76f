/**
 * What turns out to say nothing leaves the draft before it is admitted: tests with mixed outcomes over the repeats of one tree, which are named in the
 * proof, and wrong forms that the gold answer does not fail on, since what was seen to fail on them failed by chance.
 */
import type { TestRun } from "../sandbox/workspace.ts";
import type { Draft, Expectation, Trial } from "../schemas/instance.ts";

/** Ids that passed in some runs of the same trial and not in others. Only finished, complete runs can tell. */
export function mixedTests(expect: Expectation, runs: readonly TestRun[]): string[] {
  if (expect.kind !== "tests" || runs.some((run) => run.ended.kind !== "finished" || !run.report.complete)) return [];
  const passed = runs.map((run) => new Set(run.report.tests.flatMap((test) => (test.status === "passed" ? [test.id] : []))));
  return [...expect.pass, ...expect.fail].filter((id) => {
    const count = passed.filter((ids) => ids.has(id)).length;
    return count > 0 && count < runs.length;
  });
}

function leave(expect: Expectation, gone: ReadonlySet<string>): Expectation {
  const stay = (ids: readonly string[]): string[] => ids.filter((id) => !gone.has(id));
  if (expect.kind === "tests") return { kind: "tests", pass: stay(expect.pass), fail: stay(expect.fail) };
  return expect.kind === "some-fail" ? { kind: "some-fail", among: stay(expect.among) } : expect;
}

const asksNothing = ({ expect }: Trial): boolean =>
  expect.kind === "tests" ? expect.pass.length + expect.fail.length === 0 : expect.kind === "some-fail" && expect.among.length === 0;

/** The draft without these tests; null where none is left to show the defect, or a run would ask for none. */
export function withoutTests(draft: Draft, ids: readonly string[]): Draft | null {
  if (ids.length === 0) return draft;
  const gone = new Set(ids);
  const failToPass = draft.failToPass.filter((id) => !gone.has(id));
  if (failToPass.length === 0) return null;
  const reduce = (trials: readonly Trial[]): Trial[] => trials.map((trial) => ({ ...trial, expect: leave(trial.expect, gone) }));
  const [premises, trials] = [reduce(draft.premises), reduce(draft.trials)];
  if ([...premises, ...trials].some(asksNothing)) return null;
  return { ...draft, failToPass, passToPass: draft.passToPass.filter((id) => !gone.has(id)), premises, trials };
}

/** Wrong forms that tests are asked to tell from the right one. Fewer say little: one alone is caught by the one assertion that shows it. */
export const leastWrong = 2;

/** The draft without trials that were tentative; null where others are among them, or too few wrong forms are left. */
export function withoutTrials(draft: Draft, gone: ReadonlySet<Trial>): Draft | null {
  if ([...gone].some(({ tentative }) => !tentative)) return null;
  const trials = draft.trials.filter((trial) => !gone.has(trial));
  if (trials.filter(({ expect }) => expect.kind === "answer-fails").length < leastWrong) return null;
  const { mutants } = draft.facts;
  const counted = mutants === undefined ? {} : { mutants: trials.filter(({ tentative }) => tentative).length };
  return { ...draft, trials, facts: { ...draft.facts, ...counted } };
}
