/** How the people who reviewed a pull request decided, in figures: they tell of the change, and of no arm or answer of a question about it. */
import type { Candidate } from "../schemas/candidate.ts";
import type { Draft } from "../schemas/instance.ts";

/** Reviews of others than its author and robots, by verdict. None where nobody asked the forge, and of a change that is taken back in a later tree. */
export function reviewVerdicts(candidate: Candidate): Draft["facts"] {
  const pullRequest = candidate.kind === "commit" && candidate.mirrorOf === undefined ? candidate.pullRequest : undefined;
  if (pullRequest?.reviews === undefined) return {};
  const { author: own, reviews } = pullRequest;
  const others = reviews.filter(({ author }) => author.kind !== "bot" && (author.login === null || author.login !== own.login));
  const count = (verdict: string): number => others.filter((review) => review.verdict === verdict).length;
  return { approvals: count("approved"), "change-requests": count("changes-requested") };
}
