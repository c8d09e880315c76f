/** The parts of a question that must stay as they are: code, forms, quoted documentation. Read as Markdown, as far as the skills write it. */

export interface Pieces {
  /** Code spans, lines that begin with JSON, quoted lines and fenced blocks, in order and with their marks; a block begins with a line break. */
  readonly code: readonly string[];
  readonly fences: readonly string[];
  /** The text with the mark of its number for each fenced block, which is what a rewriter gets to read. */
  readonly outline: string;
  /** What is said between all of these. */
  readonly prose: string;
}

const fence = /(`{3,})[^`\n]*\n(?:[\s\S]*?\n)?\1`*[ \t]*(?=\n|$)/y;
const wholeLine = /[{[>].*/y;
const opening = /`+/y;

const matchAt = (pattern: RegExp, text: string, at: number): string | null => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
};

/** From these backticks to as many again, or null where none follow. */
function spanAt(text: string, at: number, ticks: string): string | null {
  const runs = /`+/g;
  runs.lastIndex = at + ticks.length;
  for (let run = runs.exec(text); run !== null; run = runs.exec(text)) {
    if (run[0].length === ticks.length) return text.slice(at, runs.lastIndex);
  }
  return null;
}

export function piecesOf(text: string): Pieces {
  const [code, fences]: [string[], string[]] = [[], []];
  let [outline, prose] = ["", ""];
  for (let at = 0; at < text.length; ) {
    const startsLine = at === 0 || text[at - 1] === "\n";
    const ticks = matchAt(opening, text, at);
    const block = startsLine ? matchAt(fence, text, at) : null;
    const span = (startsLine ? matchAt(wholeLine, text, at) : null) ?? (ticks === null ? null : spanAt(text, at, ticks));
    const taken = block ?? span ?? ticks ?? (text[at] as string);
    if (block !== null) fences.push(block);
    if (block !== null) code.push(`\n${block}`);
    else if (span !== null) code.push(span);
    else prose += taken;
    outline += block === null ? taken : `[[block ${fences.length}]]`;
    at += taken.length;
  }
  return { code, fences, outline, prose };
}

/** An outline with its blocks where their marks are. */
export const restored = (outline: string, fences: readonly string[]): string =>
  outline.replace(/\[\[block (\d+)\]\]/g, (mark, number: string) => fences[Number(number) - 1] ?? mark);
