/** One package registry, read only: metadata kept in memory, tarballs (which never change) kept on disk by their address. */
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { RetryLater } from "../lib/errors.ts";
import { exec, ownEnvironment } from "../lib/exec.ts";
import { sha256 } from "../lib/hash.ts";

export const PUBLIC_REGISTRY = "https://registry.npmjs.org/";

export interface Metadata {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export type Tarball =
  | { readonly status: 200; readonly file: string; readonly bytes: number }
  | { readonly status: number; readonly file: null };

const ATTEMPTS = 3;
const TIMEOUT_MS = 60_000;
const TARBALL_TIMEOUT_MS = 300_000;
/** Metadata of an install of a thousand packages is some 100 MB; beyond this the oldest goes. */
const METADATA_BYTES = 192 * 1024 * 1024;
/** The whole metadata of packages with tens of thousands of versions is some 100 MB. */
const LARGEST_METADATA_BYTES = 256 * 1024 * 1024;

/** The registry that the user's npm is set to, or the public one where there is no npm. */
export async function configuredRegistry(): Promise<string> {
  const named = process.env["npm_config_registry"] ?? process.env["NPM_CONFIG_REGISTRY"];
  if (named !== undefined && named !== "") return named;
  const env = ownEnvironment();
  // From "/", so that no project's own .npmrc has a say.
  const result = await exec({ argv: ["npm", "config", "get", "registry"], env, cwd: "/", timeoutMs: 30_000, outputBytes: 100_000 });
  const url = result.stdout.trim();
  return result.ended.kind === "exited" && result.ended.code === 0 && URL.canParse(url) ? url : PUBLIC_REGISTRY;
}

export class RegistryUpstream {
  readonly base: URL;
  readonly #cache: string;
  readonly #metadata = new Map<string, Promise<Metadata>>();
  readonly #downloads = new Map<string, Promise<Tarball>>();
  #metadataBytes = 0;

  constructor(base: string, cache: string) {
    this.base = new URL(base.endsWith("/") ? base : `${base}/`);
    this.#cache = cache;
  }

  /** `path` is relative to the registry's base, without a leading slash. Rejects where the registry cannot be reached. */
  metadata(path: string, accept: string): Promise<Metadata> {
    const key = `${accept}\n${path}`;
    const known = this.#metadata.get(key);
    if (known !== undefined) return known;
    const fetched = this.#fetchMetadata(path, accept);
    this.#metadata.set(key, fetched);
    fetched.then(
      (metadata) => this.#account(key, metadata),
      () => this.#metadata.delete(key),
    );
    return fetched;
  }

  /** The tarball as a file of the cache. */
  tarball(path: string): Promise<Tarball> {
    const running = this.#downloads.get(path);
    if (running !== undefined) return running;
    const started = this.#fetchTarball(path).finally(() => this.#downloads.delete(path));
    this.#downloads.set(path, started);
    return started;
  }

  async #fetchMetadata(path: string, accept: string): Promise<Metadata> {
    const response = await this.#get(path, { accept }, TIMEOUT_MS);
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "application/json",
      text: await textOf(response, path),
    };
  }

  #account(key: string, metadata: Metadata): void {
    // What was not found may be published a minute later.
    if (metadata.status !== 200) {
      this.#metadata.delete(key);
      return;
    }
    this.#metadataBytes += metadata.text.length;
    for (const [oldest, value] of this.#metadata) {
      if (this.#metadataBytes <= METADATA_BYTES || oldest === key) return;
      this.#metadata.delete(oldest);
      value.then(({ text }) => {
        this.#metadataBytes -= text.length;
      });
    }
  }

  async #fetchTarball(path: string): Promise<Tarball> {
    const name = sha256(new URL(path, this.base).href);
    const folder = join(this.#cache, name.slice(0, 2));
    const file = join(folder, `${name}.tgz`);
    const known = await sizeOf(file);
    if (known !== null) return { status: 200, file, bytes: known };
    await mkdir(folder, { recursive: true });
    const part = join(folder, `.${name}.${process.pid}.part`);
    try {
      for (let attempt = 1; ; attempt++) {
        const response = await this.#get(path, {}, TARBALL_TIMEOUT_MS);
        if (response.status !== 200 || response.body === null) return { status: response.status, file: null };
        const bytes = await download(response, part);
        if (bytes !== null) {
          await rename(part, file);
          return { status: 200, file, bytes };
        }
        if (attempt === ATTEMPTS) throw new Error(`${path} came shorter than announced, ${ATTEMPTS} times`);
      }
    } finally {
      await rm(part, { force: true });
    }
  }

  /** A GET that is repeated when the registry is out of breath (429, 5xx) or out of reach. */
  async #get(path: string, headers: Record<string, string>, timeoutMs: number): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(new URL(path, this.base), { headers, signal: AbortSignal.timeout(timeoutMs) });
        if ((response.status !== 429 && response.status < 500) || attempt === ATTEMPTS) return response;
        await response.body?.cancel();
      } catch (error) {
        // What fetch throws for a network that fails; anything else is a bug of ours.
        const isNetwork = error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
        if (!isNetwork || attempt === ATTEMPTS) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

/** What the registry tells of a package; it may be that there is none. Throws `RetryLater` where it does not answer. */
export async function answerFor(registry: RegistryUpstream, name: string, accept: string): Promise<Metadata> {
  const answer = await registry.metadata(name, accept).catch((error: unknown) => {
    // What fetch throws for a network that fails; anything else is a bug of ours.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    throw new RetryLater(`the registry did not answer for ${name}`, { cause: error });
  });
  if (answer.status === 429 || answer.status >= 500) throw new RetryLater(`the registry answered ${answer.status} for ${name}`);
  return answer;
}

/** A body as text. Throws where it is larger than any package's metadata. */
async function textOf(response: Response, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > LARGEST_METADATA_BYTES) throw new Error(`the metadata of ${path} is larger than ${LARGEST_METADATA_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Saves a body; its length, or null where it is not the announced one. */
async function download(response: Response, file: string): Promise<number | null> {
  await pipeline(Readable.fromWeb(response.body as ReadableStream<Uint8Array>), createWriteStream(file));
  const bytes = await sizeOf(file);
  const announced = response.headers.get("content-length");
  const coded = response.headers.has("content-encoding");
  return announced !== null && !coded && Number(announced) !== bytes ? null : bytes;
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
