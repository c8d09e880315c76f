/**
 * Everything temporary of a Kihon process lives in one folder, `<tmp>/kihon-<uid>/<pid>-<random>/`. It goes when the process ends; what a killed
 * process left is removed by the next one that starts.
 */
import { rmSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";

/** Tried again for half a second: jobs of a process that ended write on until their chain is down, and a folder is filled while it is emptied. */
const thorough = { recursive: true, force: true, maxRetries: 4, retryDelay: 50 } as const;

export interface RunFolder {
  readonly path: string;
  /** A fresh folder inside, for one job. */
  fresh(name: string): Promise<string>;
  /** Removes it now; at the end of the process it goes anyway. */
  remove(): void;
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Is the owner named at the start of `<pid>-<random>` still there? */
export function ownerIsAlive(name: string): boolean {
  const pid = Number(name.split("-")[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "EPERM") return true;
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}

/** Makes this process's folder under `<tmp>/kihon-<uid>`, after removing those whose owner is dead. */
export async function openRunFolder(tmp: string = tmpdir()): Promise<RunFolder> {
  const uid = process.getuid?.() ?? 0;
  const base = join(tmp, `kihon-${uid}`);
  // Others may pass (the jobs' user must), nobody may list.
  await mkdir(base, { mode: 0o711, recursive: true });
  const stat = await lstat(base);
  if (!stat.isDirectory() || stat.uid !== uid) {
    throw new StopRun(`${base} belongs to somebody else`, { next: `remove ${base}, or set TMPDIR to a folder of your own` });
  }
  await removeStale(base);

  const path = await mkdtemp(join(base, `${process.pid}-`));
  await chmod(path, 0o711);
  const remove = (): void => rmSync(path, thorough);
  const atTheEnd = (): void => {
    try {
      remove();
    } catch {
      // A job that outlives us by a moment still writes there: the next process that starts removes it, and the exit code stays what it was.
    }
  };
  process.once("exit", atTheEnd);
  return {
    path,
    fresh: (name) => mkdtemp(join(path, `${name}-`)),
    remove: () => {
      process.removeListener("exit", atTheEnd);
      remove();
    },
  };
}

async function removeStale(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (!ownerIsAlive(name)) await rm(join(base, name), thorough);
  }
}
