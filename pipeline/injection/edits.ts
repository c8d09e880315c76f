/** What a change edits: lines of its own tree, and the units in which they stand. */
import type { Language, UnitSpan } from "../../languages/contract.ts";
import { changedLines, unifiedDiff } from "../../lib/diff.ts";
import { innermost } from "../../lib/innermost.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Layer } from "../../schemas/layer.ts";

type Edit = Candidate["edits"][number];

const unitAround = (units: readonly UnitSpan[], line: number): UnitSpan | null =>
  innermost(units, (unit) => unit.startLine <= line && line <= unit.endLine);

/** In one file: a range for every run of lines inside one unit. */
function editsIn(path: string, before: string | null, after: string, { unitsOn }: Pick<Language, "unitsOn">): Edit[] {
  const ranges = changedLines(unifiedDiff([{ path, before, after }])).after;
  const units = unitsOn({ path, text: after }, ranges);
  const edits: Edit[] = [];
  for (const range of ranges) {
    for (let line = range.start; line <= range.end; line++) {
      const symbol = unitAround(units, line)?.name ?? null;
      const last = edits.at(-1);
      if (last !== undefined && last.symbol === symbol && last.endLine === line - 1) edits[edits.length - 1] = { ...last, endLine: line };
      else edits.push({ file: path, symbol, startLine: line, endLine: line });
    }
  }
  return edits;
}

/** `before` holds the changed sources as they were, `after` tells them as they are; what is gone has no lines. */
export const editsOf = (before: Layer, after: (path: string) => string | null, language: Pick<Language, "unitsOn">): Edit[] =>
  Object.entries(before).flatMap(([path, was]) => {
    const text = after(path);
    return text === null ? [] : editsIn(path, was, text, language);
  });
