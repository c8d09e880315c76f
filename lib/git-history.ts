/**
 * Where two lines of history part, told from commits that were read: to start git for each such question takes longer than the answer. It holds
 * whatever the dates: where these are in disorder, `git rev-list` may list commits that the other stands on.
 */
import type { GitObject } from "./git-objects.ts";

export interface CommitNode {
  readonly id: string;
  readonly parents: readonly string[];
  /** When it was committed, in seconds since 1970. */
  readonly at: number;
}

export interface Fork {
  /** Commits that lead to the one and not to the other, from the newest on. */
  readonly own: readonly CommitNode[];
  /** The newest commits that lead to both. */
  readonly bases: readonly string[];
}

/** So many commits are remembered, and looked at where dates do not lead. */
const [remembered, looked] = [100_000, 20_000];

/** Null where its date is none. */
export function nodeOf({ sha, bytes }: GitObject): CommitNode | null {
  const text = bytes.toString("latin1");
  const head = text.slice(0, text.indexOf("\n\n"));
  const seconds = /^committer .*> (\d+) [+-]\d{4}$/m.exec(head)?.[1];
  if (seconds === undefined) return null;
  return { id: sha, parents: [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, id = ""]) => id), at: Number(seconds) };
}

/** What a commit leads to: the one, the other, or a commit that leads to both. */
const [toOne, toOther, toBoth] = [1, 2, 4];

/** Commits that are yet to be looked at, the newest first. */
class Waiting {
  readonly #nodes: CommitNode[] = [];

  add(node: CommitNode): void {
    const before = this.#nodes.findIndex(({ at }) => at < node.at);
    this.#nodes.splice(before < 0 ? this.#nodes.length : before, 0, node);
  }

  /** The newest, as long as there is one for which this holds. */
  next(isOpen: (node: CommitNode) => boolean): CommitNode | undefined {
    return this.#nodes.some(isOpen) ? this.#nodes.shift() : undefined;
  }
}

export class GitHistory {
  readonly #read: (ids: readonly string[]) => Promise<readonly (GitObject | null)[]>;
  readonly #known = new Map<string, CommitNode>();

  /** `read` gives commits by their whole ids. */
  constructor(read: (ids: readonly string[]) => Promise<readonly (GitObject | null)[]>) {
    this.#read = read;
  }

  /** Null where one of them is not here, as at the end of a shallow copy, or is no sound commit. */
  async #nodes(ids: readonly string[]): Promise<readonly CommitNode[] | null> {
    const nodes = new Map(ids.map((id) => [id, this.#known.get(id)]));
    const absent = ids.filter((id) => nodes.get(id) === undefined);
    if (this.#known.size > remembered) this.#known.clear();
    for (const object of absent.length === 0 ? [] : await this.#read(absent)) {
      const node = object?.type === "commit" ? nodeOf(object) : null;
      if (node === null) continue;
      nodes.set(node.id, node);
      this.#known.set(node.id, node);
    }
    const all = ids.map((id) => nodes.get(id));
    return all.every((node) => node !== undefined) ? all : null;
  }

  /** Null where a commit is not here, or there is too much to look at. */
  async fork(one: string, other: string): Promise<Fork | null> {
    const fork = (await this.#byDate(one, other)) ?? (await this.#byAll(one, other));
    if (fork === null || fork.bases.length < 2) return fork;
    const bases: string[] = [];
    for (const base of fork.bases) {
      const above = await Promise.all(fork.bases.map(async (later) => later !== base && (await this.#isBelow(base, later))));
      if (!above.includes(true)) bases.push(base);
    }
    return { ...fork, bases };
  }

  async #isBelow(commit: string, tip: string): Promise<boolean> {
    return (await this.#walk(tip))?.has(commit) ?? false;
  }

  /** Looks at everything below the other, whatever its dates. */
  async #byAll(one: string, other: string): Promise<Fork | null> {
    const below = await this.#walk(other);
    const own = below && (await this.#walk(one, (id) => below.has(id)));
    if (!own) return null;
    const bases = [one, ...[...own.values()].flatMap(({ parents }) => parents)].filter((id) => below.has(id));
    return { own: [...own.values()].sort((a, b) => b.at - a.at), bases: [...new Set(bases)] };
  }

  /** A commit and all that it stands on, but for what is left out with all that this stands on. */
  async #walk(from: string, isLeftOut: (id: string) => boolean = () => false): Promise<ReadonlyMap<string, CommitNode> | null> {
    const found = new Map<string, CommitNode>();
    for (let ids = [from]; ids.length > 0 && found.size < looked; ) {
      const nodes = await this.#nodes(ids.filter((id) => !isLeftOut(id)));
      if (nodes === null) return null;
      for (const node of nodes) found.set(node.id, node);
      ids = [...new Set(nodes.flatMap(({ parents }) => parents))].filter((id) => !found.has(id));
      if (ids.length === 0) return found;
    }
    return null;
  }

  /** Looks from the newest commit to the next. Null where a commit is older than one that it stands on. */
  async #byDate(one: string, other: string): Promise<Fork | null> {
    const tips = await this.#nodes([one, other]);
    if (tips === null) return null;
    const marks = new Map<string, number>();
    const waiting = new Waiting();
    const seen = new Map<string, CommitNode>();
    const mark = (node: CommitNode, marking: number): void => {
      const had = marks.get(node.id) ?? 0;
      if ((had & marking) === marking) return;
      marks.set(node.id, had | marking);
      waiting.add(node);
    };
    const marksOf = ({ id }: CommitNode): number => marks.get(id) ?? 0;
    for (const [at, tip] of tips.entries()) mark(tip, at === 0 ? toOne : toOther);
    for (;;) {
      const node = waiting.next((open) => (marksOf(open) & toBoth) === 0);
      if (node === undefined) break;
      seen.set(node.id, node);
      const own = marksOf(node);
      const parents = await this.#nodes(node.parents);
      if (parents === null || parents.some(({ at }) => at > node.at)) return null;
      const isCommon = (own & toOne) !== 0 && (own & toOther) !== 0;
      for (const parent of parents) mark(parent, isCommon ? own | toBoth : own);
    }
    const all = [...seen.values()];
    return {
      own: all.filter((node) => marksOf(node) === toOne),
      bases: all.filter((node) => marksOf(node) === (toOne | toOther)).map(({ id }) => id),
    };
  }
}
