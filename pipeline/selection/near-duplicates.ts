/** Which questions ask what another one asks already: of such only the first stays, and the others are told of it by its id. */
import { doubled, Sketches } from "../../lib/sketches.ts";
import { type Document, isNear, leastLikeness, pack, shinglesOfDocument, unpack } from "./document.ts";

/** Numbers of two questions. */
export type Pair = readonly [number, number];

export interface Duplicates {
  /** What goes → what stays in its place. Nothing that stays is near anything else that stays, but for what stood before. */
  readonly goneFor: ReadonlyMap<number, number>;
  /** Pairs that were found near, whatever became of them. */
  readonly near: readonly Pair[];
  /** Pairs of which both stay, since both stood before. */
  readonly left: readonly Pair[];
}

export class NearDuplicates {
  readonly #sketches: Sketches;
  /** The question of each document; those behind the last are no one's. */
  #owners = new Uint32Array(1024);

  /** A folder that may be made, filled and removed. */
  constructor(folder: string) {
    this.#sketches = new Sketches(folder);
  }

  /** `question` is counted from 0. */
  add(question: number, documents: readonly Document[]): void {
    for (const document of documents) {
      const number = this.#sketches.add(document.block, shinglesOfDocument(document), pack(document));
      if (number === this.#owners.length) this.#owners = new Uint32Array(doubled(this.#owners));
      this.#owners[number] = question;
    }
  }

  #document(number: number): Document {
    return unpack(this.#sketches.record(number));
  }

  /** Pairs of questions that are near, among those that are wanted. */
  *pairs(isWanted: (question: number) => boolean): Generator<Pair> {
    const ownerOf = (document: number): number => this.#owners[document] ?? -1;
    for (const [a, b] of this.#sketches.pairs(leastLikeness.candidates, (document) => isWanted(ownerOf(document)))) {
      const pair = [ownerOf(a), ownerOf(b)] as const;
      if (pair[0] !== pair[1] && isNear(this.#document(a), this.#document(b))) yield pair;
    }
  }

  /**
   * `rank` orders the questions: of two that are near the one with the lower rank stays. What `stands` stays whatever it is near. In a crowd not
   * every pair is looked at, so it is looked again at what stays until nothing more is found. What is not wanted is not looked at.
   */
  find(rank: readonly number[], stands: (question: number) => boolean, isWanted: (question: number) => boolean = () => true): Duplicates {
    const goneFor = new Map<number, number>();
    const near: Pair[] = [];
    for (;;) {
      const found = [...this.pairs((question) => isWanted(question) && !goneFor.has(question))];
      const before = goneFor.size;
      settle(found, rank, stands, goneFor);
      if (goneFor.size === before) return { goneFor, near: [...near, ...found], left: found };
      near.push(...found);
    }
  }

  close(): void {
    this.#sketches.close();
  }
}

/** In the order of their ranks: a question goes if it is near one that stays. */
function settle(
  found: readonly Pair[],
  rank: readonly number[],
  stands: (question: number) => boolean,
  goneFor: Map<number, number>,
): void {
  const rankOf = (question: number): number => rank[question] ?? 0;
  const earlier = new Map<number, number[]>();
  for (const pair of found) {
    const [first, second] = rankOf(pair[0]) < rankOf(pair[1]) ? pair : [pair[1], pair[0]];
    earlier.set(second, [...(earlier.get(second) ?? []), first]);
  }
  for (const question of [...earlier.keys()].sort((a, b) => rankOf(a) - rankOf(b))) {
    if (stands(question)) continue;
    const own = (earlier.get(question) ?? []).filter((one) => !goneFor.has(one)).sort((a, b) => rankOf(a) - rankOf(b));
    if (own[0] !== undefined) goneFor.set(question, own[0]);
  }
}
