/** Blobs by their sha256, in fanned-out folders. A blob is whole or not there: written under another name, flushed, renamed. */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { z } from "zod";
import { BrokenRecord, StopRun } from "../lib/errors.ts";
import { canonical, sha256 } from "../lib/hash.ts";

const full = ["ENOSPC", "EDQUOT"];
const forbidden = ["EROFS", "EACCES", "EPERM"];

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

function flushed(path: string, flags: "r" | "wx", write: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The name is flushed too, so that what the ledger records after this is there after a power cut. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const work = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    flushed(work, "wx", (file) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    renameSync(work, path);
    flushed(dirname(path), "r", () => undefined);
  } catch (error) {
    rmSync(work, { force: true });
    const code = codeOf(error);
    if (!full.includes(code) && !forbidden.includes(code)) throw error;
    const next = full.includes(code)
      ? "make room on the disk, then: kihon resume <folder>"
      : "choose a folder that can be written with --out, or change its mode";
    throw new StopRun(`the store cannot be written (${code})`, { next, cause: error });
  }
}

export class Store {
  readonly #folder: string;
  /** What lies on a shelf, once it was asked: a run that goes on asks for every blob that it made, and a look at a file takes 10 µs. */
  readonly #listed = new Map<string, Set<string>>();
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what killed writers left half written. Only where nobody else writes. */
  sweep(): void {
    for (const shelf of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      for (const name of readdirSync(join(this.#folder, shelf))) if (name.includes(".")) rmSync(join(this.#folder, shelf, name));
    }
  }

  #path(sha: string): string {
    return join(this.#folder, sha.slice(0, 2), sha.slice(2));
  }

  /** Stores bytes (compressed on disk) and gives the sha256 of what was given. */
  put(bytes: string | Uint8Array): string {
    const sha = sha256(bytes);
    const path = this.#path(sha);
    if (existsSync(path)) return sha;
    writeWhole(path, gzipSync(bytes, { level: 1 }));
    this.#listed.get(sha.slice(0, 2))?.add(sha.slice(2));
    return sha;
  }

  /** As the shelf was when it was first asked, and with what was put and found broken by this object since. */
  has(sha: string): boolean {
    const shelf = sha.slice(0, 2);
    let names = this.#listed.get(shelf);
    if (names === undefined) {
      const folder = join(this.#folder, shelf);
      names = new Set(existsSync(folder) ? readdirSync(folder) : []);
      this.#listed.set(shelf, names);
    }
    return names.has(sha.slice(2));
  }

  /** Throws `BrokenRecord` where the blob is missing, cut short or altered; a bad one goes, so that the next run makes it anew. */
  get(sha: string): Buffer {
    const broken = (what: string, cause?: unknown): BrokenRecord => {
      rmSync(this.#path(sha), { force: true });
      this.#listed.get(sha.slice(0, 2))?.delete(sha.slice(2));
      return new BrokenRecord(`blob ${sha.slice(0, 12)} ${what}; run again to make it anew`, { cause });
    };
    try {
      const bytes = gunzipSync(readFileSync(this.#path(sha)));
      if (sha256(bytes) === sha) return bytes;
    } catch (error) {
      if (codeOf(error) === "ENOENT") throw broken("is missing", error);
      if (!codeOf(error).startsWith("Z_")) throw error;
      throw broken("is damaged", error);
    }
    throw broken("was altered");
  }

  putJson(value: unknown): string {
    return this.put(canonical(value));
  }

  getJson<T>(sha: string, schema: z.ZodType<T>): T {
    const parsed = schema.safeParse(JSON.parse(this.get(sha).toString("utf8")));
    if (parsed.success) return parsed.data;
    throw new BrokenRecord(`blob ${sha.slice(0, 12)} has another form: another version of Kihon made it; use another --out folder`, {
      cause: parsed.error,
    });
  }
}
