/**
 * What an instance asks about, as a document that can be set beside others.
 *
 * It is a *defect in its surroundings*: what the repair takes out and puts in, and the code around it, as tokens (`lib/tokens.ts`). Two
 * documents are near where edit and surroundings are, and the edit stands at the same place of the surroundings: two defects of one function
 * have nearly the same surroundings and are not near. A unit-test question is about a symbol whatever its defects are: its document is the
 * symbol's text, without an edit. What is told in the words of others (`bug-fix`) is a document too.
 */
import type { Unit } from "../../languages/contract.ts";
import { unifiedDiff } from "../../lib/diff.ts";
import { parsePatch } from "../../lib/patch.ts";
import { hashText, mix, shinglesOf } from "../../lib/sketches.ts";
import { codeTokens, proseWords, type Token } from "../../lib/tokens.ts";
import type { Commit } from "../../schemas/candidate.ts";
import { type Instance, isComposite } from "../../schemas/instance.ts";

/** Words of 32 bits, each for a token. */
type Words = Uint32Array;

export interface Hunk {
  /** Whether the whole file is the same as another's, by its tokens; and where in it the edit begins. */
  readonly file: number;
  readonly at: number;
  readonly left: Words;
  readonly right: Words;
}

export interface Document {
  readonly kind: "defect" | "symbol" | "report";
  /** Documents of different blocks are never near: those of other skills, and those of another small edit. */
  readonly block: number;
  readonly edit: Words;
  readonly hunks: readonly Hunk[];
}

export interface Texts {
  /** The healthy text of a file that the change edits; null where it has none. */
  readonly healthy: (path: string) => string | null;
  readonly units: (file: { readonly path: string; readonly text: string }) => readonly Unit[];
}

/** Tokens on each side of an edit that are looked at. */
const reach = 80;
/** Surroundings are the largest block around the edit that is no longer than this, so that a function is compared without its neighbours. */
const mostOfBlock = 400;
/** Tokens before a block's opening brace that belong to it, such as a function's name and parameters. */
const mostOfHead = 24;
const mostHunks = 12;
const mostOfEdit = 400;
/** An edit of at most so many tokens is the same or another one; of longer ones it is asked how much they share. */
const smallEdit = 12;

const removedMark = hashText("kihon: taken out");
const addedMark = hashText("kihon: put in");

const wordsOf = (tokens: readonly Token[]): Words => Uint32Array.from(tokens, ({ text }) => hashText(text));
const rolled = (words: Words): number => words.reduce((hash, word) => mix(hash, word), 0);

/** A file's tokens, their words, and for each the bracket that encloses it. */
interface Stream {
  readonly tokens: readonly Token[];
  readonly words: Words;
  readonly identity: number;
  /** Index of the opening bracket around each token, -1 for none. */
  readonly opener: Int32Array;
  /** Of each opening bracket, the index of the closing one. */
  readonly closer: Int32Array;
}

function streamOf(text: string): Stream {
  const tokens = codeTokens(text);
  const words = wordsOf(tokens);
  const opener = new Int32Array(tokens.length);
  const closer = new Int32Array(tokens.length).fill(tokens.length);
  const open: number[] = [];
  for (const [at, { text: sign }] of tokens.entries()) {
    const closes = sign === "}" || sign === ")" || sign === "]";
    const partner = closes ? open.pop() : undefined;
    if (partner !== undefined) closer[partner] = at;
    opener[at] = open.at(-1) ?? -1;
    if (sign === "{" || sign === "(" || sign === "[") open.push(at);
  }
  return { tokens, words, identity: rolled(words), opener, closer };
}

/** First token of what stands before a block and belongs to it. */
function headOf({ tokens, opener }: Stream, brace: number): number {
  let start = brace;
  for (let at = brace - 1; at >= 0 && brace - at <= mostOfHead; at--) {
    const sign = tokens[at]?.text ?? "";
    if (sign === "}" || at === opener[brace]) break;
    start = at;
  }
  return start;
}

/** The largest block around a token that is short enough, with its head: from, to (not included). */
function blockAround(stream: Stream, at: number): readonly [number, number] {
  let best: readonly [number, number] | null = null;
  let smallest: readonly [number, number] = [0, stream.tokens.length];
  for (let brace = stream.opener[Math.min(at, stream.tokens.length - 1)] ?? -1; brace >= 0; brace = stream.opener[brace] ?? -1) {
    if (stream.tokens[brace]?.text !== "{") continue;
    const span = [headOf(stream, brace), Math.min(stream.tokens.length, (stream.closer[brace] ?? 0) + 1)] as const;
    if (smallest[1] - smallest[0] === stream.tokens.length) smallest = span;
    if (span[1] - span[0] > mostOfBlock) break;
    best = span;
  }
  return best ?? (stream.tokens.length <= mostOfBlock ? [0, stream.tokens.length] : smallest);
}

const onLines = (tokens: readonly Token[], start: number, count: number): readonly [number, number] => {
  const from = tokens.findIndex(({ line }) => line >= start);
  if (from < 0) return [tokens.length, tokens.length];
  const to = tokens.findIndex(({ line }) => line >= start + count);
  return [from, to < 0 ? tokens.length : to];
};

/** Signs of lines in which no token differs: a comment's, or those inside of what the lexer takes for one. */
const rawWords = (lines: readonly string[]): Words => Uint32Array.from(lines.join("\n").match(/\w+|[^\s\w]/g) ?? [], hashText);

interface Change {
  readonly removed: Words;
  readonly added: Words;
  readonly hunk: Hunk;
}

/** What differs between both texts of a file, place by place, each as few tokens as it can be told in. */
function changesOf(before: string | null, after: string | null): Change[] {
  if (before === after) return [];
  const [old, now] = [streamOf(before ?? ""), streamOf(after ?? "")];
  const hunks = parsePatch(unifiedDiff([{ path: "file", before: before ?? "", after: after ?? "" }], 0)).flatMap((file) => file.hunks);
  return hunks.slice(0, mostHunks).map(({ oldStart, newStart, lines }) => {
    const [taken, put] = ["-", "+"].map((sign) => lines.filter(({ kind }) => kind === sign).map(({ text }) => text)) as [
      string[],
      string[],
    ];
    // An empty side is counted from the line before it.
    const [oldFrom, oldTo] = onLines(old.tokens, oldStart + (taken.length === 0 ? 1 : 0), taken.length);
    const [newFrom, newTo] = onLines(now.tokens, newStart + (put.length === 0 ? 1 : 0), put.length);
    let [from, end, oldEnd] = [0, newTo - newFrom, oldTo - oldFrom];
    while (from < Math.min(end, oldEnd) && old.words[oldFrom + from] === now.words[newFrom + from]) from += 1;
    while (end > from && oldEnd > from && old.words[oldFrom + oldEnd - 1] === now.words[newFrom + end - 1])
      [end, oldEnd] = [end - 1, oldEnd - 1];
    const [removed, added] = [old.words.slice(oldFrom + from, oldFrom + oldEnd), now.words.slice(newFrom + from, newFrom + end)];
    const isSilent = removed.length + added.length === 0;
    const at = newFrom + from;
    const [start, stop] = blockAround(now, at);
    return {
      removed: isSilent ? rawWords(taken) : removed,
      added: isSilent ? rawWords(put) : added,
      hunk: {
        file: now.identity,
        at,
        left: now.words.slice(Math.max(start, at - reach), at),
        right: now.words.slice(newFrom + end, Math.max(newFrom + end, Math.min(stop, newFrom + end + reach))),
      },
    };
  });
}

function defectOf({ draft, candidate }: Instance, { healthy }: Texts): Document {
  const changes = Object.keys(candidate.before)
    .sort()
    .flatMap((path) => changesOf(candidate.before[path] ?? null, healthy(path)))
    .slice(0, mostHunks);
  const edit = changes.flatMap(({ removed, added }) => [removedMark, ...removed, addedMark, ...added]).slice(0, mostOfEdit);
  const words = Uint32Array.from(edit);
  const small = edit.length <= smallEdit ? rolled(words) : 0;
  return { kind: "defect", block: mix(hashText(draft.skill), small), edit: words, hunks: changes.map(({ hunk }) => hunk) };
}

/** The symbol that tests are asked for, where it is found in a file that the change edits. */
function symbolOf({ draft, candidate }: Instance, { healthy, units }: Texts): Document | null {
  const [name] = draft.interface;
  const file = candidate.edits.find(({ symbol }) => symbol === name)?.file;
  const text = file === undefined ? null : healthy(file);
  if (file === undefined || text === null) return null;
  const unit = units({ path: file, text }).find((one) => one.name === name);
  if (unit === undefined) return null;
  const own = streamOf(text.slice(unit.start, unit.end)).words.slice(0, mostOfBlock);
  const hunk = { file: streamOf(text).identity, at: unit.startLine, left: new Uint32Array(), right: own };
  return { kind: "symbol", block: hashText("symbol"), edit: new Uint32Array(), hunks: [hunk] };
}

/** Titles and texts of the issues that it closes, else its own. */
export function wordsOfOthers({ pullRequest, subject, body }: Pick<Commit, "pullRequest" | "subject" | "body">): string {
  const issues = pullRequest?.issues ?? [];
  if (issues.length > 0) return issues.map(({ title, body: text }) => `${title}\n${text}`).join("\n");
  return pullRequest === undefined ? `${subject}\n${body}` : `${pullRequest.title}\n${pullRequest.body}`;
}

function reportOf({ candidate }: Instance): Document | null {
  if (candidate.kind !== "commit") return null;
  const words = Uint32Array.from(proseWords(wordsOfOthers(candidate)).slice(0, 2000), hashText);
  if (words.length === 0) return null;
  return {
    kind: "report",
    block: hashText("report"),
    edit: new Uint32Array(),
    hunks: [{ file: rolled(words), at: 0, left: new Uint32Array(), right: words }],
  };
}

/** One or two; none of a change that leaves no trace in the text. */
export function documentsOf(instance: Instance, texts: Texts): Document[] {
  const { skill } = instance.draft;
  if (skill === "unit-tests") return [symbolOf(instance, texts) ?? defectOf(instance, texts)];
  return [defectOf(instance, texts), ...(isComposite(skill) ? [reportOf(instance)] : [])].filter((one): one is Document => one !== null);
}

/** Tokens in a row that are compared as one. */
const shingleSize = 4;

/** What MinHash looks at: the surroundings alone; the edit has its say in the block, or later. */
export const shinglesOfDocument = ({ hunks }: Document): Uint32Array =>
  Uint32Array.from(hunks.flatMap(({ left, right }) => [...shinglesOf(left, shingleSize), ...shinglesOf(right, shingleSize)]));

function jaccard(a: Iterable<number>, b: Iterable<number>): number {
  const [left, right] = [new Set(a), new Set(b)];
  let both = 0;
  for (const one of left) if (right.has(one)) both += 1;
  const all = left.size + right.size - both;
  return all === 0 ? 1 : both / all;
}

/** Length of the longest common subsequence. */
function common(a: Words, b: Words): number {
  let row = new Uint16Array(b.length + 1);
  for (const word of a) {
    const next = new Uint16Array(b.length + 1);
    for (let at = 0; at < b.length; at++)
      next[at + 1] = b[at] === word ? (row[at] as number) + 1 : Math.max(row[at + 1] as number, next[at] as number);
    row = next;
  }
  return row[b.length] ?? 0;
}

const joined = ({ left, right }: Hunk): Words => Uint32Array.from([...left, ...right]);

/**
 * Do both edits stand at the same place of what both texts share? If so, what is common to the left sides and to the right sides is all that is
 * common; where one edit stands further on, the tokens between the two are on the right of the one and on the left of the other.
 */
function atOnePlace(a: Hunk, b: Hunk): boolean {
  if (a.file === b.file) return a.at === b.at;
  // In a ladder of cases the surroundings are much the same at each step; what is asked there is not.
  if (a.left.at(-1) !== b.left.at(-1) || a.right[0] !== b.right[0]) return false;
  const all = common(joined(a), joined(b));
  const apart = all - common(a.left, b.left) - common(a.right, b.right);
  const unmatched = Math.max(a.left.length + a.right.length, b.left.length + b.right.length) - all;
  return apart * 6 <= unmatched;
}

/** Surroundings that share less than this are others. 20 % of the lines changed leave about 0.57 of the shingles. */
export const leastLikeness = { candidates: 0.35, surroundings: 0.45, edit: 0.6, report: 0.7 } as const;
/** Of fewer tokens than this, all must be the same: there is little that they could differ in. */
const fewTokens = 24;

export function isNear(a: Document, b: Document): boolean {
  if (a.kind !== b.kind || a.block !== b.block) return false;
  const [first, second] = [a.hunks[0], b.hunks[0]];
  if (a.kind === "report") return jaccard(shinglesOfDocument(a), shinglesOfDocument(b)) >= leastLikeness.report;
  if (first === undefined || second === undefined) return a.hunks.length === b.hunks.length && rolled(a.edit) === rolled(b.edit);
  if (jaccard(shinglesOf(a.edit, 3), shinglesOf(b.edit, 3)) < leastLikeness.edit) return false;
  if (a.kind === "symbol" && first.file === second.file) return first.at === second.at;
  const [size, other] = [a, b].map(({ hunks }) => hunks.reduce((sum, { left, right }) => sum + left.length + right.length, 0)) as [
    number,
    number,
  ];
  if (Math.min(size, other) < fewTokens && rolled(joined(first)) !== rolled(joined(second))) return false;
  if (jaccard(shinglesOfDocument(a), shinglesOfDocument(b)) < leastLikeness.surroundings) return false;
  return a.kind === "symbol" || a.hunks.length !== b.hunks.length || a.hunks.every((hunk, at) => atOnePlace(hunk, b.hunks[at] as Hunk));
}

const kinds = ["defect", "symbol", "report"] as const;

/** A document as words, for a file. */
export function pack({ kind, block, edit, hunks }: Document): Uint32Array {
  const head = [kinds.indexOf(kind), block, edit.length, hunks.length];
  const lengths = hunks.flatMap(({ file, at, left, right }) => [file, at, left.length, right.length]);
  return Uint32Array.from([...head, ...lengths, ...edit, ...hunks.flatMap(({ left, right }) => [...left, ...right])]);
}

export function unpack(words: Uint32Array): Document {
  const [kind = 0, block = 0, edits = 0, count = 0] = words;
  let at = 4 + 4 * count;
  const take = (length: number): Words => {
    at += length;
    return words.slice(at - length, at);
  };
  const edit = take(edits);
  const hunks = Array.from({ length: count }, (_, hunk): Hunk => {
    const [file = 0, place = 0, left = 0, right = 0] = words.subarray(4 + 4 * hunk);
    return { file, at: place, left: take(left), right: take(right) };
  });
  return { kind: kinds[kind] ?? "defect", block, edit, hunks };
}
