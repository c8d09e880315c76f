/**
 * Folders that are filled in the cache and then renamed to their final name. Their name begins with their owner, so that what a killed process
 * left behind is removed by the next one that starts, and what another machine is filling in a shared cache is left alone.
 */
import { readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { RetryLater } from "../lib/errors.ts";
import { exec } from "../lib/exec.ts";
import { shortId } from "../lib/hash.ts";
import { TOOL_PATH } from "./machine.ts";
import { ownerIsAlive } from "./run-folder.ts";

const prefix = ".work-";
/** Work of a machine or container that we cannot ask: an install takes minutes, never so long. */
const foreignAfterMs = 24 * 60 * 60 * 1000;

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Process numbers mean something within one machine and one namespace. */
function namespace(): string {
  try {
    return shortId([hostname(), readlinkSync("/proc/self/ns/pid")]).slice(0, 8);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return shortId([hostname()]).slice(0, 8); // no /proc: not Linux
  }
}

/**
 * Removes a folder that foreign code filled. By the system's own tool, which goes step by step: what lies deeper than a path may be long is out of
 * reach for calls that take whole paths. False where something is left, as when an orphan still writes to it.
 */
export async function removeTree(folder: string): Promise<boolean> {
  const argv = ["rm", "-rf", "--", folder];
  const { ended } = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 600_000, outputBytes: 100_000 });
  return ended.kind === "exited" && ended.code === 0;
}

/** Fills an empty folder with another one's content, whose files it shares: neither may be written to any more. */
export async function linkTree(from: string, to: string): Promise<void> {
  const argv = ["cp", "-al", "--", `${from}/.`, to];
  const { ended, stderr } = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 600_000, outputBytes: 100_000 });
  if (ended.kind === "exited" && ended.code === 0) return;
  // By its words: a message in the user's language is not asked for, since no locale is passed on.
  if (/No space left on device|Disk quota exceeded/.test(stderr)) throw new RetryLater(`the disk of ${to} is full: make room on it`);
  throw new Error(`${from} cannot be copied: ${stderr.trim()}`);
}

/** A fresh folder on a shelf, to be filled and published. */
export async function openWorkFolder(shelf: string): Promise<string> {
  await mkdir(shelf, { recursive: true });
  return mkdtemp(join(shelf, `${prefix}${process.pid}-${namespace()}-`));
}

/** Gives a finished folder its name; where another process was first, its folder stays and ours goes. */
export async function publish(work: string, final: string): Promise<void> {
  await mkdir(dirname(final), { recursive: true });
  await rename(work, final).catch(async (error: unknown) => {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
    await removeTree(work);
  });
}

/** Who made a name of the cache that is not final, in each of the ways in which they are made; null for a final name. */
function makerOf(name: string): { readonly pid: string; readonly home: string | null } | null {
  if (name.startsWith(prefix)) {
    const [pid = "", home = ""] = name.slice(prefix.length).split("-");
    return { pid, home };
  }
  const pid = /\.new-(\d+)$/.exec(name)?.[1] ?? /^\..+\.(\d+)\.part$/.exec(name)?.[1];
  return pid === undefined ? null : { pid, home: null };
}

async function isLeft(shelf: string, name: string): Promise<boolean> {
  const maker = makerOf(name);
  if (maker === null) return false;
  if (maker.home === null || maker.home === namespace()) return !ownerIsAlive(`${maker.pid}-`);
  const { mtimeMs } = await stat(join(shelf, name));
  return Date.now() - mtimeMs > foreignAfterMs;
}

/** Removes what killed processes left on a shelf; a shelf that is not there holds nothing. */
export async function removeLeftWork(shelf: string): Promise<void> {
  const names = await readdir(shelf).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    try {
      // What cannot be removed now the next start sees to.
      if (await isLeft(shelf, name)) await removeTree(join(shelf, name));
    } catch (error) {
      // Another start has removed it meanwhile.
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
}
