/** Wrong trees beside a fixed one, in the form of observed changes, and what may be known of a wrong answer before it is tried. */
import { isDeepStrictEqual } from "node:util";
import { changedLines, layerChanges, unifiedDiff } from "../lib/diff.ts";
import type { Attempt, Mutant } from "../schemas/candidate.ts";
import type { Finding } from "../schemas/instance.ts";
import type { Variant } from "../schemas/observation.ts";
import type { Observed, PoseContext } from "./contract.ts";

export type ObservedMutant = Observed & { readonly candidate: Mutant };

/** Of the commit alone: a mutant that was put in stands for itself. */
export const variantsOf = ({ observation }: Observed, role: Variant["role"]): readonly ObservedMutant[] =>
  (observation.variants ?? []).flatMap((variant) =>
    variant.role === role ? [{ candidate: variant.mutant, observation: variant.observation }] : [],
  );

/** Attempts of a commit that its tests tell from it, the best first. */
export const attemptsOf = (observed: Observed): readonly (ObservedMutant & { readonly attempt: Attempt })[] => {
  const { candidate } = observed;
  const attempts = candidate.kind === "commit" ? (candidate.attempts ?? []) : [];
  return variantsOf(observed, "attempt").flatMap((variant) => {
    const attempt = attempts.find(({ layer }) => isDeepStrictEqual(layer, variant.candidate.before));
    return attempt === undefined ? [] : [{ ...variant, attempt }];
  });
};

/** Lines in which a wrong tree differs from the fixed one, counted in the wrong tree's files. */
export const defectsOf = ({ before }: Mutant, context: PoseContext): Finding[] =>
  changedLines(unifiedDiff(layerChanges({}, before, context.text))).after.map(({ file, start, end }) => ({
    file,
    startLine: start,
    endLine: end,
    category: "defect",
  }));

/** Every test that judges an answer about the change. */
export const judging = ({ observation }: Observed): ReadonlySet<string> => new Set([...observation.failToPass, ...observation.passToPass]);

/** Is one of these tests known to fail there? */
export const fails = ({ observation }: Observed, tests: ReadonlySet<string>): boolean => observation.failToPass.some((id) => tests.has(id));
