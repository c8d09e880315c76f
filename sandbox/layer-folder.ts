/**
 * A layer on disk: its files in a folder that can lie over the tree, and the list of paths to remove.
 *
 * Nothing is ever written through the tree itself, whose symbolic links are foreign.
 */
import { chmod, chown, lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foldersOf } from "../lib/paths.ts";
import type { Layer } from "../schemas/layer.ts";
import type { SlotUser } from "./machine.ts";

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
    throw error;
  }
}

/** What the merged tree has at `path`: the topmost folder that has anything there, and nothing through a symbolic link. */
async function inTree(tree: readonly string[], path: string) {
  for (const folder of tree) {
    for (const parent of foldersOf(path)) {
      if ((await lstatOrNull(join(folder, parent)))?.isSymbolicLink()) return null;
    }
    const stat = await lstatOrNull(join(folder, path));
    if (stat !== null) return stat;
  }
  return null;
}

export interface WrittenLayer {
  /** Paths that the layer removes: those that the tree has, and that no file of the layer lies over or under. */
  readonly removals: readonly string[];
  /** Paths of the tree that are of another kind than what the layer has there (a file where it has a folder). An overlay hides them; a copy must remove them. */
  readonly clashes: readonly string[];
}

/** Writes the files of a layer into `folder` (which exists and is empty), owned by the jobs' user and with the mode of the file they replace. */
export async function writeLayer(folder: string, layer: Layer, tree: readonly string[], user: SlotUser): Promise<WrittenLayer> {
  const own = async (path: string): Promise<void> => {
    if (user.drop) await chown(path, user.uid, user.gid);
  };
  const made = new Set<string>();
  const clashes: string[] = [];
  for (const [path, text] of Object.entries(layer)) {
    if (text === null) continue;
    for (const parent of foldersOf(path)) {
      if (made.has(parent)) continue;
      made.add(parent);
      await mkdir(join(folder, parent), { recursive: true });
      await own(join(folder, parent));
      if ((await inTree(tree, parent))?.isDirectory() === false) clashes.push(parent);
    }
    made.add(path);
    const target = join(folder, path);
    await writeFile(target, text);
    const replaced = await inTree(tree, path);
    if (replaced?.isFile()) await chmod(target, replaced.mode & 0o777);
    if (replaced?.isFile() === false) clashes.push(path);
    await own(target);
  }
  const files = new Set(Object.keys(layer).filter((path) => layer[path] !== null));
  const removals: string[] = [];
  for (const [path, text] of Object.entries(layer)) {
    if (text !== null || made.has(path) || foldersOf(path).some((parent) => files.has(parent))) continue;
    if ((await inTree(tree, path)) !== null) removals.push(path);
  }
  return { removals, clashes };
}
