/** Drops what is under a licence that is not allowed, by what the revision itself states: a repository may have changed its licence since, or may yet. */
import { bareId, isAllowedBy, parseSpdx, spdxIds } from "../lib/spdx.ts";
import type { MinedCommit, Repository, Revision } from "../schemas/candidate.ts";
import { type Dropped, drop, keep, type Outcome } from "../schemas/outcome.ts";
import { type Permissive, permissiveSchema } from "../schemas/permissive.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["other-license", "no-license", "file-license"] as const;

const setOf = (names: readonly string[]): ReadonlySet<string> => new Set(names.map((name) => name.toLowerCase()));

function judged<T>(value: T, { repository, commit }: Revision, { allow, missing }: Permissive): Outcome<T> {
  const { license } = repository;
  const where = `at ${commit.slice(0, 12)}`;
  if (license === null) return missing === "keep" ? keep(value) : drop("permissive/no-license", `none was found ${where}`);
  const expression = parseSpdx(license);
  return expression !== null && isAllowedBy(expression, setOf(allow))
    ? keep(value)
    : drop("permissive/other-license", `${license} ${where}`);
}

// "Near the top of the file" (SPDX specification 2.3, annex E); further down stand texts that only tell of such lines.
const headLines = 50;
const stated = /^[\s/*#;<!-]*(?:@license\s+)?SPDX-License-Identifier:[ \t]*(.*?)[ \t]*(?:\*\/|-->)?[ \t]*$/;

/** GPL-2.0, GPL-2.0-only and GPL-2.0-or-later have one text. */
function spellingsOf(id: string): readonly string[] {
  const bare = bareId(id);
  return [id, bare, `${bare}-only`, `${bare}-or-later`];
}

/**
 * A source with a head of its own that names another licence than the repository's, or, where the repository states none, one that is not allowed.
 * A row names one licence, and such a file is not under it.
 */
export function foreignFile(path: string, text: string | null, { license }: Repository, { allow }: Permissive): Dropped | null {
  const own = setOf(license === null ? allow : spdxIds(license).flatMap(spellingsOf));
  for (const line of (text ?? "").split("\n", headLines)) {
    const said = stated.exec(line.trimEnd())?.[1];
    if (said === undefined) continue;
    const expression = parseSpdx(said);
    if (expression !== null && isAllowedBy(expression, own)) continue;
    return drop("permissive/file-license", `${path}: ${said}, the repository: ${license ?? "none"}`);
  }
  return null;
}

function judge({ commit, after }: FilterSubject, options: Permissive): Outcome<MinedCommit> {
  const { repository } = commit.revision;
  for (const [path, before] of Object.entries(commit.before)) {
    const foreign = foreignFile(path, before, repository, options) ?? foreignFile(path, after(path), repository, options);
    if (foreign !== null) return foreign;
  }
  return judged(commit, commit.revision, options);
}

export const permissive = Object.freeze({
  name: "permissive",
  version: 2,
  reasons,
  options: permissiveSchema,
  judge,
  judgeRevision: (revision: Revision, options: Permissive): Outcome<Revision> => judged(revision, revision, options),
}) satisfies Filter<Permissive>;
