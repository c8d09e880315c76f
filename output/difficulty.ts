/**
 * How hard a question is, as far as it can be counted without a model: figures for who orders rows, and a level for who caps them.
 *
 * The level is told from the question's public facts alone, so that it gives away nothing that they do not. The figures are told from the change
 * itself, so they are for graders.
 */
import { parsePatch } from "../lib/patch.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { Draft, SkillName } from "../schemas/instance.ts";
import type { PrivateRow } from "../schemas/row.ts";
import type { Difficulty } from "../schemas/selection.ts";

/** One number of the question; up to which it is easy, and up to which it is not yet hard. */
interface Rule {
  /** Names of facts. Those that a question has are added up. */
  readonly facts: readonly string[];
  readonly easy: number;
  readonly medium: number;
  /** The less there is of it, the harder: then the two are where easy and medium begin. */
  readonly lessIsHarder?: true;
}

/**
 * Where a fact spreads, the bounds part what was counted in thirds: of 900 rows from 10 packages. Of editing 9 in 10 rows told one change, of
 * bug-fix there were too few to part.
 */
const rules: Readonly<Record<SkillName, Rule>> = {
  localization: { facts: ["candidate-files"], easy: 6, medium: 20 },
  editing: { facts: ["sites", "changes"], easy: 1, medium: 3 },
  "unit-tests": { facts: ["unit-lines"], easy: 6, medium: 16 },
  reproduction: { facts: ["failing-tests"], easy: 12, medium: 3, lessIsHarder: true },
  // Of the right diff, in both arms of a pair: the level does not tell them apart.
  review: { facts: ["changed-lines"], easy: 1, medium: 5 },
  "bug-fix": { facts: ["files"], easy: 1, medium: 2 },
};

/** Null where the question has none of the facts. */
export function difficultyOf({ skill, facts }: Pick<Draft, "skill" | "facts">): Difficulty | null {
  const { facts: names, easy, medium, lessIsHarder } = rules[skill];
  const numbers = names.flatMap((name) => (typeof facts[name] === "number" ? [facts[name]] : []));
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((total, each) => total + each, 0);
  const within = (bound: number): boolean => (lessIsHarder ? sum >= bound : sum <= bound);
  if (within(easy)) return "easy";
  return within(medium) ? "medium" : "hard";
}

interface Counted {
  readonly draft: Pick<Draft, "failToPass" | "frameDistance">;
  readonly candidate: Candidate;
  /** The fix as a unified diff. */
  readonly patch: string;
  /** Of the environment; null where it is not at hand. */
  readonly sourceFiles: number | null;
}

export function difficultyFigures({ draft, candidate, patch, sourceFiles }: Counted): PrivateRow["difficulty_figures"] {
  const lines = parsePatch(patch).flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
  return {
    failing_tests: draft.failToPass.length,
    changed_lines: lines.filter(({ kind }) => kind !== " ").length,
    changed_files: Object.keys(candidate.before).length,
    source_files: sourceFiles,
    frame_distance: draft.frameDistance ?? null,
  };
}
