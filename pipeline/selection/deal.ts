/**
 * Repository groups dealt to splits. What stands stays, what is pinned goes where it is pinned to, and each other group, in an order that is the
 * hash of its name, goes to the split that lacks most rows of its share. Then groups are moved as long as that brings each skill and each
 * language nearer to its shares (`strata.ts`).
 *
 * Where nothing stands and nothing is pinned no split is further from its share than the largest group has rows, whatever the order: a group of w
 * rows goes to a split that lacks at least w/3, so none is ever more than 2w/3 above its share; and if one lacked more than w at the end, so
 * would have the one that the last group went to, and the third would be more than w above its own. No later move leads beyond that.
 */
import { sha256 } from "../../lib/hash.ts";
import { type Split, type SplitRatio, splits } from "../../schemas/selection.ts";
import { balanced, type Movable, type Stratified } from "./strata.ts";

export interface Dealt extends Stratified {
  /** Where it must go: it stands there, or was pinned to it. */
  readonly fixed: Split | null;
  /** Splits in which none of its rows could stay are not among these. */
  readonly allowed: readonly Split[];
}

/** The share of the rows that a split is to have. */
export const shareOf = (split: Split, ratio: SplitRatio): number => ratio[split] / (ratio.train + ratio.validation + ratio.test);

/** In the order in which they are dealt, each with the splits that it may go to. */
function freeOf(groups: readonly Dealt[], ratio: SplitRatio): readonly Movable[] {
  const open = splits.filter((split) => ratio[split] > 0);
  return groups
    .filter(({ fixed }) => fixed === null)
    .map((group) => {
      const among = open.filter((split) => group.allowed.includes(split));
      return { ...group, among: among.length > 0 ? among : open, order: sha256(`split\0${group.name}`) };
    })
    .sort((a, b) => (a.order < b.order ? -1 : 1));
}

/** By the number of their rows alone. */
export function dealtByRows(groups: readonly Dealt[], ratio: SplitRatio): ReadonlyMap<string, Split> {
  const dealt = new Map<string, Split>();
  const rows = { train: 0, validation: 0, test: 0 };
  const put = ({ name, rows: own }: Stratified, split: Split): void => {
    dealt.set(name, split);
    rows[split] += own;
  };
  for (const group of groups) if (group.fixed !== null) put(group, group.fixed);
  for (const group of freeOf(groups, ratio)) {
    const total = rows.train + rows.validation + rows.test + group.rows;
    const lacking = (split: Split): number => shareOf(split, ratio) * total - rows[split];
    put(
      group,
      group.among.reduce((best, split) => (lacking(split) > lacking(best) ? split : best)),
    );
  }
  return dealt;
}

export function deal(groups: readonly Dealt[], ratio: SplitRatio): ReadonlyMap<string, Split> {
  const shares = { train: shareOf("train", ratio), validation: shareOf("validation", ratio), test: shareOf("test", ratio) };
  const largest = groups.reduce((most, { rows }) => Math.max(most, rows), 0);
  return balanced(groups, freeOf(groups, ratio), shares, dealtByRows(groups, ratio), largest);
}
