/** Mutants of more than one mistake: two or three sites in one unit, or one in each of several files. */
import { innermost } from "../../lib/innermost.ts";
import type { Rng } from "../../lib/rng.ts";
import type { Mutation, Unit } from "../contract.ts";

export interface MutableFile {
  readonly path: string;
  readonly units: readonly Unit[];
  readonly mutations: readonly Mutation[];
}

export interface HigherOrderMutant {
  readonly scope: "unit" | "files";
  /** Two or three, by path and place; no two overlap or touch. */
  readonly parts: readonly { readonly path: string; readonly mutation: Mutation }[];
}

type Part = HigherOrderMutant["parts"][number];

const unitOf = (mutation: Mutation, units: readonly Unit[]): Unit | null =>
  innermost(units, (unit) => unit.start <= mutation.start && mutation.end <= unit.end);

function byUnit(file: MutableFile): Part[][] {
  const groups = new Map<Unit, Part[]>();
  for (const mutation of file.mutations) {
    const unit = unitOf(mutation, file.units);
    if (unit === null) continue;
    const group = groups.get(unit) ?? [];
    group.push({ path: file.path, mutation });
    groups.set(unit, group);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Sites that touch would be one site to a reader, and their order at one offset would be open. */
const isApart = (a: Part, b: Part): boolean => a.path !== b.path || a.mutation.end < b.mutation.start || b.mutation.end < a.mutation.start;

/** Up to `size` parts that keep apart, in the order of the shuffle. */
function pick(candidates: readonly Part[], size: number, rng: Rng): Part[] {
  const chosen: Part[] = [];
  for (const candidate of rng.shuffle(candidates)) {
    if (chosen.every((part) => isApart(part, candidate) && part.mutation.operator !== candidate.mutation.operator)) chosen.push(candidate);
    if (chosen.length === size) break;
  }
  return chosen;
}

const byPlace = (a: Part, b: Part): number => {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.mutation.start - b.mutation.start || a.mutation.end - b.mutation.end;
};

/** One part in each of `size` files. */
function pickAcross(files: readonly MutableFile[], size: number, rng: Rng): Part[] {
  return rng
    .shuffle(files)
    .slice(0, size)
    .flatMap((file) => {
      const mutation = file.mutations[rng.below(file.mutations.length)];
      return mutation === undefined ? [] : [{ path: file.path, mutation }];
    });
}

/**
 * Up to `count` different combinations, half of them within a unit and half across files where both are possible. The operators of a combination within
 * a unit differ. The same files and generator give the same list; the order in which files are given does not matter.
 */
export function combineMutations(files: readonly MutableFile[], rng: Rng, count: number): readonly HigherOrderMutant[] {
  const usable = files.filter(({ mutations }) => mutations.length > 0).sort((a, b) => (a.path < b.path ? -1 : 1));
  const units = usable.flatMap(byUnit);
  const found = new Map<string, HigherOrderMutant>();
  for (let attempt = 0; attempt < count * 8 && found.size < count; attempt++) {
    const scope = units.length > 0 && (usable.length < 2 || rng.below(2) === 0) ? "unit" : "files";
    const size = 2 + rng.below(2);
    const parts = scope === "unit" ? pick(units[rng.below(units.length)] ?? [], size, rng) : pickAcross(usable, size, rng);
    if (parts.length < 2) continue;
    parts.sort(byPlace);
    const key = parts.map(({ path, mutation }) => `${path}:${mutation.start}:${mutation.end}:${mutation.replacement}`).join("\0");
    if (!found.has(key)) found.set(key, { scope, parts });
  }
  return [...found.values()];
}
