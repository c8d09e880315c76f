/** Loops, switches and returns that go another way. */
import { enclosing, isFunction, isStatement, members, methodCall, unwrap } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { isField, offByOne, operatorOf, put, removeStatement, sourceOf } from "../syntax-edits.ts";
import { LOOPS } from "../tree.ts";
import type { SyntaxMutator } from "./contract.ts";

export const breakContinue = {
  name: "break-continue",
  version: 1,
  about: "A loop goes on where it should stop, or stops where it should go on.",
  noun: "jump out of a loop",
  nodes: ["break_statement", "continue_statement"],
  mutate(node, text) {
    const around = enclosing(node, [...LOOPS, "switch_statement"]);
    if (around === null || around.type === "switch_statement") return [];
    const word = node.type === "break_statement" ? "break" : "continue";
    if (node.childForFieldName("label") !== null) return [];
    return [put(text, node.startIndex, node.startIndex + word.length, word === "break" ? "continue" : "break")];
  },
} satisfies SyntaxMutator;

export const switchFallthrough = {
  name: "switch-fallthrough",
  version: 1,
  about: "A case runs on into the next one: its `break` is forgotten.",
  noun: "missing end of a case",
  nodes: ["switch_case"],
  mutate(node, text) {
    const next = node.nextNamedSibling;
    if (next === null || !next.type.startsWith("switch_") || doesNothing(next)) return [];
    const last = members(node).at(-1);
    const end = last?.type === "statement_block" ? members(last).at(-1) : last;
    return end?.type === "break_statement" && end.childForFieldName("label") === null ? [removeStatement(end, text)] : [];
  },
} satisfies SyntaxMutator;

/** Running on into `default: break;` or into an empty last case changes nothing. */
function doesNothing(next: Node): boolean {
  const [first] = members(next).filter((child) => !isField(next, "value", child));
  return first?.type === "break_statement" || (first === undefined && next.nextNamedSibling === null);
}

export const caseRemoval = {
  name: "case-removal",
  version: 1,
  about: "One of several labels that share a case is forgotten.",
  noun: "missing case",
  nodes: ["switch_case"],
  mutate(node) {
    const next = node.nextNamedSibling;
    const isLabelOnly = node.childForFieldName("body") === null && members(node).length === 1;
    return isLabelOnly && next?.type === "switch_case" ? [{ start: node.startIndex, end: next.startIndex, replacement: "" }] : [];
  },
} satisfies SyntaxMutator;

export const forInOf = {
  name: "for-in-of",
  version: 1,
  about: "Keys for values: `for ... in` for `for ... of`.",
  noun: "kind of loop",
  nodes: ["for_in_statement"],
  mutate(node, text) {
    const token = node.childForFieldName("operator");
    if (token === null || node.children.some((child) => child.type === "await")) return [];
    return [put(text, token.startIndex, token.endIndex, token.type === "of" ? "in" : "of")];
  },
} satisfies SyntaxMutator;

export const loopBound = {
  name: "loop-bound",
  version: 1,
  about: "A loop makes one turn too many or one too few.",
  noun: "loop bound",
  nodes: ["for_statement"],
  mutate(node, text) {
    const stated = node.childForFieldName("condition");
    const condition = unwrap(stated?.type === "expression_statement" ? (members(stated)[0] ?? null) : stated);
    if (condition?.type !== "binary_expression" || !["<", "<=", ">", ">="].includes(operatorOf(condition))) return [];
    const limit = condition.childForFieldName("right");
    return limit === null || limit.type === "number" ? [] : offByOne(limit, text);
  },
} satisfies SyntaxMutator;

/** What an empty result of the same kind looks like. */
function emptyLike(value: Node): string {
  if (value.type === "array") return "[]";
  if (value.type === "object") return "{}";
  return "undefined";
}

const VOID = new Set([
  "undefined",
  "null",
  "true",
  "false",
  "string",
  "template_string",
  "number",
  "jsx_element",
  "jsx_self_closing_element",
]);

export const returnValue = {
  name: "return-value",
  version: 1,
  about: "A result is computed and not handed back.",
  noun: "returned value",
  nodes: ["return_statement", "arrow_function"],
  mutate(node, text) {
    const value = node.type === "return_statement" ? (members(node)[0] ?? null) : node.childForFieldName("body");
    const inner = unwrap(value);
    if (value === null || inner === null || value.type === "statement_block" || VOID.has(inner.type)) return [];
    if (inner.type === "unary_expression" && operatorOf(inner) === "void") return [];
    if (inner.namedChildCount === 0 && (inner.type === "array" || inner.type === "object")) return [];
    const empty = emptyLike(inner);
    const place = empty === "undefined" ? value : inner;
    return [put(text, place.startIndex, place.endIndex, empty)];
  },
} satisfies SyntaxMutator;

export const returnRemoval = {
  name: "return-removal",
  version: 1,
  about: "The word `return` is forgotten before a call: it runs, and the function goes on.",
  noun: "missing return",
  nodes: ["return_statement"],
  mutate(node, text) {
    const value = members(node)[0];
    const isLast = node.nextNamedSibling === null && node.parent?.parent !== null && isFunction(node.parent?.parent ?? node);
    if (value?.type !== "call_expression" && value?.type !== "await_expression") return [];
    if (isLast || /^(?:function|class|async)\b/.test(sourceOf(value, text))) return [];
    return [{ start: node.startIndex, end: value.startIndex, replacement: "" }];
  },
} satisfies SyntaxMutator;

/** A derived constructor without its `super()` does nothing but throw. */
const callsSuper = (body: Node): boolean => members(body).some((statement) => statement.text.startsWith("super("));

export const blockRemoval = {
  name: "block-removal",
  version: 1,
  about: "A function or a loop does nothing.",
  noun: "missing body",
  nodes: ["statement_block"],
  mutate(node, text) {
    const parent = node.parent;
    if (parent === null || members(node).length === 0 || callsSuper(node)) return [];
    if (!isFunction(parent) && !LOOPS.has(parent.type) && parent.type !== "finally_clause") return [];
    return [put(text, node.startIndex, node.endIndex, "{}")];
  },
} satisfies SyntaxMutator;

const COLLECTION_UPDATES = new Set(["set", "add", "delete", "clear"]);

/** A call made for its effect, with or without `await`. */
function effect(node: Node): Node | null {
  const expression = members(node)[0];
  const call = expression?.type === "await_expression" ? members(expression)[0] : expression;
  return call?.type === "call_expression" ? call : null;
}

export const collectionUpdate = {
  name: "collection-update",
  version: 1,
  about: "A map or a set is not brought up to date: `set`, `add`, `delete` or `clear` is forgotten.",
  noun: "missing update of a collection",
  nodes: ["expression_statement"],
  mutate(node, text) {
    const call = effect(node);
    return call !== null && COLLECTION_UPDATES.has(methodCall(call, text)?.name ?? "") ? [removeStatement(node, text)] : [];
  },
} satisfies SyntaxMutator;

export const callRemoval = {
  name: "call-removal",
  version: 1,
  about: "A call made for its effect is forgotten.",
  noun: "missing call",
  nodes: ["expression_statement"],
  mutate(node, text) {
    const call = effect(node);
    if (call === null || COLLECTION_UPDATES.has(methodCall(call, text)?.name ?? "")) return [];
    return /^(?:super|require|console|import)\b/.test(sourceOf(call, text)) ? [] : [removeStatement(node, text)];
  },
} satisfies SyntaxMutator;

export const deleteRemoval = {
  name: "delete-removal",
  version: 1,
  about: "A property stays: its `delete` is forgotten.",
  noun: "missing deletion",
  nodes: ["unary_expression"],
  mutate: (node, text) =>
    operatorOf(node) === "delete" && isStatement(node) && node.parent !== null ? [removeStatement(node.parent, text)] : [],
} satisfies SyntaxMutator;
