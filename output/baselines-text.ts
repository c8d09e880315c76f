/** What the card and the report say of rules that answer without a model. */
import type { Baseline } from "../schemas/baselines.ts";
import { skills } from "../schemas/instance.ts";

/** Of a skill's reward; a rule that earns more is told of in words. */
const wellPaid = 0.05;

export const baselineHead = ["skill", "rule", "what it does", "rows", "mean strict reward", "pairs"];

const figure = (share: number): string => share.toFixed(3);

export const baselineRows = (baselines: readonly Baseline[]): readonly (readonly [string, string, string, number, string, string])[] =>
  baselines.map(({ skill, baseline, about, rows, reward, pairs }) => [
    skill,
    baseline,
    about,
    rows,
    figure(reward),
    pairs === null ? "" : figure(pairs),
  ]);

/** A question with two arms is answered where both are: always to say the same is right of one of them. */
const scoreOf = ({ reward, pairs }: Baseline): number => pairs ?? reward;

/** Skills of which a rule earns more than it should, each with the rule that earns most; then what the table leaves to be known. */
export function baselineSentence(baselines: readonly Baseline[]): string {
  const told = skills.flatMap((skill) => {
    const own = baselines.filter((one) => one.skill === skill);
    const best = own.toSorted((a, b) => scoreOf(b) - scoreOf(a))[0];
    if (best === undefined || scoreOf(best) <= wellPaid) return [];
    return [`${skill} (${best.baseline} ${figure(scoreOf(best))}${best.pairs === null ? "" : " of the pairs"})`];
  });
  const found =
    told.length === 0
      ? `No rule in the table earns more than ${wellPaid}.`
      : `A rule without a model earns more than ${wellPaid} of ${told.join(", ")}: so much of the reward there needs no skill.`;
  return `${found} Where a skill has matched pairs a rule is judged by these: both arms must be right. A skill that is not in the table was not tried.`;
}
