/**
 * What later commits of a pull request made of the lines that were remarked on, as git tells it: from the commit that was remarked on to the
 * head that was merged. What the branch took over from others meanwhile, by a merge or by standing on a newer commit, is no doing of its own.
 */
import { toLines } from "../../lib/diff.ts";
import { type GitRepository, type LogChange, shasOf, textOf } from "../../lib/git.ts";
import { type Replacement, replacementsOf } from "../../lib/replacements.ts";
import type { RemarkedLines } from "../../schemas/candidate.ts";
import type { PullRequest, ReviewThread } from "../../schemas/pull-request.ts";

/** What was rewritten in one go around the lines is quoted up to so many lines of either side. */
const maxQuoted = 100;

/** A run of lines of one file, both ends included, counted from 1. */
interface Lines {
  readonly start: number;
  readonly end: number;
}
const linesOf = ({ originalLine, originalStartLine }: ReviewThread): Lines | null =>
  originalLine === null ? null : { start: Math.min(originalStartLine ?? originalLine, originalLine), end: originalLine };

/** A remark, and the change of its file: by the branch, and by what the branch stands on. Null where nothing was done to the file. */
export interface LocatedRemark {
  readonly thread: number;
  readonly lines: Lines;
  readonly own: LogChange | null;
  readonly others: LogChange | null;
}

/**
 * Remarks on commits that are here with the head, where later commits could have changed something. What will be read of them is expected, so
 * that it can be fetched at once. `onto`: the commit below the change.
 */
export async function locateRemarks(
  repository: GitRepository,
  { threads, head }: Pick<PullRequest, "threads" | "head">,
  onto: string,
): Promise<readonly LocatedRemark[]> {
  const commits = threads.flatMap(({ commit }) => (commit === null || commit === head.oid ? [] : [commit]));
  if (commits.length === 0) return [];
  const here = await repository.here([head.oid, ...commits]);
  if (!here.has(head.oid)) return [];
  const since = new Map<string, Since | null>();
  for (const commit of new Set(commits)) if (here.has(commit)) since.set(commit, await changesSince(repository, commit, head.oid, onto));
  const located = threads.flatMap((thread, at): LocatedRemark[] => {
    const lines = linesOf(thread);
    const found = since.get(thread.commit ?? "");
    if (lines === null || !found) return [];
    const of = (changes: readonly LogChange[]): LogChange | null => changes.find(({ path }) => path === thread.path) ?? null;
    return [{ thread: at, lines, own: of(found.own), others: of(found.others) }];
  });
  for (const { own, others } of located) repository.expect(shasOf([own, others].filter((change) => change !== null)));
  return located;
}

interface Since {
  readonly own: readonly LogChange[];
  readonly others: readonly LogChange[];
}

/** Null where one of the two left the other line at no single place, so that nobody knows what came from there. */
async function changesSince(repository: GitRepository, commit: string, head: string, onto: string): Promise<Since | null> {
  const [[began, ...more], [stood, ...others]] = [await repository.mergeBases(onto, commit), await repository.mergeBases(onto, head)];
  if (began === undefined || stood === undefined || more.length > 0 || others.length > 0) return null;
  return {
    own: await repository.changesBetween(commit, head),
    others: began === stood ? [] : await repository.changesBetween(began, stood),
  };
}

/** The remarks' lines as far as git can tell; a file that is gone may have another name, and one that is no text has no lines. */
export async function remarkedLinesOf(
  located: readonly LocatedRemark[],
  repository: GitRepository,
  maxFileBytes: number,
): Promise<readonly RemarkedLines[]> {
  const changes = located.flatMap(({ own, others }) => [own, others].filter((change) => change !== null));
  const blobs = await repository.readBlobs(shasOf(changes), maxFileBytes);
  const read = (sha: string | null): string | null => {
    const bytes = sha === null ? undefined : blobs.get(sha);
    return bytes === undefined ? null : textOf(bytes);
  };
  const told: RemarkedLines[] = [];
  for (const { thread, lines, own, others } of located) {
    if (own === null) {
      told.push({ thread, changed: false });
      continue;
    }
    const [then, now] = [read(own.before), read(own.after)];
    if (then === null || now === null) continue;
    const brought = others === null ? { text: then, lines } : await broughtForward(then, lines, others, read, repository);
    if (brought !== null) told.push({ thread, ...becameOf(brought.text, now, brought.lines) });
  }
  return told;
}

/** The file as it was remarked on with what others did to it since, and where the lines are in it; null where others changed them too. */
async function broughtForward(
  text: string,
  lines: Lines,
  { before, after }: LogChange,
  read: (sha: string | null) => string | null,
  repository: GitRepository,
): Promise<{ readonly text: string; readonly lines: Lines } | null> {
  const [began, stood] = [read(before), read(after)];
  const merged = began === null || stood === null ? null : await repository.merge(began, stood, text);
  if (merged === null) return null;
  const done = replacementsOf(text, merged, 1);
  if (done.some((one) => touches(one, lines))) return null;
  const moved = done
    .filter(({ before: { line } }) => line <= lines.start)
    .reduce((sum, one) => sum + one.after.lines - one.before.lines, 0);
  return { text: merged, lines: { start: lines.start + moved, end: lines.end + moved } };
}

/** What is put in between two lines changes them where both are remarked on. */
const touches = ({ before: { line, lines } }: Replacement, { start, end }: Lines): boolean =>
  lines === 0 ? start < line && line <= end : line <= end && start <= line + lines - 1;

function becameOf(then: string, now: string, lines: Lines): Omit<RemarkedLines, "thread"> {
  const done = replacementsOf(then, now, 1).filter((one) => touches(one, lines));
  const [first, last] = [done[0], done.at(-1)];
  if (first === undefined || last === undefined) return { changed: false };
  const lastOld = last.before.line + last.before.lines - 1;
  const [start, end] = [Math.min(lines.start, first.before.line), Math.max(lines.end, lastOld)];
  const nowStart = first.after.line - (first.before.line - start);
  const nowEnd = last.after.line + last.after.lines - 1 + (end - lastOld);
  if (Math.max(end - start, nowEnd - nowStart) >= maxQuoted) return { changed: true };
  return { changed: true, was: cut(then, start, end), became: cut(now, nowStart, nowEnd) };
}

const cut = (text: string, start: number, end: number): string =>
  toLines(text)
    .slice(start - 1, end)
    .join("");
