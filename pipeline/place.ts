/** Where things lie and how many jobs run at once, where the user says nothing. */
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
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
