/**
 * The client of GitHub's API: octokit under the credentials given, one after the other as their limits are used up.
 *
 * Retries of answers that are none are octokit's (plugin-retry), and so is the pace of requests (plugin-throttling). Waiting for limits is
 * done here, since only here it is known whether another credential could go on, and the wait is counted down in sight.
 */
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import type { Outside } from "../contract.ts";
import type { Credential } from "./credentials.ts";
import { bodyTrouble, GithubTrouble, graphqlErrorsOf, type Headers, limitIn, numberIn, refusalIn, verdictOn } from "./trouble.ts";

export interface ClientOptions {
  /** Base address of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise server. */
  readonly api: string;
  readonly credentials: readonly Credential[];
  readonly outside: Pick<Outside, "log" | "clock">;
  readonly signal?: AbortSignal;
  /** Before the second try of an answer that was none, in milliseconds; 4 and 9 times as long before the third and fourth. */
  readonly retryMs?: number;
  /** False leaves out the second that is kept between two questions. */
  readonly paced?: boolean;
}

export interface RestAnswer {
  /** 200, 304, or a redirect. */
  readonly status: number;
  readonly etag: string | null;
  readonly location: string | null;
  readonly body: unknown;
}

/** What was spent, for the log: whole requests over the wire, and the points that GraphQL counted. */
export interface Spent {
  requests: number;
  notModified: number;
  points: number;
}

/** Where GitHub says that the secondary limit is reached, and not for how long: "wait for at least one minute", then longer each time. */
const leastWaitMs = 60_000;
/** Of one try, its body included. GitHub itself gives up a question after 10 s. */
const answerWithinMs = 120_000;
/** Of one question, in a row: more than a day of used-up hours. */
const maxWaits = 25;

/** An answer that says it is well and is not, or hides a limit, is thrown where octokit can still try again. */
function wholeAnswers(octokit: Octokit): Record<string, never> {
  octokit.hook.wrap("request", async (request, options) => {
    const response = await request(options);
    if (response.status < 200 || response.status >= 300) return response;
    const wrong = bodyTrouble(response.data);
    if (wrong !== null) throw new RequestError(wrong, 502, { request: options, response });
    if (limitIn(response.data) !== null) throw new RequestError("limited", 403, { request: options, response });
    return response;
  });
  return {};
}

const Client = Octokit.plugin(wholeAnswers, throttling, retry);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What GitHub counts by itself: a limit of one says nothing of the other. */
type Resource = "core" | "graphql";

/** One credential, and until when it rests. */
interface Door {
  readonly name: string;
  readonly octokit: Octokit;
  /** Of the hour's quota, as the last answer told; a credential that was not asked yet has all of it. */
  readonly left: Record<Resource, number>;
  restsUntil: number;
  /** Limits without a stated end, in a row. */
  strikes: number;
  refused: boolean;
}

const graphqlSchema = z.object({ data: z.unknown() });
const costSchema = z.object({ rateLimit: z.object({ cost: z.number() }).nullish() });

/** GitHub Enterprise answers GraphQL beside its REST API, not below it. */
const graphqlUrl = (api: string): string => `${api.replace(/\/+$/, "").replace(/\/api\/v3$/, "/api")}/graphql`;

function words(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", `${seconds % 60} s`].filter((part) => part !== "").join(" ");
}

export class GithubClient {
  readonly spent: Spent = { requests: 0, notModified: 0, points: 0 };
  readonly #doors: readonly Door[];
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#doors = options.credentials.map((credential, at) => ({
      name: credential.kind === "app" ? "the GitHub App" : `token ${at + 1} of ${options.credentials.length}`,
      octokit: this.#open(credential, at),
      left: { core: Number.POSITIVE_INFINITY, graphql: Number.POSITIVE_INFINITY },
      restsUntil: 0,
      strikes: 0,
      refused: false,
    }));
  }

  #open(credential: Credential, at: number): Octokit {
    const { api, retryMs = 1000, paced = true } = this.#options;
    const { kind, ...secret } = credential;
    const signals = this.#options.signal ? [this.#options.signal] : [];
    const auth = kind === "app" ? { authStrategy: createAppAuth, auth: { ...secret, log: silent } } : { auth: credential.token };
    const octokit = new Client({
      ...auth,
      baseUrl: api.replace(/\/+$/, ""),
      log: silent,
      userAgent: "kihon",
      request: {
        fetch: (input: string, init: RequestInit) => {
          this.spent.requests += 1;
          return fetch(input, { ...init, signal: AbortSignal.any([AbortSignal.timeout(answerWithinMs), ...signals]) });
        },
        // A redirect could carry the credential to a place that nobody named.
        redirect: "manual",
      },
      // 429 is a limit, not a hiccup; the rest is the plugin's own list.
      retry: { retryAfterBaseValue: retryMs, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
      throttle: { enabled: paced, id: `credential ${at}`, onRateLimit: () => false, onSecondaryRateLimit: () => false },
    });
    return octokit;
  }

  /**
   * Asks GraphQL. The answer's `data`, where some of it may be null. Throws `GithubTrouble` where it is not to be had, `StopRun` where no
   * credential is taken, `RetryLater` where the limits do not end.
   */
  async query(query: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> {
    const url = graphqlUrl(this.#options.api);
    const response = await this.#ask("graphql", (octokit) => octokit.request(`POST ${url}`, { query, variables }));
    if (response.status !== 200) throw new GithubTrouble("moved", `GraphQL answers from elsewhere (${response.status})`);
    const errors = graphqlErrorsOf(response.data);
    const data = graphqlSchema.safeParse(response.data).data?.data;
    this.spent.points += costSchema.safeParse(data).data?.rateLimit?.cost ?? 0;
    const refusal = refusalIn(response.data);
    if (refusal !== null) throw refusal;
    if (typeof data === "object" && data !== null) return data;
    throw new GithubTrouble("graphql-error", `GraphQL: ${errors[0]?.message.slice(0, 200) ?? "an answer without data"}`);
  }

  /** A REST question that costs nothing where the answer is still the one with this ETag. A redirect is given, not followed. */
  async get(path: string, etag: string | null): Promise<RestAnswer> {
    const headers = etag === null ? {} : { "if-none-match": etag };
    const response = await this.#ask("core", (octokit) =>
      octokit.request(`GET ${path}`, { headers }).catch((error: unknown) => {
        if (error instanceof RequestError && error.status === 304 && error.response !== undefined) return error.response;
        throw error;
      }),
    );
    if (response.status === 304) this.spent.notModified += 1;
    const { etag: now, location } = response.headers;
    return { status: response.status, etag: now ?? null, location: location ?? null, body: response.data };
  }

  async #ask<T extends { readonly headers: Headers }>(resource: Resource, send: (octokit: Octokit) => Promise<T>): Promise<T> {
    const { clock } = this.#options.outside;
    for (let waits = 0; waits < maxWaits; ) {
      const door = await this.#doorThatIsOpen(resource);
      try {
        const answer = await send(door.octokit);
        door.strikes = 0;
        door.left[resource] = numberIn(answer.headers, "x-ratelimit-remaining") ?? door.left[resource];
        return answer;
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        const verdict = verdictOn(error, clock.now());
        if (verdict === null) throw error;
        if (verdict.kind === "trouble") throw verdict.trouble;
        if (verdict.kind === "credential") this.#refuse(door, verdict.status);
        else {
          waits += 1;
          this.#rest(door, verdict.which, verdict.waitMs);
        }
      }
    }
    throw new RetryLater(`GitHub's limits did not end in ${maxWaits} waits`);
  }

  #refuse(door: Door, status: number): void {
    door.refused = true;
    if (this.#doors.some(({ refused }) => !refused)) {
      this.#options.outside.log.warn(`GitHub refuses ${door.name} (${status}): going on without it`);
      return;
    }
    throw new StopRun(`GitHub refuses ${this.#doors.length === 1 ? "the credential" : "every credential"} (${status})`, {
      next: "set KIHON_GITHUB_TOKEN (or GITHUB_TOKEN) to a token that has not expired, then go on: pages that were read are kept",
    });
  }

  #rest(door: Door, which: string, stated: number | null): void {
    const waitMs = stated ?? leastWaitMs * 2 ** Math.min(door.strikes, 5);
    door.strikes += stated === null ? 1 : 0;
    door.restsUntil = this.#options.outside.clock.now() + waitMs;
    this.#options.outside.log.info(`GitHub's ${which} limit of ${door.name} is reached: it rests for ${words(waitMs)}`);
  }

  /** Of the credentials that may ask now the one with most of its quota left; where all rest, after the shortest rest, which is counted down. */
  async #doorThatIsOpen(resource: Resource): Promise<Door> {
    const { clock, log } = this.#options.outside;
    const usable = this.#doors.filter(({ refused }) => !refused);
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const next = usable.reduce((first, door) => (door.restsUntil < first.restsUntil ? door : first));
      const open = usable.filter(({ restsUntil }) => restsUntil <= clock.now());
      if (open.length > 0) return open.reduce((best, door) => (door.left[resource] > best.left[resource] ? door : best));
      const left = next.restsUntil - clock.now();
      log.progress(`waiting for GitHub's limit: going on in ${words(left)}`);
      await clock.sleep(Math.min(left, 1000));
    }
  }
}
