/**
 * The gate: the one address that a job with `network: "registry"` can reach. A small proxy in Kihon's own process, which answers GET and HEAD for
 * package metadata and tarballs from one registry, answers `npm audit` with "nothing known", and refuses everything else in words that name it.
 *
 * Each job has a door of its own (a unix socket in a private folder), so what was asked is known per job.
 */
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import PQueue from "p-queue";
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
  /** Of tarballs, in one job; 8 GiB by default. */
  readonly tarballBytes?: number;
}

/** The largest installs that there are ask for some thousands of packages; what is beyond is not noted one by one. */
const NOTED = 20_000;
const NOTED_LENGTH = 300;
/** What was refused is told to a person. */
const REFUSALS_NOTED = 200;
const TARBALL_BYTES = 8 * 1024 ** 3;
/** Questions of one job that are passed on to the registry at once; npm has 15 at once, pnpm 64. */
const AT_ONCE = 64;
/** Each is a descriptor of this process. */
const CONNECTIONS = 256;

/** Notes what a job asked for: it may ask for anything, as often as it likes. */
class Notes {
  readonly #all = new Set<string>();
  readonly #most: number;
  constructor(most: number) {
    this.#most = most;
  }
  add(text: string): void {
    if (this.#all.size < this.#most) this.#all.add(text.slice(0, NOTED_LENGTH));
  }
  list(): readonly string[] {
    return [...this.#all].sort();
  }
}

/** What a path at the gate asks for. */
export type Asked =
  | { readonly kind: "metadata"; readonly path: string; readonly name: string }
  | { readonly kind: "tarball"; readonly path: string; readonly label: string }
  | { readonly kind: "security" }
  | { readonly kind: "refused" };

/** Metadata without what installs do not need, as npm and pnpm ask for it; one spelling of the question, so that it is kept once. */
const SHORT_FORM = "application/vnd.npm.install-v1+json";
const SHORT_ACCEPT = `${SHORT_FORM}; q=1.0, application/json; q=0.8, */*`;
/** What a job that has had its share of tarballs is told. */
const ENOUGH = "gate: this job has had its share of tarballs";

const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*(?:\/|%2f))?[a-z0-9_~-][a-z0-9._~-]*$/i;
const NAME_AND_TAG = /^((?:@[^/]+\/)?[^/@][^/]*)\/([A-Za-z0-9._+~^-]+)$/;
/** In the file's name nothing that a URL takes for a step: a backslash is a slash to it, and a server may read %2f as one. */
const TARBALL = /^((?:@[^/]+(?:\/|%2f))?[^/@][^/]*)\/-\/(?:@[\w.~-]+\/)?([\w.+~-]+)\.tgz$/i;

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
    const door = await this.#door();
    await door.listen({ path: socket });
    return door;
  }

  /** Opens a door on the host's own loopback, at the address that it has inside sandboxes: for the provider that does not isolate. */
  async openPort(): Promise<GateDoor> {
    const door = await this.#door();
    await door.listen({ host: "127.0.0.1", port: RELAY_PORT });
    return door;
  }

  async #door(): Promise<Door> {
    return new Door(await this.#reach(), GATE_BASE, this.#settings.tarballBytes ?? TARBALL_BYTES);
  }

  #reach(): Promise<RegistryUpstream> {
    this.#upstream ??= (async () => new RegistryUpstream(this.#settings.registry ?? (await configuredRegistry()), this.#settings.cache))();
    return this.#upstream;
  }
}

class Door implements GateDoor {
  readonly #upstream: RegistryUpstream;
  readonly #server: Server;
  readonly #names = new Notes(NOTED);
  readonly #tarballs = new Notes(NOTED);
  readonly #refused = new Notes(REFUSALS_NOTED);
  readonly #questions = new PQueue({ concurrency: AT_ONCE });
  readonly base: string;
  #bytesLeft: number;

  constructor(upstream: RegistryUpstream, base: string, tarballBytes: number) {
    this.#upstream = upstream;
    this.base = base;
    this.#bytesLeft = tarballBytes;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => fail(response, error));
    });
    this.#server.maxConnections = CONNECTIONS;
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
    return { names: this.#names.list(), tarballs: this.#tarballs.list(), refused: this.#refused.list() };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#questions.clear();
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
    const short = (request.headers.accept ?? "").includes(SHORT_FORM);
    const metadata = await this.#questions.add(() => this.#upstream.metadata(asked.path, short ? SHORT_ACCEPT : "application/json"));
    const text = rewriteTarballs(metadata.text, this.#upstream.base.pathname, this.base);
    send(response, metadata.status, metadata.contentType, text);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, url: string): void {
    const asked = `${request.method === "GET" ? "" : `${request.method} `}${url}`.slice(0, NOTED_LENGTH);
    this.#refused.add(asked);
    const text = `gate: refused ${asked}: only package metadata and tarballs of the registry can be had during an install`;
    send(response, 403, "application/json", JSON.stringify({ error: text }));
  }

  async #sendTarball(response: ServerResponse, asked: { path: string; label: string }): Promise<void> {
    if (this.#bytesLeft <= 0) return send(response, 403, "application/json", JSON.stringify({ error: ENOUGH }));
    const tarball = await this.#questions.add(() => this.#upstream.tarball(asked.path));
    if (tarball.file === null)
      return send(response, tarball.status, "application/json", JSON.stringify({ error: `the registry answered ${tarball.status}` }));
    this.#bytesLeft -= tarball.bytes;
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
