/** Conditions joined, dropped, or turned round. */
import { isStatement, outside, unwrap } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { keep, operatorOf, withOperator } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

export const logicalConnective = {
  name: "logical-connective",
  version: 1,
  about: "All for any: `||` for `&&`.",
  noun: "logical connective",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const operator = operatorOf(node);
    return operator === "&&" || operator === "||" ? [withOperator(node, text, operator === "&&" ? "||" : "&&")] : [];
  },
} satisfies SyntaxMutator;

export const logicalOperand = {
  name: "logical-operand",
  version: 1,
  about: "One of two joined conditions is forgotten: `a` or `b` for `a && b`.",
  noun: "missing part of a condition",
  nodes: ["binary_expression"],
  mutate(node, text) {
    if (!["&&", "||"].includes(operatorOf(node))) return [];
    return [keep(node, text, node.childForFieldName("left")), keep(node, text, node.childForFieldName("right"))];
  },
} satisfies SyntaxMutator;

export const nullishOr = {
  name: "nullish-or",
  version: 1,
  about: "A fallback for falsy values where only null and undefined were meant, or the other way: `||` for `??`.",
  noun: "fallback operator",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const operator = operatorOf(node);
    if (operator === "??") return [withOperator(node, text, "||")];
    return operator === "||" && !isCondition(node) && !isTruthValue(node) ? [withOperator(node, text, "??")] : [];
  },
} satisfies SyntaxMutator;

/** Joined with another condition or tested: then `||` is a logical or, not a fallback. */
function isCondition(node: Node): boolean {
  const parent = outside(node);
  if (parent === null || isStatement(node)) return true;
  if (["if_statement", "while_statement", "do_statement", "for_statement", "unary_expression"].includes(parent.type)) return true;
  if (parent.type === "ternary_expression") return node.startIndex < (parent.childForFieldName("consequence")?.startIndex ?? 0);
  return parent.type === "binary_expression" && operatorOf(parent) === "&&";
}

/** A comparison or a negation on the left is never null: nothing to fall back from. */
function isTruthValue(node: Node): boolean {
  const left = unwrap(node.childForFieldName("left"));
  if (left?.type === "unary_expression") return true;
  if (left?.type !== "binary_expression") return false;
  return ["&&", "||"].includes(operatorOf(left)) ? isTruthValue(left) : operatorOf(left) !== "??";
}

export const nullishFallback = {
  name: "nullish-fallback",
  version: 1,
  about: "The fallback for a missing value is forgotten: `a` for `a ?? b`.",
  noun: "missing fallback value",
  nodes: ["binary_expression"],
  mutate: (node, text) => (operatorOf(node) === "??" ? [keep(node, text, node.childForFieldName("left"))] : []),
} satisfies SyntaxMutator;

export const negation = {
  name: "negation",
  version: 1,
  about: "A `!` is forgotten.",
  noun: "negation",
  nodes: ["unary_expression"],
  mutate(node, text) {
    if (operatorOf(node) !== "!") return [];
    const parent = node.parent;
    const isInnerOfTwo = parent?.type === "unary_expression" && operatorOf(parent) === "!";
    return isInnerOfTwo ? [] : [keep(node, text, node.childForFieldName("argument"))];
  },
} satisfies SyntaxMutator;
