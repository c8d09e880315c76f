/**
 * What reviewers said of a pull request, as far as it is a finding: a remark on lines that later commits of the same pull request changed. It is
 * one about the commit that it was made on, and was taken up. A remark whose lines stand to the end was answered by words, if at all: it is none,
 * and is read among the pull request's threads.
 *
 * Whether lines were changed git tells, where it has that commit and the head; else the forge, by a line that is gone or marked as outdated.
 * Nothing of this is a label by itself: execution says what is wrong, and a finding agrees with it where its commit is the diff that is shown.
 */
import { touches } from "../grading/judge.ts";
import type { Attempt, Candidate, Commit } from "../schemas/candidate.ts";
import type { Finding, HumanFinding } from "../schemas/instance.ts";
import type { PullRequest, ReviewThread } from "../schemas/pull-request.ts";

/** Robots remark on style and coverage, and authors on their own diff explain it. */
const isReviewers = ({ author }: ReviewThread, { author: own }: PullRequest): boolean =>
  author.kind !== "bot" && (author.login === null || author.login !== own.login);

function findingOf(thread: ReviewThread, at: number, { pullRequest, remarkedLines }: Commit): HumanFinding | null {
  const { path, line, originalLine, originalStartLine, commit, resolved, outdated, createdAt } = thread;
  const body = thread.body.trim();
  if (body === "" || originalLine === null || commit === null || commit === pullRequest?.head.oid) return null;
  const told = remarkedLines?.find((one) => one.thread === at);
  if (!(told?.changed ?? (line === null || outdated))) return null;
  const rewritten = told?.was === undefined || told.became === undefined ? {} : { was: told.was, became: told.became };
  const start = originalStartLine ?? originalLine;
  return {
    file: path,
    ...(start < originalLine ? { startLine: start } : {}),
    line: originalLine,
    commit,
    resolved,
    body,
    createdAt,
    changeToldBy: told === undefined ? "forge" : "git",
    ...rewritten,
  };
}

/**
 * Those of a pull request, in the order of its threads. None of a change that is taken back in a later tree: that is another change than the one
 * that was reviewed.
 */
export function humanFindings(candidate: Candidate): readonly HumanFinding[] {
  if (candidate.kind !== "commit" || candidate.mirrorOf !== undefined || candidate.pullRequest === undefined) return [];
  const { pullRequest } = candidate;
  return pullRequest.threads.flatMap((thread, at) => (isReviewers(thread, pullRequest) ? (findingOf(thread, at, candidate) ?? []) : []));
}

type Lines = Pick<Finding, "file" | "startLine" | "endLine">;

const isOn = ({ file, startLine, endLine }: Lines, shown: readonly Lines[]): boolean =>
  shown.some((range) => range.file === file && range.startLine <= endLine && startLine <= range.endLine);

/**
 * Those made on an attempt's own commits. Where the diff shows their lines it is said whether they agree with what execution says of it; not of
 * files that git merged, whose lines have other numbers in the diff that is shown.
 */
export const findingsOnAttempt = (
  candidate: Candidate,
  { commits, merged }: Attempt,
  shown: readonly Lines[],
  defects: readonly Finding[],
): readonly HumanFinding[] =>
  humanFindings(candidate).flatMap((finding) => {
    const { commit, file, line, startLine = line } = finding;
    if (!commits.includes(commit)) return [];
    const lines = { file, startLine, endLine: line, category: "" };
    if (merged.includes(file) || !isOn(lines, shown)) return finding;
    return { ...finding, agrees: defects.some((defect) => touches(lines, defect)) };
  });
