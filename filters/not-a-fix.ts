/** Drops commits that by their form or by what they say of themselves mend nothing: merges, reverts, releases, and changes that leave the running code as it was. */
import { z } from "zod";
import type { MinedCommit } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["merge", "revert", "version-bump", "housekeeping", "same-code", "only-new-files"] as const;

export const notAFixOptions = z
  .object({
    housekeeping: z
      .array(z.string())
      .default(["docs", "style", "chore", "ci", "build", "release"])
      .describe("Conventional-commit types (`type:` or `type(scope):`) that do not claim to change behaviour."),
  })
  .strict();
export type NotAFixOptions = z.infer<typeof notAFixOptions>;

const mergeSubject = /^Merge (?:branch|branches|pull request|remote-tracking branch|tag) /;
const revertSubject = /^(?:Revert "|revert[:( ])/;
const versionSubject = /^(?:(?:chore|build)?(?:\(release\))?:? ?)?(?:release|bump version|version)?:? ?v?\d+\.\d+\.\d+(?:[-+.\w]*)?$/i;
const conventionalType = /^([a-z]+)(?:\([^)]*\))?!?: /;

/** Source files that are there on both sides, and whether the code of any differs. */
function changesCode({ commit, after, emitsDifferently }: FilterSubject): "code" | "same" | "new" {
  const pairs = Object.entries(commit.before).map(([path, before]) => ({ path, before, after: after(path) }));
  if (pairs.every((pair) => pair.before === null)) return "new";
  const differs = pairs.some((pair) => pair.before === null || pair.after === null || emitsDifferently(pair.path, pair.before, pair.after));
  return differs ? "code" : "same";
}

function judge(subject: FilterSubject, options: NotAFixOptions): Outcome<MinedCommit> {
  const { commit, parents } = subject;
  if (parents > 1 || mergeSubject.test(commit.subject)) return drop("not-a-fix/merge", commit.subject);
  if (revertSubject.test(commit.subject) || /^This reverts commit [0-9a-f]{7,}/m.test(commit.body))
    return drop("not-a-fix/revert", commit.subject);
  if (versionSubject.test(commit.subject)) return drop("not-a-fix/version-bump", commit.subject);
  const type = conventionalType.exec(commit.subject)?.[1];
  if (type !== undefined && options.housekeeping.includes(type)) return drop("not-a-fix/housekeeping", commit.subject);
  const code = changesCode(subject);
  if (code === "new") return drop("not-a-fix/only-new-files", commit.subject);
  if (code === "same") return drop("not-a-fix/same-code", "comments, types or formatting only");
  return keep(commit);
}

export const notAFix = Object.freeze({
  name: "not-a-fix",
  version: 1,
  reasons,
  options: notAFixOptions,
  judge,
}) satisfies Filter<NotAFixOptions>;
