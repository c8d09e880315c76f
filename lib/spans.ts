/** Where two sequences of texts differ. */
import { diffArrays } from "diff";

/** Changed elements as half-open ranges of indexes; one of them may be empty. */
export interface Span {
  readonly old: readonly [number, number];
  readonly now: readonly [number, number];
}

/** In order, none beside another. Null above an edit distance of `most`, where the search costs seconds. */
export function spansOf(before: readonly string[], after: readonly string[], most: number): Span[] | null {
  const parts = diffArrays([...before], [...after], { maxEditLength: most });
  if (parts === undefined) return null;
  const spans: Span[] = [];
  let [old, now] = [0, 0];
  let open: { old: number; now: number } | null = null;
  for (const { added, removed, value } of parts) {
    if (!added && !removed && open !== null) {
      spans.push({ old: [open.old, old], now: [open.now, now] });
      open = null;
    }
    if (added || removed) open ??= { old, now };
    if (!added) old += value.length;
    if (!removed) now += value.length;
  }
  if (open !== null) spans.push({ old: [open.old, old], now: [open.now, now] });
  return spans;
}
