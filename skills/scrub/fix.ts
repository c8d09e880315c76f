/** What of a fix no text that a solver reads may tell. */
import type { Commit } from "../../schemas/candidate.ts";
import type { PoseContext } from "../contract.ts";
import { titleOfTest } from "../visible.ts";

export interface Fix {
  /** Every file that came with it or is hidden for it. */
  readonly paths: readonly string[];
  /** Lines that it adds and that were nowhere in its files before, without white space. */
  readonly added: readonly string[];
  /** Code of its files before it, without white space: what stands there gives nothing away. */
  readonly before: string;
  /** Titles of the tests that judge it. */
  readonly titles: readonly string[];
  readonly commits: readonly string[];
  /** `owner/name` of the repository and of forks. */
  readonly repositories: readonly string[];
}

export const squeezed = (text: string): string => text.replace(/\s+/g, "");

/** Under this many characters a line (`return null;`, `} else {`) is anyone's. */
const tellingChars = 12;

const addedLines = (before: string | null, after: string | null): string[] => {
  const known = new Set((before ?? "").split("\n").map(squeezed));
  return (after ?? "")
    .split("\n")
    .map(squeezed)
    .filter((line) => line.length >= tellingChars && /[\p{L}\d]/u.test(line) && !known.has(line));
};

export function fixOf(commit: Commit, failing: readonly string[], hidden: readonly string[], context: Pick<PoseContext, "text">): Fix {
  const { pullRequest, revision } = commit;
  const added = Object.entries(commit.before).flatMap(([path, before]) => addedLines(before, context.text(path)));
  const fork = pullRequest?.head.fork ?? null;
  return {
    paths: [...new Set([...Object.keys(commit.before), ...hidden])],
    added: [...new Set(added)],
    before: squeezed(Object.values(commit.before).join("\n")),
    titles: [...new Set(failing.map(titleOfTest))].filter((title) => title.length >= tellingChars),
    commits: [revision.commit, ...(pullRequest ? [pullRequest.head.oid, pullRequest.base.oid, pullRequest.mergeCommit ?? ""] : [])].filter(
      (id) => id !== "",
    ),
    repositories: [revision.repository.name, ...(fork === null ? [] : [fork])].filter((name) => name.includes("/")),
  };
}
