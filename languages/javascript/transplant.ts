/**
 * A change of one text, made in another text of the same program: a published copy, compiled and printed by others. Both are compared as tokens of
 * compiled code, so that neither types nor layout stand in the way.
 */
import { type Piece, replaced } from "../../lib/pieces.ts";
import { recent } from "../../lib/recent.ts";
import { spansOf } from "../../lib/spans.ts";
import type { SourceFile } from "../contract.ts";
import { compileOnce, type Token, tokensOf } from "./emit.ts";

/** Tokens around a change that are taken to it, from a few on until it stands in one place only. */
const [leastAround, mostAround] = [3, 40];
/** So many must be the same around a change that is there already. */
const enoughAround = 5;
/** Above this the texts have too little in common. */
const maxEditLength = 2_000;

/** What printers write in one way or another: kinds of quotes, and commas behind the last of several. */
const plain = (token: string): string => (/^'[^"\\]*'$/.test(token) ? `"${token.slice(1, -1)}"` : token);

function told(tokens: readonly Token[]): readonly Token[] {
  const isIdle = ({ text }: Token, at: number): boolean => text === "," && /^[}\])]$/.test(tokens[at + 1]?.text ?? "");
  return tokens.filter((token, at) => token.text !== "" && !isIdle(token, at)).map((token) => ({ ...token, text: plain(token.text) }));
}

/** Copies and clean texts are asked for with one wrong text after the other. */
const mostRemembered = 16;
const rememberedTokens: (path: string, code: string) => readonly Token[] = recent(mostRemembered, (path = "", code = "") =>
  told(tokensOf(path, code)),
);

const textsOf = (tokens: readonly Token[]): string[] => tokens.map(({ text }) => text);

const placesOf = (wanted: readonly string[], within: readonly string[]): number[] =>
  within.flatMap((_, at) => (wanted.every((text, offset) => within[at + offset] === text) ? [at] : []));

const around = (texts: readonly string[], [from, to]: readonly [number, number], by: number): string[] =>
  texts.slice(Math.max(0, from - by), to + by);

/** Where the clean side of a span stands in the copy, as indexes of its tokens; null where it does not, or in several places. */
function placeOf(
  clean: readonly string[],
  [from, to]: readonly [number, number],
  copy: readonly string[],
): readonly [number, number] | null {
  for (let by = leastAround; by <= mostAround; by++) {
    const places = placesOf(around(clean, [from, to], by), copy);
    if (places.length === 0) return null;
    const [place] = places;
    const start = (place ?? 0) + Math.min(by, from);
    if (places.length === 1) return [start, start + to - from];
  }
  return null;
}

/** Tokens of a text as they stand in it, with what stands between them. */
const slice = (code: string, tokens: readonly Token[], [from, to]: readonly [number, number]): string =>
  from === to ? "" : code.slice(tokens[from]?.start, tokens[to - 1]?.end);

export function transplant(file: SourceFile, wrong: string, copy: string): string | null {
  const { path } = file;
  const wrongCode = compileOnce(path, wrong);
  const [clean, other] = [rememberedTokens(path, compileOnce(path, file.text)), told(tokensOf(path, wrongCode))];
  const there = rememberedTokens(path, copy);
  const [cleanTexts, wrongTexts, copyTexts] = [textsOf(clean), textsOf(other), textsOf(there)];
  const pieces: Piece[] = [];
  const spans = spansOf(cleanTexts, wrongTexts, maxEditLength);
  if (spans === null) return null;
  for (const span of spans) {
    const place = placeOf(cleanTexts, span.old, copyTexts);
    if (place !== null) {
      const [from, to] = place;
      const start = there[from]?.start ?? copy.length;
      pieces.push({
        start,
        end: from === to ? start : (there[to - 1]?.end ?? copy.length),
        replacement: ` ${slice(wrongCode, other, span.now)} `,
      });
    } else if (placesOf(around(wrongTexts, span.now, enoughAround), copyTexts).length === 0) return null;
  }
  return replaced(copy, pieces);
}
