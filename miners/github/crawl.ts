/**
 * The merged pull requests of a repository, newest first.
 *
 * The first crawl walks in the order of creation, which does not change while the walk goes on. What changed since is read in the order of
 * updates, from the newest down to the moment of the snapshot before, and laid over it. So a snapshot is a chain: pages by creation, and for
 * every later snapshot its pages by update. A page is kept whole before the next is asked for, under the cursor that led to it: a crawl that
 * was killed goes on at the page where it was, and to read a snapshot again is to walk the same way.
 */
import { z } from "zod";
import { sha256 } from "../../lib/hash.ts";
import type { GithubClient } from "./client.ts";
import { type Crawled, type Order, Pages, type StoredPage, storedPageSchema, Vanished } from "./pages.ts";
import { queries } from "./queries.ts";
import type { Shelf } from "./shelf.ts";

export interface CrawlOptions {
  /** GitHub's own id of the repository, which a rename does not change. */
  readonly repositoryId: string;
  /** Which state of the repository is read. */
  readonly snapshot: string;
  /** Pull requests, at most. */
  readonly limit: number;
  /** Merged at or after this moment, ISO 8601; null for any. */
  readonly since: string | null;
  /** Merged before this moment. */
  readonly until: string | null;
}

export interface CrawlTools {
  readonly shelf: Shelf;
  /** Asked for only when a page is not on the shelf. */
  readonly client: () => GithubClient;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** A page is asked for again when we ask for other things. */
const form = sha256(JSON.stringify([3, Object.values(queries)])).slice(0, 16);

/** What a snapshot stands on. */
const linkSchema = z.object({
  /** The snapshot whose pages by creation are read. */
  base: z.string(),
  /** The snapshot before, and when its newest pull request was updated; null where this one is a base. */
  before: z.object({ snapshot: z.string(), newest: z.string() }).nullable(),
});
export type Link = z.infer<typeof linkSchema>;
const linkPlace = (repositoryId: string, snapshot: string): unknown => [form, "link", repositoryId, snapshot];

/** GitHub's listing and its GraphQL may be some moments apart, so what was updated shortly before is read again. */
const overlapMs = 5 * 60_000;
/** Walks by update until one was a single page: what is touched during a longer walk moves past its cursor to the front. */
const maxWalks = 10;
/** More changes than this, or than the limit, and the repository is walked anew. */
const leastChanges = 100;

/** Under this the shelf says whether the last crawl of the snapshot came to its end, or the repository to its own before that. */
export const endSchema = z.union([z.boolean(), z.literal("vanished")]);
export const endOf = (repositoryId: string, snapshot: string): unknown => [form, "end", repositoryId, snapshot];

/** Writes down that a snapshot comes after another, where nothing is known of it yet. */
export async function follow(shelf: Shelf, repositoryId: string, snapshot: string, before: NonNullable<Link["before"]>): Promise<void> {
  const place = linkPlace(repositoryId, snapshot);
  if ((await shelf.get(place, linkSchema)) !== null) return;
  const { base } = await linkOf(shelf, repositoryId, before.snapshot);
  await shelf.put(place, { base, before } satisfies Link);
}

const linkOf = async (shelf: Shelf, repositoryId: string, snapshot: string): Promise<Link> =>
  (await shelf.get(linkPlace(repositoryId, snapshot), linkSchema)) ?? { base: snapshot, before: null };

/** Last of all where the repository vanished meanwhile: what was read before is told, the rest cannot be. */
export async function* crawl(options: CrawlOptions, tools: CrawlTools): AsyncGenerator<Crawled | { readonly vanished: Vanished }> {
  const walk = new Walk(options, tools);
  const { limit, since, until } = options;
  const changed = await walk.changes();
  let given = 0;
  // Where a window is given, it is not known how many of a page lie in it.
  const wished = (): number => (since === null && until === null ? limit - given : limit);
  for await (const item of laidOver(walk.created(wished), changed)) {
    if ("pullRequest" in item && !isWithin(item.pullRequest.mergedAt, since, until)) continue;
    yield item;
    given += 1;
    if (given === limit) break;
  }
  await walk.end();
  if (walk.vanished !== null) yield { vanished: walk.vanished };
}

const isWithin = (mergedAt: string, since: string | null, until: string | null): boolean => {
  const at = Date.parse(mergedAt);
  return (since === null || at >= Date.parse(since)) && (until === null || at < Date.parse(until));
};

const numberOf = (item: Crawled): number | null => ("gap" in item ? item.gap.number : item.pullRequest.number);

/** What changed takes the place of what it was; what is new stands where its number puts it. Each comes once. */
async function* laidOver(created: AsyncIterable<Crawled>, changed: ReadonlyMap<number, Crawled>): AsyncGenerator<Crawled> {
  const waiting = [...changed.keys()].sort((a, b) => a - b);
  const seen = new Set<number>();
  function* due(least: number): Generator<Crawled> {
    while ((waiting.at(-1) ?? least) > least) {
      const number = waiting.pop() ?? 0;
      const item = changed.get(number);
      if (item !== undefined && !seen.has(number)) yield item;
      seen.add(number);
    }
  }
  for await (const item of created) {
    const number = numberOf(item);
    if (number !== null) {
      yield* due(number);
      if (seen.has(number)) continue;
      seen.add(number);
    }
    yield (number === null ? undefined : changed.get(number)) ?? item;
  }
  yield* due(Number.NEGATIVE_INFINITY);
}

class Walk {
  readonly #options: CrawlOptions;
  readonly #tools: CrawlTools;
  #asked = false;
  #read = 0;
  /** How the walk ended before its end; null where it did not. */
  vanished: Vanished | null = null;

  constructor(options: CrawlOptions, tools: CrawlTools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** By creation, from the newest to the first. */
  async *created(wished: () => number): AsyncGenerator<Crawled> {
    const { base } = await this.#link(this.#options.snapshot);
    for await (const { items } of this.#pages("CREATED_AT", [base], wished)) yield* items;
  }

  /** What changed since the base, each as it was told of last. */
  async changes(): Promise<ReadonlyMap<number, Crawled>> {
    const { snapshot } = this.#options;
    const walks: Crawled[][] = [];
    let at = snapshot;
    for (let link = await this.#link(at); link.before !== null; link = await this.#link(at)) {
      const changed = await this.#updated(at, link.before.newest, at === snapshot);
      if (changed === null) return this.#anew();
      walks.push(changed);
      at = link.before.snapshot;
    }
    // One without a number is kept too, behind all others.
    return new Map(walks.reverse().flatMap((items, walk) => items.map((item, at) => [numberOf(item) ?? -(walk * 1e6 + at), item])));
  }

  /** So much changed that to walk by creation again costs less. */
  async #anew(): Promise<ReadonlyMap<number, Crawled>> {
    const { repositoryId, snapshot } = this.#options;
    await this.#tools.shelf.put(linkPlace(repositoryId, snapshot), { base: snapshot, before: null } satisfies Link);
    return new Map();
  }

  /** Oldest first; null where there are too many. */
  async #updated(snapshot: string, since: string, mayEnd: boolean): Promise<Crawled[] | null> {
    const most = Math.max(this.#options.limit, leastChanges);
    const changed: Crawled[] = [];
    let down = Date.parse(since) - overlapMs;
    for (let walk = 0; walk < maxWalks; walk++) {
      const items: Crawled[] = [];
      let [pages, newest] = [0, down];
      for await (const page of this.#pages("UPDATED_AT", [snapshot, walk], () => most)) {
        pages += 1;
        items.push(...page.items);
        if (pages === 1 && page.newest !== null) newest = Date.parse(page.newest);
        if (page.oldest !== null && Date.parse(page.oldest) < down) break;
        if (mayEnd && changed.length + items.length > most) return null;
      }
      changed.push(...items.reverse());
      down = newest;
      if (pages <= 1) break;
    }
    return changed;
  }

  #link(snapshot: string): Promise<Link> {
    return linkOf(this.#tools.shelf, this.#options.repositoryId, snapshot);
  }

  async *#pages(order: Order, walk: readonly unknown[], wished: () => number): AsyncGenerator<StoredPage> {
    const { repositoryId } = this.#options;
    const { shelf, client, progress, signal } = this.#tools;
    const pages = new Pages(repositoryId, order, client);
    for (let after: string | null = null; ; ) {
      signal?.throwIfAborted();
      const question: unknown = [form, repositoryId, order, ...walk, after];
      let page: StoredPage | null = await shelf.get(question, storedPageSchema);
      if (page === null) {
        await this.#begin();
        page = await this.#unlessVanished(pages.fetch(after, wished()));
        if (page === null) return;
        await shelf.put(question, page);
      }
      this.#read += page.items.length;
      progress(`pull requests read: ${this.#read}`);
      yield page;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async #unlessVanished<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Vanished)) throw error;
      this.vanished = error;
      return null;
    }
  }

  async #begin(): Promise<void> {
    const { repositoryId, snapshot } = this.#options;
    if (!this.#asked) await this.#tools.shelf.put(endOf(repositoryId, snapshot), false);
    this.#asked = true;
  }

  async end(): Promise<void> {
    const { repositoryId, snapshot } = this.#options;
    const place = endOf(repositoryId, snapshot);
    const how = this.vanished === null ? true : "vanished";
    if ((await this.#tools.shelf.get(place, endSchema)) !== how) await this.#tools.shelf.put(place, how);
  }
}
