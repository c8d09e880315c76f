import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A folder that a user names, with those above it. One at a time: where the system answers ENOENT for a folder in one that is there (`/proc`),
 * Node's own recursion never ends. Gives those that were not there, the outermost first.
 */
export function makeFolder(folder: string): readonly string[] {
  if (existsSync(folder)) return [];
  const around = dirname(folder) === folder ? [] : makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
    return [...around, folder];
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error; // another process was first
    return around;
  }
}
