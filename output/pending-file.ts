/** A file that has its final name only when it is whole and on the disk. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { makeFolder } from "../lib/make-folder.ts";

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "Free space on that disk, or give another folder, and run the same command again: nothing earned is lost.",
  EDQUOT: "The quota of that disk is used up: free space or give another folder, and run the same command again.",
  EROFS: "That file system is read-only: give a folder that can be written.",
  EACCES: "Give a folder that this user may write, or change its permissions.",
  EPERM: "Give a folder that this user may write, or change its permissions.",
  ENOTDIR: "A part of that path is a file: give another folder.",
  EISDIR: "A folder stands where the file must go: move it away or give another folder.",
  EFBIG: "That file system or this user's limit refuses files of this size: give another folder.",
};

/** Runs a step that writes; the refusals of a file system become `StopRun`, anything else goes up as it is. */
export function writing<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const next = remedies[code];
    if (next === undefined) throw error;
    throw new StopRun(`cannot write ${path}: ${code}`, { next, cause: error });
  }
}

export class PendingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  /** Made for this file, the outermost first. */
  readonly #folders: readonly string[];
  readonly #digest = createHash("sha256");
  #open = true;
  bytes = 0;

  /** `path` is where it will be, or a name beside it when the final one is known only later. */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.part`;
    this.#folders = writing(path, () => makeFolder(dirname(path)));
    this.#descriptor = writing(path, () => openSync(this.#temporary, "w"));
  }

  write(chunk: Uint8Array): void {
    writing(this.#path, () => {
      for (let from = 0; from < chunk.length; ) from += writeSync(this.#descriptor, chunk, from);
    });
    this.#digest.update(chunk);
    this.bytes += chunk.length;
  }

  /** Brings it to the disk under its final name, and gives the sha256 of its bytes. */
  commit(path: string): string {
    writing(path, () => {
      this.#close(() => fsyncSync(this.#descriptor));
      renameSync(this.#temporary, path);
      syncFolder(dirname(path));
    });
    return this.#digest.digest("hex");
  }

  /** Removes what was written, unless it was committed, and folders that were made for it and hold nothing else. */
  abandon(): void {
    if (this.#open) this.#close(() => undefined);
    if (!existsSync(this.#temporary)) return;
    rmSync(this.#temporary);
    for (const folder of this.#folders.toReversed()) if (readdirSync(folder).length === 0) rmdirSync(folder);
  }

  #close(last: () => void): void {
    this.#open = false;
    try {
      last();
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A small file in one go. */
export function writeWhole(path: string, text: string): string {
  const file = new PendingFile(path);
  try {
    file.write(Buffer.from(text));
    return file.commit(path);
  } finally {
    file.abandon();
  }
}
