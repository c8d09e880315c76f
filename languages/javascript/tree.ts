/** A syntax tree as plain values, so that nodes may be kept and compared freely; the few questions that every reader of it asks. */
import type { Language, Node, TreeCursor } from "web-tree-sitter";
import { recent } from "../../lib/recent.ts";
import type { Lines, SourceFile } from "../contract.ts";
import { withNextTree, withTree } from "./syntax.ts";

export interface SyntaxNode {
  readonly type: string;
  readonly named: boolean;
  /** The grammar's name for this child's place in its parent (`body`, `left`), or null. */
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly parent: SyntaxNode | null;
  readonly children: readonly SyntaxNode[];
}

export interface SyntaxTree {
  readonly root: SyntaxNode;
  readonly clean: boolean;
}

type Building = { -readonly [Key in keyof SyntaxNode]: SyntaxNode[Key] } & { children: Building[]; parent: Building | null };

/** What is the same of all nodes of a type. */
interface NodeType {
  readonly name: string;
  readonly named: boolean;
}

/**
 * Reads a node where a cursor stands. Each question to the cursor is a call into the parser's memory, so what can be known without it is: of a type
 * its name, of an offset its line.
 */
class NodeReader {
  readonly #cursor: TreeCursor;
  readonly #types: Map<number, NodeType>;
  /** Offsets of the line ends. */
  readonly #ends: readonly number[];

  constructor(cursor: TreeCursor, language: Language, text: string) {
    this.#cursor = cursor;
    const types = knownTypes.get(language) ?? new Map<number, NodeType>();
    knownTypes.set(language, types);
    this.#types = types;
    const ends: number[] = [];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at);
    this.#ends = ends;
  }

  read(parent: Building | null): Building {
    const { startIndex, endIndex, nodeTypeId, currentFieldName } = this.#cursor;
    const { name, named } = this.#typeOf(nodeTypeId);
    return {
      type: name,
      named,
      field: currentFieldName,
      start: startIndex,
      end: endIndex,
      startLine: this.#lineOf(startIndex),
      endLine: this.#lineOf(endIndex),
      parent,
      children: [],
    };
  }

  #typeOf(id: number): NodeType {
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    const type = { name: this.#cursor.nodeType, named: this.#cursor.nodeIsNamed };
    this.#types.set(id, type);
    return type;
  }

  /** From 1 on. */
  #lineOf(offset: number): number {
    let [from, to] = [0, this.#ends.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#ends[middle] as number) < offset) from = middle + 1;
      else to = middle;
    }
    return from + 1;
  }
}

const knownTypes = new Map<Language, Map<number, NodeType>>();

/** A statement without a semicolon swallows the comments behind it, even the doc comment of the next one: they go back to its parent. */
function releaseComments(node: Building): void {
  const { parent, children } = node;
  while (parent !== null && children.length > 1 && isComment(children[children.length - 1] as Building)) {
    const comment = children.pop() as Building;
    comment.parent = parent;
    parent.children.splice(parent.children.indexOf(node) + 1, 0, comment);
  }
  const last = children[children.length - 1];
  if (parent !== null && last !== undefined && last.end < node.end && parent.children[parent.children.length - 1] !== node) {
    node.end = last.end;
    node.endLine = last.endLine;
  }
}

function copyTree(root: Node, text: string, enter: (node: SyntaxNode) => boolean): SyntaxNode {
  const cursor = root.walk();
  try {
    return copyFrom(cursor, new NodeReader(cursor, root.tree.language, text), enter);
  } finally {
    cursor.delete();
  }
}

function copyFrom(cursor: TreeCursor, reader: NodeReader, enter: (node: SyntaxNode) => boolean): SyntaxNode {
  const root = reader.read(null);
  if (!cursor.gotoFirstChild()) return root;
  let node = root;
  for (;;) {
    const next = reader.read(node);
    node.children.push(next);
    if (enter(next) && cursor.gotoFirstChild()) {
      node = next;
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      releaseComments(node);
      if (node.parent === null) return root;
      cursor.gotoParent();
      node = node.parent;
    }
  }
}

/** The same text is asked for its units, its tests and its rewrites one after another; a handful of trees is enough for that. */
const REMEMBERED = 8;
const rememberedTree = recent(REMEMBERED, (path = "", text = "") =>
  withTree(path, text, (root): SyntaxTree => ({ root: copyTree(root, text, () => true), clean: !root.hasError })),
);

/** @throws BrokenRecord where the text is too long, or takes too long, to parse. */
export const treeOf = ({ path, text }: SourceFile): SyntaxTree => rememberedTree(path, text);

/** Is one of these lines part of it? */
export const hasLine = ({ startLine, endLine }: Pick<SyntaxNode, "startLine" | "endLine">, lines: readonly Lines[]): boolean =>
  lines.some(({ start, end }) => start <= endLine && startLine <= end);

/** What is declared in one of these has all of its lines there. */
const ENCLOSING: ReadonlySet<string> = new Set(["statement_block", "class_body", "object", "array"]);

/**
 * The tree of a text as its file's history has it one after another: bodies without one of the lines are left empty.
 * @throws BrokenRecord as `treeOf` does.
 */
export function treeOn({ path, text }: SourceFile, lines: readonly Lines[]): SyntaxNode {
  return withNextTree(path, text, (root) => copyTree(root, text, (node) => !ENCLOSING.has(node.type) || hasLine(node, lines)));
}

export const isComment = (node: SyntaxNode): boolean => node.type === "comment" || node.type === "html_comment";

export const childOf = (node: SyntaxNode, field: string): SyntaxNode | null => node.children.find((child) => child.field === field) ?? null;

/** Named children without comments. */
export const partsOf = (node: SyntaxNode): readonly SyntaxNode[] => node.children.filter((child) => child.named && !isComment(child));

/** The node and everything below it in text order; `enter` says whether to look below a node. */
export function* nodesOf(root: SyntaxNode, enter: (node: SyntaxNode) => boolean = () => true): Generator<SyntaxNode> {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    if (!enter(node)) continue;
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i] as SyntaxNode);
  }
}

/** The node's ancestors, the nearest first. */
export function* ancestorsOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (let up = node.parent; up !== null; up = up.parent) yield up;
}

/** The sibling before this node that is no comment, or null. */
export function previousOf(node: SyntaxNode): SyntaxNode | null {
  const parts = node.parent === null ? [] : partsOf(node.parent);
  return parts[parts.indexOf(node) - 1] ?? null;
}

export const FUNCTIONS: ReadonlySet<string> = new Set([
  "function_declaration",
  "generator_function_declaration",
  "function_expression",
  "generator_function",
  "arrow_function",
  "method_definition",
]);

/** Where statements stand one after another. */
export const LISTS: ReadonlySet<string> = new Set(["program", "statement_block", "switch_case", "switch_default"]);

export const LOOPS: ReadonlySet<string> = new Set(["for_statement", "for_in_statement", "while_statement", "do_statement"]);

export const CLASSES: ReadonlySet<string> = new Set(["class_declaration", "abstract_class_declaration", "class"]);

export const isFunction = (node: SyntaxNode): boolean => FUNCTIONS.has(node.type) && childOf(node, "body") !== null;

const WRAPPERS: ReadonlySet<string> = new Set(["parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"]);

/** The expression inside parentheses, `as` and `satisfies`. */
export function unwrapped(node: SyntaxNode): SyntaxNode {
  let inner = node;
  while (WRAPPERS.has(inner.type)) {
    const first = partsOf(inner)[0];
    if (first === undefined) return inner;
    inner = first;
  }
  return inner;
}

/** A function or class expression, which takes the name of what it is assigned to. */
export const takesName = (node: SyntaxNode): boolean => FUNCTIONS.has(node.type) || node.type === "class";

/** A statement that is nothing but a string at the head of a program or function: `"use strict"`. */
export function isDirective(statement: SyntaxNode): boolean {
  if (statement.type !== "expression_statement" || partsOf(statement)[0]?.type !== "string") return false;
  const list = statement.parent;
  if (list === null || !(list.type === "program" || (list.parent !== null && isFunction(list.parent)))) return false;
  const before = previousOf(statement);
  return before === null || before.type === "hash_bang_line" || isDirective(before);
}
