/** Repositories that belong together: one history, or one text. A group lies in one split, whole. */
import { groupOfAddress } from "../../lib/address.ts";
import { Groups } from "../../lib/groups.ts";
import type { Split } from "../../schemas/selection.ts";
import type { Member } from "./member.ts";

export interface Grouping {
  /** By address. */
  readonly groupOf: ReadonlyMap<string, string>;
  /** New addresses that belong to groups which stand in several splits, with these groups. */
  readonly between: ReadonlyMap<string, readonly string[]>;
}

type Standing = ReadonlyMap<string, { readonly group: string; readonly split: Split }>;

/** All that says of two addresses that they are one repository, or copies of one. */
function linked(
  members: readonly Member[],
  alike: readonly (readonly [Member, Member])[],
  named: readonly (readonly string[])[],
): Groups<string> {
  const groups = new Groups<string>();
  const homes = new Map<string, string>();
  for (const { address, commit, forks } of members) {
    const home = homes.get(commit) ?? address;
    homes.set(commit, home);
    for (const other of [home, ...forks]) groups.join(address, other);
  }
  for (const [a, b] of alike) groups.join(a.address, b.address);
  for (const [first = "", ...others] of named) for (const other of others) groups.join(groupOfAddress(first), groupOfAddress(other));
  return groups;
}

const smallest = (names: readonly string[]): string => [...names].sort()[0] ?? "";

/** What stands keeps its group; what comes to it takes its name; a group of new addresses has the name of the first by the alphabet. */
function settle(
  addresses: readonly string[],
  standing: Standing,
  groupOf: Map<string, string>,
  between: Map<string, readonly string[]>,
): void {
  const known = addresses.flatMap((address) => standing.get(address) ?? []);
  const sides = new Set(known.map(({ split }) => split));
  const names = [...new Set(known.map(({ group }) => group))];
  for (const address of addresses) {
    const own = standing.get(address);
    groupOf.set(address, own?.group ?? smallest(names.length > 0 ? names : addresses));
    if (own === undefined && sides.size > 1) between.set(address, names.sort());
  }
}

/** `known`: where addresses stand of which no member need stand. */
export function groupsOf(
  members: readonly Member[],
  alike: readonly (readonly [Member, Member])[],
  named: readonly (readonly string[])[],
  known: Standing = new Map(),
): Grouping {
  const groups = linked(members, alike, named);
  const standing = new Map([...known, ...members.flatMap(({ address, stands }) => (stands === null ? [] : [[address, stands] as const]))]);
  const groupOf = new Map<string, string>();
  const between = new Map<string, readonly string[]>();
  const addresses = [...new Set(members.map(({ address }) => address))].sort();
  for (const together of groups.of(addresses)) settle(together, standing, groupOf, between);
  return { groupOf, between };
}
