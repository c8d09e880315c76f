/**
 * What else is seen of a fix once its defect was: wrong trees beside the fixed one that tests tell from it. They cost a few runs for each
 * commit that is kept, and give its questions wrong answers, wrong diffs and wrong code that are known to be wrong.
 */
import { rngFor } from "../../lib/rng.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Candidate, Commit, Mutant } from "../../schemas/candidate.ts";
import type { Observation, Variant } from "../../schemas/observation.ts";
import type { Bench } from "../bench.ts";
import { type Gate, openGate } from "../injection/gate.ts";
import { attempted, type Fixed, leftHunks, otherwiseAsked, slips } from "../injection/variants.ts";

/**
 * What is wanted of each role, and how many runs are given to it. One wrong diff is needed for a review and one more defect for a target of
 * unit tests; three slips leave a choice where one does not fit. A fix of more hunks than are tried is rarely asked about: its
 * instruction is long. Every attempt is tried: which of them is like enough to the fix to stand beside it is seen when it is asked about.
 */
const plan = {
  hunk: { wanted: 4, tries: 4 },
  slip: { wanted: 3, tries: 10 },
  attempt: { wanted: 4, tries: 4 },
  test: { wanted: 1, tries: 4 },
} as const;

/** What the tests of some files do on a mutant of the environment; null where none of them fails by itself, or it is no observation at all. */
export type Observe = (mutant: Mutant, files: readonly string[]) => Promise<Observation | null>;

async function tried(role: Variant["role"], mutants: readonly Mutant[], files: (mutant: Mutant) => readonly string[], observe: Observe) {
  const { wanted, tries } = plan[role];
  const found: Variant[] = [];
  for (const mutant of mutants.slice(0, tries)) {
    if (found.length >= wanted) break;
    const observation = await observe(mutant, files(mutant));
    if (observation !== null) found.push({ role, mutant, observation });
  }
  return found;
}

/** A hunk may be missed by the compiler alone, an attempt was pushed as it was, and a test is no part of what is compiled. */
const mayStand = (gate: Gate, mutant: Mutant, types: boolean): boolean => {
  const refusal = gate.refuse(mutant);
  return refusal === null || (refusal.code === "type-error" && !types);
};

/** Mutants that pass the gate, looked at one by one as far as they are asked for. */
function passing(gate: Gate, mutants: readonly Mutant[], limit: number, types: boolean): Mutant[] {
  const chosen: Mutant[] = [];
  for (const mutant of mutants) {
    if (chosen.length >= limit) break;
    if (mayStand(gate, mutant, types)) chosen.push(mutant);
  }
  return chosen;
}

export async function variantsOf(
  { candidate, observation }: { readonly candidate: Candidate; readonly observation: Observation },
  workspace: Workspace,
  bench: Bench,
  observe: Observe,
): Promise<readonly Variant[]> {
  if (candidate.kind !== "commit") return [];
  const { environment, language } = workspace;
  const fixed: Fixed = { candidate: candidate satisfies Commit, observation, environment, language, text: (path) => workspace.text(path) };
  const rng = rngFor(bench.config.seed, candidate.id, "observe/slips");
  const gate = openGate(workspace, bench.config.typeCheck, bench.scratch);
  try {
    const own = (): readonly string[] => observation.files;
    const left = passing(gate, leftHunks(fixed), plan.hunk.tries, false);
    const slipped = passing(gate, slips(fixed, rng), plan.slip.tries, true);
    const before = passing(gate, attempted(fixed), plan.attempt.tries, false);
    const asked = passing(gate, otherwiseAsked(fixed), plan.test.tries, false);
    return [
      ...(await tried("hunk", left, own, observe)),
      ...(await tried("slip", slipped, own, observe)),
      ...(await tried("attempt", before, own, observe)),
      ...(await tried("test", asked, ({ edits }) => [...new Set(edits.map(({ file }) => file))], observe)),
    ];
  } finally {
    gate.close();
  }
}
