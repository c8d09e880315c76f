/** Branches taken when they should not be. */
import { comparesType, isPredicateCall, members, unwrap } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { exchange, keep, negate, operatorOf, put, sourceOf } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

const COMPARISONS = new Set(["<", "<=", ">", ">=", "==", "!=", "===", "!=="]);

/** A condition whose opposite another operator already gives: `!x`, a comparison, a type guard, a known predicate. */
function hasOwnOperator(condition: Node, text: string): boolean {
  if (condition.type === "unary_expression") return operatorOf(condition) === "!";
  if (condition.type === "binary_expression") {
    const operator = operatorOf(condition);
    return COMPARISONS.has(operator) || operator === "instanceof" || operator === "in" || comparesType(condition);
  }
  return isPredicateCall(condition, text);
}

/** The parentheses around a condition stay, those inside them go. */
const within = (node: Node): Node | null => {
  const condition = node.childForFieldName("condition");
  return condition === null ? null : (members(condition)[0] ?? null);
};

const tested = (node: Node): Node | null => unwrap(node.childForFieldName("condition"));

export const conditionNegation = {
  name: "condition-negation",
  version: 1,
  about: "A branch is taken exactly when it should not be.",
  noun: "condition of a branch",
  nodes: ["if_statement", "while_statement", "ternary_expression"],
  mutate(node, text) {
    const condition = tested(node);
    return condition === null || hasOwnOperator(condition, text) ? [] : [negate(condition, text)];
  },
} satisfies SyntaxMutator;

export const conditionTrue = {
  name: "condition-true",
  version: 1,
  about: "A condition is not looked at: the branch is always taken.",
  noun: "condition of a branch",
  nodes: ["if_statement"],
  mutate(node, text) {
    const condition = within(node);
    return condition === null || condition.type === "true" ? [] : [put(text, condition.startIndex, condition.endIndex, "true")];
  },
} satisfies SyntaxMutator;

export const conditionFalse = {
  name: "condition-false",
  version: 1,
  about: "A branch or a loop is never entered.",
  noun: "condition of a branch",
  nodes: ["if_statement", "while_statement"],
  mutate(node, text) {
    const condition = within(node);
    return condition === null || condition.type === "false" ? [] : [put(text, condition.startIndex, condition.endIndex, "false")];
  },
} satisfies SyntaxMutator;

export const ternarySwap = {
  name: "ternary-swap",
  version: 1,
  about: "The two results of a conditional expression are the wrong way round.",
  noun: "order of two alternatives",
  nodes: ["ternary_expression"],
  mutate(node, text) {
    const first = node.childForFieldName("consequence");
    const second = node.childForFieldName("alternative");
    return first === null || second === null || first.text === second.text ? [] : [exchange(first, second, text)];
  },
} satisfies SyntaxMutator;

export const ternaryBranch = {
  name: "ternary-branch",
  version: 1,
  about: "A conditional expression always gives the same alternative.",
  noun: "missing case of a conditional expression",
  nodes: ["ternary_expression"],
  mutate: (node, text) => [
    keep(node, text, node.childForFieldName("consequence")),
    keep(node, text, node.childForFieldName("alternative")),
  ],
} satisfies SyntaxMutator;

export const elseRemoval = {
  name: "else-removal",
  version: 2,
  about: "What should happen otherwise does not.",
  noun: "missing alternative branch",
  nodes: ["else_clause"],
  mutate(node, text) {
    const before = node.parent?.childForFieldName("consequence");
    if (before === null || before === undefined || members(node).length === 0) return [];
    const isNested = node.parent?.parent?.type === "if_statement";
    if (isNested || before.nextNamedSibling?.id !== node.id) return [];
    // The semicolon of what goes may have been that of what stays: `if (a) b()\nelse c();`.
    const end = /[;}]$/.test(sourceOf(before, text)) || text[node.endIndex - 1] !== ";" ? "" : ";";
    return [put(text, before.endIndex, node.endIndex, end)];
  },
} satisfies SyntaxMutator;
