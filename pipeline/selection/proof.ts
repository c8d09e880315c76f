/** A look at what was settled, by other means than it was settled: what lies in two splits is counted. */
import { type Split, type SplitProof, type SplitRatio, splits } from "../../schemas/selection.ts";
import { shareOf } from "./deal.ts";
import type { Member } from "./member.ts";

/** Where an instance goes. */
export interface Placed {
  readonly split: Split;
  readonly group: string;
}

/** How many kinds there are, and how many of them are in more than one split. */
function counted(keys: Iterable<readonly [key: string, split: Split]>): { all: number; crossing: number } {
  const sides = new Map<string, Set<Split>>();
  for (const [key, split] of keys) sides.set(key, (sides.get(key) ?? new Set()).add(split));
  return { all: sides.size, crossing: [...sides.values()].filter(({ size }) => size > 1).length };
}

/** `left`: pairs that ask the same, as they were found among all that was not left out for it; null where nobody looked. */
export function proofOf(
  members: readonly Pick<Member, "id" | "changeId" | "address">[],
  placed: ReadonlyMap<string, Placed>,
  left: readonly (readonly [Pick<Member, "id">, Pick<Member, "id">])[] | null,
  ratio: SplitRatio,
): SplitProof {
  const rows = members.flatMap((member) => {
    const place = placed.get(member.id);
    return place === undefined ? [] : [{ ...place, changeId: member.changeId, address: member.address }];
  });
  const sizes = Map.groupBy(rows, ({ group }) => group);
  const there = new Set(members.map(({ id }) => id));
  const pairs = left?.filter(([a, b]) => there.has(a.id) && there.has(b.id));
  return {
    splits: splits.flatMap((split) => {
      const own = rows.filter((row) => row.split === split);
      if (own.length === 0 && ratio[split] === 0) return [];
      return [{ split, groups: new Set(own.map(({ group }) => group)).size, rows: own.length, target: shareOf(split, ratio) }];
    }),
    largestGroup: Math.max(0, ...[...sizes.values()].map(({ length }) => length)),
    groups: counted(rows.map(({ group, split }) => [group, split] as const)),
    repositories: counted(rows.map(({ address, split }) => [address, split] as const)),
    changes: counted(rows.map(({ changeId, split }) => [changeId, split] as const)),
    nearDuplicates:
      pairs === undefined
        ? null
        : { all: pairs.length, crossing: pairs.filter(([a, b]) => placed.get(a.id)?.split !== placed.get(b.id)?.split).length },
  };
}

/** Of what is left of a dataset that was looked at. Where pairs stood in it that ask the same, it is not known which of them are left. */
export function proofOfRest(members: readonly (Pick<Member, "id" | "changeId" | "address"> & Placed)[], before: SplitProof): SplitProof {
  const targets = { train: 0, validation: 0, test: 0, ...Object.fromEntries(before.splits.map(({ split, target }) => [split, target])) };
  const placed = new Map(members.map(({ id, split, group }) => [id, { split, group }]));
  return proofOf(members, placed, before.nearDuplicates?.all === 0 ? [] : null, targets);
}

export const crossings = ({ repositories, groups, changes, nearDuplicates }: SplitProof): number =>
  repositories.crossing + groups.crossing + changes.crossing + (nearDuplicates?.crossing ?? 0);
