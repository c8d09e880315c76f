/** What the card and the report say of the splits. */
import { plural } from "../lib/plural.ts";
import type { SplitProof } from "../schemas/selection.ts";

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A row for each split: name, repository groups, rows, share of the rows, share that was asked for. */
export function splitRows({ splits }: SplitProof): readonly (readonly [string, number, number, string, string])[] {
  const all = splits.reduce((sum, { rows }) => sum + rows, 0);
  return splits.map(({ split, groups, rows, target }) => [split, groups, rows, all === 0 ? "none" : percent(rows / all), percent(target)]);
}

/** For a person at the command: a line for each split, and what lies in two of them. */
export const splitLines = (proof: SplitProof): string[] => [
  ...proof.splits.map(
    ({ split, groups, rows, target }) =>
      `  ${split.padEnd(10)} ${plural(rows, "row")} of ${plural(groups, "repository group")}; asked for ${percent(target)}`,
  ),
  `  ${splitSentence(proof)}`,
];

export function splitSentence({ repositories, groups, changes, nearDuplicates }: SplitProof): string {
  const looked: readonly (readonly [string, { readonly all: number; readonly crossing: number }])[] = [
    ["repositories", repositories],
    ["repository groups", groups],
    ["changes", changes],
  ];
  const told = looked.map(([name, { all, crossing }]) => `${name} ${all}, in two splits ${crossing}`).join("; ");
  const alike =
    nearDuplicates === null
      ? "Whether rows ask the same was not looked at."
      : `Pairs of rows that ask the same: ${nearDuplicates.all}, of which ${nearDuplicates.crossing} lie in two splits.`;
  return `Looked at again when all was settled: ${told}. ${alike}`;
}

/** What is to be said where a split that was asked for has no rows. */
export function emptyText({ splits, groups }: SplitProof): string[] {
  const empty = splits.filter(({ rows, target }) => rows === 0 && target > 0).map(({ split }) => split);
  if (empty.length === 0) return [];
  const all = `there ${groups.all === 1 ? "is one repository group" : `are ${groups.all} repository groups`}`;
  return [`no row is in ${empty.join(" and ")}: ${all}, and a group lies in one split, whole`];
}
