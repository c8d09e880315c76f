/** Blobs by their sha256, in fanned-out folders. A blob is whole or not there: written under another name, flushed, renamed. */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { z } from "zod";
import { BrokenRecord, StopRun } from "../lib/errors.ts";
import { canonical, sha256 } from "../lib/hash.ts";

const spaceCodes = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM"]);

function writeWhole(path: string, bytes: Uint8Array): void {
  const work = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    const file = openSync(work, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(work, path);
  } catch (error) {
    rmSync(work, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!spaceCodes.has(code)) throw error;
    const next = code === "ENOSPC" || code === "EDQUOT" ? "make room on the disk, then: kihon resume <folder>" : "choose a folder that can be written with --out, or change its mode";
    throw new StopRun(`the store cannot be written (${code})`, { next, cause: error });
  }
}

export class Store {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(sha: string): string {
    return join(this.#folder, sha.slice(0, 2), sha.slice(2));
  }

  /** Stores bytes (compressed on disk) and gives the sha256 of what was given. */
  put(bytes: string | Uint8Array): string {
    const sha = sha256(bytes);
    const path = this.#path(sha);
    if (existsSync(path)) return sha;
    mkdirSync(join(this.#folder, sha.slice(0, 2)), { recursive: true });
    writeWhole(path, gzipSync(bytes, { level: 1 }));
    return sha;
  }

  /** Throws `BrokenRecord` where the blob is missing, cut short or altered. */
  get(sha: string): Buffer {
    let bytes: Buffer;
    try {
      bytes = gunzipSync(readFileSync(this.#path(sha)));
    } catch (error) {
      throw new BrokenRecord(`blob ${sha.slice(0, 12)} cannot be read; delete it and run again to make it anew`, { cause: error });
    }
    if (sha256(bytes) !== sha) throw new BrokenRecord(`blob ${sha.slice(0, 12)} was altered; delete it and run again to make it anew`);
    return bytes;
  }

  putJson(value: unknown): string {
    return this.put(canonical(value));
  }

  getJson<T>(sha: string, schema: z.ZodType<T>): T {
    return schema.parse(JSON.parse(this.get(sha).toString("utf8")));
  }
}
