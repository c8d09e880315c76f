/** Unified diffs written, applied and located. Paths are POSIX and relative to the tree's root, lines count from 1. */
import { structuredPatch } from "diff";
import { type Layer, readOver } from "../schemas/layer.ts";
import { type FilePatch, type Hunk, type HunkLine, PatchError, parsePatch } from "./patch.ts";
import { pathTrouble } from "./paths.ts";

export interface FileChange {
  readonly path: string;
  /** Null where the file is not there. */
  readonly before: string | null;
  readonly after: string | null;
}

/** A run of lines, both ends included. */
export interface LineRange {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** True where this side has no line of its own (a pure insertion or deletion): the range is then the line after the gap, or the last line. */
  readonly empty: boolean;
}

export type PatchResult = { readonly layer: Layer } | { readonly error: string };

/** What an answer's patch may be at most. */
export const patchLimits = { bytes: 1_000_000, files: 200, comparisons: 20_000_000 } as const;

/** Above this edit distance the search costs seconds, so the file is shown as replaced whole. */
const maxEditLength = 4_000;

/** Lines with their endings; the last may have none. */
export const toLines = (text: string): string[] => {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  return [...lines.map((line) => `${line}\n`), ...(last === "" ? [] : [last])];
};

const quoteName = (name: string): string => (/["\\\p{Cc}]/u.test(name) ? JSON.stringify(name) : name);
/** Git ends a name that holds a space with a tab, so that readers know where it ends. */
const headerLine = (sign: string, name: string): string =>
  `${sign} ${quoteName(name)}${name.includes(" ") && name === quoteName(name) ? "\t" : ""}\n`;

interface Range {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly string[];
}

function hunksOf(before: string, after: string, context: number): readonly Range[] {
  const patch = structuredPatch("a", "b", before, after, undefined, undefined, { context, maxEditLength });
  if (patch !== undefined) return patch.hunks;
  const sides = [toLines(before).map((line) => `-${line}`), toLines(after).map((line) => `+${line}`)] as const;
  const lines = sides.flatMap((side) =>
    side.flatMap((line) => (line.endsWith("\n") ? [line.slice(0, -1)] : [line, "\\ No newline at end of file"])),
  );
  return [{ oldStart: 1, oldLines: sides[0].length, newStart: 1, newLines: sides[1].length, lines }];
}

/** An empty side is written `0,0`; jsdiff counts it from 1. */
const rangeText = (start: number, count: number): string =>
  count === 1 ? `${start}` : `${count === 0 ? Math.max(0, start - 1) : start},${count}`;

function fileDiff(change: FileChange, context: number): string {
  const before = change.before ?? "";
  const after = change.after ?? "";
  const head = `diff --git ${quoteName(`a/${change.path}`)} ${quoteName(`b/${change.path}`)}\n`;
  const mode = change.before === null ? "new file mode 100644\n" : change.after === null ? "deleted file mode 100644\n" : "";
  if (before === after) return `${head}${mode}`;
  const oldName = change.before === null ? "--- /dev/null\n" : headerLine("---", `a/${change.path}`);
  const newName = change.after === null ? "+++ /dev/null\n" : headerLine("+++", `b/${change.path}`);
  const body = hunksOf(before, after, context).map((hunk) => {
    const header = `@@ -${rangeText(hunk.oldStart, hunk.oldLines)} +${rangeText(hunk.newStart, hunk.newLines)} @@`;
    return `${[header, ...hunk.lines].join("\n")}\n`;
  });
  return `${head}${mode}${oldName}${newName}${body.join("")}`;
}

/** Git-style unified diff of several files, sorted by path; "" where nothing differs. */
export function unifiedDiff(changes: readonly FileChange[], context = 3): string {
  const differing = changes.filter((change) => change.before !== change.after);
  return differing
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map((change) => fileDiff(change, context))
    .join("");
}

/** What changes from one layered tree to another, where `read` gives the tree below both. */
export function layerChanges(before: Layer, after: Layer, read: (path: string) => string | null): readonly FileChange[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const [old, now] = [readOver(before, read), readOver(after, read)];
  return paths.map((path) => ({ path, before: old(path), after: now(path) })).filter((change) => change.before !== change.after);
}

const bare = (line: string): string => (line.endsWith("\n") ? line.slice(0, -1) : line);

/** The hunks brought to a file that ends its lines one way only where the patch does the other way only; null where that is not so. */
function withFileEndings(hunks: readonly Hunk[], lines: readonly string[]): readonly Hunk[] | null {
  const texts = hunks.flatMap((hunk) => hunk.lines.filter((line) => line.ended).map((line) => line.text));
  const ended = lines.filter((line) => line.endsWith("\n"));
  const retexted = (change: (line: HunkLine) => string): readonly Hunk[] =>
    hunks.map((hunk) => ({ ...hunk, lines: hunk.lines.map((line) => ({ ...line, text: change(line) })) }));
  if (ended.every((line) => line.endsWith("\r\n")) && texts.every((text) => !text.endsWith("\r"))) {
    return retexted((line) => (line.ended ? `${line.text}\r` : line.text));
  }
  if (ended.every((line) => !line.endsWith("\r\n")) && texts.every((text) => text.endsWith("\r"))) {
    return retexted((line) => line.text.replace(/\r$/, ""));
  }
  return null;
}

interface Budget {
  left: number;
}

function fits(lines: readonly string[], at: number, old: readonly HunkLine[], budget: Budget): boolean {
  if (at < 0 || at + old.length > lines.length) return false;
  for (let index = 0; index < old.length; index++) {
    if (budget.left-- <= 0) throw new PatchError("the patch takes too long to place");
    if (bare(lines[at + index] ?? "") !== (old[index] as HunkLine).text) return false;
  }
  return true;
}

/** The place nearest to the one that the header names, at or after `from`, where every old line is found; -1 where there is none. */
function place(lines: readonly string[], wanted: number, from: number, old: readonly HunkLine[], budget: Budget): number {
  const last = lines.length - old.length;
  for (let distance = 0; wanted - distance >= from || wanted + distance <= last; distance++) {
    if (wanted - distance >= from && fits(lines, wanted - distance, old, budget)) return wanted - distance;
    if (distance > 0 && wanted + distance >= from && fits(lines, wanted + distance, old, budget)) return wanted + distance;
  }
  return -1;
}

/** The new lines of a hunk laid at `at`. Context keeps the file's own text. */
function* replaced(lines: readonly string[], at: number, hunk: Hunk): Generator<string> {
  let old = at;
  for (const line of hunk.lines) {
    if (line.kind === " ") yield lines[old] ?? "";
    else if (line.kind === "+") yield line.ended ? `${line.text}\n` : line.text;
    if (line.kind !== "+") old++;
  }
}

/** The new lines, or the number (from 1) of the hunk that has no place. */
function laid(lines: readonly string[], hunks: readonly Hunk[], budget: Budget): readonly string[] | number {
  const result: string[] = [];
  let done = 0;
  let drift = 0;
  for (const [index, hunk] of hunks.entries()) {
    const old = hunk.lines.filter((line) => line.kind !== "+");
    if (old.length === 0 && lines.length > 0) throw new PatchError(`hunk ${index + 1} has no line of the file to hold on to`);
    const at = old.length === 0 ? 0 : place(lines, Math.max(done, hunk.oldStart - 1 + drift), done, old, budget);
    if (at < 0) return index + 1;
    for (const line of lines.slice(done, at)) result.push(line);
    for (const line of replaced(lines, at, hunk)) result.push(line);
    drift = at - (hunk.oldStart - 1);
    done = at + old.length;
  }
  for (const line of lines.slice(done)) result.push(line);
  return result;
}

function applyHunks(text: string, hunks: readonly Hunk[], budget: Budget): string {
  const lines = toLines(text);
  let result = laid(lines, hunks, budget);
  const converted = typeof result === "number" ? withFileEndings(hunks, lines) : null;
  if (converted !== null) result = laid(lines, converted, budget);
  if (typeof result === "number") throw new PatchError(`hunk ${result} does not match the file`);
  const last = result.length - 1;
  return result.map((line, index) => (index < last && !line.endsWith("\n") ? `${line}\n` : line)).join("");
}

/** The tree as the patch has left it so far. */
class PatchedTree {
  readonly #read: (path: string) => string | null;
  readonly layer = new Map<string, string | null>();
  constructor(read: (path: string) => string | null) {
    this.#read = read;
  }
  text(path: string): string | null {
    const own = this.layer.get(path);
    return own === undefined ? this.#read(path) : own;
  }
}

function applyFile(tree: PatchedTree, file: FilePatch, budget: Budget): void {
  for (const path of [file.oldPath, file.newPath]) {
    const trouble = path === null ? null : pathTrouble(path);
    if (trouble !== null) throw new PatchError(`a path of the patch is refused (${trouble})`);
  }
  const { oldPath, newPath } = file;
  const before = oldPath === null ? "" : tree.text(oldPath);
  if (before === null) throw new PatchError(`${oldPath}: no such file`);
  if (newPath !== null && newPath !== oldPath && tree.text(newPath) !== null) throw new PatchError(`${newPath}: the file is there already`);
  const after = applyHunks(before, file.hunks, budget);
  if (newPath === null && after !== "") throw new PatchError(`${oldPath}: the patch removes the file but not all of its lines`);
  if (oldPath !== null && oldPath !== newPath && !file.copies) tree.layer.set(oldPath, null);
  if (newPath !== null) tree.layer.set(newPath, after);
}

/**
 * Applies a unified diff to the texts that `read` gives. Every context and removed line must be found exactly; only the offset, a missing
 * last newline and an all-CRLF against all-LF difference are tolerated. A rename becomes a removal and a new file; modes are passed over.
 */
export function applyPatch(patch: string, read: (path: string) => string | null): PatchResult {
  if (Buffer.byteLength(patch) > patchLimits.bytes) return { error: `the patch is larger than ${patchLimits.bytes} bytes` };
  const tree = new PatchedTree(read);
  try {
    const files = parsePatch(patch);
    if (files.length === 0) return { error: "no file header was found in the patch" };
    if (files.length > patchLimits.files) return { error: `the patch touches more than ${patchLimits.files} files` };
    const budget = { left: patchLimits.comparisons };
    for (const file of files) applyFile(tree, file, budget);
  } catch (error) {
    if (error instanceof PatchError) return { error: error.message };
    throw error;
  }
  return { layer: Object.fromEntries(tree.layer) };
}

function* rangesOf(file: FilePatch, hunk: Hunk): Generator<{ readonly side: "before" | "after"; readonly range: LineRange }> {
  let [oldLine, newLine] = [Math.max(1, hunk.oldStart), Math.max(1, hunk.newStart)];
  const { lines } = hunk;
  for (let at = 0; at < lines.length; ) {
    if (lines[at]?.kind === " ") {
      [at, oldLine, newLine] = [at + 1, oldLine + 1, newLine + 1];
      continue;
    }
    let [removed, added] = [0, 0];
    for (; at < lines.length && lines[at]?.kind !== " "; at++) lines[at]?.kind === "-" ? removed++ : added++;
    const atEnd = at === lines.length;
    const anchor = (line: number, count: number): { start: number; end: number; empty: boolean } => {
      if (count > 0) return { start: line, end: line + count - 1, empty: false };
      const start = atEnd ? Math.max(1, line - 1) : line;
      return { start, end: start, empty: true };
    };
    if (file.oldPath !== null) yield { side: "before", range: { file: file.oldPath, ...anchor(oldLine, removed) } };
    if (file.newPath !== null) yield { side: "after", range: { file: file.newPath, ...anchor(newLine, added) } };
    oldLine += removed;
    newLine += added;
  }
}

/** The changed lines of a patch on both sides, in the patch's order. Throws `PatchError` where the text is no patch. */
export function changedLines(patch: string): { readonly before: readonly LineRange[]; readonly after: readonly LineRange[] } {
  const sides = { before: [] as LineRange[], after: [] as LineRange[] };
  for (const file of parsePatch(patch)) {
    for (const hunk of file.hunks) {
      for (const { side, range } of rangesOf(file, hunk)) sides[side].push(range);
    }
  }
  return sides;
}
