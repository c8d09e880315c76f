/** Checks that protect what follows: guard clauses, type guards, predicates. */
import { comparesType, enclosing, isNegated, isPredicateCall, isStatement, methodCall, onlyStatement, outside } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { LEVEL, negate, operatorOf, removeStatement, replaceWhole, withOperator } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

/** The way out that an `if` without `else` consists of. */
function wayOut(node: Node): string {
  if (node.childForFieldName("alternative") !== null) return "";
  return onlyStatement(node.childForFieldName("consequence"))?.type ?? "";
}

export const guardRemoval = {
  name: "guard-removal",
  version: 1,
  about: "A special case is no longer left early: a guard clause is missing.",
  noun: "missing guard clause",
  nodes: ["if_statement"],
  mutate: (node, text) =>
    ["return_statement", "continue_statement", "break_statement"].includes(wayOut(node)) ? [removeStatement(node, text)] : [],
} satisfies SyntaxMutator;

export const checkRemoval = {
  name: "check-removal",
  version: 1,
  about: "Wrong input is no longer refused: a check that throws is missing.",
  noun: "missing input check",
  nodes: ["if_statement"],
  mutate: (node, text) => (wayOut(node) === "throw_statement" ? [removeStatement(node, text)] : []),
} satisfies SyntaxMutator;

/** `typeof x === "y"`, `x instanceof Y`, `"k" in x`, `Array.isArray(x)`. */
function isTypeGuard(node: Node, text: string): boolean {
  if (node.type === "call_expression") return methodCall(node, text)?.name === "isArray";
  const operator = operatorOf(node);
  if (operator === "in") return node.childForFieldName("left")?.type !== "private_property_identifier";
  return operator === "instanceof" || (comparesType(node) && ["===", "!==", "==", "!="].includes(operator));
}

const OPPOSITES: Readonly<Record<string, string>> = { "===": "!==", "!==": "===", "==": "!=", "!=": "==" };

export const narrowingInverted = {
  name: "narrowing-inverted",
  version: 1,
  about: "A type guard asks for the opposite.",
  noun: "type guard",
  nodes: ["binary_expression", "call_expression"],
  mutate(node, text) {
    if (!isTypeGuard(node, text) || isNegated(node) || isStatement(node)) return [];
    const opposite = OPPOSITES[operatorOf(node)];
    return [opposite === undefined ? negate(node, text) : withOperator(node, text, opposite)];
  },
} satisfies SyntaxMutator;

const TESTS = new Set([
  "if_statement",
  "ternary_expression",
  "while_statement",
  "unary_expression",
  "binary_expression",
  "return_statement",
]);

export const narrowingForced = {
  name: "narrowing-forced",
  version: 1,
  about: "A type guard is not looked at: every value passes.",
  noun: "missing type guard",
  nodes: ["binary_expression", "call_expression"],
  mutate(node, text) {
    const parent = outside(node);
    if (!isTypeGuard(node, text) || parent === null || !TESTS.has(parent.type)) return [];
    return [replaceWhole(node, text, "true", LEVEL.primary)];
  },
} satisfies SyntaxMutator;

export const predicateNegation = {
  name: "predicate-negation",
  version: 1,
  about: "A question such as `includes`, `has` or `Number.isFinite` is answered the wrong way round.",
  noun: "check of a property or membership",
  nodes: ["call_expression"],
  mutate(node, text) {
    const asks = isPredicateCall(node, text) && !isTypeGuard(node, text);
    return asks && !isNegated(node) && !isStatement(node) ? [negate(node, text)] : [];
  },
} satisfies SyntaxMutator;

export const rethrowRemoval = {
  name: "rethrow-removal",
  version: 1,
  about: "An error is swallowed: what a `catch` throws on is thrown no more.",
  noun: "swallowed error",
  nodes: ["throw_statement"],
  mutate: (node, text) => (enclosing(node, ["catch_clause"]) === null ? [] : [removeStatement(node, text)]),
} satisfies SyntaxMutator;
