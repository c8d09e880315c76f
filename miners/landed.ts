/** What the message of a commit on the mainline tells where no forge can be asked: which pull request it was, what it is called, what it closes. */

/** The parts of a commit that are read. */
export interface Message {
  readonly parents: readonly string[];
  readonly subject: string;
  readonly body: string;
}

export interface Landed {
  /** change: something came to the mainline; sync: a merge that only brings two histories of it together. */
  readonly kind: "change" | "sync";
  /** The pull request's title where a merge commit gives it, else the commit's own subject without the number. */
  readonly subject: string;
  readonly body: string;
  readonly pullRequest: number | null;
  /** Issues of the same repository that the message says it closes. */
  readonly closes: readonly number[];
}

/** As GitHub writes it, the title below it. */
const githubMerge = /^Merge pull request #(\d+) from \S+$/;
/** As git writes it: a branch, where it is not the mainline of another copy or a long-lived branch that is carried about. */
const branchMerge = /^Merge branch '([^']+)'(?: into \S+)?$/;
const longLived = /^(?:main|master|trunk|develop|development|dev|next|staging|release.*|v?\d[\w.-]*|gh-pages)$/;
/** As GitLab writes it, somewhere in the body. */
const gitlabRequest = /^See merge request \S*!(\d+)$/m;
/** As GitHub ends the subject of a squashed pull request. */
const squashed = / \(#(\d+)\)$/;

// https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
const closing = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? +#(\d+)\b/gi;

const closesIn = (text: string): readonly number[] =>
  [...new Set([...text.matchAll(closing)].map(([, number]) => Number(number)))].sort((a, b) => a - b);

/** First line that says something, and what is below it. */
function titled(body: string, fallback: string): { subject: string; body: string } {
  const [subject = "", ...rest] = body.trim().split("\n");
  return subject.trim() === "" ? { subject: fallback, body: "" } : { subject: subject.trim(), body: rest.join("\n").trim() };
}

function ofMerge({ subject, body }: Message): Omit<Landed, "closes"> {
  const github = githubMerge.exec(subject);
  if (github) return { kind: "change", pullRequest: Number(github[1]), ...titled(body, subject) };
  const branch = branchMerge.exec(subject)?.[1];
  if (branch === undefined || longLived.test(branch)) return { kind: "sync", pullRequest: null, subject, body };
  const gitlab = gitlabRequest.exec(body);
  return { kind: "change", pullRequest: gitlab ? Number(gitlab[1]) : null, ...titled(gitlab ? body : "", subject) };
}

export function landedOf(message: Message): Landed {
  const { parents, subject, body } = message;
  const closes = closesIn(`${subject}\n${body}`);
  if (parents.length > 1) return { ...ofMerge(message), closes };
  const number = squashed.exec(subject)?.[1];
  return {
    kind: "change",
    subject: subject.replace(squashed, ""),
    body,
    pullRequest: number === undefined ? null : Number(number),
    closes,
  };
}
