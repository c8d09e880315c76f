/** What turns one text into another, as runs of whole lines to put in place of others: a change as a person would dictate it. */
import { toLines } from "./diff.ts";
import { type Span, spansOf } from "./spans.ts";

/** One side of a replacement: whole lines with their endings, and where they stand. */
export interface LineRun {
  readonly text: string;
  /** From 1. Where the run has no line: that of the line after it, which may lie behind the text's end. */
  readonly line: number;
  readonly lines: number;
  /** Offset of the run in its text. */
  readonly start: number;
}

export interface Replacement {
  readonly before: LineRun;
  readonly after: LineRun;
}

/** Above this edit distance the search costs seconds: the text is then replaced whole. */
const maxEditLength = 4_000;

/**
 * Replacements in text order; none where the texts are equal. Changes with fewer than `apart` unchanged lines between them are one, with these.
 * What is replaced reads better with the two lines between than in three pieces.
 */
export function replacementsOf(before: string, after: string, apart = 3): readonly Replacement[] {
  const sides = [toLines(before), toLines(after)] as const;
  const starts = sides.map(offsetsOf);
  const run = (side: 0 | 1, [from, to]: readonly [number, number]): LineRun => ({
    text: sides[side].slice(from, to).join(""),
    line: from + 1,
    lines: to - from,
    start: starts[side]?.[from] ?? 0,
  });
  const whole = { old: [0, sides[0].length], now: [0, sides[1].length] } as const;
  return joined(spansOf(...sides, maxEditLength) ?? [whole], apart).map(({ old, now }) => ({ before: run(0, old), after: run(1, now) }));
}

/** Where each line starts, and where the text ends. */
function offsetsOf(lines: readonly string[]): readonly number[] {
  let at = 0;
  return [0, ...lines.map((line) => (at += line.length))];
}

function joined(spans: readonly Span[], apart: number): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last !== undefined && span.old[0] - last.old[1] < apart) {
      result[result.length - 1] = { old: [last.old[0], span.old[1]], now: [last.now[0], span.now[1]] };
    } else result.push(span);
  }
  return result;
}

/** The first text with each of its replacements made by itself. */
export const oneByOne = (before: string, after: string): string[] =>
  replacementsOf(before, after).map(
    ({ before: old, after: now }) => before.slice(0, old.start) + now.text + before.slice(old.start + old.text.length),
  );
