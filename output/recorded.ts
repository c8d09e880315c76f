/** What is measured of a dataset when it is there already: a file of its own beside the manifest, and a place in the pages that tell it. */
import { join } from "node:path";
import type { z } from "zod";
import { StopRun } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import { textIn } from "./dataset-files.ts";

/** Null where nothing was recorded. Throws `StopRun` where the file has another form; `again` is the command that measures it. */
export function readRecorded<T>(folder: string, file: string, form: z.ZodType<T>, again: string): T | null {
  const text = textIn(folder, file);
  if (text === null) return null;
  const recorded = readJson(text, form);
  if (recorded === null) {
    throw new StopRun(`${join(folder, file)} has another form than this version reads: a newer Kihon may have written it`, {
      next: `remove that file, and measure again by ${again}`,
      exitCode: 1,
    });
  }
  return recorded;
}

/** The page's text as `tell` has it. Throws `StopRun` where it is null, for there is no place for the `figures` or the `rates`, or no page. */
export function pageWith(folder: string, file: string, what: "figures" | "rates", tell: (page: string) => string | null): string {
  const page = textIn(folder, file);
  const text = page === null ? null : tell(page);
  if (text !== null) return text;
  throw new StopRun(`${join(folder, file)} is not as Kihon wrote it: the ${what} have no place in it`, {
    next: "leave --record away, or fetch that file anew",
  });
}
