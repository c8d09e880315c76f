/** Where things lie and how many jobs run at once, where the user says nothing. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { StopRun } from "../lib/errors.ts";
import type { Place } from "../schemas/config.ts";

/** Root's home is closed to the user that jobs run as, so root's cache lies where others may look. */
const cacheFolder = (): string => {
  if (process.getuid?.() === 0) return "/var/cache/kihon";
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "kihon");
};

export const defaultPlace = (given: Partial<Place> & Pick<Place, "out">): Place => ({
  cache: resolve(given.cache ?? cacheFolder()),
  concurrency: given.concurrency ?? Math.max(1, availableParallelism()),
  sandbox: given.sandbox ?? null,
  trusted: given.trusted ?? false,
  out: resolve(given.out),
});

/** Makes a folder that can be written, or says which option names another. */
export function ensureFolder(folder: string, option: "--out" | "--cache"): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const next = error.code === "ENOSPC" ? "make room on that disk, or choose another folder" : "choose a folder that can be written";
    throw new StopRun(`the folder ${folder} cannot be written (${String(error.code)})`, { next: `${next} with ${option}`, cause: error });
  }
}
