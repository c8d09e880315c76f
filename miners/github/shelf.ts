/**
 * Answers of GitHub, kept in the cache under the hash of what was asked. A file begins with the hash of what it holds, is flushed, and is
 * renamed into place: one that was cut off, by a kill or a full disk, counts as not there and is asked for again. One that nobody has read
 * for long is removed.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { canonical, sha256 } from "../../lib/hash.ts";
import { unlessGone } from "../../lib/unless-gone.ts";

export class Shelf {
  readonly #folder: string;

  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  #pathOf(question: unknown): string {
    const name = sha256(canonical(question));
    return join(this.#folder, name.slice(0, 2), `${name}.json`);
  }

  /** Null where it was never answered, or what is kept is not whole or of another form. */
  async get<T>(question: unknown, form: z.ZodType<T>): Promise<T | null> {
    const path = this.#pathOf(question);
    const text = await textAt(path);
    const [hash = "", body] = text?.split("\n", 2) ?? [];
    if (body === undefined || sha256(body) !== hash) return null;
    await this.#touch(path);
    return form.safeParse(JSON.parse(body)).data ?? null;
  }

  async put(question: unknown, answer: unknown): Promise<void> {
    const path = this.#pathOf(question);
    const body = JSON.stringify(answer);
    const fresh = `${path}.new-${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const file = await open(fresh, "wx");
      try {
        await file.writeFile(`${sha256(body)}\n${body}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
    } finally {
      await rm(fresh, { force: true });
    }
    await this.#touch(path);
  }

  async #touch(path: string): Promise<void> {
    const now = new Date(this.#now());
    await unlessGone(utimes(path, now, now));
  }

  /** Removes what was read last before this moment: pages of states that nobody goes back to, and of questions that are asked no more. */
  async sweep(before: number): Promise<void> {
    for (const name of (await unlessGone(readdir(this.#folder, { recursive: true }))) ?? []) {
      const path = join(this.#folder, name);
      const found = await unlessGone(stat(path));
      if (found?.isFile() && found.mtimeMs < before) await rm(path, { force: true });
    }
  }
}

const textAt = (path: string): Promise<string | null> => unlessGone(readFile(path, "utf8"));
