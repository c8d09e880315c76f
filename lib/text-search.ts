/** Which of some texts a query is about, by its words alone: Okapi BM25, with the usual k1 = 1.2 and b = 0.75. */

const [k1, b] = [1.2, 0.75];

/** Words of prose and of code: `joinURL` is `joinurl`, `join` and `url`; of one letter none. */
export function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []).flatMap((word) => {
    const parts = word.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+/gu) ?? [];
    const forms = parts.length > 1 ? [word, ...parts] : [word];
    return forms.filter(({ length }) => length > 1).map((form) => form.toLowerCase());
  });
}

const counted = (words: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

export interface Named {
  readonly name: string;
  readonly text: string;
}

/** What is looked at of a text: made once, it serves many queries. */
export interface Bag {
  readonly name: string;
  readonly length: number;
  readonly counts: ReadonlyMap<string, number>;
}

export function bagOf({ name, text }: Named): Bag {
  const words = wordsOf(text);
  return { name, length: words.length, counts: counted(words) };
}

/** Names of the texts, the best match first; of equals the one that comes first in the alphabet. */
export const rank = (query: string, texts: readonly Named[]): string[] => rankBags(query, texts.map(bagOf));

export function rankBags(query: string, bags: readonly Bag[]): string[] {
  const mean = bags.reduce((sum, { length }) => sum + length, 0) / Math.max(1, bags.length) || 1;
  const asked = [...new Set(wordsOf(query))].map((word) => {
    const holding = bags.filter(({ counts }) => counts.has(word)).length;
    return { word, weight: Math.log(1 + (bags.length - holding + 0.5) / (holding + 0.5)) };
  });
  const scored = bags.map(({ name, length, counts }) => {
    const score = asked.reduce((sum, { word, weight }) => {
      const count = counts.get(word) ?? 0;
      return sum + (weight * count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / mean));
    }, 0);
    return { name, score };
  });
  return scored.sort((x, y) => y.score - x.score || (x.name < y.name ? -1 : 1)).map(({ name }) => name);
}

interface Unit {
  readonly kind: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The name of the function of a text that a query is most about, or null where there is none; a class is not told from what is in it. */
export function bestFunction(query: string, text: string, units: readonly Unit[]): string | null {
  const functions = units.filter(({ kind }) => kind !== "class");
  return (
    rank(
      query,
      functions.map(({ name, start, end }) => ({ name, text: text.slice(start, end) })),
    )[0] ?? null
  );
}
