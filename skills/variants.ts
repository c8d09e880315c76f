/** Wrong trees beside a fixed one, in the form of observed changes, and what may be known of a wrong answer before it is tried. */
import type { Mutant } from "../schemas/candidate.ts";
import type { Variant } from "../schemas/observation.ts";
import type { Observed } from "./contract.ts";

export type ObservedMutant = Observed & { readonly candidate: Mutant };

/** Of the commit alone: a mutant that was put in stands for itself. */
export const variantsOf = ({ observation }: Observed, role: Variant["role"]): readonly ObservedMutant[] =>
  (observation.variants ?? []).flatMap((variant) =>
    variant.role === role ? [{ candidate: variant.mutant, observation: variant.observation }] : [],
  );

/** Every test that judges an answer about the change. */
export const judging = ({ observation }: Observed): ReadonlySet<string> => new Set([...observation.failToPass, ...observation.passToPass]);

/** Is one of these tests known to fail there? */
export const fails = ({ observation }: Observed, tests: ReadonlySet<string>): boolean => observation.failToPass.some((id) => tests.has(id));
