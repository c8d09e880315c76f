/** Text of a git-style unified diff → what it asks of each file. Reading only; `diff.ts` applies it. */

export interface HunkLine {
  readonly kind: " " | "-" | "+";
  readonly text: string;
  /** False when `\ No newline at end of file` follows. */
  readonly ended: boolean;
}

export interface Hunk {
  /** Line numbers from 1 as the header gives them; 0 where that side is empty. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly HunkLine[];
}

export interface FilePatch {
  /** Null: the file is created. */
  readonly oldPath: string | null;
  /** Null: the file is removed. */
  readonly newPath: string | null;
  /** A copy leaves the old file in place. */
  readonly copies: boolean;
  readonly hunks: readonly Hunk[];
}

/** A patch that cannot be read as one; the message is for whoever wrote it. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

/** A name in C quotes, as git writes names with special bytes. `end` is the offset after the closing quote. */
function readQuoted(text: string): { readonly name: string; readonly end: number } {
  const bytes: Buffer[] = [];
  let at = 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] !== "\\") {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      bytes.push(Buffer.from(character));
      at += character.length;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const code = octal === undefined ? escapes[text[at + 1] ?? ""] : Number.parseInt(octal, 8);
    if (code === undefined) throw new PatchError("a quoted file name has an unknown escape");
    bytes.push(Buffer.from([code]));
    at += octal === undefined ? 2 : 4;
  }
  if (text[at] !== '"') throw new PatchError("a quoted file name does not end");
  return { name: Buffer.concat(bytes).toString("utf8"), end: at + 1 };
}

/** Where a tree is mounted, and names that begin where they are. */
const withoutRoot = (name: string): string => name.replace(/^(?:\/workspace\/)?(?:\.\/)*/, "");
const unquote = (text: string): string => (text.startsWith('"') ? readQuoted(text).name : text);
const withoutPrefix = (name: string, prefix: "a/" | "b/"): string => (name.startsWith(prefix) ? name.slice(2) : name);

/** The name of a `---` or `+++` line; null for /dev/null. Unquoted names end at a tab (GNU diff puts a time there). */
function headerName(line: string, prefix: "a/" | "b/"): string | null {
  const rest = line.slice(4);
  const name = rest.startsWith('"') ? readQuoted(rest).name : (rest.split("\t")[0] ?? "").trimEnd();
  if (name === "") throw new PatchError("a file header has no name");
  return name === "/dev/null" ? null : withoutRoot(withoutPrefix(name, prefix));
}

/** Both names of a `diff --git` line, needed only where no other header names the file (empty files): they must be equal. */
function gitLineName(line: string): string {
  const rest = line.slice("diff --git ".length);
  if (rest.startsWith('"')) {
    const first = readQuoted(rest);
    const second = withoutPrefix(unquote(rest.slice(first.end + 1)), "b/");
    if (second === withoutPrefix(first.name, "a/")) return second;
  }
  const half = (rest.length - 1) / 2;
  const name = withoutPrefix(rest.slice(0, half), "a/");
  if (rest[half] !== " " || withoutPrefix(rest.slice(half + 1), "b/") !== name) {
    throw new PatchError("a `diff --git` line without file headers names two files");
  }
  return name;
}

interface Header {
  gitLine: string | null;
  oldPath: string | null | undefined;
  newPath: string | null | undefined;
  created: boolean;
  removed: boolean;
  copies: boolean;
  hunks: Hunk[];
}

const newHeader = (gitLine: string | null): Header => ({
  gitLine,
  oldPath: undefined,
  newPath: undefined,
  created: false,
  removed: false,
  copies: false,
  hunks: [],
});

function finish(header: Header): FilePatch {
  let { oldPath, newPath } = header;
  if (oldPath === undefined || newPath === undefined) {
    const name = header.gitLine === null ? undefined : gitLineName(header.gitLine);
    if (name === undefined) throw new PatchError("a file header is incomplete");
    oldPath = header.created ? null : name;
    newPath = header.removed ? null : name;
  }
  if (header.created) oldPath = null;
  if (header.removed) newPath = null;
  if (oldPath === null && newPath === null) throw new PatchError("a file is both created and removed");
  return { oldPath, newPath, copies: header.copies, hunks: header.hunks };
}

const hunkHeader = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/;

interface ReadHunk {
  readonly hunk: Hunk;
  /** The first line after it. */
  readonly next: number;
}

const opensPair = (lines: readonly string[], at: number): boolean =>
  (lines[at] ?? "").startsWith("--- ") && (lines[at + 1] ?? "").startsWith("+++ ");
const opensFile = (lines: readonly string[], at: number): boolean => (lines[at] ?? "").startsWith("diff --git ") || opensPair(lines, at);

/** Reads the hunk whose header is at `at`. Where the header counts otherwise than there are lines, the lines count: who writes by hand miscounts. */
function readHunk(lines: readonly string[], at: number): ReadHunk {
  const match = hunkHeader.exec(lines[at] ?? "");
  if (match === null) throw new PatchError(`line ${at + 1}: the hunk header cannot be read`);
  let counted: ReadHunk | null = null;
  let wrong: unknown = null;
  try {
    counted = countedHunk(lines, at, match);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    wrong = error;
  }
  const more =
    counted !== null && /^[-+ ]/.test(lines[counted.next] ?? "") && lines[counted.next] !== "-- " && !opensFile(lines, counted.next);
  if (counted !== null && !more) return counted;
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").startsWith("@@") && !opensFile(lines, end) && lines[end] !== "-- ") end++;
  // Empty lines at the end are the text's, not the file's.
  while (end > at + 1 && /^\r?$/.test(lines[end - 1] ?? "")) end--;
  const body = lines.slice(at + 1, end);
  if (body.length === 0 || !body.every((line) => /^(?:[-+ \\]|\r?$)/.test(line)))
    throw wrong ?? new PatchError(`line ${(counted?.next ?? at) + 1}: the hunk has more lines than its header says`);
  const count = (signs: RegExp): number => body.filter((line) => signs.test(line)).length;
  const header = `@@ -${match[1]},${count(/^(?:[- ]|\r?$)/)} +${match[3]},${count(/^(?:[+ ]|\r?$)/)} @@`;
  const { hunk, next } = countedHunk([header, ...body], 0, hunkHeader.exec(header) ?? match);
  return { hunk, next: at + next };
}

function countedHunk(lines: readonly string[], at: number, match: RegExpExecArray): ReadHunk {
  let oldLeft = Number(match[2] ?? 1);
  let newLeft = Number(match[4] ?? 1);
  const found: { kind: " " | "-" | "+"; text: string; ended: boolean }[] = [];
  let next = at + 1;
  for (; oldLeft > 0 || newLeft > 0 || lines[next]?.startsWith("\\ "); next++) {
    const line = lines[next];
    const sign = line === "" || line === "\r" ? " " : line?.[0];
    const last = found.at(-1);
    if (sign === "\\" && last !== undefined) last.ended = false;
    else if (line !== undefined && (sign === " " || sign === "-" || sign === "+")) {
      if (sign !== "+") oldLeft--;
      if (sign !== "-") newLeft--;
      found.push({ kind: sign, text: line === "" || line === "\r" ? line : line.slice(1), ended: true });
    } else throw new PatchError(`line ${next + 1}: the hunk ends before its ${match[2] ?? 1} old and ${match[4] ?? 1} new lines are there`);
    if (oldLeft < 0 || newLeft < 0) throw new PatchError(`line ${next + 1}: the hunk has more lines than its header says`);
  }
  return { hunk: { oldStart: Number(match[1]), newStart: Number(match[3]), lines: found }, next };
}

/** Takes in one header line between `diff --git` and the first hunk. */
function readExtended(header: Header, line: string): void {
  const mode = /^(?:new file mode|deleted file mode|new mode) (\d{6})$/.exec(line)?.[1];
  if (mode !== undefined && !mode.startsWith("100")) throw new PatchError("symbolic links and submodules cannot be patched");
  if (line.startsWith("new file mode ")) header.created = true;
  else if (line.startsWith("deleted file mode ")) header.removed = true;
  else if (line.startsWith("rename from ")) header.oldPath = unquote(line.slice("rename from ".length));
  else if (line.startsWith("rename to ")) header.newPath = unquote(line.slice("rename to ".length));
  else if (line.startsWith("copy from ")) {
    header.oldPath = unquote(line.slice("copy from ".length));
    header.copies = true;
  } else if (line.startsWith("copy to ")) header.newPath = unquote(line.slice("copy to ".length));
  else if (line === "GIT binary patch" || /^Binary files .* differ$/.test(line)) throw new PatchError("binary patches are not accepted");
}

/** Of a fence that is not indented neither is the end; what is indented in it is a line of a hunk. */
const fences = [/^```/, /^ {1,3}```/] as const;

/** Where a patch stands in fences, what they hold: a line that begins with one is in no hunk. */
function unfenced(lines: readonly string[]): readonly string[] {
  const fence = fences.find((mark) => lines.some((line) => mark.test(line)));
  const marks = lines.flatMap((line, at) => (fence?.test(line) ? [at] : []));
  const inside = marks.flatMap((from, at) => (at % 2 === 0 ? [lines.slice(from + 1, marks[at + 1] ?? lines.length)] : []));
  const patches = inside.filter((part) => part.some((_, at) => opensFile(part, at)));
  return patches.length === 0 ? lines : patches.flat();
}

/** Throws `PatchError`. Text before the first header and between files is passed over, as git does; where there are fences, all around them is. */
export function parsePatch(text: string): readonly FilePatch[] {
  const lines = [...unfenced(text.split("\n"))];
  if (lines.at(-1) === "") lines.pop();
  const files: FilePatch[] = [];
  let header: Header | null = null;
  for (let at = 0; at < lines.length; ) {
    const line = (lines[at] ?? "").replace(/\r$/, "");
    const pair = opensPair(lines, at);
    if (line.startsWith("diff --git ") || (pair && (header === null || header.hunks.length > 0 || header.gitLine === null))) {
      if (header !== null) files.push(finish(header));
      header = newHeader(line.startsWith("diff --git ") ? line : null);
    }
    if (pair && header !== null) {
      header.oldPath = headerName(line, "a/");
      header.newPath = headerName((lines[at + 1] ?? "").replace(/\r$/, ""), "b/");
      at += 2;
    } else if (line.startsWith("@@")) {
      if (header === null) throw new PatchError(`line ${at + 1}: a hunk without a file header`);
      const { hunk, next } = readHunk(lines, at);
      header.hunks.push(hunk);
      at = next;
    } else {
      if (header === null) {
        at++;
        continue;
      }
      if (header.hunks.length === 0) readExtended(header, line);
      // "-- " opens the signature that `git format-patch` writes after the last hunk.
      else if (/^[-+ ]/.test(line) && line !== "-- ") throw new PatchError(`line ${at + 1}: the hunk has more lines than its header says`);
      at++;
    }
  }
  if (header !== null) files.push(finish(header));
  return files;
}
