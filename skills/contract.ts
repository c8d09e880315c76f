/**
 * The axis "skill": what is asked about an observed change.
 *
 * A skill is one pure function from what is known of an environment (its observed changes, its clean texts, its language) to drafts.
 * It runs nothing and reads nothing else. It needs no validator: an instance is proven by running its own trials on the answers that
 * the skill lists, and every one of these is the skill's own claim about what must score and what must not.
 *
 * For each subject it looks at (a change, a symbol, a pair) a skill says what became of it: a draft, or a reason of its own tuple.
 */
import type { Language, Runner, SourceFile } from "../languages/contract.ts";
import type { Rng } from "../lib/rng.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { Environment } from "../schemas/environment.ts";
import type { Draft, SkillName } from "../schemas/instance.ts";
import type { Observation } from "../schemas/observation.ts";
import type { Outcome } from "../schemas/outcome.ts";

/** A change whose effect on the tests is known. */
export interface Observed {
  readonly candidate: Candidate;
  readonly observation: Observation;
}

export interface PoseContext {
  readonly environment: Environment;
  /** Every observed change of this environment, sorted by id. */
  readonly all: readonly Observed[];
  readonly language: Language;
  readonly runner: Runner;
  /** Text of a file of the clean tree, or null. */
  text(path: string): string | null;
  /** Every file of the clean tree, sorted; the same array each time. */
  paths(): readonly string[];
  /** Scripts of the copies of the package that its dependencies hold and its runner needs, sorted by path; the same array each time. */
  copies(): readonly SourceFile[];
  rng(item: string, use: string): Rng;
}

export interface Posed {
  /** What was looked at: a candidate's id, or an id made from a symbol or a pair. */
  readonly subject: string;
  readonly outcome: Outcome<Draft>;
}

export interface Skill {
  readonly name: SkillName;
  /** Raised when its questions or its trials change. */
  readonly version: number;
  readonly reasons: readonly string[];
  pose(context: PoseContext): Iterable<Posed>;
}
