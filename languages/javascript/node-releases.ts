/** The long-term lines of Node, and which one was current when. */

/** Major, and the day from which it was long-term: field `lts` in schedule.json of github.com/nodejs/Release. Oldest first. */
const longTermLines: readonly (readonly [number, string])[] = [
  [4, "2015-10-12"],
  [6, "2016-10-18"],
  [8, "2017-10-31"],
  [10, "2018-10-30"],
  [12, "2019-10-21"],
  [14, "2020-10-27"],
  [16, "2021-10-26"],
  [18, "2022-10-25"],
  [20, "2023-10-24"],
  [22, "2024-10-29"],
  [24, "2025-10-28"],
  [26, "2026-10-28"],
];

/** Code names in the order of their majors: 4, 6, 8 and so on. */
const codeNames = "argon boron carbon dubnium erbium fermium gallium hydrogen iron jod krypton".split(" ");

/** `iron` → 20; null for what names no line. */
export function majorNamed(name: string): number | null {
  const index = codeNames.indexOf(name.toLowerCase());
  return index < 0 ? null : 4 + 2 * index;
}

/** The newest line that was long-term at a moment (ISO 8601 in UTC); before there was any, the first. */
export function longTermAt(moment: string): number {
  const line = longTermLines.findLast(([, since]) => since <= moment) ?? longTermLines[0];
  return (line as readonly [number, string])[0];
}
