/** The same behaviour in another text: comments between tokens and other names for locals. A test that reads source text dies of it. */
import type { SourceFile } from "../contract.ts";
import { applyEdits, type Edit, insertion } from "./edits.ts";
import { localsOf } from "./locals.ts";
import { parsesCleanly } from "./syntax.ts";
import { ancestorsOf, isComment, isDirective, type SyntaxNode, treeOf } from "./tree.ts";
import { unitNodesOf } from "./units.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}

/** One token each for our purposes: what is inside them is text, or nearly text. */
const ATOMS: ReadonlySet<string> = new Set([
  "string",
  "template_string",
  "regex",
  "jsx_element",
  "jsx_self_closing_element",
  "template_literal_type",
  "hash_bang_line",
  "import_statement",
]);

/** Leaves in text order, with the atoms whole. Tokens of no width (inserted semicolons) are left out. */
function leavesOf(node: SyntaxNode, leaves: SyntaxNode[] = []): readonly SyntaxNode[] {
  if (node.children.length === 0 || ATOMS.has(node.type) || isDirective(node)) {
    if (node.end > node.start) leaves.push(node);
  } else {
    for (const child of node.children) leavesOf(child, leaves);
  }
  return leaves;
}

const isQuiet = (leaf: SyntaxNode): boolean => isComment(leaf) || isDirective(leaf) || leaf.type === "import_statement";

/** Between neighbours on one line, where a comment is white space and no semicolon can come of it. */
function commentsIn(root: SyntaxNode, spans: readonly Span[]): readonly Edit[] {
  const edits: Edit[] = [];
  const leaves = leavesOf(root);
  for (let i = 1; i < leaves.length; i++) {
    const before = leaves[i - 1] as SyntaxNode;
    const after = leaves[i] as SyntaxNode;
    if (before.endLine !== after.startLine || isQuiet(before) || isQuiet(after)) continue;
    if (!spans.some((span) => span.start <= before.start && after.end <= span.end)) continue;
    edits.push(insertion(before.end, ` /* k${edits.length + 1} */${before.end === after.start ? " " : ""}`));
  }
  return edits;
}

/** The named units, or all that are in no other unit where no such unit is found, or the file where there is none. */
function spansOf(file: SourceFile, root: SyntaxNode, unitNames: readonly string[]): readonly SyntaxNode[] {
  const all = unitNodesOf(file).map(({ unit, node }) => ({ name: unit.name, node }));
  const named = all.filter(({ name }) => unitNames.includes(name));
  const nodes = (named.length > 0 ? named : all).map(({ node }) => node);
  const outermost = nodes.filter((node) => ![...ancestorsOf(node)].some((up) => nodes.includes(up)));
  return outermost.length > 0 ? outermost : [root];
}

/**
 * Comments and new local names within the named units; within all units where none of the names is found.
 * The text comes back unchanged where it has errors, since nothing can be promised of it.
 */
export function rewrite(file: SourceFile, unitNames: readonly string[]): string {
  const { root, clean } = treeOf(file);
  if (!clean) return file.text;
  const spans = spansOf(file, root, unitNames);
  const renames = spans.some((span) => span === root) ? [] : localsOf(file.text, root, spans);
  const withComments = applyEdits(file.text, [...renames, ...commentsIn(root, spans)]);
  if (parsesCleanly(file.path, withComments)) return withComments;
  const renamed = applyEdits(file.text, renames);
  return parsesCleanly(file.path, renamed) ? renamed : file.text;
}
