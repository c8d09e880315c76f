/**
 * Repository groups dealt to splits. What stands stays, what is pinned goes where it is pinned to, and each other group, in an order that is the
 * hash of its name, goes to the split that lacks most rows of its share.
 *
 * Where nothing stands and nothing is pinned no split is further from its share than the largest group has rows, whatever the order: a group of w
 * rows goes to a split that lacks at least w/3, so none is ever more than 2w/3 above its share; and if one lacked more than w at the end, so
 * would have the one that the last group went to, and the third would be more than w above its own.
 */
import { sha256 } from "../../lib/hash.ts";
import { type Split, type SplitRatio, splits } from "../../schemas/selection.ts";

export interface Dealt {
  readonly name: string;
  readonly rows: number;
  /** Where it must go: it stands there, or was pinned to it. */
  readonly fixed: Split | null;
  /** Splits in which none of its rows could stay are not among these. */
  readonly allowed: readonly Split[];
}

/** The share of the rows that a split is to have. */
export const shareOf = (split: Split, ratio: SplitRatio): number => ratio[split] / (ratio.train + ratio.validation + ratio.test);

export function deal(groups: readonly Dealt[], ratio: SplitRatio): ReadonlyMap<string, Split> {
  const dealt = new Map<string, Split>();
  const rows = { train: 0, validation: 0, test: 0 };
  const put = ({ name, rows: own }: Dealt, split: Split): void => {
    dealt.set(name, split);
    rows[split] += own;
  };
  for (const group of groups) if (group.fixed !== null) put(group, group.fixed);
  const free = groups.filter(({ fixed }) => fixed === null).map((group) => ({ group, order: sha256(`split\0${group.name}`) }));
  for (const { group } of free.sort((a, b) => (a.order < b.order ? -1 : 1))) {
    const total = rows.train + rows.validation + rows.test + group.rows;
    const lacking = (split: Split): number => shareOf(split, ratio) * total - rows[split];
    const open = splits.filter((split) => ratio[split] > 0);
    const among = open.filter((split) => group.allowed.includes(split));
    put(
      group,
      (among.length > 0 ? among : open).reduce((best, split) => (lacking(split) > lacking(best) ? split : best)),
    );
  }
  return dealt;
}
