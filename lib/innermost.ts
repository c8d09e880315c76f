/** Of the spans that hold a place the smallest, the first of equals; null where none holds it. */
export function innermost<T extends { readonly start: number; readonly end: number }>(
  spans: readonly T[],
  holds: (span: T) => boolean,
): T | null {
  return spans
    .filter(holds)
    .reduce<T | null>((best, span) => (best === null || span.end - span.start < best.end - best.start ? span : best), null);
}
