/**
 * Folders of the cache that can be made again (repositories, installed dependencies), kept below a size: those whose last use is longest ago are
 * removed. Whoever opens one writes its process id beside it first, and one that a living process has open is never removed.
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { exec, ownEnvironment } from "./exec.ts";
import { unlessGone } from "./unless-gone.ts";

const marksOf = (path: string): string => `${path}.used`;
/** Not among the marks, whose time stamp is that of the last use. */
const bytesIn = (path: string): string => `${path}.bytes`;

/** Says that this process uses the folder from now on; before it is looked whether it is there. */
export async function holdFolder(path: string): Promise<void> {
  const marks = marksOf(path);
  await mkdir(marks, { recursive: true });
  await writeFile(join(marks, String(process.pid)), "");
  const now = new Date();
  await utimes(marks, now, now);
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

const isHeld = async (path: string): Promise<boolean> =>
  ((await unlessGone(readdir(marksOf(path)))) ?? []).some((name) => /^\d+$/.test(name) && isAlive(Number(name)));

/** So many folders are asked about at once. */
const together = 200;

/**
 * Path → bytes on the disk, by the system's own tool: there may be a hundred thousand files in one of them, or a thousand of them. What is gone
 * meanwhile takes nothing.
 */
async function bytesOf(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  for (let at = 0; at < paths.length; at += together) {
    const argv = ["du", "-sk", "--", ...paths.slice(at, at + together)];
    const { stdout } = await exec({ argv, env: ownEnvironment(), timeoutMs: 600_000, outputBytes: 10_000_000 });
    for (const [, kilobytes, path = ""] of stdout.matchAll(/^(\d+)\t(.+)$/gm)) bytes.set(path, 1024 * Number(kilobytes));
  }
  return bytes;
}

/** As it was written down when the folder was made, or first looked at; null where it was not. */
async function notedSize(path: string): Promise<number | null> {
  return Number(await unlessGone(readFile(bytesIn(path), "utf8"))) || null;
}

/** Sizes of folders that change, or of some that never do: theirs is looked up once. */
async function sizesOf(paths: readonly string[], changes: boolean): Promise<ReadonlyMap<string, number>> {
  if (changes) return bytesOf(paths);
  const noted = await Promise.all(paths.map(async (path) => [path, await notedSize(path)] as const));
  const found = await bytesOf(noted.flatMap(([path, bytes]) => (bytes === null ? [path] : [])));
  for (const [path, bytes] of found) await writeFile(bytesIn(path), String(bytes));
  return new Map([...noted.flatMap(([path, bytes]) => (bytes === null ? [] : [[path, bytes] as const])), ...found]);
}

/** Looks up how much a held folder takes, which never changes, and writes it down. */
export async function noteSize(path: string): Promise<void> {
  await sizesOf([path], false);
}

function unlessTooDeep(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENAMETOOLONG")) throw error;
}

/** False where it came into use meanwhile; then it stands where it stood. */
async function remove(path: string): Promise<boolean> {
  if (await isHeld(path)) return false;
  const aside = `${path}.new-${process.pid}`;
  if ((await unlessGone(rename(path, aside).then(() => true))) === null) return true;
  if (await isHeld(path)) {
    await rename(aside, path);
    return false;
  }
  // What an install has made may be too deep for one call: the next start removes what is left of it.
  await rm(aside, { recursive: true, force: true }).catch(unlessTooDeep);
  await rm(marksOf(path), { recursive: true, force: true });
  await rm(bytesIn(path), { force: true });
  return true;
}

/** A repository that is being fetched for the first time; after a day nobody fetches it any more. */
const isFresh = /\.git\.new-[0-9a-f-]{36}$/;
const freshMs = 86_400_000;

async function removeLeft(path: string): Promise<void> {
  const found = await unlessGone(stat(path));
  if (found !== null && Date.now() - found.mtimeMs > freshMs) await rm(path, { recursive: true, force: true });
}

/** What stands beside a folder that was looked for and never made. */
async function removeLoneMarks(path: string): Promise<void> {
  if ((await unlessGone(stat(path))) !== null || (await isHeld(path))) return;
  for (const beside of [marksOf(path), bytesIn(path)]) await rm(beside, { recursive: true, force: true });
}

/** Which folders of a shelf are meant, by their names, and whether they change once they are there. */
interface Kind {
  readonly named: RegExp;
  readonly changes: boolean;
}
export const repositoryFolders: Kind = { named: /\.git$/, changes: true };
export const dependencyFolders: Kind = { named: /^[0-9a-f]{16}$/, changes: false };

/** Brings the folders of a shelf below so many bytes, as far as those in use allow; gives the names of those that went. */
export async function trimFolders(shelf: string, { named, changes }: Kind, maxBytes: number): Promise<readonly string[]> {
  const found: { readonly path: string; readonly usedAt: number }[] = [];
  for (const name of (await unlessGone(readdir(shelf))) ?? []) {
    if (isFresh.test(name)) await removeLeft(join(shelf, name));
    const lone = /^(.+)\.(?:used|bytes)$/.exec(name)?.[1];
    if (lone !== undefined) await removeLoneMarks(join(shelf, lone));
    if (!named.test(name)) continue;
    const path = join(shelf, name);
    const used = (await unlessGone(stat(marksOf(path)))) ?? (await unlessGone(stat(path)));
    if (used !== null) found.push({ path, usedAt: used.mtimeMs });
  }
  found.sort((a, b) => a.usedAt - b.usedAt || (a.path < b.path ? -1 : 1));
  const sizes = await sizesOf(
    found.map(({ path }) => path),
    changes,
  );
  let bytes = [...sizes.values()].reduce((sum, one) => sum + one, 0);
  const gone: string[] = [];
  for (const { path } of found) {
    if (bytes <= maxBytes) break;
    if (!(await remove(path))) continue;
    bytes -= sizes.get(path) ?? 0;
    gone.push(basename(path));
  }
  return gone;
}
