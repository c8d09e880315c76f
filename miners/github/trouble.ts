/** What can be wrong with an answer of GitHub's, named. Bodies and messages of failed answers are foreign, so they go no further than here. */
import { RequestError } from "@octokit/request-error";
import { z } from "zod";

/** Where the far side is unwell: the same request may be answered later, or a smaller one now. */
const unwell = ["html-page", "truncated-body", "empty-answer", "server-error", "no-connection", "graphql-error"] as const;
/** Where it has spoken: asking again changes nothing. */
const final = ["not-found", "gone", "blocked", "forbidden", "moved", "refused"] as const;
export type TroubleCode = (typeof unwell)[number] | (typeof final)[number];

/** An answer that is none. */
export class GithubTrouble extends Error {
  override readonly name = "GithubTrouble";
  readonly code: TroubleCode;
  constructor(code: TroubleCode, message: string) {
    super(message);
    this.code = code;
  }
  get passing(): boolean {
    return (unwell as readonly string[]).includes(this.code);
  }
}

export type Verdict =
  /** `waitMs` is null where the answer does not say how long. */
  | { readonly kind: "limit"; readonly which: "primary" | "secondary"; readonly waitMs: number | null }
  | { readonly kind: "credential"; readonly status: number }
  | { readonly kind: "trouble"; readonly trouble: GithubTrouble };

const errorSchema = z.object({ type: z.string().optional(), message: z.string(), path: z.array(z.unknown()).optional() });
const errorsSchema = z.object({ errors: z.array(errorSchema).min(1) });
const messageSchema = z.object({ message: z.string() });

export const graphqlErrorsOf = (body: unknown): z.infer<typeof errorsSchema>["errors"] => errorsSchema.safeParse(body).data?.errors ?? [];

/**
 * The limit that an answer speaks of, under whatever status: GraphQL says so with 200 too. Null where it speaks of none.
 * https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit
 */
export function limitIn(body: unknown): "primary" | "secondary" | null {
  const errors = graphqlErrorsOf(body);
  if (errors.some(({ type }) => type === "RATE_LIMITED")) return "primary";
  const said = [messageSchema.safeParse(body).data?.message ?? "", ...errors.map(({ message }) => message)];
  return said.some((text) => /\b(?:secondary rate|abuse)\b/i.test(text)) ? "secondary" : null;
}

/** GraphQL's last word on the thing itself that was asked for, whatever part of the answer stands beside it; null where there is none. */
export function refusalIn(body: unknown): GithubTrouble | null {
  const root = graphqlErrorsOf(body).find(({ type, path }) => (type === "NOT_FOUND" || type === "FORBIDDEN") && (path?.length ?? 0) <= 1);
  if (root === undefined) return null;
  if (root.type === "NOT_FOUND") return new GithubTrouble("not-found", "GraphQL knows nothing of it");
  return new GithubTrouble("forbidden", `GraphQL refuses: ${root.message.slice(0, 200)}`);
}

/** What is wrong with the body of an answer that says it is well; null where nothing is. */
export function bodyTrouble(body: unknown): "html-page" | "truncated-body" | "empty-answer" | null {
  if (typeof body === "object" && body !== null && !(body instanceof ArrayBuffer)) return null;
  if (typeof body !== "string" || body.trim() === "") return "empty-answer";
  return /^\s*</.test(body) ? "html-page" : "truncated-body";
}

/** The primary limit is by the hour: no reset lies further off. */
const hourMs = 3_600_000;

export type Headers = Readonly<Record<string, unknown>>;
export const numberIn = (headers: Headers, name: string): number | null => {
  const value = headers[name];
  return (typeof value === "string" || typeof value === "number") && /^\d+$/.test(String(value)) ? Number(value) : null;
};

/**
 * `retry-after` comes first; else the reset of the primary limit, counted on GitHub's own clock, since ours may be wrong.
 * https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
function waitIn(headers: Headers, now: number): number | null {
  const after = numberIn(headers, "retry-after");
  if (after !== null) return after * 1000;
  const reset = numberIn(headers, "x-ratelimit-reset");
  if (reset === null || numberIn(headers, "x-ratelimit-remaining") !== 0) return null;
  const theirs = Date.parse(String(headers["date"] ?? ""));
  return Math.min(hourMs, Math.max(0, reset * 1000 - (Number.isNaN(theirs) ? now : theirs))) + 1000;
}

/** Reads what the client threw; null where it is none of GitHub's doing. */
export function verdictOn(error: unknown, now: number): Verdict | null {
  if (!(error instanceof RequestError)) return null;
  const verdict = ownVerdict(error, now);
  // Where an app asks for its token, GitHub's last word is one on the credential.
  const ofApp = /\/app\/installations\//.test(error.request.url) && verdict.kind === "trouble" && !verdict.trouble.passing;
  return ofApp ? { kind: "credential", status: error.status } : verdict;
}

function ownVerdict(error: RequestError, now: number): Verdict {
  const { status, response } = error;
  const trouble = (code: TroubleCode, message: string): Verdict => ({ kind: "trouble", trouble: new GithubTrouble(code, message) });
  if (response === undefined) return trouble("no-connection", `no connection (${connectionCode(error)})`);
  const body: unknown = response.data;
  const headers: Headers = response.headers;
  const said = messageSchema.safeParse(body).data?.message ?? "";
  if (status === 401) return { kind: "credential", status };
  if (status === 403 || status === 429) {
    const told = limitIn(body);
    const primary = told === "primary" || numberIn(headers, "x-ratelimit-remaining") === 0;
    const secondary = told === "secondary" || status === 429 || headers["retry-after"] !== undefined;
    if (primary || secondary) return { kind: "limit", which: primary ? "primary" : "secondary", waitMs: waitIn(headers, now) };
    if (bodyTrouble(body) !== null) return trouble("html-page", `status ${status} with a page that is no JSON`);
    return trouble("forbidden", `GitHub refuses (403): ${said.slice(0, 200)}`);
  }
  if (status === 404) return trouble("not-found", "not found (404)");
  if (status === 410) return trouble("gone", "gone (410)");
  if (status === 451) return trouble("blocked", "blocked for legal reasons (451)");
  const wrong = bodyTrouble(body);
  if (wrong !== null && wrong !== "empty-answer")
    return trouble(wrong, `status ${status} with ${wrong === "html-page" ? "an HTML page" : "a body that is cut off"}`);
  if (status >= 500) return trouble("server-error", `status ${status}`);
  return trouble("refused", `status ${status}: ${said.slice(0, 200)}`);
}

function connectionCode(error: RequestError): string {
  const { cause } = error;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof Error && "code" in inner) return String(inner.code);
  return inner instanceof Error ? inner.name : "unknown";
}
