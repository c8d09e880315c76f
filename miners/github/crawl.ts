/**
 * The merged pull requests of a repository, newest first, page by page.
 *
 * A page with all that belongs to it is kept before the next is asked for, under the cursor that led to it, so a crawl that was killed goes
 * on at the page where it was. The order is that of creation: it does not change while the crawl goes on, as that of updates would.
 * A page that GitHub cannot give is asked for in smaller parts, down to one pull request, which is then named and passed over.
 */
import { z } from "zod";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import { sha256 } from "../../lib/hash.ts";
import { type PullRequest, pullRequestSchema, type ReviewThread } from "../../schemas/pull-request.ts";
import type { GithubClient } from "./client.ts";
import {
  type CommentNode,
  type Connection,
  commentSchema,
  type IssueNode,
  issueNodeSchema,
  moreSchema,
  numberSchema,
  type PullRequestNode,
  pageSchema,
  pageSize,
  pullRequestNodeSchema,
  queries,
  threadSchema,
} from "./queries.ts";
import { begunAt, issueOf, recordOf, threadOf } from "./record.ts";
import type { Shelf } from "./shelf.ts";
import { GithubTrouble } from "./trouble.ts";

/** A pull request that GitHub counts and cannot, or will not, tell of. */
const gapSchema = z.object({
  number: z.int().positive().nullable(),
  reason: z.enum(["unanswered", "unexpected-form"]),
  detail: z.string(),
});
const crawledSchema = z.union([z.object({ pullRequest: pullRequestSchema }), z.object({ gap: gapSchema })]);
export type Crawled = z.infer<typeof crawledSchema>;
const storedPageSchema = z.object({ items: z.array(crawledSchema), next: z.string().nullable() });
type StoredPage = z.infer<typeof storedPageSchema>;

export interface CrawlOptions {
  /** GitHub's own id of the repository, which a rename does not change. */
  readonly repositoryId: string;
  /** Which state of the repository is read: pages of one are never mixed with those of another. */
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
const form = sha256(JSON.stringify([2, Object.values(queries)])).slice(0, 16);

export async function* crawl(options: CrawlOptions, tools: CrawlTools): AsyncGenerator<Crawled> {
  const { repositoryId, snapshot, limit, since, until } = options;
  const pages = new Pages(options, tools);
  const end = endOf(repositoryId, snapshot);
  let asked = false;
  let [given, seen, after] = [0, 0, null as string | null];
  while (given < limit) {
    tools.signal?.throwIfAborted();
    const question = [form, repositoryId, snapshot, after];
    let page = await tools.shelf.get(question, storedPageSchema);
    if (page === null) {
      if (!asked) await tools.shelf.put(end, false);
      asked = true;
      // Where a window is given, it is not known how many of a page lie in it.
      page = await pages.fetch(after, since === null && until === null ? limit - given : limit);
      await tools.shelf.put(question, page);
    }
    seen += page.items.length;
    tools.progress(`pull requests read: ${seen}`);
    for (const item of page.items) {
      if ("pullRequest" in item && !isWithin(item.pullRequest.mergedAt, since, until)) continue;
      yield item;
      given += 1;
      if (given === limit) break;
    }
    if (page.next === null) break;
    after = page.next;
  }
  if ((await tools.shelf.get(end, z.literal(true))) === null) await tools.shelf.put(end, true);
}

/** Under this the shelf says whether the last crawl of the snapshot came to its end. */
export const endOf = (repositoryId: string, snapshot: string): unknown => [form, "end", repositoryId, snapshot];

/** Where the next page begins; null after the last. A crawl that went round in a circle would never end. */
function nextOf({ hasNextPage, endCursor }: { hasNextPage: boolean; endCursor: string | null }, after: string | null): string | null {
  if (!hasNextPage) return null;
  if (endCursor === null || endCursor === after) throw new GithubTrouble("graphql-error", "a page that does not say where the next begins");
  return endCursor;
}

const isWithin = (mergedAt: string, since: string | null, until: string | null): boolean => {
  const at = Date.parse(mergedAt);
  return (since === null || at >= Date.parse(since)) && (until === null || at < Date.parse(until));
};

class Pages {
  readonly #options: CrawlOptions;
  readonly #tools: CrawlTools;
  #size = pageSize;

  constructor(options: CrawlOptions, tools: CrawlTools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** The page after a cursor: smaller than wished where GitHub cannot give so much. */
  async fetch(after: string | null, wished: number): Promise<StoredPage> {
    // After a page that was too much, the next ones grow again by and by.
    this.#size = Math.min(pageSize, Math.ceil(this.#size * 1.25), wished);
    for (;;) {
      const first = this.#size;
      try {
        return await this.#whole(first, after);
      } catch (error) {
        if (!(error instanceof GithubTrouble)) throw error;
        if (!error.passing) throw gone(error);
        if (first === 1) return this.#without(after, error);
        this.#size = Math.floor(first / 2);
      }
    }
  }

  async #ask(query: string, first: number, after: string | null): Promise<z.infer<typeof pageSchema>["node"]["pullRequests"]> {
    const answer = await this.#tools.client().query(query, { repository: this.#options.repositoryId, first, after });
    const page = pageSchema.safeParse(answer);
    if (!page.success) throw new GithubTrouble("graphql-error", "an answer of another form");
    return page.data.node.pullRequests;
  }

  async #whole(first: number, after: string | null): Promise<StoredPage> {
    const { nodes, pageInfo } = await this.#ask(queries.pullRequests, first, after);
    const read = nodes.map((node) => pullRequestNodeSchema.safeParse(node));
    let numbers = nodes.map((node) => numberSchema.safeParse(node).data?.number ?? null);
    // Where GitHub names no number, it may still do so when it is asked for nothing else.
    if (numbers.includes(null)) {
      const asked = await this.#ask(queries.numbers, first, after);
      numbers = numbers.map((number, at) => number ?? numberSchema.safeParse(asked.nodes[at]).data?.number ?? null);
    }
    const items: Crawled[] = [];
    for (const [at, { data, error }] of read.entries()) {
      const gap = { number: numbers[at] ?? null, reason: "unexpected-form" as const };
      if (data === undefined) items.push({ gap: { ...gap, detail: z.prettifyError(error).slice(0, 300) } });
      else items.push(await this.#completed(data, gap).catch((trouble: unknown) => gapOf(trouble, data.number)));
    }
    return { items, next: nextOf(pageInfo, after) };
  }

  /** One pull request that cannot be had: which it is, and where the next begins. */
  async #without(after: string | null, trouble: GithubTrouble): Promise<StoredPage> {
    try {
      const { nodes, pageInfo } = await this.#ask(queries.numbers, 1, after);
      const detail = `GitHub gives its number and nothing else: ${trouble.message}`;
      const items = nodes.map((node): Crawled => {
        const { data } = numberSchema.safeParse(node);
        return { gap: { number: data?.number ?? null, reason: "unanswered", detail } };
      });
      return { items, next: nextOf(pageInfo, after) };
    } catch (error) {
      if (!(error instanceof GithubTrouble)) throw error;
      if (!error.passing) throw gone(error);
      throw new RetryLater(`GitHub gave no page of pull requests: ${error.message}; the pages before it are kept`);
    }
  }

  async #completed(node: PullRequestNode, gap: Omit<z.infer<typeof gapSchema>, "detail">): Promise<Crawled> {
    const before = begunAt(node);
    const issueNodes = await this.#all(node.closingIssuesReferences, queries.issues, node.id, issueNodeSchema);
    const issues = [];
    for (const issue of issueNodes) issues.push(issueOf(issue, await this.#comments(issue, before), before));
    const threads = await this.#all(node.reviewThreads, queries.threads, node.id, threadSchema);
    const shown = threads.map(threadOf).filter((thread): thread is ReviewThread => thread !== null);
    const record = pullRequestSchema.safeParse(recordOf(node, issues, shown));
    if (!record.success) return { gap: { ...gap, detail: z.prettifyError(record.error).slice(0, 300) } };
    return { pullRequest: record.data satisfies PullRequest };
  }

  /** Comments come oldest first: once one is too late, the rest is not asked for. */
  #comments(issue: IssueNode, before: string): Promise<readonly CommentNode[]> {
    const late = ({ createdAt }: CommentNode): boolean => new Date(createdAt).toISOString() >= before;
    return this.#all(issue.comments, queries.comments, issue.id, commentSchema, late);
  }

  async #all<T>(
    first: Connection<T>,
    query: string,
    id: string,
    node: z.ZodType<T>,
    enough: (one: T) => boolean = () => false,
  ): Promise<readonly T[]> {
    const all = [...first.nodes];
    for (let { next } = first; next !== null && !all.some(enough); ) {
      const answer = moreSchema(node).safeParse(await this.#tools.client().query(query, { id, after: next }));
      if (!answer.success) throw new GithubTrouble("graphql-error", "an answer of another form");
      all.push(...(answer.data.node.more.nodes as readonly T[]));
      next = answer.data.node.more.next;
    }
    return all;
  }
}

/** GitHub's last word on a part of one pull request, such as an issue that is gone meanwhile: that one is passed over, by name. */
function gapOf(trouble: unknown, number: number): Crawled {
  if (!(trouble instanceof GithubTrouble) || trouble.passing) throw trouble;
  return { gap: { number, reason: "unanswered", detail: trouble.message } };
}

/** GitHub's last word in the middle of a crawl. */
const gone = (error: GithubTrouble): StopRun =>
  new StopRun(`GitHub no longer tells of the repository's pull requests: ${error.message}`, {
    next: "look whether it was deleted or made private, or whether the token may still read it, then go on: pages that were read are kept",
  });
