/** Sums, bits and the order of operands. */
import { isTextual, outside } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { exchange, keep, levelOf, operatorOf, put, substitute, withOperator } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

const ARITHMETIC: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*" };
const BITWISE: Readonly<Record<string, string>> = { "&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<", ">>>": ">>" };

/** A literal text anywhere in a chain of `+` makes it a concatenation. */
function isConcatenation(node: Node): boolean {
  for (let chain: Node | null = node; chain !== null; chain = chain.childForFieldName("left")) {
    if (isTextual(chain) || isTextual(chain.childForFieldName("right"))) return true;
    if (chain.type !== "binary_expression" || operatorOf(chain) !== "+") break;
  }
  const parent = node.parent;
  return parent?.type === "binary_expression" && operatorOf(parent) === "+" && isTextual(parent.childForFieldName("right"));
}

export const arithmetic = {
  name: "arithmetic",
  version: 1,
  about: "Another operator in a calculation: `-` for `+`, `*` for `/`.",
  noun: "calculation",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const operator = operatorOf(node);
    const other = ARITHMETIC[operator];
    return other === undefined || (operator === "+" && isConcatenation(node)) ? [] : [withOperator(node, text, other)];
  },
} satisfies SyntaxMutator;

export const bitwise = {
  name: "bitwise",
  version: 1,
  about: "Another operator on bits: `|` for `&`, `>>` for `>>>`.",
  noun: "bit operation",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const other = BITWISE[operatorOf(node)];
    return other === undefined ? [] : [withOperator(node, text, other)];
  },
} satisfies SyntaxMutator;

export const operandOrder = {
  name: "operand-order",
  version: 1,
  about: "The operands of a subtraction, a division or a remainder are the wrong way round.",
  noun: "order of operands",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    if (!["-", "/", "%"].includes(operatorOf(node)) || left === null || right === null) return [];
    const simple = levelOf(left) > levelOf(node) && levelOf(right) > levelOf(node);
    if (!simple || left.text === right.text) return [];
    return [substitute(node, text, exchange(left, right, text).replacement, levelOf(node), operatorOf(node))];
  },
} satisfies SyntaxMutator;

export const termDropped = {
  name: "term-dropped",
  version: 1,
  about: "A correction by a number is forgotten: `length` for `length - 1`.",
  noun: "calculation",
  nodes: ["binary_expression"],
  mutate(node, text) {
    const right = node.childForFieldName("right");
    return ["+", "-"].includes(operatorOf(node)) && right?.type === "number" ? [keep(node, text, node.childForFieldName("left"))] : [];
  },
} satisfies SyntaxMutator;

export const sign = {
  name: "sign",
  version: 1,
  about: "A minus, a numeric plus or a bit complement is forgotten.",
  noun: "sign or numeric conversion",
  nodes: ["unary_expression"],
  mutate(node, text) {
    const operator = operatorOf(node);
    const parent = outside(node);
    const convertsAnyway =
      operator === "+" && parent?.type === "binary_expression" && ["-", "*", "/", "%", "**"].includes(operatorOf(parent));
    return ["-", "+", "~"].includes(operator) && !convertsAnyway ? [keep(node, text, node.childForFieldName("argument"))] : [];
  },
} satisfies SyntaxMutator;

export const updateDirection = {
  name: "update-direction",
  version: 1,
  about: "Counts down for up: `--` for `++`.",
  noun: "direction of a counter",
  nodes: ["update_expression"],
  mutate(node, text) {
    const token = node.childForFieldName("operator");
    return token === null ? [] : [put(text, token.startIndex, token.endIndex, token.type === "++" ? "--" : "++")];
  },
} satisfies SyntaxMutator;
