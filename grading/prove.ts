/**
 * The prover: a draft becomes an instance only when its own trials, run on answers whose verdict is known, give gold 1 in every repeat
 * and 0 for all the others, and its premises hold in every repeat. Only what was said to be tentative may turn out otherwise, and leaves the
 * draft: a decoy that is right, a wrong form that the gold answer passes on.
 */
import type { TestRun, Workspace } from "../sandbox/workspace.ts";
import type { Draft, KnownAnswer, Proof, Trial } from "../schemas/instance.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { grade, performTrial } from "./grade.ts";
import { judgeRun, type Verdict } from "./judge.ts";
import { mixedTests, withoutTests, withoutTrials } from "./quarantine.ts";

/** Raised when the judgement of a trial or the rule of admission changes. */
export const proveVersion = 9;

export const proveReasons = [
  "premise-fails",
  "flaky",
  "gold-fails",
  "blank-rewarded",
  "decoy-rewarded",
  "probe-rewarded",
  "no-decoy",
] as const;

export interface ProveOptions {
  /** Runs of each premise and of the gold answer. */
  readonly repeats: number;
  /** Take tests with mixed outcomes out of the draft (when it is admitted), or let them fail it (when it is verified). */
  readonly quarantine: boolean;
}

/** What is admitted: the draft, without the tests that had to be quarantined, and its proof. */
export interface Proven {
  readonly draft: Draft;
  readonly proof: Proof;
}

interface Settled {
  readonly draft: Draft;
  readonly held: number;
  readonly quarantined: readonly string[];
}

/** Every premise in every repeat, then the verdicts: a premise that fails in all its runs is wrong, one that is mixed has a flaky test. */
async function settle(draft: Draft, workspace: Workspace, { repeats, quarantine }: ProveOptions): Promise<Outcome<Settled>> {
  const runs = new Map<string, TestRun[]>();
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const trial of draft.premises) {
      const { run } = await performTrial(trial, {}, draft, workspace, { strict: false, repeat });
      runs.set(trial.name, [...(runs.get(trial.name) ?? []), run]);
    }
  }
  const mixed = draft.premises.flatMap((trial) => mixedTests(trial.expect, runs.get(trial.name) ?? []));
  const quarantined = quarantine ? [...new Set(mixed)].sort() : [];
  const steady = withoutTests(draft, quarantined);
  if (steady === null) return drop("prove/flaky", `every test that a run asks for has mixed outcomes, first ${quarantined[0]}`);
  for (const trial of steady.premises) {
    for (const [repeat, run] of (runs.get(trial.name) ?? []).entries()) {
      const verdict = judgeRun(run, trial.expect, { answerPath: draft.answerPath, known: null });
      if (!verdict.held) return drop("prove/premise-fails", `${trial.name}, run ${repeat + 1}: ${verdict.reason}: ${verdict.detail}`);
    }
  }
  return keep({ draft: steady, held: repeats * steady.premises.length, quarantined });
}

interface Golden {
  /** Without the wrong forms that gold passed on. */
  readonly draft: Draft;
  readonly golds: number[];
  readonly components: Record<string, number>;
}

/** Gold in every repeat. Where tentative trials leave the draft all is run again without them, so what is admitted was seen to hold as it is. */
async function goldHolds(draft: Draft, gold: string, workspace: Workspace, options: ProveOptions): Promise<Outcome<Golden>> {
  const golds: number[] = [];
  let components: Record<string, number> = {};
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    const passedOn = new Set<Trial>();
    const onFailed = (trial: Trial, { reason }: Verdict): unknown => reason === "passes-where-it-must-fail" && passedOn.add(trial);
    const score = await grade(draft, gold, workspace, { strict: false, repeat, onFailed });
    if (score.reward !== 1) {
      const less = options.quarantine && passedOn.size > 0 ? withoutTrials(draft, passedOn) : null;
      if (less !== null) return goldHolds(less, gold, workspace, options);
      return drop("prove/gold-fails", `run ${repeat + 1}: ${score.reason}: ${score.detail}`);
    }
    golds.push(score.reward);
    if (repeat === 0) components = score.components;
  }
  return keep({ draft, golds, components });
}

/** Runs gold `repeats` times, then blank, decoys and probes once each; the first that scores wrongly ends it. */
export async function prove(posed: Draft, workspace: Workspace, options: ProveOptions): Promise<Outcome<Proven>> {
  const { repeats } = options;
  const of = (role: KnownAnswer["role"]): readonly KnownAnswer[] => posed.answers.filter((answer) => answer.role === role);
  const gold = of("gold")[0];
  if (!gold) return drop("prove/gold-fails", "the draft has no gold answer");
  if (of("decoy").length === 0) return drop("prove/no-decoy", "nothing wrong to tell from the right answer");
  const premise = await settle(posed, workspace, options);
  if (!premise.kept) return premise;
  const golden = await goldHolds(premise.value.draft, gold.text, workspace, options);
  if (!golden.kept) return golden;
  const { draft, golds, components } = golden.value;
  const wrong = async (answer: KnownAnswer) => {
    const score = await grade(draft, answer.text, workspace, { strict: !workspace.plain, repeat: 0 });
    return { name: answer.name, reward: score.reward, reason: score.reason };
  };
  const blank = await wrong(of("blank")[0] ?? { role: "blank", name: "blank", text: "" });
  if (blank.reward !== 0) return drop("prove/blank-rewarded", "an empty answer earns reward");
  const measured = { decoy: [] as Proof["decoys"], probe: [] as Proof["probes"] };
  const right = new Set<KnownAnswer>();
  for (const role of ["decoy", "probe"] as const) {
    for (const answer of of(role)) {
      const scored = await wrong(answer);
      if (scored.reward === 0) measured[role].push(scored);
      else if (answer.tentative) right.add(answer);
      else return drop(`prove/${role}-rewarded`, answer.name);
    }
  }
  if (measured.decoy.length === 0) return drop("prove/no-decoy", "every decoy turned out to be right");
  const answers = draft.answers.filter((answer) => !right.has(answer)).map(({ role, name, text }): KnownAnswer => ({ role, name, text }));
  const known = workspace.environment.tests.filter((test) => test.standing === "quarantined").map((test) => test.id);
  const proof: Proof = {
    repeats,
    premisesHeld: premise.value.held,
    gold: golds,
    blank: blank.reward,
    decoys: measured.decoy,
    probes: measured.probe,
    goldComponents: components,
    quarantined: [...known, ...premise.value.quarantined],
  };
  const trials = draft.trials.map(({ tentative: _, ...trial }): Trial => trial);
  return keep({ draft: { ...draft, answers, trials }, proof });
}
