/**
 * Answers of GitHub, kept in the cache under the hash of what was asked. A file begins with the hash of what it holds, is flushed, and is
 * renamed into place: one that was cut off, by a kill or a full disk, counts as not there and is asked for again.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { canonical, sha256 } from "../../lib/hash.ts";

export class Shelf {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #pathOf(question: unknown): string {
    const name = sha256(canonical(question));
    return join(this.#folder, name.slice(0, 2), `${name}.json`);
  }

  /** Null where it was never answered, or what is kept is not whole or of another form. */
  async get<T>(question: unknown, form: z.ZodType<T>): Promise<T | null> {
    const text = await textAt(this.#pathOf(question));
    const [hash = "", body] = text?.split("\n", 2) ?? [];
    if (body === undefined || sha256(body) !== hash) return null;
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
  }
}

async function textAt(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
