/** Drops pull requests that ask for nothing of their own: those of bots, and those that carry a branch's changes to another. */
import { z } from "zod";
import type { MinedCommit } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["bot", "revert", "merge-forward"] as const;

export const pullRequestOptions = z.object({}).strict();
export type PullRequestOptions = z.infer<typeof pullRequestOptions>;

function judge({ commit }: FilterSubject): Outcome<MinedCommit> {
  const { pullRequest } = commit;
  if (pullRequest === undefined) return keep(commit);
  const { number, title, author, kind } = pullRequest;
  if (author.kind === "bot") return drop("pull-request/bot", `#${number} of ${author.login}: ${title}`);
  if (kind !== "change") return drop(`pull-request/${kind}`, `#${number}: ${title}`);
  return keep(commit);
}

export const pullRequest = Object.freeze({
  name: "pull-request",
  version: 1,
  reasons,
  options: pullRequestOptions,
  judge,
}) satisfies Filter<PullRequestOptions>;
