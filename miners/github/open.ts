/**
 * Opens a repository of GitHub's: where its git lies, and which state of its pull requests is read.
 *
 * Two conditional questions are all that a run costs that finds nothing new: GraphQL knows no ETag, so the REST listing of the pull request
 * that was updated last says whether anything changed. A crawl that did not come to its end is gone on with, whatever changed meanwhile.
 */
import { join } from "node:path";
import { z } from "zod";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import { shortId } from "../../lib/hash.ts";
import type { Outside } from "../contract.ts";
import { type ClientOptions, GithubClient, type RestAnswer } from "./client.ts";
import { endOf } from "./crawl.ts";
import { credentialsFrom } from "./credentials.ts";
import { Shelf } from "./shelf.ts";
import { GithubTrouble } from "./trouble.ts";

export interface OpenedRepository {
  /** `owner/name` as GitHub writes it. */
  readonly name: string;
  readonly cloneUrl: string;
  readonly repositoryId: string;
  readonly snapshot: string;
}

export interface OpenOptions {
  readonly api: string;
  readonly name: string;
  /** The snapshot that a run was started with, to stay with it. */
  readonly pinned: string | null;
}

const repositorySchema = z.object({
  node_id: z.string().min(1),
  full_name: z.string().regex(/^[^/\s]+\/[^/\s]+$/),
  clone_url: z.url({ protocol: /^https?$/ }),
  private: z.boolean(),
});
const newestSchema = z.array(z.object({ number: z.int(), updated_at: z.string() }));
const keptSchema = z.object({ etag: z.string().nullable(), body: z.unknown() });
const snapshotSchema = z.object({ snapshot: z.string() });

export const shelfOf = (outside: Outside): Shelf => new Shelf(join(outside.cacheDir, "answers"));

export const clientOf = (api: string, outside: Outside, more: Pick<ClientOptions, "signal" | "retryMs" | "paced"> = {}): GithubClient =>
  new GithubClient({ api, credentials: credentialsFrom(outside.environment), outside, ...more });

/** The answer to a REST question, from the shelf where GitHub says that it has not changed. */
async function conditional(client: GithubClient, shelf: Shelf, api: string, path: string): Promise<RestAnswer> {
  const question = ["rest", api, path];
  const kept = await shelf.get(question, keptSchema);
  const answer = await client.get(path, kept?.etag ?? null);
  if (answer.status === 304 && kept !== null) return { ...answer, status: 200, body: kept.body };
  if (answer.status === 200) await shelf.put(question, { etag: answer.etag, body: answer.body });
  return answer;
}

const parsed = <T>(form: z.ZodType<T>, body: unknown, what: string): T => {
  const { data } = form.safeParse(body);
  if (data === undefined) throw new RetryLater(`GitHub's answer about ${what} has another form than it should`);
  return data;
};

/** Throws `StopRun` where there is no such public repository under this name, `RetryLater` where GitHub does not answer. */
export async function openGithub({ api, name, pinned }: OpenOptions, outside: Outside, client: GithubClient): Promise<OpenedRepository> {
  const shelf = shelfOf(outside);
  try {
    const answer = await conditional(client, shelf, api, `/repos/${name}`);
    if (answer.status !== 200) throw await renamed(client, api, name, answer);
    const {
      node_id: repositoryId,
      full_name: fullName,
      clone_url: cloneUrl,
      private: hidden,
    } = parsed(repositorySchema, answer.body, name);
    if (fullName.toLowerCase() !== name.toLowerCase()) throw movedTo(name, fullName);
    if (hidden) {
      throw new StopRun(`${name} is private, and Kihon fetches without a credential`, {
        next: `clone it yourself and mine its history with --repo PATH, or name a public repository`,
      });
    }
    const snapshot = pinned ?? (await snapshotOf(client, shelf, api, fullName, repositoryId));
    return { name: fullName, cloneUrl, repositoryId, snapshot };
  } catch (error) {
    if (error instanceof GithubTrouble) throw explained(error, name, api);
    throw error;
  }
}

async function snapshotOf(client: GithubClient, shelf: Shelf, api: string, name: string, repositoryId: string): Promise<string> {
  const place = ["snapshot", repositoryId];
  const known = await shelf.get(place, snapshotSchema);
  if (known !== null && (await shelf.get(endOf(repositoryId, known.snapshot), z.literal(true))) === null) return known.snapshot;
  const answer = await conditional(client, shelf, api, `/repos/${name}/pulls?state=closed&sort=updated&direction=desc&per_page=1`);
  // The answer's ETag changes with every star of the repository too; what counts is which pull request it names, and when that changed.
  const [newest] = parsed(newestSchema, answer.body, `the pull requests of ${name}`);
  const snapshot = shortId([repositoryId, newest ?? null]);
  if (snapshot !== known?.snapshot) await shelf.put(place, { snapshot });
  return snapshot;
}

/** GitHub answers an old name with the new address; only within the API that was named is it asked. */
async function renamed(client: GithubClient, api: string, name: string, { status, location }: RestAnswer): Promise<StopRun> {
  const root = `${api.replace(/\/+$/, "")}/`;
  const inside = location?.startsWith(root) ? location.slice(root.length - 1) : null;
  const answer = inside === null ? null : await client.get(inside, null);
  const found = repositorySchema.safeParse(answer?.body).data;
  if (found !== undefined) return movedTo(name, found.full_name);
  return new StopRun(`GitHub sends us elsewhere for ${name} (${status})`, {
    next: "check the name, and the address given as --github-api",
  });
}

const movedTo = (name: string, now: string): StopRun =>
  new StopRun(`${name} is now called ${now}`, { next: `give --github ${now}; pages that were read under the old name are kept` });

function explained(error: GithubTrouble, name: string, api: string): Error {
  const stop = (message: string, next: string): StopRun => new StopRun(message, { next, cause: error });
  switch (error.code) {
    case "not-found":
      return stop(
        `there is no repository ${name} at ${api} that these credentials may see (404)`,
        "check the name; GitHub says the same of private ones",
      );
    case "gone":
    case "blocked":
      return stop(`GitHub no longer shows ${name}: ${error.message}`, "choose another repository");
    case "forbidden":
    case "refused":
    case "moved":
      return stop(`${name}: ${error.message}`, "give a token that may read public repositories, or check --github-api");
    case "html-page":
    case "no-connection":
      return new RetryLater(`${api} does not answer as GitHub does: ${error.message}; check --github-api and the network`);
    default:
      return new RetryLater(`GitHub did not tell of ${name}: ${error.message}`);
  }
}
