/** Drops what is under a licence that is not allowed, by what the revision itself states: a repository may have changed its licence since, or may yet. */
import { isAllowedBy, parseSpdx } from "../lib/spdx.ts";
import type { Commit, Revision } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import { type Permissive, permissiveSchema } from "../schemas/permissive.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["other-license", "no-license"] as const;

function judged<T>(value: T, { repository, commit }: Revision, { allow, missing }: Permissive): Outcome<T> {
  const { license } = repository;
  const where = `at ${commit.slice(0, 12)}`;
  if (license === null) return missing === "keep" ? keep(value) : drop("permissive/no-license", `none was found ${where}`);
  const expression = parseSpdx(license);
  const allowed = new Set(allow.map((name) => name.toLowerCase()));
  return expression !== null && isAllowedBy(expression, allowed) ? keep(value) : drop("permissive/other-license", `${license} ${where}`);
}

export const permissive = Object.freeze({
  name: "permissive",
  version: 1,
  reasons,
  options: permissiveSchema,
  judge: ({ commit }: FilterSubject, options: Permissive): Outcome<Commit> => judged(commit, commit.revision, options),
  judgeRevision: (revision: Revision, options: Permissive): Outcome<Revision> => judged(revision, revision, options),
}) satisfies Filter<Permissive>;
