/**
 * Repositories in the cache, kept below a size: those whose last use is longest ago are removed. Whoever opens one writes its process id beside
 * it first, and one that a living process has open is never removed.
 */
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

const marksOf = (gitDir: string): string => `${gitDir}.used`;

/** Says that this process uses the repository from now on; before it is looked whether it is there. */
export async function holdMirror(gitDir: string): Promise<void> {
  const marks = marksOf(gitDir);
  await mkdir(marks, { recursive: true });
  await writeFile(join(marks, String(process.pid)), "");
  const now = new Date();
  await utimes(marks, now, now);
}

/** What is gone meanwhile is null: another process may be removing it too. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    if (error instanceof Error && "code" in error && error.code === "EPERM") return true; // another user's
    throw error;
  }
}

const isHeld = async (gitDir: string): Promise<boolean> =>
  ((await unlessGone(readdir(marksOf(gitDir)))) ?? []).some((name) => /^\d+$/.test(name) && isAlive(Number(name)));

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of (await unlessGone(readdir(folder, { recursive: true }))) ?? []) {
    const found = await unlessGone(stat(join(folder, name)));
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}

/** False where it came into use meanwhile; then it stands where it stood. */
async function remove(gitDir: string): Promise<boolean> {
  if (await isHeld(gitDir)) return false;
  const aside = `${gitDir}.new-${process.pid}`;
  if ((await unlessGone(rename(gitDir, aside).then(() => true))) === null) return true;
  if (await isHeld(gitDir)) {
    await rename(aside, gitDir);
    return false;
  }
  await rm(aside, { recursive: true, force: true });
  await rm(marksOf(gitDir), { recursive: true, force: true });
  return true;
}

/** A repository that is being fetched for the first time; after a day nobody fetches it any more. */
const isFresh = /\.git\.new-[0-9a-f-]{36}$/;
const freshMs = 86_400_000;

async function removeLeft(path: string): Promise<void> {
  const found = await unlessGone(stat(path));
  if (found !== null && Date.now() - found.mtimeMs > freshMs) await rm(path, { recursive: true, force: true });
}

/** Brings the repositories of a folder below so many bytes, as far as those in use allow; gives the names of those that went. */
export async function trimMirrors(folder: string, maxBytes: number): Promise<readonly string[]> {
  const mirrors: { readonly gitDir: string; readonly bytes: number; readonly usedAt: number }[] = [];
  for (const name of (await unlessGone(readdir(folder))) ?? []) {
    if (isFresh.test(name)) await removeLeft(join(folder, name));
    if (!name.endsWith(".git")) continue;
    const gitDir = join(folder, name);
    const used = (await unlessGone(stat(marksOf(gitDir)))) ?? (await unlessGone(stat(gitDir)));
    if (used !== null) mirrors.push({ gitDir, bytes: await bytesBelow(gitDir), usedAt: used.mtimeMs });
  }
  mirrors.sort((a, b) => a.usedAt - b.usedAt || (a.gitDir < b.gitDir ? -1 : 1));
  let bytes = mirrors.reduce((sum, one) => sum + one.bytes, 0);
  const gone: string[] = [];
  for (const { gitDir, bytes: own } of mirrors) {
    if (bytes <= maxBytes) break;
    if (!(await remove(gitDir))) continue;
    bytes -= own;
    gone.push(basename(gitDir));
  }
  return gone;
}
