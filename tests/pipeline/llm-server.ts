/** A server of the chat protocol with scripted replies. It notes what it was asked; a question without a reply is answered 599 and remembered. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const questionSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  temperature: z.number(),
  seed: z.int(),
});
export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly question: z.infer<typeof questionSchema>;
}
export type Reply = (response: ServerResponse, asked: Asked) => void;

/** The last message's text in other words, as a model gives it. */
export const says =
  (words: (text: string) => string, more: Readonly<Record<string, unknown>> = {}): Reply =>
  (response, { question }) => {
    const content = words(question.messages.at(-1)?.content ?? "");
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ id: "1", choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content }, ...more }] }),
    );
  };
export const raw =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

export class LlmServer {
  readonly asked: Asked[] = [];
  readonly #script: Reply[] = [];
  #always: Reply | null = null;
  #unscripted = 0;
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const question = questionSchema.parse(JSON.parse(Buffer.concat(parts).toString()));
      const asked = { path: `${request.method} ${request.url}`, headers: request.headers, question };
      this.asked.push(asked);
      const reply = this.#script.shift() ?? this.#always;
      if (reply) return reply(response, asked);
      this.#unscripted += 1;
      response.writeHead(599).end();
    });
  });

  static async listen(): Promise<LlmServer> {
    const server = new LlmServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }
  next(...replies: Reply[]): void {
    this.#script.push(...replies);
  }
  always(reply: Reply): void {
    this.#always = reply;
  }
  /** What a test must leave: nothing asked that was not scripted, nothing scripted that was not asked. */
  get left(): { readonly unscripted: number; readonly unused: number } {
    return { unscripted: this.#unscripted, unused: this.#script.length };
  }
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
