/**
 * Pages of pull requests as they are asked for: each whole, with all that belongs to its pull requests. What GitHub cannot give is asked for in
 * smaller parts, down to one pull request, which is then named and passed over.
 */
import { z } from "zod";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import { type PullRequest, pullRequestSchema } from "../../schemas/pull-request.ts";
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
  reviewSchema,
  threadSchema,
} from "./queries.ts";
import { begunAt, issueOf, recordOf, reviewOf, threadOf } from "./record.ts";
import { GithubTrouble } from "./trouble.ts";

/** A pull request that GitHub counts and cannot, or will not, tell of. */
const gapSchema = z.object({
  number: z.int().positive().nullable(),
  reason: z.enum(["unanswered", "unexpected-form"]),
  detail: z.string(),
});
const crawledSchema = z.union([z.object({ pullRequest: pullRequestSchema }), z.object({ gap: gapSchema })]);
export type Crawled = z.infer<typeof crawledSchema>;

/** GitHub has the repository no longer, or shows it to nobody: what was not read of it yet cannot be read. */
export class Vanished extends Error {
  override readonly name = "Vanished";
  readonly reason: "not-found" | "gone";
  constructor(reason: "not-found" | "gone", trouble: GithubTrouble) {
    super(`GitHub no longer tells of the repository's pull requests: ${trouble.message}`, { cause: trouble });
    this.reason = reason;
  }
}

export const storedPageSchema = z.object({
  items: z.array(crawledSchema),
  /** When the first and the last of them were updated; null where GitHub does not say. */
  newest: z.string().nullable(),
  oldest: z.string().nullable(),
  next: z.string().nullable(),
});
export type StoredPage = z.infer<typeof storedPageSchema>;

/** By creation, or by the last update; the newest first. */
export type Order = "CREATED_AT" | "UPDATED_AT";

/** Where the next page begins; null after the last. A crawl that went round in a circle would never end. */
function nextOf({ hasNextPage, endCursor }: { hasNextPage: boolean; endCursor: string | null }, after: string | null): string | null {
  if (!hasNextPage) return null;
  if (endCursor === null || endCursor === after) throw new GithubTrouble("graphql-error", "a page that does not say where the next begins");
  return endCursor;
}

/** What every node of a page tells, whatever else is wrong with it. */
const tellsOf = (nodes: readonly unknown[]) => nodes.map((node) => numberSchema.safeParse(node).data ?? null);
const spanOf = (tells: ReturnType<typeof tellsOf>): Pick<StoredPage, "newest" | "oldest"> => ({
  newest: tells[0]?.updatedAt ?? null,
  oldest: tells.at(-1)?.updatedAt ?? null,
});

export class Pages {
  readonly #repositoryId: string;
  readonly #order: Order;
  readonly #client: () => GithubClient;
  #size = pageSize;

  constructor(repositoryId: string, order: Order, client: () => GithubClient) {
    this.#repositoryId = repositoryId;
    this.#order = order;
    this.#client = client;
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
        if (!error.passing) throw lastWord(error);
        if (first === 1) return this.#without(after, error);
        this.#size = Math.floor(first / 2);
      }
    }
  }

  async #ask(query: string, first: number, after: string | null): Promise<z.infer<typeof pageSchema>["node"]["pullRequests"]> {
    const orderBy = { field: this.#order, direction: "DESC" };
    const answer = await this.#client().query(query, { repository: this.#repositoryId, first, after, orderBy });
    const page = pageSchema.safeParse(answer);
    if (!page.success) throw new GithubTrouble("graphql-error", "an answer of another form");
    return page.data.node.pullRequests;
  }

  async #whole(first: number, after: string | null): Promise<StoredPage> {
    const { nodes, pageInfo } = await this.#ask(queries.pullRequests, first, after);
    const read = nodes.map((node) => pullRequestNodeSchema.safeParse(node));
    let tells = tellsOf(nodes);
    // Where GitHub names no number, it may still do so when it is asked for nothing else.
    if (tells.includes(null)) {
      const asked = tellsOf((await this.#ask(queries.numbers, first, after)).nodes);
      tells = tells.map((one, at) => one ?? asked[at] ?? null);
    }
    const items: Crawled[] = [];
    for (const [at, { data, error }] of read.entries()) {
      const gap = { number: tells[at]?.number ?? null, reason: "unexpected-form" as const };
      if (data === undefined) items.push({ gap: { ...gap, detail: z.prettifyError(error).slice(0, 300) } });
      else items.push(await this.#completed(data, gap).catch((trouble: unknown) => gapOf(trouble, data.number)));
    }
    return { items, ...spanOf(tells), next: nextOf(pageInfo, after) };
  }

  /** One pull request that cannot be had: which it is, and where the next begins. */
  async #without(after: string | null, trouble: GithubTrouble): Promise<StoredPage> {
    try {
      const { nodes, pageInfo } = await this.#ask(queries.numbers, 1, after);
      const detail = `GitHub gives its number and nothing else: ${trouble.message}`;
      const tells = tellsOf(nodes);
      const items = tells.map((one): Crawled => ({ gap: { number: one?.number ?? null, reason: "unanswered", detail } }));
      return { items, ...spanOf(tells), next: nextOf(pageInfo, after) };
    } catch (error) {
      if (!(error instanceof GithubTrouble)) throw error;
      if (!error.passing) throw lastWord(error);
      throw new RetryLater(`GitHub gave no page of pull requests: ${error.message}; the pages before it are kept`);
    }
  }

  async #completed(node: PullRequestNode, gap: Omit<z.infer<typeof gapSchema>, "detail">): Promise<Crawled> {
    const before = begunAt(node);
    const issueNodes = await this.#all(node.closingIssuesReferences, queries.issues, node.id, issueNodeSchema);
    const issues = [];
    for (const issue of issueNodes) issues.push(issueOf(issue, await this.#comments(issue, before), before));
    const threads = await this.#all(node.reviewThreads, queries.threads, node.id, threadSchema);
    const reviews = await this.#all(node.reviews, queries.reviews, node.id, reviewSchema);
    const shown = {
      threads: threads.map(threadOf).filter((one) => one !== null),
      reviews: reviews.map(reviewOf).filter((one) => one !== null),
    };
    const record = pullRequestSchema.safeParse(recordOf(node, { issues, ...shown }));
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
      const answer = moreSchema(node).safeParse(await this.#client().query(query, { id, after: next }));
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

/** Asks whether GitHub has the repository still. Null where it has, or where nobody can be asked. */
export async function vanishedBy(client: () => GithubClient, repositoryId: string): Promise<Vanished | null> {
  try {
    await client().query(queries.repository, { id: repositoryId });
    return null;
  } catch (error) {
    if (error instanceof StopRun || error instanceof RetryLater) return null;
    if (!(error instanceof GithubTrouble)) throw error;
    const word = error.passing ? null : lastWord(error);
    return word instanceof Vanished ? word : null;
  }
}

/** GitHub's last word in the middle of a crawl: on the repository, or on who asks. */
function lastWord(error: GithubTrouble): Vanished | StopRun {
  if (error.code === "not-found") return new Vanished("not-found", error);
  if (error.code === "gone" || error.code === "blocked") return new Vanished("gone", error);
  return new StopRun(`GitHub no longer tells of the repository's pull requests: ${error.message}`, {
    next: "look whether the token may still read it, then go on: pages that were read are kept",
    cause: error,
  });
}
