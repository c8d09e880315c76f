/**
 * The prover: a draft becomes an instance only when its own trials, run on answers whose verdict is known, give gold 1 in every repeat
 * and 0 for all the others, and its premises hold in every repeat.
 */
import type { Workspace } from "../sandbox/workspace.ts";
import type { Draft, KnownAnswer, Proof } from "../schemas/instance.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { grade, performTrial } from "./grade.ts";

/** Raised when the judgement of a trial or the rule of admission changes. */
export const proveVersion = 2;

export const proveReasons = ["premise-fails", "gold-fails", "blank-rewarded", "decoy-rewarded", "probe-rewarded", "no-decoy"] as const;

async function premises(draft: Draft, workspace: Workspace, repeats: number): Promise<Outcome<number>> {
  let heldCount = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const trial of draft.premises) {
      const { verdict } = await performTrial(trial, {}, draft, workspace, { strict: false, repeat });
      if (!verdict.held) return drop("prove/premise-fails", `${trial.name}, run ${repeat + 1}: ${verdict.reason}: ${verdict.detail}`);
      heldCount += 1;
    }
  }
  return keep(heldCount);
}

/** Runs gold `repeats` times, then blank, decoys and probes once each; the first that scores wrongly ends it. */
export async function prove(draft: Draft, workspace: Workspace, repeats: number): Promise<Outcome<Proof>> {
  const of = (role: KnownAnswer["role"]): readonly KnownAnswer[] => draft.answers.filter((answer) => answer.role === role);
  const gold = of("gold")[0];
  if (!gold) return drop("prove/gold-fails", "the draft has no gold answer");
  if (of("decoy").length === 0) return drop("prove/no-decoy", "nothing wrong to tell from the right answer");
  const premise = await premises(draft, workspace, repeats);
  if (!premise.kept) return premise;

  const golds: number[] = [];
  let components: Record<string, number> = {};
  for (let repeat = 0; repeat < repeats; repeat++) {
    const score = await grade(draft, gold.text, workspace, { strict: false, repeat });
    if (score.reward !== 1) return drop("prove/gold-fails", `run ${repeat + 1}: ${score.reason}: ${score.detail}`);
    golds.push(score.reward);
    if (repeat === 0) components = score.components;
  }
  const wrong = async (answer: KnownAnswer) => {
    const score = await grade(draft, answer.text, workspace, { strict: true, repeat: 0 });
    return { name: answer.name, reward: score.reward, reason: score.reason };
  };
  const blank = await wrong(of("blank")[0] ?? { role: "blank", name: "blank", text: "" });
  if (blank.reward !== 0) return drop("prove/blank-rewarded", "an empty answer earns reward");
  const measured = { decoy: [] as Proof["decoys"], probe: [] as Proof["probes"] };
  for (const role of ["decoy", "probe"] as const) {
    for (const answer of of(role)) {
      const scored = await wrong(answer);
      if (scored.reward !== 0) return drop(`prove/${role}-rewarded`, answer.name);
      measured[role].push(scored);
    }
  }
  return keep({
    repeats,
    premisesHeld: premise.value,
    gold: golds,
    blank: blank.reward,
    decoys: measured.decoy,
    probes: measured.probe,
    goldComponents: components,
    quarantined: workspace.environment.tests.filter((test) => test.standing === "quarantined").map((test) => test.id),
  });
}
