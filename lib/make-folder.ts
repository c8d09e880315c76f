import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A folder that a user names, with those above it. One at a time: where the system answers ENOENT for a folder in one that is there (`/proc`),
 * Node's own recursion never ends.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error; // another process was first
  }
}
