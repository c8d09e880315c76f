/** A piece of a text, by offsets, and what is to stand in its place. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The text with all pieces replaced, of which no two overlap. */
export const replaced = (text: string, pieces: readonly Piece[]): string =>
  [...pieces]
    .sort((a, b) => b.start - a.start)
    .reduce((result, { start, end, replacement }) => result.slice(0, start) + replacement + result.slice(end), text);
