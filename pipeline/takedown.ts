/** A list of what somebody asked to have taken down: instances by id, repositories by name or address, commits, pull requests by address. */
import { readFileSync } from "node:fs";
import { isWholeId } from "../filters/takedown.ts";
import { StopRun } from "../lib/errors.ts";
import { withoutRemark } from "../lib/without-remark.ts";

const targetLike = /^(?:[a-z+]+:\/\/[^\s]+|[\w.-]+@[\w.-]+:[^\s]+|[\w.-]+(?:\/[\w.-]+)?)$/i;

/** As long as git's shortest ids and longer; shorter ones may be names. */
const hexLike = /^[0-9a-f]{7,}$/i;

/** Ids are written small everywhere. */
const trimmed = (text: string): string => {
  const line = withoutRemark(text).replace(/\/+$/, "");
  return hexLike.test(line) ? line.toLowerCase() : line;
};

/** One target a line, and remarks. Throws `StopRun` that names the first line that is none of the four. */
export function readTakedowns(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new StopRun(`the takedown list ${path} cannot be read (${String(cause.code)})`, {
      next: "give a text file with --takedown",
      cause,
    });
  }
  const lines = text.split("\n").map(trimmed);
  const wrong = lines.findIndex((line) => line !== "" && !(targetLike.test(line) && (!hexLike.test(line) || isWholeId(line))));
  if (wrong >= 0) {
    throw new StopRun(
      `line ${wrong + 1} of the takedown list is neither an instance, a repository, a commit nor a pull request: ${lines[wrong]}`,
      {
        next: "write one a line: 16 hex digits, OWNER/NAME or an address, a whole commit id (40 or 64), or https://HOST/OWNER/NAME/pull/NUMBER",
      },
    );
  }
  return [...new Set(lines.filter((line) => line !== ""))];
}
