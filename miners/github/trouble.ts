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

const errorsSchema = z.object({ errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1) });
const messageSchema = z.object({ message: z.string() });

export const graphqlErrorsOf = (body: unknown): z.infer<typeof errorsSchema>["errors"] => errorsSchema.safeParse(body).data?.errors ?? [];

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
  const { status, response } = error;
  const trouble = (code: TroubleCode, message: string): Verdict => ({ kind: "trouble", trouble: new GithubTrouble(code, message) });
  if (response === undefined) return trouble("no-connection", `no connection (${connectionCode(error)})`);
  const body: unknown = response.data;
  const headers: Headers = response.headers;
  const said = messageSchema.safeParse(body).data?.message ?? "";
  if (status === 401 || /\/app\/installations\//.test(error.request.url)) return { kind: "credential", status };
  if (graphqlErrorsOf(body).some(({ type }) => type === "RATE_LIMITED"))
    return { kind: "limit", which: "primary", waitMs: waitIn(headers, now) };
  if (status === 403 || status === 429) {
    const primary = numberIn(headers, "x-ratelimit-remaining") === 0;
    const secondary = status === 429 || headers["retry-after"] !== undefined || /\b(?:secondary rate|abuse)\b/i.test(said);
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
