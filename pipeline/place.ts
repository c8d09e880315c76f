/** Where things lie and how many jobs run at once, where the user says nothing. */
import { accessSync, constants, statSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { makeFolder } from "../lib/make-folder.ts";
import type { SandboxProvider } from "../sandbox/contract.ts";
import { chooseProvider } from "../sandbox/index.ts";
import { Width } from "../sandbox/width.ts";
import type { Place } from "../schemas/config.ts";

/** Root's home is closed to the user that jobs run as, so root's cache lies where others may look. */
const cacheFolder = (): string => {
  if (process.getuid?.() === 0) return "/var/cache/kihon";
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "kihon");
};

/** For each processor, at most, where the jobs wait rather than compute. */
const WAITING_JOBS = 4;

export const defaultPlace = (given: Partial<Place> & Pick<Place, "out">): Place => ({
  cache: resolve(given.cache ?? cacheFolder()),
  concurrency: given.concurrency ?? availableParallelism(),
  idleConcurrency: given.idleConcurrency ?? given.concurrency ?? WAITING_JOBS * availableParallelism(),
  repositoriesGb: given.repositoriesGb ?? 20,
  dependenciesGb: given.dependenciesGb ?? 40,
  sandbox: given.sandbox ?? null,
  image: given.image ?? null,
  plain: given.plain ?? false,
  trusted: given.trusted ?? false,
  out: resolve(given.out),
});

/** The sandbox provider that a place asks for. */
export function providerOf({ trusted, cache, sandbox, image }: Place): Promise<SandboxProvider> {
  return chooseProvider({
    trusted,
    registryCache: join(cache, "tarballs"),
    ...(sandbox === null ? {} : { name: sandbox }),
    ...(image === null ? {} : { image }),
  });
}

/** As many jobs at once as the place allows. */
export const widthOf = ({ concurrency, idleConcurrency }: Place): Width => new Width([concurrency, idleConcurrency]);

/** Makes a folder that can be written, or says which option names another; null where none does. */
export function ensureFolder(folder: string, option: "--out" | "--cache" | null): void {
  try {
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error("it is a file"), { code: "ENOTDIR" });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const next = error.code === "ENOSPC" ? "make room on that disk, or choose another folder" : "choose a folder that can be written";
    throw new StopRun(`the folder ${folder} cannot be written (${String(error.code)})`, {
      next: option === null ? next : `${next} with ${option}`,
      cause: error,
    });
  }
}
