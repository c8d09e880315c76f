/** What the card and `kihon solve` say of how often a language model solved a dataset's questions. */
import { type SkillName, skills } from "../schemas/instance.ts";
import type { ModelRates } from "../schemas/solve-rates.ts";

/** Of one skill. */
export interface RateFigure {
  readonly skill: SkillName;
  readonly questions: number;
  /** Mean share of a question's answers that earned. */
  readonly atOne: number;
  /** Share of the questions of which at least one of the k answers earned. */
  readonly atK: number;
  readonly never: number;
  readonly always: number;
}

export function rateFigures({ samples, solved }: Pick<ModelRates, "samples" | "solved">): readonly RateFigure[] {
  return skills.flatMap((skill) => {
    const counts = Object.values(solved[skill] ?? {});
    if (counts.length === 0) return [];
    const never = counts.filter((count) => count === 0).length;
    return [
      {
        skill,
        questions: counts.length,
        atOne: counts.reduce((sum, count) => sum + count, 0) / (samples * counts.length),
        atK: (counts.length - never) / counts.length,
        never,
        always: counts.filter((count) => count === samples).length,
      },
    ];
  });
}

export const rateHead = ["model", "skill", "questions", "k", "solve@1", "solve@k", "never solved", "always solved"];

export const rateRows = (models: readonly ModelRates[]): readonly (readonly (string | number)[])[] =>
  models.flatMap((rates) =>
    rateFigures(rates).map(({ skill, questions, atOne, atK, never, always }) => [
      rates.model,
      skill,
      questions,
      rates.samples,
      atOne.toFixed(3),
      atK.toFixed(3),
      never,
      always,
    ]),
  );

/** How each model was asked. */
export const rateSentence = (models: readonly ModelRates[]): string =>
  [
    "`solve@1` is the mean share of a question's k answers that earned reward 1, `solve@k` the share of questions of which at least one did.",
    ...models.map(
      ({ model, samples, temperature, context }) =>
        `${model} was asked ${samples} times for each question, at temperature ${temperature}, each time in one message without tools, beside at most ${context} characters of the tree's files that match the question best.`,
    ),
  ].join(" ");
