/** Text edits that keep the grouping of an expression: what binds how strongly, what a place allows, and replacements made to fit. */
import type { Node } from "./syntax.ts";
import { LISTS } from "./tree.ts";

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const BINARY_LEVELS: Readonly<Record<string, number>> = {
  "??": 3,
  "||": 3,
  "&&": 4,
  "|": 5,
  "^": 6,
  "&": 7,
  "==": 8,
  "!=": 8,
  "===": 8,
  "!==": 8,
  "<": 9,
  "<=": 9,
  ">": 9,
  ">=": 9,
  in: 9,
  instanceof: 9,
  "<<": 10,
  ">>": 10,
  ">>>": 10,
  "+": 11,
  "-": 11,
  "*": 12,
  "/": 12,
  "%": 12,
  "**": 13,
};

/** How strongly an expression binds: 0 a sequence, 17 a name. */
export const LEVEL = {
  sequence: 0,
  assignment: 1,
  ternary: 2,
  relational: 9,
  additive: 11,
  unary: 14,
  postfix: 15,
  call: 16,
  primary: 17,
} as const;

const NODE_LEVELS: Readonly<Record<string, number>> = {
  sequence_expression: LEVEL.sequence,
  assignment_expression: LEVEL.assignment,
  augmented_assignment_expression: LEVEL.assignment,
  arrow_function: LEVEL.assignment,
  yield_expression: LEVEL.assignment,
  ternary_expression: LEVEL.ternary,
  as_expression: LEVEL.relational,
  satisfies_expression: LEVEL.relational,
  unary_expression: LEVEL.unary,
  await_expression: LEVEL.unary,
  type_assertion: LEVEL.unary,
  call_expression: LEVEL.call,
  member_expression: LEVEL.call,
  subscript_expression: LEVEL.call,
  new_expression: LEVEL.call,
  non_null_expression: LEVEL.call,
  // `1.toString()` is no call.
  number: LEVEL.postfix,
};

/** The weakest expression that may stand, bare, as this child of such a parent; places that are not listed take names and brackets only. */
const OPEN_PLACES: Readonly<Record<string, number>> = {
  expression_statement: LEVEL.sequence,
  parenthesized_expression: LEVEL.sequence,
  return_statement: LEVEL.sequence,
  throw_statement: LEVEL.sequence,
  template_substitution: LEVEL.sequence,
  jsx_expression: LEVEL.sequence,
  for_statement: LEVEL.sequence,
  for_in_statement: LEVEL.sequence,
  switch_case: LEVEL.sequence,
  sequence_expression: LEVEL.assignment,
  arguments: LEVEL.assignment,
  array: LEVEL.assignment,
  spread_element: LEVEL.assignment,
  pair: LEVEL.assignment,
  variable_declarator: LEVEL.assignment,
  assignment_expression: LEVEL.assignment,
  augmented_assignment_expression: LEVEL.assignment,
  assignment_pattern: LEVEL.assignment,
  object_assignment_pattern: LEVEL.assignment,
  required_parameter: LEVEL.assignment,
  optional_parameter: LEVEL.assignment,
  yield_expression: LEVEL.assignment,
  arrow_function: LEVEL.assignment,
  computed_property_name: LEVEL.assignment,
  field_definition: LEVEL.assignment,
  public_field_definition: LEVEL.assignment,
  export_statement: LEVEL.assignment,
  enum_assignment: LEVEL.assignment,
  unary_expression: LEVEL.unary,
  await_expression: LEVEL.unary,
  type_assertion: LEVEL.unary,
  as_expression: LEVEL.relational,
  satisfies_expression: LEVEL.relational,
  member_expression: LEVEL.call,
  call_expression: LEVEL.call,
  non_null_expression: LEVEL.call,
};

const LOGICAL = new Set(["&&", "||", "??"]);

export const isField = (parent: Node, field: string, node: Node): boolean => parent.childForFieldName(field)?.id === node.id;

/** The operator of a binary, unary, update or augmented expression. */
export const operatorOf = (node: Node): string => node.childForFieldName("operator")?.type ?? "";

export function levelOf(node: Node): number {
  if (node.type === "binary_expression") return BINARY_LEVELS[operatorOf(node)] ?? LEVEL.sequence;
  if (node.type === "update_expression") return node.firstChild?.isNamed === true ? LEVEL.postfix : LEVEL.unary;
  return NODE_LEVELS[node.type] ?? LEVEL.primary;
}

const leftLevel = (operator: string): number => (operator === "**" ? LEVEL.postfix : (BINARY_LEVELS[operator] ?? LEVEL.primary));
const rightLevel = (operator: string): number => (BINARY_LEVELS[operator] ?? LEVEL.primary) + (operator === "**" ? 0 : 1);

/** `??` may not stand bare beside `&&` or `||`. */
const mixes = (a: string, b: string): boolean => a !== b && (a === "??" || b === "??") && LOGICAL.has(a) && LOGICAL.has(b);

/** The weakest level that may stand bare where this node stands. */
function placeLevel(node: Node): number {
  const parent = node.parent;
  if (parent === null) return LEVEL.primary;
  if (parent.type === "binary_expression") {
    const operator = operatorOf(parent);
    return isField(parent, "left", node) ? leftLevel(operator) : rightLevel(operator);
  }
  if (parent.type === "ternary_expression") return isField(parent, "condition", node) ? LEVEL.ternary + 1 : LEVEL.assignment;
  if (parent.type === "subscript_expression") return isField(parent, "index", node) ? LEVEL.sequence : LEVEL.call;
  return OPEN_PLACES[parent.type] ?? LEVEL.primary;
}

/** Would an expression of this level, with this operator if it is binary, need parentheses where `node` stands? */
function needsParentheses(node: Node, level: number, operator: string): boolean {
  const parent = node.parent;
  if (parent?.type === "binary_expression") {
    const outer = operatorOf(parent);
    if (outer === operator && LOGICAL.has(operator)) return false;
    if (mixes(outer, operator)) return true;
  }
  return level < placeLevel(node);
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\w$\u0080-\uffff]/.test(char);

/** Replaces a span and keeps its ends from growing together with their neighbours (`return!a`, `a- -b`). */
export function put(text: string, start: number, end: number, replacement: string): Edit {
  const before = text[start - 1];
  const first = replacement[0];
  const glued = (isWord(before) && isWord(first)) || (before === first && (first === "+" || first === "-"));
  const gluedAfter = isWord(replacement.at(-1)) && isWord(text[end]);
  return { start, end, replacement: `${glued ? " " : ""}${replacement}${gluedAfter ? " " : ""}` };
}

/** The statement or arrow function whose first token this node's first token is. */
function opened(node: Node): Node | null {
  for (let child = node, parent = node.parent; parent !== null && parent.endIndex > 0; child = parent, parent = parent.parent) {
    if (parent.type === "arrow_function") return isField(parent, "body", child) ? parent : null;
    if (parent.startIndex !== node.startIndex) return parent.type === "export_statement" ? parent : null;
    if (parent.type === "expression_statement") return parent;
  }
  return null;
}

/** A line that starts with one of these goes on with the statement before it, where that one has no semicolon. */
export const CONTINUES = /^[([`+\-*/.,]/;

/** Replaces an expression by another of the given level, in parentheses where its place needs them. Null where no parentheses help. */
export function substitute(node: Node, text: string, replacement: string, level: number, operator = ""): Edit | null {
  let fitted = needsParentheses(node, level, operator) ? `(${replacement})` : replacement;
  const opener = opened(node);
  const parent = node.parent;
  // `a < { b }` reads like the start of type arguments, to the grammar even in parentheses.
  if (fitted.startsWith("{") && parent?.type === "binary_expression" && operatorOf(parent) === "<") return null;
  if (opener !== null && /^(?:\{|(?:async\s+)?function\b|class\b|let\b)/.test(fitted)) fitted = `(${fitted})`;
  if (opener?.type === "expression_statement" && CONTINUES.test(fitted) && !CONTINUES.test(text.slice(node.startIndex))) {
    if (!/(?:^|[;{}])\s*$/.test(text.slice(0, node.startIndex))) return null;
  }
  return put(text, node.startIndex, node.endIndex, fitted);
}

export const sourceOf = (node: Node, text: string): string => text.slice(node.startIndex, node.endIndex);

const onlyChild = (node: Node): Node | null => (node.namedChildCount === 1 ? node.namedChild(0) : null);

/** These own the parentheses of their condition. */
const PARENTHESISED = new Set(["if_statement", "while_statement", "do_statement", "switch_statement", "with_statement"]);

/** The parentheses right around an expression, where they do nothing but group. */
function grouping(node: Node): Node | null {
  const parent = node.parent;
  const isGroup =
    parent?.type === "parenthesized_expression" && onlyChild(parent) !== null && !PARENTHESISED.has(parent.parent?.type ?? "");
  return isGroup ? parent : null;
}

/** As `substitute`, and without the parentheses around the expression where the replacement does not need them. */
export function replaceWhole(node: Node, text: string, replacement: string, level: number, operator = ""): Edit | null {
  const group = grouping(node);
  // Past its parentheses an optional chain would go on: `(a?.b).c` throws where `a?.b.c` does not.
  const loosens = group !== null && !needsParentheses(group, level, operator) && !replacement.includes("?.");
  return substitute(loosens ? group : node, text, replacement, level, operator);
}

/** Replaces an expression by a part of itself. */
export function keep(node: Node, text: string, part: Node | null): Edit | null {
  let kept = part;
  while (kept?.type === "parenthesized_expression" && onlyChild(kept) !== null) kept = onlyChild(kept);
  if (kept === null) return null;
  return replaceWhole(node, text, sourceOf(kept, text), levelOf(kept), kept.type === "binary_expression" ? operatorOf(kept) : "");
}

/** `!x`, `!(a && b)`. */
export function negate(node: Node, text: string): Edit | null {
  const source = sourceOf(node, text);
  return substitute(node, text, levelOf(node) >= LEVEL.unary ? `!${source}` : `!(${source})`, LEVEL.unary);
}

/** The source of an expression, in parentheses unless it binds at least as strongly as asked. */
export const sourceAtLevel = (node: Node, text: string, level: number): string =>
  levelOf(node) >= level ? sourceOf(node, text) : `(${sourceOf(node, text)})`;

/** Gives a binary expression another operator, with parentheses around its operands and itself where the grouping would change. */
export function withOperator(node: Node, text: string, operator: string): Edit | null {
  const left = node.childForFieldName("left");
  const token = node.childForFieldName("operator");
  const right = node.childForFieldName("right");
  if (left === null || token === null || right === null) return null;
  const bare = (side: Node, level: number): boolean => {
    const inner = side.type === "binary_expression" ? operatorOf(side) : "";
    if (inner === operator && LOGICAL.has(inner)) return true;
    return levelOf(side) >= level && !mixes(operator, inner);
  };
  const bareLeft = bare(left, leftLevel(operator));
  const bareRight = bare(right, rightLevel(operator));
  const level = BINARY_LEVELS[operator] ?? LEVEL.sequence;
  if (bareLeft && bareRight && !needsParentheses(node, level, operator)) return put(text, token.startIndex, token.endIndex, operator);
  const wrap = (side: Node, isBare: boolean): string => (isBare ? sourceOf(side, text) : `(${sourceOf(side, text)})`);
  const between = [text.slice(left.endIndex, token.startIndex), text.slice(token.endIndex, right.startIndex)];
  return substitute(node, text, `${wrap(left, bareLeft)}${between[0]}${operator}${between[1]}${wrap(right, bareRight)}`, level, operator);
}

/** A value one higher and one lower; a written `+ 1` or `- 1` is dropped instead, and any other correction left alone. */
export function offByOne(node: Node, text: string): (Edit | null)[] {
  const operator = node.type === "binary_expression" ? operatorOf(node) : "";
  const right = node.childForFieldName("right");
  if ((operator === "+" || operator === "-") && right?.type === "number") {
    return sourceOf(right, text) === "1" ? [keep(node, text, node.childForFieldName("left"))] : [];
  }
  const source = sourceAtLevel(node, text, LEVEL.additive);
  return [`${source} + 1`, `${source} - 1`].map((other) => substitute(node, text, other, LEVEL.additive));
}

/** Exchanges two nodes of which the first ends before the second starts. */
export function exchange(first: Node, second: Node, text: string): Edit {
  const between = text.slice(first.endIndex, second.startIndex);
  return { start: first.startIndex, end: second.endIndex, replacement: `${sourceOf(second, text)}${between}${sourceOf(first, text)}` };
}

/** Takes an element out of a comma-separated list. Null beside a comment, whose owner is not known. */
export function removeElement(node: Node): Edit | null {
  const before = node.previousNamedSibling;
  const after = node.nextNamedSibling;
  if (before?.type === "comment" || after?.type === "comment") return null;
  if (before !== null) return { start: before.endIndex, end: node.endIndex, replacement: "" };
  if (after !== null) return { start: node.startIndex, end: after.startIndex, replacement: "" };
  const comma = node.nextSibling?.type === "," ? node.nextSibling : null;
  return { start: node.startIndex, end: comma?.endIndex ?? node.endIndex, replacement: "" };
}

/** Takes a statement out, with its lines where it has them to itself; the only statement of an `if` or a loop becomes `{}`. */
export function removeStatement(node: Node, text: string): Edit | null {
  const parent = node.parent;
  if (parent === null) return null;
  if (!LISTS.has(parent.type)) {
    return isField(parent, "consequence", node) || isField(parent, "body", node) || parent.type === "else_clause"
      ? put(text, node.startIndex, node.endIndex, "{}")
      : null;
  }
  if (wouldJoin(node, text)) return null;
  const { startIndex: start, endIndex: end } = node;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  const alone = text.slice(lineStart, start).trim() === "";
  const last = text.slice(end, lineEnd === -1 ? text.length : lineEnd).trim() === "";
  if (alone && last && lineEnd !== -1) return { start: lineStart, end: lineEnd + 1, replacement: "" };
  const gap = /[ \t]*$/.exec(text.slice(lineStart, start))?.[0].length ?? 0;
  return alone ? { start, end, replacement: "" } : { start: start - gap, end, replacement: "" };
}

/** Without the statement, would the one before go on into the one after? */
function wouldJoin(node: Node, text: string): boolean {
  let before = node.previousNamedSibling;
  while (before?.type === "comment") before = before.previousNamedSibling;
  let after = node.nextNamedSibling;
  while (after?.type === "comment") after = after.nextNamedSibling;
  if (before === null || after === null || sourceOf(before, text).endsWith(";")) return false;
  return CONTINUES.test(sourceOf(after, text));
}
