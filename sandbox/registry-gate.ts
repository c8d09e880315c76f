/**
 * The gate: the one address that a job with `network: "registry"` can reach. A small proxy in Kihon's own process, which answers GET and HEAD for
 * package metadata and tarballs from one registry, answers `npm audit` with "nothing known", and refuses everything else in words that name it.
 *
 * Each job has a door of its own (a unix socket in a private folder), so what was asked is known per job.
 */
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { RELAY_PORT } from "./guest.ts";
import { GATE_BASE, withoutHostMark } from "./lock-hosts.ts";
import { configuredRegistry, RegistryUpstream } from "./registry-upstream.ts";

export { GATE_BASE, restoreLockHosts, rewriteLockHosts } from "./lock-hosts.ts";

export interface GateStats {
  /** Names whose metadata was asked for. */
  readonly names: readonly string[];
  /** `name@version` of the tarballs handed out. */
  readonly tarballs: readonly string[];
  /** What was refused, as asked. */
  readonly refused: readonly string[];
}

export interface GateDoor {
  /** Address of the door for clients, with a slash at its end. */
  readonly base: string;
  stats(): GateStats;
  close(): Promise<void>;
}

export interface GateSettings {
  /** Base address of the registry; the user's npm setting by default. */
  readonly registry?: string;
  /** Folder of the tarball cache. */
  readonly cache: string;
}

/** What a path at the gate asks for. */
export type Asked =
  | { readonly kind: "metadata"; readonly path: string; readonly name: string }
  | { readonly kind: "tarball"; readonly path: string; readonly label: string }
  | { readonly kind: "security" }
  | { readonly kind: "refused" };

const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*(?:\/|%2f))?[a-z0-9_~-][a-z0-9._~-]*$/i;
const NAME_AND_TAG = /^((?:@[^/]+\/)?[^/@][^/]*)\/([A-Za-z0-9._+~^-]+)$/;
const TARBALL = /^((?:@[^/]+(?:\/|%2f))?[^/@][^/]*)\/-\/(?:@[^/]+\/)?([^/]+)\.tgz$/i;

/** Reads a request's path (relative to the gate, no leading slash, no query). */
export function readPath(raw: string): Asked {
  if (raw.startsWith("-/npm/v1/security/")) return { kind: "security" };
  const path = withoutHostMark(raw);
  if (path.split("/").some((part) => part === ".." || part === "." || part === "")) return { kind: "refused" };
  const tarball = path.match(TARBALL);
  if (tarball !== null && NAME.test(tarball[1] as string)) {
    const name = decodeURIComponent(tarball[1] as string);
    const file = tarball[2] as string;
    const short = `${name.split("/").at(-1)}-`;
    return { kind: "tarball", path, label: `${name}@${file.startsWith(short) ? file.slice(short.length) : file}` };
  }
  if (NAME.test(path)) return { kind: "metadata", path, name: decodeURIComponent(path) };
  const tagged = path.match(NAME_AND_TAG);
  if (tagged !== null && NAME.test(tagged[1] as string) && tagged[1] !== "-") return { kind: "metadata", path, name: tagged[1] as string };
  return { kind: "refused" };
}

/** Metadata text with every `dist.tarball` at the gate, whatever host the registry names there. */
export function rewriteTarballs(text: string, registryPath: string, base: string): string {
  return text.replace(/(?<!\\)("tarball"\s*:\s*)("https?:(?:[^"\\]|\\.)*")/g, (whole, key: string, value: string) => {
    const { pathname } = new URL(JSON.parse(value) as string);
    const path = pathname.startsWith(registryPath) ? pathname.slice(registryPath.length) : pathname.slice(1);
    return readPath(path).kind === "tarball" ? `${key}${JSON.stringify(`${base}${path}`)}` : whole;
  });
}

export class RegistryGate {
  readonly #settings: GateSettings;
  #upstream: Promise<RegistryUpstream> | undefined;

  constructor(settings: GateSettings) {
    this.#settings = settings;
  }

  /** Opens a door at a unix socket; clients come through the relay, at `GATE_BASE`. */
  async openSocket(socket: string): Promise<GateDoor> {
    const door = new Door(await this.#reach(), GATE_BASE);
    await door.listen({ path: socket });
    return door;
  }

  /** Opens a door on the host's own loopback, at the address that it has inside sandboxes: for the provider that does not isolate. */
  async openPort(): Promise<GateDoor> {
    const door = new Door(await this.#reach(), GATE_BASE);
    await door.listen({ host: "127.0.0.1", port: RELAY_PORT });
    return door;
  }

  #reach(): Promise<RegistryUpstream> {
    this.#upstream ??= (async () => new RegistryUpstream(this.#settings.registry ?? (await configuredRegistry()), this.#settings.cache))();
    return this.#upstream;
  }
}

class Door implements GateDoor {
  readonly #upstream: RegistryUpstream;
  readonly #server: Server;
  readonly #names = new Set<string>();
  readonly #tarballs = new Set<string>();
  readonly #refused = new Set<string>();
  readonly base: string;

  constructor(upstream: RegistryUpstream, base: string) {
    this.#upstream = upstream;
    this.base = base;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => fail(response, error));
    });
    // A client that takes us for a proxy (https_proxy is set to the gate) wants another host.
    this.#server.on("connect", (request, socket) => {
      this.#refused.add(`https://${request.url}`);
      const text = `gate: refused https://${request.url}\n`;
      socket.on("error", () => undefined);
      socket.end(
        `HTTP/1.1 403 gate: refused ${request.url}\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
      );
    });
  }

  async listen(where: { path: string } | { host: string; port: number }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(where, () => resolve());
    });
  }

  stats(): GateStats {
    return { names: [...this.#names].sort(), tarballs: [...this.#tarballs].sort(), refused: [...this.#refused].sort() };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const url = request.url ?? "/";
    // A client that takes us for a proxy sends the whole address.
    const own = url.startsWith(this.base) ? url.slice(this.base.length) : url.startsWith("/") ? url.slice(1) : null;
    const asked = own === null ? ({ kind: "refused" } as const) : readPath(own.replace(/[?#].*$/, ""));
    if (asked.kind === "security") return send(response, 200, "application/json", "{}");
    if (asked.kind === "refused" || (request.method !== "GET" && request.method !== "HEAD")) return this.#refuse(request, response, url);
    if (asked.kind === "tarball") return this.#sendTarball(response, asked);
    this.#names.add(asked.name);
    const metadata = await this.#upstream.metadata(asked.path, request.headers.accept ?? "application/json");
    const text = rewriteTarballs(metadata.text, this.#upstream.base.pathname, this.base);
    send(response, metadata.status, metadata.contentType, text);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, url: string): void {
    const asked = `${request.method === "GET" ? "" : `${request.method} `}${url}`;
    this.#refused.add(asked);
    const text = `gate: refused ${asked}: only package metadata and tarballs of the registry can be had during an install`;
    send(response, 403, "application/json", JSON.stringify({ error: text }));
  }

  async #sendTarball(response: ServerResponse, asked: { path: string; label: string }): Promise<void> {
    const tarball = await this.#upstream.tarball(asked.path);
    if (tarball.file === null)
      return send(response, tarball.status, "application/json", JSON.stringify({ error: `the registry answered ${tarball.status}` }));
    this.#tarballs.add(asked.label);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": tarball.bytes });
    if (response.req.method === "HEAD") response.end();
    else await pipeline(createReadStream(tarball.file), response);
  }
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { "content-type": contentType, "content-length": body.length });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** The registry cannot be reached, or the client went away: told to the client where it still listens. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else send(response, 502, "application/json", JSON.stringify({ error: `gate: the registry cannot be reached: ${String(error)}` }));
}
