/**
 * The axis "solver": who answers without a model.
 *
 * A solver here has no skill on purpose. It is a rule of a few lines that reads what any solver may read, and what it earns says how much
 * of a skill's reward can be had without the skill. It runs nothing and asks nobody; chance comes from the view alone, so that the same
 * dataset gives the same answers.
 */
import type { Language, Runner } from "../languages/contract.ts";
import type { Rng } from "../lib/rng.ts";
import type { Draft, SkillName } from "../schemas/instance.ts";

/** What a row of the public config says, and the tree that the solver sees. Nothing of the private config, nor of the healthy tree. */
export interface SolverView
  extends Pick<Draft, "id" | "skill" | "pairId" | "prompt" | "answerForm" | "answerPath" | "interface" | "facts"> {
  readonly language: Language;
  readonly runner: Runner;
  readonly runnerVersion: string;
  /** The package's folder, "." for the root. */
  readonly packageDir: string;
  /** Every file of the solver's tree, sorted. */
  paths(): readonly string[];
  /** Text of a file of the solver's tree, or null. */
  text(path: string): string | null;
  rng(use: string): Rng;
}

export interface Solver {
  readonly name: string;
  /** One sentence: what it does in place of the work. */
  readonly about: string;
  /** Skills that it answers. */
  readonly skills: readonly SkillName[];
  /** The answer's text; null where the rule gives none, which counts as an empty answer. */
  solve(view: SolverView): string | null;
}
