/**
 * What licences a text consists of, by the texts of the SPDX list (https://spdx.org/licenses/, in the package spdx-license-list).
 *
 * A licence is there where at least nine tenths of its runs of three words are; the one that explains most of the text goes first, and what it
 * explained is explained to no other. So the JSON licence is not MIT, and a file of two licences is both. What stays unexplained and forbids
 * something is told as terms of its own: nobody may take the file for the licence alone.
 */
import type list from "spdx-license-list/full.js";
import { sha256 } from "./hash.ts";

/** Stands for terms that no listed licence explains. */
export const otherTerms = "LicenseRef-other-terms";

/** Texts that are not in the list of licences; each goes with one (SPDX specification 2.3, annex D.4). */
const exceptions: readonly (readonly [license: string, exception: string, sign: RegExp])[] = [
  ["Apache-2.0", "LLVM-exception", /llvm exceptions to the apache/],
  ["GPL-2.0-only", "Classpath-exception-2.0", /linking this library statically or dynamically with other modules/],
  ["GPL-3.0-only", "GCC-exception-3.1", /gcc runtime library exception/],
];
const forbids =
  /\b(?:may not|shall not|must not|not be used|not use|prohibited|non ?commercial|not (?:include|grant|permitted|allowed)|only for|without (?:\w+ ){0,4}(?:permission|consent)|no (?:right|license|permission)|(?<!without )restrict\w*)\b/;

const share = 0.9;
/** Fewer words than these say too little to be found in another text. */
const leastWords = 15;
/** What stands behind the terms: how to apply them, and the GPL behind the LGPL that refers to it. */
const appendix = /END OF TERMS AND CONDITIONS|^\s*GNU GENERAL PUBLIC LICENSE\s*$/m;
const leastHeading = 200;
/** An unexplained run of words that is shorter is a heading or a name. */
const leastUnexplained = 6;
const leastExplained = 12;

/** Where licences let the holder's name be put: for these words, any of the kind stand (the SPDX templates' `copyrightHolder` and their like). */
const names: readonly (readonly [RegExp, string])[] = [
  [/\bshall (?:\w+ ){1,20}?be liable\b/g, "shall holder be liable"],
  [/\bas is (?:and|without) (?:\w+ ){1,12}?disclaims?\b/g, "as is and holder disclaims"],
  [/\bis provided by (?:\w+ ){1,14}?as is\b/g, "is provided by holder as is"],
  [/\bneither the names? (?:\w+ ){1,20}?nor the names of (?:\w+ ){0,8}?contributors may\b/g, "neither holder nor contributors may"],
  [/\bthe names of any contributors may not\b/g, "neither holder nor contributors may"],
  [/\band or distribute\b/g, "and distribute"],
];

/** Words alone: no marks, numbers of paragraphs, or lines that say whose the copyright is. A longer line holds more than that. */
function wordsOf(text: string): readonly string[] {
  const terms = text
    .replace(/^(?=.{0,200}$)[^\w\n]*(?:portions )?(?:copyright\s*(?:\(c\)|©|&copy;|[\d<[{]|by\b)|\(c\)|©).*$/gim, "")
    .replace(/\ball rights reserved\b/gi, "");
  const plain = (
    terms
      .toLowerCase()
      .replaceAll("licence", "license")
      .match(/[a-z]{2,}/g) ?? []
  ).join(" ");
  return names.reduce((line, [pattern, word]) => line.replace(pattern, word), plain).split(" ");
}

interface Reference {
  readonly id: string;
  /** Numbers of its words; a number is the same in all. */
  readonly words: Int32Array;
  /** How many of them are terms: what comes behind these, many leave out. */
  readonly terms: number;
}
interface References {
  readonly numbers: ReadonlyMap<string, number>;
  readonly licenses: readonly Reference[];
}

/** Of ids with one text the one that grants least, then the shortest: the deprecated ones are longer or claim "or later". */
const preferred = (a: string, b: string): number =>
  Number(b.endsWith("-only")) - Number(a.endsWith("-only")) || a.length - b.length || (a < b ? -1 : 1);

function referencesOf(licensesById: typeof list): References {
  const numbers = new Map<string, number>();
  const numbered = (words: readonly string[]): Int32Array =>
    Int32Array.from(words, (word) => {
      const number = numbers.get(word) ?? numbers.size + 1;
      numbers.set(word, number);
      return number;
    });
  const licenses = Object.keys(licensesById)
    .sort(preferred)
    .flatMap((id): Reference[] => {
      const text = licensesById[id]?.licenseText ?? "";
      const words = wordsOf(text);
      const end = text.slice(leastHeading).search(appendix);
      const terms = end < 0 ? words.length : wordsOf(text.slice(0, leastHeading + end)).length;
      return words.length < leastWords ? [] : [{ id, words: numbered(words), terms }];
    });
  return { numbers, licenses };
}

let loading: Promise<References> | null = null;
/** Loaded when the first text is asked about: 4 MB of JSON. */
const references = (): Promise<References> => {
  loading ??= import("spdx-license-list/full.js").then((list) => referencesOf(list.default));
  return loading;
};

/** Three numbers below 2^17 as one exact one. */
const keyAt = (words: Int32Array, at: number): number =>
  ((words[at] ?? 0) * 2 ** 17 + (words[at + 1] ?? 0)) * 2 ** 17 + (words[at + 2] ?? 0);

/** The licence that is there and explains most of what is unexplained yet; a word of it that is missing weighs as two that are there. */
function best(licenses: readonly Reference[], spoken: ReadonlySet<number>, unexplained: ReadonlySet<number>): Reference | null {
  let found: { readonly license: Reference; readonly score: number } | null = null;
  for (const license of licenses) {
    const all = license.terms - 2;
    const mayMiss = Math.floor(all * (1 - share));
    let [missing, explains] = [0, 0];
    for (let at = 0; at < all && missing <= mayMiss; at += 1) {
      const key = keyAt(license.words, at);
      if (unexplained.has(key)) explains += 1;
      else if (!spoken.has(key)) missing += 1;
    }
    const score = explains - 2 * missing;
    if (missing <= mayMiss && explains > all / 2 && (found === null || score > found.score)) found = { license, score };
  }
  return found?.license ?? null;
}

const keysWhere = (words: Int32Array, counts: (at: number) => unknown = () => true): Set<number> => {
  const keys = new Set<number>();
  for (let at = 0; at + 2 < words.length; at += 1) if (counts(at)) keys.add(keyAt(words, at));
  return keys;
};

/** The licences of which a text consists, in its order, and for each word whether one of them explains it. */
function explain(words: Int32Array, licenses: readonly Reference[]): { ids: readonly string[]; explained: Uint8Array } {
  const explained = new Uint8Array(words.length);
  const isExplained = (at: number): unknown => explained[at] && explained[at + 1] && explained[at + 2];
  const all = keysWhere(words);
  const placed: { readonly id: string; readonly at: number }[] = [];
  for (;;) {
    const license = best(
      licenses,
      all,
      keysWhere(words, (at) => !isExplained(at)),
    );
    if (license === null) break;
    const own = keysWhere(license.words);
    const at = words.findIndex((_, place) => !explained[place] && own.has(keyAt(words, place)));
    for (let place = 0; place + 2 < words.length; place += 1) if (own.has(keyAt(words, place))) explained.fill(1, place, place + 3);
    placed.push({ id: license.id, at });
  }
  return { ids: placed.sort((a, b) => a.at - b.at).map(({ id }) => id), explained };
}

/** Runs of words that nothing explains. A few words that a licence happens to use too do not part a sentence. */
function unexplainedRuns(spoken: readonly string[], explained: Uint8Array): readonly (readonly string[])[] {
  const runs: string[][] = [[]];
  for (let from = 0, to = 0; from < spoken.length; from = to) {
    while (to < spoken.length && explained[to] === explained[from]) to += 1;
    if (explained[from] && to - from >= leastExplained) runs.push([]);
    else runs.push((runs.pop() ?? []).concat(spoken.slice(from, to)));
  }
  return runs;
}

/** SPDX ids, with their exceptions, of all licences whose words a text consists of, in its order, and {@link otherTerms} where it forbids more than these. */
export async function licensesIn(text: string): Promise<readonly string[]> {
  const key = sha256(text);
  const found = known.get(key) ?? namedIn(text, await references());
  known.set(key, found);
  return found;
}

/** By the text's sha256: most revisions of a repository have the same file. */
const known = new Map<string, readonly string[]>();

function namedIn(text: string, { numbers, licenses }: References): readonly string[] {
  const spoken = wordsOf(text.slice(0, 200_000));
  const { ids, explained } = explain(
    Int32Array.from(spoken, (word) => numbers.get(word) ?? 0),
    licenses,
  );
  // The LGPL is the GPL, whose text it brings, with permissions added.
  const found = ids.includes("LGPL-3.0-only") ? ids.filter((id) => id !== "GPL-3.0-only") : ids;
  const line = spoken.join(" ");
  const exceptionOf = (id: string): string | undefined => exceptions.find(([license, , sign]) => license === id && sign.test(line))?.[1];
  const named = found.map((id) => (exceptionOf(id) === undefined ? id : `${id} WITH ${exceptionOf(id)}`));
  // An exception's own words are in no list.
  if (found.some((id) => exceptionOf(id) !== undefined)) return named;
  const runs = unexplainedRuns(spoken, explained);
  return runs.some((run) => run.length >= leastUnexplained && forbids.test(run.join(" "))) ? [...named, otherTerms] : named;
}
