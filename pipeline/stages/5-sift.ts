/**
 * Which mutants a test notices, told by hundreds at a time; those that none does go. What is kept is looked at by itself: a mutant is kept
 * as well where nothing sure can be said of it, and so is everything that is no mutant.
 */
import { z } from "zod";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { sift } from "../environment/sift.ts";
import type { SiftVerdict } from "../environment/sift-findings.ts";
import { reachingFiles, type Subject } from "./6-observe.ts";

export const siftedSchema = z
  .object({
    candidateId: z.string(),
    /** A test that kills it, or why nobody knows yet. */
    said: z.string(),
  })
  .readonly();
export type Sifted = z.infer<typeof siftedSchema>;

/** Fewer are looked at sooner than their tests are loaded, twice gone through and judged by. */
export const fewestSifted = 24;

function outcomeOf(id: string, verdict: SiftVerdict, files: number): Outcome<Sifted> {
  switch (verdict.kind) {
    case "survived":
      return drop("sift/survived", `${files} test files`);
    case "endless":
      return drop("sift/endless", `a loop goes on without end, over ${files} test files`);
    case "killed":
      return keep({ candidateId: id, said: `killed by ${verdict.by}` });
    case "unsure":
      return keep({ candidateId: id, said: verdict.why });
  }
}

/** Why the mutants of an environment are not sifted, or null. */
function hindrance(mutants: readonly Mutant[], { sift: wanted }: Bench["config"], canSift: boolean): string | null {
  if (!wanted) return "switched off";
  if (!canSift) return "the runner cannot run its tests again and again in one process";
  return mutants.length < fewestSifted ? `${mutants.length} mutants are too few to be sifted` : null;
}

/** A part of the mutants of a large repository, in one process. */
const siftMs = 30 * 60 * 1000;

/** By id. The environment's tests are loaded once for all of its mutants; `reaching` are the test files that reach each. */
async function verdictsOf(
  mutants: readonly Mutant[],
  reaching: ReadonlyMap<string, readonly string[]>,
  environment: Environment,
  bench: Bench,
): Promise<ReadonlyMap<string, SiftVerdict>> {
  const hindered = hindrance(mutants, bench.config, bench.runner(environment.recipe.runner).canSift);
  if (hindered !== null) return new Map(mutants.map(({ id }) => [id, { kind: "unsure", why: hindered }]));
  return sift(mutants, reaching, await bench.workspace(environment), { parts: bench.place.concurrency, wallMs: siftMs });
}

export const siftStage: Stage<Subject, Sifted> = {
  name: "sift",
  version: 2,
  resource: "cpu",
  output: siftedSchema,
  settings: ["sift"],
  async *work(subjects, bench) {
    const [first] = subjects;
    if (!first) return;
    const { environment } = first;
    const mutants = subjects.flatMap(({ candidate }) => (candidate.kind === "mutant" ? [candidate] : []));
    const reaching = new Map(mutants.map((mutant) => [mutant.id, reachingFiles(mutant, environment)]));
    const verdicts = await verdictsOf(mutants, reaching, environment, bench);
    for (const { candidate } of subjects) {
      const { id } = candidate;
      const verdict = verdicts.get(id) ?? { kind: "unsure", why: "no mutant" };
      yield { id, parent: id, outcome: outcomeOf(id, verdict, reaching.get(id)?.length ?? 0) };
    }
  },
};
