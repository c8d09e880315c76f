import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryLater, StopRun } from "../../lib/errors.ts";
import { askLlm, type LlmOptions } from "../../pipeline/llm.ts";
import { LlmServer, raw, says } from "./llm-server.ts";

let server: LlmServer;
beforeEach(async () => {
  server = await LlmServer.listen();
});
afterEach(async () => {
  await server.close();
  expect(server.left).toEqual({ unscripted: 0, unused: 0 });
});

const key = "sk-not-to-be-seen";
const ask = (more: Partial<LlmOptions> = {}) =>
  askLlm([{ role: "user", content: "Say it." }], {
    settings: { url: server.url, model: "small-1" },
    key,
    seed: 7,
    pauseMs: 1,
    ...more,
  });
const errorOf = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
};
const whole = JSON.stringify({ choices: [{ message: { content: "Said." } }] });

describe("a question to a language model", () => {
  it("goes to chat/completions with temperature 0, the seed, and the key as bearer", async () => {
    server.next(says((text) => `${text} Said.`));
    expect(await ask()).toEqual({ kind: "text", text: "Say it. Said." });
    expect(server.asked).toMatchObject([
      {
        path: "POST /v1/chat/completions",
        headers: { authorization: `Bearer ${key}` },
        question: { model: "small-1", temperature: 0, seed: 7, messages: [{ role: "user", content: "Say it." }] },
      },
    ]);
  });

  it("has no authorization without a key, and stands a slash at the end of the address", async () => {
    server.next(says(() => "Said."));
    await ask({ key: null, settings: { url: `${server.url}/`, model: "small-1" } });
    expect(server.asked[0]?.path).toBe("POST /v1/chat/completions");
    expect(server.asked[0]?.headers).not.toHaveProperty("authorization");
  });

  it("is put again after 429, as late as the server says", async () => {
    server.next(
      raw(429, "{}", { "retry-after": "0.2" }),
      says(() => "Said."),
    );
    const started = performance.now();
    expect(await ask()).toEqual({ kind: "text", text: "Said." });
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
  });

  it("is put again after a date, too", async () => {
    server.next(
      raw(503, "", { "retry-after": new Date(Date.now() - 5000).toUTCString() }),
      says(() => "Said."),
    );
    expect(await ask({ pauseMs: 60_000 })).toEqual({ kind: "text", text: "Said." });
  });

  it("is for later when the server wants to be left alone for long", async () => {
    server.next(raw(429, "", { "retry-after": "86400" }));
    expect(await errorOf(ask())).toBeInstanceOf(RetryLater);
  });

  const page = "<!doctype html><html><title>Login</title></html>";
  it.each([
    ["500 thrice", [raw(500, ""), raw(500, ""), raw(500, "")], /in 3 tries: status 500$/],
    ["a page instead of an answer", [raw(200, page), raw(200, page), raw(200, page)], /the answer is HTML, not JSON$/],
    ["half an answer", [1, 2, 3].map(() => raw(200, whole.slice(0, 30))), /the answer is no whole JSON$/],
    ["JSON of another form", [1, 2, 3].map(() => raw(200, '{"error":{"message":"busy"}}')), /JSON of another form$/],
    ["no choice", [1, 2, 3].map(() => raw(200, '{"choices":[]}')), /JSON of another form$/],
    [
      "a redirect",
      [1, 2, 3].map(() => raw(302, "", { location: "http://127.0.0.1:9/elsewhere" })),
      /no connection \(unexpected redirect\)$/,
    ],
    ["an answer that holds the key", [1, 2, 3].map(() => says(() => `It is ${key}.`)), /the answer holds the key$/],
    ["an answer without end", [1, 2, 3].map(() => raw(200, "x".repeat(4_000_001))), /longer than 4000000 bytes$/],
  ])("is for later after %s", async (_, replies, message) => {
    server.next(...replies);
    const error = await errorOf(ask());
    expect([error.name, error.message]).toEqual(["RetryLater", expect.stringMatching(message)]);
    expect(`${error.message} ${String(error.cause)}`).not.toContain(key);
  });

  it.each([
    ["a page", raw(200, page)],
    ["half an answer", raw(200, whole.slice(0, 30))],
    ["a connection that breaks", (response: import("node:http").ServerResponse) => response.destroy()],
    [
      "half a body on a connection that breaks",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write(whole, () => response.destroy());
      },
    ],
  ])("is put again after %s", async (_, reply) => {
    server.next(
      reply,
      says(() => "Said."),
    );
    expect(await ask()).toEqual({ kind: "text", text: "Said." });
  });

  it("is for later when no answer comes in time", async () => {
    server.next(...[1, 2, 3].map(() => () => undefined));
    // Long enough for each try to reach the server.
    expect((await errorOf(ask({ timeoutMs: 1500 }))).message).toMatch(/in 3 tries: it took too long$/);
  });

  it("is for later when nobody listens", async () => {
    const error = await errorOf(ask({ settings: { url: "http://127.0.0.1:1/v1", model: "small-1" } }));
    expect(error).toBeInstanceOf(RetryLater);
    expect(error.message).toMatch(/no connection \(/);
  });

  it.each([
    [401, /refuses the key \(401\)/, /KIHON_LLM_KEY/],
    [403, /refuses the key \(403\)/, /KIHON_LLM_KEY/],
    [404, /no model small-1/, /--llm-model/],
  ])("ends the run at once on %i, with what to do and without the key", async (status, message, next) => {
    server.next(raw(status, `{"error":{"message":"bad key ${key}"}}`));
    const error = await errorOf(ask());
    expect(error).toBeInstanceOf(StopRun);
    expect(error).toMatchObject({ message: expect.stringMatching(message), next: expect.stringMatching(next), exitCode: 2 });
    expect(error.message).not.toContain(key);
  });

  it.each([
    ["refused-400", raw(400, '{"error":{"message":"too long"}}')],
    ["cut-off", says(() => "Half of", { finish_reason: "length" })],
    ["empty", says(() => "  \n")],
    ["empty", raw(200, '{"choices":[{"message":{"content":null}}]}')],
    ["empty", says(() => "<think>and so on")],
  ])("may have no answer: %s", async (why, reply) => {
    server.next(reply);
    expect(await ask()).toEqual({ kind: "none", why });
  });

  it("gets no thoughts for an answer", async () => {
    server.next(says(() => "<think>\nhm\n</think>\n\nSaid."));
    expect(await ask()).toEqual({ kind: "text", text: "Said." });
  });
});
