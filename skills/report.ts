/**
 * What someone wrote of a defect before it was repaired, scrubbed. The issues that the pull request closes come first; where there are none,
 * the pull request's own words; for a bare commit its message without lists, if that is a description. An issue that was edited after the repair
 * had begun may tell of it, and what it said before is not known: it is passed over.
 */
import { isEnglish } from "../lib/english.ts";
import type { Commit } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Issue, PullRequest, Remark } from "../schemas/pull-request.ts";
import type { Fix } from "./scrub/fix.ts";
import { scrub, scrubTitle } from "./scrub/scrub.ts";
import type { Whose } from "./scrub/sentences.ts";
import { type RemovalKind, Tally } from "./scrub/tally.ts";

export const reportReasons = ["no-report", "thin-report", "other-language"] as const;

export interface Report {
  readonly source: "issue" | "pull-request" | "commit-message";
  readonly text: string;
  /** Words that are left. */
  readonly words: number;
  readonly comments: number;
  readonly removed: Readonly<Partial<Record<RemovalKind, number>>>;
}

/**
 * Words of title and body together. Of the issues that were read for this, the shortest that could be worked from had 14 (a title that names
 * the wrong result, and a call with what it gives); shorter ones were forms left empty. Pull requests and messages tell what was done, so more is
 * asked of them.
 */
const leastWords = { issue: 12, "pull-request": 25, "commit-message": 40 } as const;
const mostComments = 3;

/** Words of a text without marks, headings and addresses. */
const wordsOf = (text: string): number =>
  (
    text
      .replace(/^#{1,6} .*$|^\*\*[^*\n]*\*\*:?$/gm, " ")
      .replace(/\[(?:link|reference|commit|file|user|e-mail|secret)\]|\S+:\/\/\S+/g, " ")
      .match(/\p{L}[\p{L}\d']+/gu) ?? []
  ).length;

/** When the repair was begun, as far as dates tell. */
const begunAt = ({ createdAt, commits }: PullRequest): string =>
  [createdAt, ...commits.list.flatMap(({ authoredAt }) => authoredAt ?? [])].sort()[0] ?? createdAt;

class Writer {
  readonly #fix: Fix;
  readonly #whose: Whose;
  readonly #tally = new Tally();
  constructor(fix: Fix, whose: Whose) {
    this.#fix = fix;
    this.#whose = whose;
  }
  #count({ text, removed }: ReturnType<typeof scrub>): string {
    for (const [kind, count] of Object.entries(removed)) this.#tally.add(kind as RemovalKind, count);
    return text;
  }
  body(text: string): string {
    return this.#count(scrub(text, this.#fix, this.#whose));
  }
  title(text: string): string {
    return this.#count(scrubTitle(text, this.#fix));
  }
  finish(source: Report["source"], parts: readonly string[], comments: number): Report | null {
    const text = parts.filter((part) => part.trim() !== "").join("\n\n");
    // Titles are part of what is told, though they stand as headings here.
    const words = wordsOf(text.replace(/^# /gm, ""));
    return words < leastWords[source] ? null : { source, text, words, comments, removed: this.#tally.counts() };
  }
}

const titled = (title: string, body: string): string => (title === "" ? body : `# ${title}\n\n${body}`);

const isReporters = (remark: Remark, issue: Issue): boolean => remark.author.login !== null && remark.author.login === issue.author.login;

function fromIssues(issues: readonly Issue[], begun: string, fix: Fix): Report | null {
  const writer = new Writer(fix, "reporter");
  let comments = 0;
  const parts = issues.flatMap((issue) => {
    const added = issue.comments
      .filter((remark) => remark.createdAt < begun && isReporters(remark, issue))
      .map(({ body }) => writer.body(body))
      .filter((text) => text !== "")
      .slice(0, mostComments);
    comments += added.length;
    return [titled(writer.title(issue.title), writer.body(issue.body)), ...added.map((text) => `The reporter added:\n\n${text}`)];
  });
  return writer.finish("issue", parts, comments);
}

function fromOwnWords(source: "pull-request" | "commit-message", title: string, body: string, fix: Fix): Report | null {
  const writer = new Writer(fix, "author");
  const text = writer.body(body);
  return text === "" ? null : writer.finish(source, [titled(writer.title(title), text)], 0);
}

/** A message that tells of behaviour, and not of the code alone. */
const behaviour =
  /\b(?:instead|when|whenever|should|wrong(?:ly)?|incorrect(?:ly)?|throws?|threw|returns?|returned|fail(?:s|ed)?|crash(?:es|ed)?|expected|unexpected(?:ly)?|previously|before|broken|missing|ignored)\b/gi;

const tellsBehaviour = (text: string): boolean => new Set(text.toLowerCase().match(behaviour)).size >= 2;

/**
 * A list in a message, as that of the commits which were squashed into it, tells what was done step by step, and not what was wrong. It goes to the
 * end of its paragraph, with the line that announces it.
 */
function withoutSteps(body: string): string {
  const paragraphs = body.split(/\n[ \t]*\n/).map((paragraph) => {
    const lines = paragraph.split("\n");
    const list = lines.findIndex((line) => /^\s*[*+-] /.test(line));
    const announced = list > 0 && lines[list - 1]?.trimEnd().endsWith(":") === true;
    return (list < 0 ? lines : lines.slice(0, announced ? list - 1 : list)).join("\n");
  });
  return paragraphs.filter((paragraph) => paragraph.trim() !== "").join("\n\n");
}

/** All else that a solver reads is English, and what tells of the repair is looked for in English. */
export function reportOf(commit: Commit, fix: Fix): Outcome<Report> {
  const told = toldIn(commit, fix);
  return told.kept && !isEnglish(told.value.text) ? drop("bug-fix/other-language", `the ${told.value.source} is not in English`) : told;
}

function toldIn(commit: Commit, fix: Fix): Outcome<Report> {
  const { pullRequest, subject, body } = commit;
  const thin = (what: string): Outcome<Report> => drop("bug-fix/thin-report", `${what} says too little once it is scrubbed`);
  if (pullRequest === undefined) {
    const report = fromOwnWords("commit-message", subject, withoutSteps(body), fix);
    return report !== null && tellsBehaviour(report.text)
      ? keep(report)
      : drop("bug-fix/no-report", "the commit's message is no description");
  }
  const begun = begunAt(pullRequest);
  const issues = pullRequest.issues.filter(({ createdAt, editedAt, author }) => (editedAt ?? createdAt) < begun && author.kind !== "bot");
  if (issues.length > 0) {
    const report = fromIssues(issues, begun, fix);
    return report === null ? thin("the issue") : keep(report);
  }
  if (pullRequest.body.trim() === "") return drop("bug-fix/no-report", "no issue from before it, and no words of its own");
  const report = fromOwnWords("pull-request", pullRequest.title, pullRequest.body, fix);
  return report === null ? thin("the pull request") : keep(report);
}
