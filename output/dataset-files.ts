/** Where a dataset's files are read from: a folder here, or whoever else can give texts and parts of files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AsyncBuffer, asyncBufferFromFile } from "hyparquet";
import { isAddress } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";

export interface DatasetFiles {
  /** How a user knows it: the folder, or the address. */
  readonly name: string;
  /** A small file, whole; null where it is not there. */
  text(file: string): Promise<string | null>;
  /** A file of which parts are read. */
  open(file: string): Promise<AsyncBuffer>;
}

/** Throws `StopRun` for an address. */
export function filesIn(folder: string): DatasetFiles {
  refuseAddress(folder);
  return { name: folder, text: async (file) => textIn(folder, file), open: (file) => asyncBufferFromFile(join(folder, file)) };
}

/** For commands that need the files here. */
export function refuseAddress(folder: string): void {
  if (!isAddress(folder)) return;
  throw new StopRun(`${folder} is an address, and this command reads a folder`, {
    next: "bring the dataset here first (from the Hugging Face Hub: kihon pull OWNER/NAME FOLDER; else download its files), and give its folder",
  });
}

/** Null where there is no such file. */
export function textIn(folder: string, file: string): string | null {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}
