/** A real HTTP server over a folder, which can be well or unwell in the ways that servers are. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface FileServer {
  readonly address: string;
  /** `GET path range status` of every answer. */
  readonly asked: string[];
  /** Bytes of bodies that were sent. */
  sent: number;
  close(): void;
}

export interface Manners {
  /** Answers every request for a part with the whole file. */
  readonly noRanges?: boolean;
  /** Breaks the connection in the middle of the first so many answers to a file that ends so. */
  readonly cut?: { readonly ending: string; readonly times: number };
  /** Refuses the first so many requests. */
  readonly refuse?: { readonly status: number; readonly times: number; readonly retryAfter?: string };
  /** What it answers where there is no such file, in place of 404. */
  readonly refuseLost?: number;
  /** Says that the file has grown from this request on. */
  readonly growsAt?: number;
}

export async function serveFiles(folder: string, manners: Manners = {}): Promise<FileServer> {
  const { noRanges = false, growsAt = Number.POSITIVE_INFINITY } = manners;
  let cuts = manners.cut?.times ?? 0;
  let refusals = manners.refuse?.times ?? 0;
  const state = { asked: [] as string[], sent: 0 };
  const send = (response: ServerResponse, status: number, headers: Record<string, string>, body: Uint8Array): void => {
    state.sent += body.length;
    response.writeHead(status, { "content-length": String(body.length), ...headers });
    response.end(body);
  };
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname);
    const range = request.headers.range ?? "";
    const note = (status: number): void => void state.asked.push(`${request.method} ${path} ${range} ${status}`);
    if (refusals > 0 && manners.refuse !== undefined) {
      refusals -= 1;
      note(manners.refuse.status);
      const { retryAfter } = manners.refuse;
      return send(response, manners.refuse.status, retryAfter === undefined ? {} : { "retry-after": retryAfter }, Buffer.from("no"));
    }
    const file = join(folder, path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      note(manners.refuseLost ?? 404);
      return send(response, manners.refuseLost ?? 404, {}, Buffer.from("no such file"));
    }
    const whole = readFileSync(file);
    const asked = noRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(range);
    const [from, to] =
      asked === null ? [0, whole.length] : [Number(asked[1]), Math.min(Number(asked[2] || whole.length) + 1, whole.length)];
    const total = whole.length + (state.asked.length >= growsAt ? 1 : 0);
    const status = asked === null ? 200 : 206;
    const headers: Record<string, string> = asked === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${total}` };
    note(status);
    const body = whole.subarray(from, to);
    if (cuts > 0 && body.length > 1 && path.endsWith(manners.cut?.ending ?? "")) {
      cuts -= 1;
      response.writeHead(status, { ...headers, "content-length": String(body.length) });
      response.write(body.subarray(0, body.length >> 1), () => response.destroy());
      return;
    }
    send(response, status, headers, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
