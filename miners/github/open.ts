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
import { githubName } from "../../schemas/config.ts";
import type { Outside } from "../contract.ts";
import { type ClientOptions, GithubClient, type RestAnswer } from "./client.ts";
import { endOf, endSchema, follow } from "./crawl.ts";
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

/** Why GitHub has no such public repository under this name, whoever asks and whenever. */
export const unavailableReasons = ["renamed", "private", "not-found", "gone"] as const;
export type UnavailableReason = (typeof unavailableReasons)[number];

/** Of one repository: a run of several can go on without it. */
export class Unavailable extends StopRun {
  readonly reason: UnavailableReason;
  constructor(reason: UnavailableReason, message: string, options: { next: string; cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

const repositorySchema = z.object({
  node_id: z.string().min(1),
  full_name: z.string().regex(githubName),
  clone_url: z.url({ protocol: /^https?$/ }),
  private: z.boolean(),
});
const newestSchema = z.array(z.object({ number: z.int(), updated_at: z.string() }));
/**
 * The snapshot that was read last, and when its newest pull request was updated. `lost`: the last one that was not read to its end, since the
 * repository vanished; those after it have other names than it, though nothing may have changed.
 */
const snapshotSchema = z.object({ snapshot: z.string(), newest: z.string().nullable(), lost: z.string().optional() });

/** Pages that nobody read for so long are removed; a run that goes back to them asks for them anew. */
const keptMs = 90 * 86_400_000;

interface Asking {
  readonly now: () => number;
  readonly client: () => GithubClient;
  readonly shelf: Shelf;
  readonly api: string;
}

/** One for each server: two Enterprise servers may give two repositories the same id. */
export const shelfOf = (api: string, outside: Outside): Shelf =>
  new Shelf(join(outside.cacheDir, shortId(api.replace(/\/+$/, ""))), outside.clock.now);

export const clientOf = (api: string, outside: Outside, more: Pick<ClientOptions, "signal" | "retryMs" | "paced"> = {}): GithubClient =>
  new GithubClient({ api, credentials: credentialsFrom(outside.environment), outside, ...more });

/** A client that is made when something is asked first: where nothing is, no credential is needed. */
export function clientOnDemand(...given: Parameters<typeof clientOf>): {
  readonly client: () => GithubClient;
  readonly made: GithubClient[];
} {
  const made: GithubClient[] = [];
  const client = (): GithubClient => {
    made[0] ??= clientOf(...given);
    return made[0];
  };
  return { client, made };
}

/**
 * What a REST question tells, from the shelf where GitHub says that it has not changed; what we do not read is not kept. `asKept` does not ask
 * where it was told before.
 */
async function conditional<T>(
  { client, shelf, api }: Asking,
  path: string,
  form: z.ZodType<T>,
  asKept = false,
): Promise<{ readonly told: T } | { readonly elsewhere: RestAnswer }> {
  const question = ["rest", api, path];
  const kept = await shelf.get(question, z.object({ etag: z.string().nullable(), told: form }));
  if (kept !== null && asKept) return kept;
  const answer = await client().get(path, kept?.etag ?? null);
  if (answer.status === 304 && kept !== null) return kept;
  if (answer.status !== 200) return { elsewhere: answer };
  const { data: told } = form.safeParse(answer.body);
  if (told === undefined) throw new RetryLater(`GitHub's answer to ${path} has another form than it should`);
  await shelf.put(question, { etag: answer.etag, told });
  return { told };
}

/**
 * Throws `Unavailable` where there is no such public repository under this name, `StopRun` where nothing can be asked, `RetryLater` where GitHub
 * does not answer. Where the snapshot is pinned and the repository is known from the run that pinned it, nothing is asked.
 */
export async function openGithub(
  { api, name, pinned }: OpenOptions,
  outside: Outside,
  client: () => GithubClient,
): Promise<OpenedRepository> {
  const asking: Asking = { now: outside.clock.now, client, shelf: shelfOf(api, outside), api };
  try {
    const answer = await conditional(asking, `/repos/${name}`, repositorySchema, pinned !== null);
    if ("elsewhere" in answer) throw await renamed(client(), api, name, answer.elsewhere);
    const { node_id: repositoryId, full_name: fullName, clone_url: cloneUrl, private: hidden } = answer.told;
    if (fullName.toLowerCase() !== name.toLowerCase()) throw movedTo(name, fullName);
    if (hidden) {
      throw new Unavailable("private", `${name} is private, and Kihon fetches without a credential`, {
        next: `clone it yourself and mine its history with --repo PATH, or name a public repository`,
      });
    }
    const snapshot = pinned ?? (await snapshotOf(asking, fullName, repositoryId));
    return { name: fullName, cloneUrl, repositoryId, snapshot };
  } catch (error) {
    if (error instanceof GithubTrouble) throw explained(error, name, api);
    throw error;
  }
}

async function snapshotOf(asking: Asking, name: string, repositoryId: string): Promise<string> {
  const { shelf } = asking;
  const place = ["snapshot", repositoryId];
  const known = await shelf.get(place, snapshotSchema);
  const end = known === null ? null : await shelf.get(endOf(repositoryId, known.snapshot), endSchema);
  if (known !== null && (end === null || end === false)) return known.snapshot;
  const path = `/repos/${name}/pulls?state=closed&sort=updated&direction=desc&per_page=1`;
  const answer = await conditional(asking, path, newestSchema);
  if ("elsewhere" in answer) throw new RetryLater(`GitHub answers ${path} from elsewhere (${answer.elsewhere.status})`);
  // The answer's ETag changes with every star of the repository too; what counts is which pull request it names, and when that changed.
  const newest = answer.told[0] ?? null;
  const lost = end === "vanished" ? known?.snapshot : known?.lost;
  const snapshot = shortId([repositoryId, newest, ...(lost === undefined ? [] : [lost])]);
  if (snapshot === known?.snapshot) return snapshot;
  if (known !== null && known.newest !== null)
    await follow(shelf, repositoryId, snapshot, { snapshot: known.snapshot, newest: known.newest });
  await shelf.sweep(asking.now() - keptMs);
  const updated = newest?.updated_at ?? null;
  await shelf.put(place, { snapshot, newest: updated, ...(lost === undefined ? {} : { lost }) } satisfies z.infer<typeof snapshotSchema>);
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

const movedTo = (name: string, now: string): Unavailable =>
  new Unavailable("renamed", `${name} is now called ${now}`, {
    next: `give --github ${now}; pages that were read under the old name are kept`,
  });

function explained(error: GithubTrouble, name: string, api: string): Error {
  const without = (reason: UnavailableReason, message: string, next: string): Unavailable =>
    new Unavailable(reason, message, { next, cause: error });
  switch (error.code) {
    case "not-found":
      return without(
        "not-found",
        `there is no repository ${name} at ${api} that these credentials may see (404)`,
        "check the name; GitHub says the same of private ones",
      );
    case "gone":
    case "blocked":
      return without("gone", `GitHub no longer shows ${name}: ${error.message}`, "choose another repository");
    case "forbidden":
    case "refused":
    case "moved":
      return new StopRun(`${name}: ${error.message}`, {
        next: "give a token that may read public repositories, or check --github-api",
        cause: error,
      });
    case "html-page":
    case "no-connection":
      return new RetryLater(`${api} does not answer as GitHub does: ${error.message}; check --github-api and the network`);
    default:
      return new RetryLater(`GitHub did not tell of ${name}: ${error.message}`);
  }
}
