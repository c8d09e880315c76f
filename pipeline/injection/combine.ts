/** Mutants of 2 or 3 sites, made from single ones that passed the gates. */
import type { Mutation, Unit } from "../../languages/contract.ts";
import { combineMutations } from "../../languages/javascript/higher-order.ts";
import type { Rng } from "../../lib/rng.ts";
import type { Site } from "../../schemas/candidate.ts";
import type { Spot } from "./spot.ts";

const keyOf = (file: string, { start, end, replacement }: Mutation): string => `${file}\0${start}\0${end}\0${replacement}`;

export function combine(
  chosen: readonly Spot[],
  count: number,
  unitsOf: (file: string) => readonly Unit[],
  rng: Rng,
): readonly (readonly Site[])[] {
  if (count <= 0) return [];
  const files = [...new Set(chosen.map(({ site }) => site.file))].sort();
  const sites = new Map(chosen.map(({ site }) => [keyOf(site.file, site), site]));
  const mutable = files.map((path) => ({
    path,
    units: unitsOf(path),
    mutations: chosen
      .filter(({ site }) => site.file === path)
      .map(({ site }): Mutation => ({ operator: site.operator, start: site.start, end: site.end, replacement: site.replacement })),
  }));
  return combineMutations(mutable, rng, count).map(({ parts }) =>
    parts.flatMap(({ path, mutation }) => sites.get(keyOf(path, mutation)) ?? []),
  );
}
