/** Drops commits that change so much source that one question about them has no one answer. */
import { z } from "zod";
import { changedLines, unifiedDiff } from "../lib/diff.ts";
import type { MinedCommit } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["too-many-files", "too-many-lines", "no-lines"] as const;

// SWE-bench's accepted patches touch 1.7 files and 32.8 lines on average (arXiv 2310.06770, table 1); the limits leave room above that.
export const changeSizeOptions = z
  .object({
    maxFiles: z.int().positive().default(5).describe("Source files that a commit changes, at most."),
    maxLines: z.int().positive().default(200).describe("Source lines that it adds and removes, together, at most."),
  })
  .strict();
export type ChangeSizeOptions = z.infer<typeof changeSizeOptions>;

function sourceLines({ commit, after }: FilterSubject): number {
  const changes = Object.entries(commit.before).map(([path, before]) => ({ path, before, after: after(path) }));
  const { before, after: added } = changedLines(unifiedDiff(changes));
  return [...before, ...added].filter((range) => !range.empty).reduce((sum, range) => sum + range.end - range.start + 1, 0);
}

function judge(subject: FilterSubject, { maxFiles, maxLines }: ChangeSizeOptions): Outcome<MinedCommit> {
  const files = Object.keys(subject.commit.before).length;
  if (files > maxFiles) return drop("change-size/too-many-files", `${files} source files, at most ${maxFiles}`);
  const lines = sourceLines(subject);
  if (lines === 0) return drop("change-size/no-lines", "no source line differs");
  if (lines > maxLines) return drop("change-size/too-many-lines", `${lines} source lines, at most ${maxLines}`);
  return keep(subject.commit);
}

export const changeSize = Object.freeze({
  name: "change-size",
  version: 1,
  reasons,
  options: changeSizeOptions,
  judge,
}) satisfies Filter<ChangeSizeOptions>;
