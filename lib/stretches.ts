/**
 * Stretches of code: so many tokens in a row, as numbers that can be looked up fast. A copy of a piece of code has its stretches, whatever its layout,
 * comments, quotes, commas and semicolons; other names or another order make other stretches.
 *
 * There is no grammar behind it, so every text has tokens: that of a bundle, a source map or a change log too.
 */

/** Tokens in a row that are no coincidence: a mark of punctuation is one, whatever marks stand beside it. */
export const stretchTokens = 30;
/** Of these so many are words or strings: tables of numbers and nests of brackets look alike everywhere. */
const leastWords = 8;
/** A string of this length may hold a text of its own, as those of a source map do. */
const longString = 150;

const [SEED, PRIME] = [0x811c9dc5, 0x01000193];
/** Bases of two rolling sums, each of 32 bits. */
const [BASE_A, BASE_B] = [0x9e3779b1, 0x85ebca6b];
const powerOf = (base: number): number => {
  let power = 1;
  for (let at = 0; at < stretchTokens; at++) power = Math.imul(power, base);
  return power;
};
const [POWER_A, POWER_B] = [powerOf(BASE_A), powerOf(BASE_B)];

const hashOf = (text: string, from: number, to: number): number => {
  let hash = SEED;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
};
/** Which of them declares is a matter of taste, and of what it was compiled for. */
const declaring: ReadonlySet<number> = new Set(["const", "let", "var"].map((word) => hashOf(word, 0, word.length)));
const DECLARES = hashOf("const", 0, 5);

const isWordCode = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 36 || code > 127;

const SIMPLE: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: " ", f: " ", "0": " " };
const unescaped = (text: string): string => text.replace(/\\(.)/gs, (_, one: string) => SIMPLE[one] ?? one);

/** Where the string that begins at an offset ends: at its quote, or at the end of its line, for an apostrophe begins none. */
function endOfString(text: string, from: number, quote: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at += 1;
    else if (code === quote || code === 10) return at;
  }
  return text.length;
}

/** Takes tokens and tells of each stretch as it is whole. */
class Roll {
  readonly #hashes = new Int32Array(stretchTokens);
  readonly #words = new Uint8Array(stretchTokens);
  readonly #visit: (stretch: number) => void;
  #count = 0;
  #inside = 0;
  #a = 0;
  #b = 0;
  constructor(visit: (stretch: number) => void) {
    this.#visit = visit;
  }
  take(hash: number, isWord: boolean): void {
    const at = this.#count % stretchTokens;
    const gone = this.#count < stretchTokens ? 0 : (this.#hashes[at] as number);
    if (this.#count >= stretchTokens) this.#inside -= this.#words[at] as number;
    this.#hashes[at] = hash;
    this.#words[at] = isWord ? 1 : 0;
    this.#inside += isWord ? 1 : 0;
    this.#a = (Math.imul(this.#a, BASE_A) + hash - Math.imul(gone, POWER_A)) | 0;
    this.#b = (Math.imul(this.#b, BASE_B) + hash - Math.imul(gone, POWER_B)) | 0;
    this.#count += 1;
    // 32 bits of the one and 21 of the other: as much as a number holds.
    if (this.#count >= stretchTokens && this.#inside >= leastWords) this.#visit((this.#a >>> 0) * 0x200000 + (this.#b & 0x1fffff));
  }
}

/** Every stretch of a text in its order, then those of texts that lie in its long strings. */
export function eachStretch(text: string, visit: (stretch: number) => void): void {
  const roll = new Roll(visit);
  const within: string[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (isWordCode(code)) {
      const from = at;
      while (at < text.length && isWordCode(text.charCodeAt(at))) at += 1;
      const hash = hashOf(text, from, at);
      roll.take(declaring.has(hash) ? DECLARES : hash, true);
    } else if (code === 34 || code === 39) {
      const end = endOfString(text, at, code);
      roll.take(hashOf(text, at + 1, end), true);
      if (end - at > longString) within.push(text.slice(at + 1, end));
      at = end + 1;
    } else if (code === 47 && text.charCodeAt(at + 1) === 47) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
    } else {
      // Space, and what may as well be left out.
      const silent = code <= 32 || code === 44 || code === 59;
      if (!silent) roll.take(code, false);
      at += code === 92 ? 2 : 1;
    }
  }
  for (const inner of within) eachStretch(unescaped(inner), visit);
}

export function stretchesOf(text: string): Set<number> {
  const found = new Set<number>();
  eachStretch(text, (stretch) => found.add(stretch));
  return found;
}
