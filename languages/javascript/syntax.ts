/** Syntax trees of JavaScript and TypeScript text: tree-sitter with the grammars' own .wasm files. Offsets are UTF-16 code units. */
import { createRequire } from "node:module";
import { Edit, Language, type Node, Parser, type Tree } from "web-tree-sitter";
import { BrokenRecord } from "../../lib/errors.ts";

export type { Node } from "web-tree-sitter";
export type Grammar = "javascript" | "typescript" | "tsx";

/** Longer texts are generated or minified; a 10 MB file costs 10 s and 1.4 GB. */
const MAX_TEXT_CHARS = 2_000_000;
const PARSE_DEADLINE_MS = 5_000;

const WASM: Readonly<Record<Grammar, string>> = {
  javascript: "tree-sitter-javascript/tree-sitter-javascript.wasm",
  typescript: "tree-sitter-typescript/tree-sitter-typescript.wasm",
  tsx: "tree-sitter-typescript/tree-sitter-tsx.wasm",
};

const GRAMMARS: readonly Grammar[] = ["javascript", "typescript", "tsx"];

let loading: Promise<void> | null = null;
const parsers = new Map<Grammar, Parser>();

async function load(): Promise<void> {
  await Parser.init();
  const { resolve } = createRequire(import.meta.url);
  for (const grammar of GRAMMARS) {
    const parser = new Parser();
    parser.setLanguage(await Language.load(resolve(WASM[grammar])));
    parsers.set(grammar, parser);
  }
}

/** Loads the grammars, once per process. Everything below needs it to have finished. */
export function initSyntax(): Promise<void> {
  loading ??= load();
  return loading;
}

export function grammarOf(path: string): Grammar {
  if (path.endsWith(".tsx")) return "tsx";
  return /\.[mc]?ts$/.test(path) ? "typescript" : "javascript";
}

/** A tree that the caller must delete, or why there is none. */
function parse(path: string, text: string, old: Tree | null = null): Tree | "too long" | "too slow" {
  if (text.length > MAX_TEXT_CHARS) return "too long";
  const parser = parsers.get(grammarOf(path));
  if (parser === undefined) throw new Error("The grammars are not loaded: await initSyntax() first");
  const deadline = Date.now() + PARSE_DEADLINE_MS;
  const tree = parser.parse(text, old, { progressCallback: () => Date.now() > deadline });
  if (tree !== null) return tree;
  parser.reset();
  return "too slow";
}

const noTree = (path: string, text: string, why: string): BrokenRecord =>
  new BrokenRecord(`No syntax tree of ${path}: its ${text.length} characters are ${why} to parse`);

/**
 * Parses, hands the root to `use`, and frees the tree whatever happens; no node may outlive `use`.
 * @throws BrokenRecord for a text over 2 million characters or one that takes longer than 5 seconds.
 */
export function withTree<T>(path: string, text: string, use: (root: Node) => T): T {
  const tree = parse(path, text);
  if (typeof tree === "string") throw noTree(path, text, tree);
  try {
    return use(tree.rootNode);
  } finally {
    tree.delete();
  }
}

/** The last texts of files in a history, oldest first, and their trees; of a tree its memory is some ten times its text. */
const lastTexts = new Map<string, { readonly text: string; readonly tree: Tree }>();
const mostLast = { texts: 32, characters: 2 * MAX_TEXT_CHARS };

function keepLast(path: string, text: string, tree: Tree): void {
  lastTexts.set(path, { text, tree });
  let characters = [...lastTexts.values()].reduce((sum, last) => sum + last.text.length, 0);
  for (const [oldest, last] of lastTexts) {
    if (lastTexts.size <= mostLast.texts && characters <= mostLast.characters) return;
    lastTexts.delete(oldest);
    last.tree.delete();
    characters -= last.text.length;
  }
}

/**
 * As `withTree`, for the texts of a file as they come one after another in a history: what is as in the last is not parsed again. A text with an
 * error is parsed whole, for what the parser makes of one hangs on where it began.
 */
export function withNextTree<T>(path: string, text: string, use: (root: Node) => T): T {
  const last = lastTexts.get(path);
  lastTexts.delete(path);
  if (last !== undefined && last.text !== text) last.tree.edit(differenceOf(last.text, text));
  const tree = last?.text === text ? last.tree : parse(path, text, last?.tree ?? null);
  if (last !== undefined && last.tree !== tree) last.tree.delete();
  if (typeof tree === "string") throw noTree(path, text, tree);
  if (tree.rootNode.hasError) {
    tree.delete();
    return withTree(path, text, use);
  }
  keepLast(path, text, tree);
  return use(tree.rootNode);
}

/** Parsed in time, without an error and without a token that the parser had to invent. */
export function parsesCleanly(path: string, text: string): boolean {
  const tree = parse(path, text);
  if (typeof tree === "string") return false;
  try {
    return !tree.rootNode.hasError;
  } finally {
    tree.delete();
  }
}

/** A piece of a text and what would stand in its place. */
export interface OtherForm {
  readonly start: number;
  readonly end: number;
  readonly form: string;
  /** The other form must be one node, as where an expression is given for an expression. */
  readonly whole: boolean;
}

function pointAt(text: string, offset: number): { row: number; column: number } {
  let [row, line] = [0, 0];
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", line)) [row, line] = [row + 1, at + 1];
  return { row, column: offset - line };
}

/** That what stands between two offsets of a text is something else in another text, up to `newEnd`. */
const editOf = (text: string, other: string, start: number, end: number, newEnd: number): Edit =>
  new Edit({
    startIndex: start,
    oldEndIndex: end,
    newEndIndex: newEnd,
    startPosition: pointAt(text, start),
    oldEndPosition: pointAt(text, end),
    newEndPosition: pointAt(other, newEnd),
  });

/** From the first to the last character in which two texts are not the same. */
function differenceOf(text: string, other: string): Edit {
  const shorter = Math.min(text.length, other.length);
  let start = 0;
  while (start < shorter && text.charCodeAt(start) === other.charCodeAt(start)) start += 1;
  let same = 0;
  while (same < shorter - start && text.charCodeAt(text.length - 1 - same) === other.charCodeAt(other.length - 1 - same)) same += 1;
  return editOf(text, other, start, text.length - same, other.length - same);
}

/**
 * Hands over a question that is asked of many changes of one text: does it parse with this change, and is what stands there a node by
 * itself, so that nothing around it is grouped otherwise? Only what the change touches is parsed again.
 */
export function withReparse(path: string, text: string, use: (stands: (other: OtherForm) => boolean) => void): void {
  const tree = parse(path, text);
  if (typeof tree === "string") throw noTree(path, text, tree);
  const stands = ({ start, end, form, whole }: OtherForm): boolean => {
    const old = tree.copy();
    const mutated = text.slice(0, start) + form + text.slice(end);
    const newEnd = start + form.length;
    old.edit(editOf(text, mutated, start, end, newEnd));
    const other = parse(path, mutated, old);
    old.delete();
    if (typeof other === "string") return false;
    try {
      if (other.rootNode.hasError) return false;
      const node = whole ? other.rootNode.namedDescendantForIndex(start, newEnd) : null;
      return !whole || (node !== null && node.startIndex === start && node.endIndex === newEnd);
    } finally {
      other.delete();
    }
  };
  try {
    use(stands);
  } finally {
    tree.delete();
  }
}

/**
 * Named nodes at and below `root` in text order, parents first. Comments are among them.
 * `enter` says whether to look below a node.
 */
export function* walk(root: Node, enter: (node: Node) => boolean = () => true): Generator<Node> {
  const cursor = root.walk();
  try {
    let depth = 0;
    for (;;) {
      const node = cursor.nodeIsNamed ? cursor.currentNode : null;
      if (node !== null) yield node;
      if ((node === null || enter(node)) && cursor.gotoFirstChild()) {
        depth++;
        continue;
      }
      while (depth > 0 && !cursor.gotoNextSibling()) {
        cursor.gotoParent();
        depth--;
      }
      if (depth === 0) return;
    }
  } finally {
    cursor.delete();
  }
}

/** The smallest named node that spans the offsets. */
export function nodeAt(root: Node, start: number, end = start): Node | null {
  return root.namedDescendantForIndex(start, end);
}
