/**
 * What reviewers said of a pull request, as far as it is a finding: a remark on a line of the code.
 *
 * A thread tells where it was begun (a line of a commit) and where that line is now. Where the line is gone, or lies in a part of the diff
 * that later commits changed, the author went over it after the remark: it concerns an earlier diff than the one that was merged, and is a
 * finding that was taken up. A remark whose line stands to the end concerns the merged diff, and was answered by words, if at all.
 * Nothing of this is a label by itself: execution says what is wrong. A remark on the merged diff can agree with it by chance alone, for the
 * wrong arm's defect was put in afterwards; one on an earlier diff agrees where that diff is an arm and fails a test at the remark's line.
 */
import { touches } from "../grading/judge.ts";
import type { Attempt, Candidate } from "../schemas/candidate.ts";
import type { Finding, HumanFinding } from "../schemas/instance.ts";
import type { PullRequest, ReviewThread } from "../schemas/pull-request.ts";

/** Robots remark on style and coverage, and authors on their own diff explain it. */
const isReviewers = ({ author }: ReviewThread, { author: own }: PullRequest): boolean =>
  author.kind !== "bot" && (author.login === null || author.login !== own.login);

function findingOf({ path, line, originalLine, commit, resolved, outdated, body }: ReviewThread): HumanFinding | null {
  const said = { file: path, body: body.trim(), resolved };
  if (said.body === "") return null;
  if (line !== null && !outdated) return { ...said, line, diff: "merged", commit: null };
  return originalLine !== null && commit !== null ? { ...said, line: originalLine, diff: "earlier", commit } : null;
}

/** Every remark of a reviewer on a line, in the order of the threads: first those on the merged diff's lines, numbered as they stand in it. */
export function humanFindings(pullRequest: PullRequest): readonly HumanFinding[] {
  const found = pullRequest.threads.flatMap((thread) => (isReviewers(thread, pullRequest) ? (findingOf(thread) ?? []) : []));
  return [...found.filter(({ diff }) => diff === "merged"), ...found.filter(({ diff }) => diff === "earlier")];
}

type Lines = Pick<Finding, "file" | "startLine" | "endLine">;

const isOn = ({ file, line }: HumanFinding, shown: readonly Lines[]): boolean =>
  shown.some((range) => range.file === file && range.startLine <= line && line <= range.endLine);

/** None of a change that is taken back in a later tree: its lines have other numbers there. */
const findingsOf = (candidate: Candidate): readonly HumanFinding[] =>
  candidate.kind === "commit" && candidate.mirrorOf === undefined && candidate.pullRequest !== undefined
    ? humanFindings(candidate.pullRequest)
    : [];

/** Those on lines that a commit's own diff shows: what is said of other lines, or of a diff that is not shown, is no label of this one. */
export const findingsOnDiff = (candidate: Candidate, shown: readonly Lines[]): readonly HumanFinding[] =>
  findingsOf(candidate).filter((finding) => finding.diff === "merged" && isOn(finding, shown));

/**
 * Those on lines of an attempt's diff, each with whether it agrees with what execution says of it. Left out are remarks on files that git
 * merged: their lines have other numbers in the diff that is shown.
 */
export const findingsOnAttempt = (
  candidate: Candidate,
  { commits, merged }: Attempt,
  shown: readonly Lines[],
  defects: readonly Finding[],
): readonly HumanFinding[] =>
  findingsOf(candidate).flatMap((finding) => {
    const { diff, commit, file, line } = finding;
    if (diff !== "earlier" || commit === null || !commits.includes(commit) || merged.includes(file) || !isOn(finding, shown)) return [];
    return { ...finding, agrees: defects.some((defect) => touches({ file, startLine: line, endLine: line, category: "" }, defect)) };
  });
