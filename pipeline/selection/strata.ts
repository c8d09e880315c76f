/**
 * Whole groups moved and exchanged between splits, as long as that brings each stratum (all rows, those of each skill, those of each language)
 * nearer to its shares. What is weighed is the sum of squared distances from the shares, each by the rows of its stratum, so that it never rises.
 */
import { type Split, type SplitRatio, splits } from "../../schemas/selection.ts";

export interface Stratified {
  readonly name: string;
  readonly rows: number;
  /** Rows of each stratum that the group has some of. */
  readonly strata: ReadonlyMap<string, number>;
}

/** A group that may be moved, and where to. */
export interface Movable extends Stratified {
  readonly among: readonly Split[];
}

/** Sweeps over all groups; each one lowers the sum, and after a few there is little to gain. */
const mostSweeps = 20;
/** Groups that one is tried in exchange for, so that time grows with the groups and not with their square. */
const mostPartners = 200;
/** What gains less, a hundredth of a row, is not worth a move; sums of fractions come out no more exact than far below it. */
const least = 0.01;

/** Of each split, how many rows it is above its share: of all rows first, then of each stratum by name. */
class Balance {
  readonly #names: readonly string[];
  readonly #weights: readonly number[];
  readonly above: Record<Split, number[]>;

  constructor(groups: readonly Stratified[], shares: SplitRatio, dealt: ReadonlyMap<string, Split>) {
    this.#names = [...new Set(groups.flatMap(({ strata }) => [...strata.keys()]))].sort();
    const whole = this.vector(groups[0] ?? { name: "", rows: 0, strata: new Map() }).map(() => 0);
    this.above = { train: [...whole], validation: [...whole], test: [...whole] };
    for (const group of groups) {
      for (const [at, rows] of this.vector(group).entries()) whole[at] = (whole[at] ?? 0) + rows;
      this.put(this.vector(group), dealt.get(group.name) ?? "train");
    }
    for (const split of splits) this.above[split] = this.above[split].map((rows, at) => rows - shares[split] * (whole[at] ?? 0));
    this.#weights = whole.map((rows) => 1 / Math.max(rows, 1));
  }

  vector({ rows, strata }: Stratified): number[] {
    return [rows, ...this.#names.map((name) => strata.get(name) ?? 0)];
  }

  put(vector: readonly number[], split: Split, sign: 1 | -1 = 1): void {
    const own = this.above[split];
    for (const [at, rows] of vector.entries()) own[at] = (own[at] ?? 0) + sign * rows;
  }

  sum(): number {
    return splits.reduce(
      (all, split) => all + this.above[split].reduce((sum, above, at) => sum + above ** 2 * (this.#weights[at] ?? 0), 0),
      0,
    );
  }

  /** By how much the sum would fall where `vector` went from the one to the other. */
  gain(vector: readonly number[], from: Split, to: Split): number {
    let gain = 0;
    for (const [at, rows] of vector.entries())
      gain += 2 * rows * (this.#weights[at] ?? 0) * ((this.above[from][at] ?? 0) - (this.above[to][at] ?? 0) - rows);
    return gain;
  }
}

/** Sum of squared distances from the shares, each by the rows of its stratum; 0 where all are met. `shares` add up to 1. */
export const strataDistance = (groups: readonly Stratified[], shares: SplitRatio, dealt: ReadonlyMap<string, Split>): number =>
  new Balance(groups, shares, dealt).sum();

/** `groups` are all that were dealt, `movable` those of them that may be moved, in the order in which they are tried. No split comes further from its share of all rows than `reach`, unless it was. */
export function balanced(
  groups: readonly Stratified[],
  movable: readonly Movable[],
  shares: SplitRatio,
  dealt: ReadonlyMap<string, Split>,
  reach: number,
): ReadonlyMap<string, Split> {
  const places = new Map(dealt);
  const balance = new Balance(groups, shares, dealt);
  const all = movable.map((group) => ({ ...group, vector: balance.vector(group) }));
  type One = (typeof all)[number];
  const placeOf = ({ name }: One): Split => places.get(name) ?? "train";
  const stays = (split: Split, more: number): boolean => {
    const above = balance.above[split][0] ?? 0;
    return Math.abs(above + more) <= Math.max(reach, Math.abs(above));
  };
  const move = (one: One, to: Split): void => {
    balance.put(one.vector, placeOf(one), -1);
    balance.put(one.vector, to);
    places.set(one.name, to);
  };
  /** To another split by itself, or in exchange for a group of it. */
  const better = (one: One, others: readonly One[]): boolean => {
    const from = placeOf(one);
    for (const to of one.among) {
      if (to === from || !stays(from, -one.rows) || !stays(to, one.rows) || balance.gain(one.vector, from, to) <= least) continue;
      move(one, to);
      return true;
    }
    for (const other of others) {
      const to = placeOf(other);
      if (to === from || !one.among.includes(to) || !other.among.includes(from)) continue;
      const moved = one.vector.map((rows, at) => rows - (other.vector[at] ?? 0));
      const more = one.rows - other.rows;
      if (!stays(from, -more) || !stays(to, more) || balance.gain(moved, from, to) <= least) continue;
      move(one, to);
      move(other, from);
      return true;
    }
    return false;
  };
  for (let sweep = 0; sweep < mostSweeps; sweep += 1) {
    const gained = all.filter((one, at) => better(one, all.slice(at + 1, at + 1 + mostPartners)));
    if (gained.length === 0) break;
  }
  return places;
}
