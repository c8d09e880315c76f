/** Comparisons that ask for a little more, a little less, or the opposite. */
import { comparesType } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { operatorOf, withOperator } from "../syntax-edits.ts";
import type { Edit, SyntaxMutator } from "./contract.ts";

const NODES = ["binary_expression"];

const swap =
  (swaps: Readonly<Record<string, string>>) =>
  (node: Node, text: string): readonly (Edit | null)[] => {
    const other = swaps[operatorOf(node)];
    return other === undefined || comparesType(node) ? [] : [withOperator(node, text, other)];
  };

export const relationalBound = {
  name: "relational-bound",
  version: 1,
  about: "A comparison includes or excludes its limit: `<` for `<=`.",
  noun: "comparison bound",
  nodes: NODES,
  mutate: swap({ "<": "<=", "<=": "<", ">": ">=", ">=": ">" }),
} satisfies SyntaxMutator;

export const relationalNegation = {
  name: "relational-negation",
  version: 1,
  about: "A comparison asks for the opposite: `>=` for `<`.",
  noun: "comparison direction",
  nodes: NODES,
  mutate: swap({ "<": ">=", "<=": ">", ">": "<=", ">=": "<" }),
} satisfies SyntaxMutator;

export const equalityFlip = {
  name: "equality-flip",
  version: 1,
  about: "Equal for unequal: `!==` for `===`.",
  noun: "equality check",
  nodes: NODES,
  mutate: swap({ "===": "!==", "!==": "===", "==": "!=", "!=": "==" }),
} satisfies SyntaxMutator;

export const equalityStrictness = {
  name: "equality-strictness",
  version: 1,
  about: "Loose for strict equality or the other way: `== null` also meets undefined, `=== null` does not.",
  noun: "strictness of an equality check",
  nodes: NODES,
  mutate: swap({ "===": "==", "!==": "!=", "==": "===", "!=": "!==" }),
} satisfies SyntaxMutator;
