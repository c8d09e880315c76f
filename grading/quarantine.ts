/** Tests with mixed outcomes over the repeats of one tree: they leave every expectation of the draft, and are named in the proof. */
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

/** The draft without these tests; null where none is left to show the defect. */
export function withoutTests(draft: Draft, ids: readonly string[]): Draft | null {
  if (ids.length === 0) return draft;
  const gone = new Set(ids);
  const failToPass = draft.failToPass.filter((id) => !gone.has(id));
  if (failToPass.length === 0) return null;
  const reduce = (trials: readonly Trial[]): Trial[] => trials.map((trial) => ({ ...trial, expect: leave(trial.expect, gone) }));
  return {
    ...draft,
    failToPass,
    passToPass: draft.passToPass.filter((id) => !gone.has(id)),
    premises: reduce(draft.premises),
    trials: reduce(draft.trials),
  };
}
