/** What somebody asked to have taken down: instances by id, repositories by name or address, pull requests by address. */
import { readFileSync } from "node:fs";
import { repoGroupOf } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import type { Repository } from "../schemas/candidate.ts";

/** What a takedown may mean: a row, or what a row would be made from. */
export interface TakedownSubject {
  readonly id?: string;
  readonly repository: Pick<Repository, "name" | "origin">;
  /** Number of the pull request behind it; null where there is none. */
  readonly pullRequest: number | null;
}

export interface Takedowns {
  /** The line that means it; null where none does. */
  match(subject: TakedownSubject): string | null;
}

const instanceLike = /^[0-9a-f]{16}$/;
const pullRequestLike = /^(https?:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+)\/pull\/(\d+)$/i;
const repositoryLike = /^(?:[a-z+]+:\/\/[^\s]+|[\w.-]+@[\w.-]+:[^\s]+|[\w.-]+(?:\/[\w.-]+)?)$/i;

const trimmed = (line: string): string => line.trim().replace(/\/+$/, "");

/** One target a line; what begins with # is a remark. Throws `StopRun` that names the first line that is none of the three. */
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
  const wrong = lines.findIndex((line) => line !== "" && !line.startsWith("#") && !repositoryLike.test(line));
  if (wrong >= 0) {
    throw new StopRun(`line ${wrong + 1} of the takedown list is neither an instance, a repository nor a pull request: ${lines[wrong]}`, {
      next: "write one a line: 16 hex digits, OWNER/NAME or an address, or https://HOST/OWNER/NAME/pull/NUMBER",
    });
  }
  return [...new Set(lines.filter((line) => line !== "" && !line.startsWith("#")))];
}

/** All spellings of a repository's address are one, as in the column `repo_group`. */
const groupOf = (target: string): string => repoGroupOf({ name: target, origin: target });

export function takedownsOf(targets: readonly string[]): Takedowns {
  const meant = new Map<string, string>();
  for (const target of targets) {
    const [, repository, number] = pullRequestLike.exec(target) ?? [];
    if (repository !== undefined) meant.set(`${groupOf(repository)}#${number}`, target);
    else meant.set(instanceLike.test(target) ? target : groupOf(target), target);
  }
  return {
    match({ id, repository: { name, origin }, pullRequest }) {
      const names = [repoGroupOf({ name, origin }), name.toLowerCase()];
      const keys = [id ?? "", ...names, ...(pullRequest === null ? [] : names.map((own) => `${own}#${pullRequest}`))];
      return keys.map((key) => meant.get(key)).find((target) => target !== undefined) ?? null;
    },
  };
}
