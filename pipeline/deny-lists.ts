/** Lists that a user brings, read when a run begins: the run keeps what they say, whatever becomes of the files. */
import { readFile } from "node:fs/promises";
import { parseDenyList } from "../filters/contamination/deny-list.ts";
import { StopRun } from "../lib/errors.ts";
import type { DenyList } from "../schemas/contamination.ts";

/** Throws `StopRun` for a file that cannot be read, or is no list. */
export async function readDenyLists(files: readonly string[]): Promise<readonly DenyList[]> {
  const lists: DenyList[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
      throw new StopRun(`the list ${file} cannot be read (${cause.code})`, { next: "name a file of JSON lines with --deny-list", cause });
    });
    lists.push(parseDenyList(text, file));
  }
  return lists;
}
