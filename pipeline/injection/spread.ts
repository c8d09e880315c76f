/**
 * The order in which mutants are taken: a few of each symbol before many of one, and where a line has several they are taken together,
 * because a review pair needs two defects at one place and a unit-test target several in one symbol.
 */
import type { Rng } from "../../lib/rng.ts";
import type { Spot } from "./spot.ts";

/** Even, so that two spots of one line stay in one round. */
const perRound = 6;

function group<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const at = key(item);
    const group = groups.get(at);
    if (group) group.push(item);
    else groups.set(at, [item]);
  }
  return [...groups.values()];
}

/** Spots of one symbol: lines in random order, first two spots of each line with different operators, the rest of the lines after all. */
function bySymbol(spots: readonly Spot[], rng: Rng): Spot[] {
  const lines = rng.shuffle(group(spots, ({ site }) => `${site.startLine}-${site.endLine}`)).map((line) => {
    const byOperator = rng.shuffle(group(line, ({ site }) => site.operator)).map((same) => rng.shuffle(same));
    const first = byOperator.flatMap((same) => same.slice(0, 1));
    return [...first, ...byOperator.flatMap((same) => same.slice(1))];
  });
  lines.sort((a, b) => Number(b.length > 1) - Number(a.length > 1));
  return [...lines.flatMap((line) => line.slice(0, 2)), ...lines.flatMap((line) => line.slice(2))];
}

/** All spots, in the order in which they should be taken: the same order from the same spots, however they are given. */
export function spread(spots: readonly Spot[], rng: Rng): Spot[] {
  const sorted = [...spots].sort((a, b) => (a.id < b.id ? -1 : 1));
  const symbols = rng.shuffle(group(sorted, ({ site }) => `${site.file}#${site.symbol ?? ""}`)).map((own) => bySymbol(own, rng));
  const order: Spot[] = [];
  for (let at = 0; symbols.some((own) => own.length > at); at += perRound) {
    for (const own of symbols) order.push(...own.slice(at, at + perRound));
  }
  return order;
}
