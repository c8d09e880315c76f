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
function parse(path: string, text: string): Tree | "too long" | "too slow" {
  if (text.length > MAX_TEXT_CHARS) return "too long";
  const parser = parsers.get(grammarOf(path));
  if (parser === undefined) throw new Error("The grammars are not loaded: await initSyntax() first");
  const deadline = Date.now() + PARSE_DEADLINE_MS;
  const tree = parser.parse(text, null, { progressCallback: () => Date.now() > deadline });
  if (tree !== null) return tree;
  parser.reset();
  return "too slow";
}

/**
 * Parses, hands the root to `use`, and frees the tree whatever happens; no node may outlive `use`.
 * @throws BrokenRecord for a text over 2 million characters or one that takes longer than 5 seconds.
 */
export function withTree<T>(path: string, text: string, use: (root: Node) => T): T {
  const tree = parse(path, text);
  if (typeof tree === "string") throw new BrokenRecord(`No syntax tree of ${path}: its ${text.length} characters are ${tree} to parse`);
  try {
    return use(tree.rootNode);
  } finally {
    tree.delete();
  }
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

const pointAt = (text: string, offset: number): { row: number; column: number } => {
  const before = text.slice(0, offset);
  const line = before.lastIndexOf("\n") + 1;
  return { row: before.split("\n").length - 1, column: offset - line };
};

/**
 * Hands over a question that is asked of many changes of one text: does it parse with this change, and is what stands there a node by
 * itself, so that nothing around it is grouped otherwise? Only what the change touches is parsed again.
 */
export function withReparse(path: string, text: string, use: (stands: (other: OtherForm) => boolean) => void): void {
  const tree = parse(path, text);
  if (typeof tree === "string") throw new BrokenRecord(`No syntax tree of ${path}: its ${text.length} characters are ${tree} to parse`);
  const parser = parsers.get(grammarOf(path)) as Parser;
  const stands = ({ start, end, form, whole }: OtherForm): boolean => {
    const old = tree.copy();
    const mutated = text.slice(0, start) + form + text.slice(end);
    const newEnd = start + form.length;
    old.edit(
      new Edit({
        startIndex: start,
        oldEndIndex: end,
        newEndIndex: newEnd,
        startPosition: pointAt(text, start),
        oldEndPosition: pointAt(text, end),
        newEndPosition: pointAt(mutated, newEnd),
      }),
    );
    const deadline = Date.now() + PARSE_DEADLINE_MS;
    const other = parser.parse(mutated, old, { progressCallback: () => Date.now() > deadline });
    old.delete();
    if (other === null) {
      parser.reset();
      return false;
    }
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
