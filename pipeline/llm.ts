/** A client of OpenAI-compatible servers: one question, one answer. The key travels in one header and is in no message, error or file. */
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { RetryLater, StopRun } from "../lib/errors.ts";
import type { LlmSettings } from "../schemas/config.ts";

export interface LlmMessage {
  readonly role: "system" | "user";
  readonly content: string;
}

/** What came of a question. `none` is the server's last word on it, in a code. */
export type LlmAnswer = { readonly kind: "text"; readonly text: string } | { readonly kind: "none"; readonly why: string };

export interface LlmOptions {
  readonly settings: LlmSettings;
  readonly key: string | null;
  readonly seed: number;
  /** 0 where it is not said: the likeliest answer. */
  readonly temperature?: number;
  /** Limit of one try, in milliseconds. */
  readonly timeoutMs?: number;
  /** Before the second try, in milliseconds; four times as long before the third. The server's own `retry-after` comes first. */
  readonly pauseMs?: number;
}

const maxTries = 3;
const maxWaitMs = 600_000;
const maxAnswerBytes = 4_000_000;

const replySchema = z.object({
  choices: z
    .array(z.object({ finish_reason: z.string().nullish(), message: z.object({ content: z.string().nullish() }) }))
    .min(1)
    .readonly(),
});

/** A try that came to nothing. `waitMs` is what the server asked for. */
class FailedTry extends Error {
  override readonly name = "FailedTry";
  readonly waitMs: number | null;
  constructor(message: string, more: { cause?: unknown; waitMs?: number | null } = {}) {
    super(message, { cause: more.cause });
    this.waitMs = more.waitMs ?? null;
  }
}

/** Asks up to three times. Throws `RetryLater` for what remains after them, `StopRun` where the key or the address is wrong. */
export async function askLlm(messages: readonly LlmMessage[], options: LlmOptions): Promise<LlmAnswer> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryOnce(messages, options);
    } catch (error) {
      if (!(error instanceof FailedTry)) throw error;
      const waitMs = error.waitMs ?? (options.pauseMs ?? 1000) * 4 ** (tries - 1);
      if (tries === maxTries || waitMs > maxWaitMs) {
        throw new RetryLater(`the language model at ${options.settings.url} gave no answer in ${tries} tries: ${error.message}`, {
          cause: error,
        });
      }
      await setTimeout(waitMs);
    }
  }
}

async function tryOnce(
  messages: readonly LlmMessage[],
  { settings, key, seed, temperature = 0, timeoutMs = 120_000 }: LlmOptions,
): Promise<LlmAnswer> {
  const { status, headers, body } = await post(`${settings.url.replace(/\/+$/, "")}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model: settings.model, messages, temperature, seed, stream: false }),
    // A redirect could carry the question to a place that nobody named.
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (status === 401 || status === 403) {
    throw new StopRun(`the language model's server refuses the key (${status})`, {
      next: "set the environment variable KIHON_LLM_KEY to a key for it, or run without --llm",
    });
  }
  if (status === 404) {
    throw new StopRun(`there is no model ${settings.model} at ${settings.url} (404)`, {
      next: "check --llm (its path mostly ends in /v1) and --llm-model",
    });
  }
  if (status === 408 || status === 429 || status >= 500) throw new FailedTry(`status ${status}`, { waitMs: retryAfterMs(headers) });
  if (status !== 200) return { kind: "none", why: `refused-${status}` };
  const answer = read(body);
  if (key !== null && answer.kind === "text" && answer.text.includes(key)) throw new FailedTry("the answer holds the key");
  return answer;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

async function post(url: string, request: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, headers: response.headers, body: await bodyOf(response) };
  } catch (error) {
    if (error instanceof FailedTry) throw error;
    if (error instanceof DOMException && error.name === "TimeoutError") throw new FailedTry("it took too long", { cause: error });
    // What fetch throws for a connection that fails, before or after the head of the answer.
    if (error instanceof TypeError) throw new FailedTry(`no connection (${reasonOf(error)})`, { cause: error });
    throw error;
  }
}

/** `fetch failed` says little: what is below it says more. */
function reasonOf(error: TypeError): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause ? String(cause.code) : cause.message;
}

async function bodyOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > maxAnswerBytes) throw new FailedTry(`the answer is longer than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Seconds or a date; null where the server says nothing that can be read. */
function retryAfterMs(headers: Headers): number | null {
  const given = headers.get("retry-after");
  if (given === null) return null;
  const ms = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

function read(body: string): LlmAnswer {
  if (/^\s*</.test(body)) throw new FailedTry("the answer is HTML, not JSON");
  const reply = replySchema.safeParse(parsed(body));
  if (!reply.success) throw new FailedTry("the answer is JSON of another form", { cause: reply.error });
  const [choice] = reply.data.choices;
  const text = withoutThoughts(choice?.message.content ?? "").trim();
  if (choice?.finish_reason === "length") return { kind: "none", why: "cut-off" };
  return text === "" ? { kind: "none", why: "empty" } : { kind: "text", text };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw new FailedTry("the answer is no whole JSON");
    throw error;
  }
}

/** Some servers leave what a model thinks before its answer. */
const withoutThoughts = (text: string): string => text.replace(/^\s*<think>(?:[\s\S]*<\/think>|[\s\S]*$)/, "");
