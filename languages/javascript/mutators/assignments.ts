/** Assignments that combine in another way, or do not happen. */
import { isStatement, isTextual } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { operatorOf, put, removeStatement, sourceOf, substitute } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

const ARITHMETIC: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "%=": "*=",
  "**=": "*=",
  "<<=": ">>=",
  ">>=": "<<=",
  ">>>=": ">>=",
  "&=": "|=",
  "|=": "&=",
  "^=": "&=",
};
const LOGICAL: Readonly<Record<string, string>> = { "??=": "||=", "||=": "??=", "&&=": "||=" };

function isText(node: Node | null): boolean {
  if (node?.type === "binary_expression") return isText(node.childForFieldName("left")) || isText(node.childForFieldName("right"));
  return isTextual(node);
}

export const assignmentOperator = {
  name: "assignment-operator",
  version: 1,
  about: "Another calculation in an assignment: `-=` for `+=`.",
  noun: "compound assignment",
  nodes: ["augmented_assignment_expression"],
  mutate(node, text) {
    const token = node.childForFieldName("operator");
    const other = ARITHMETIC[operatorOf(node)];
    if (token === null || other === undefined || isText(node.childForFieldName("right"))) return [];
    return [put(text, token.startIndex, token.endIndex, other)];
  },
} satisfies SyntaxMutator;

export const accumulation = {
  name: "accumulation",
  version: 1,
  about: "A running value is overwritten: `=` for `+=` or `??=`.",
  noun: "compound assignment",
  nodes: ["augmented_assignment_expression"],
  mutate(node, text) {
    const token = node.childForFieldName("operator");
    return token === null || operatorOf(node) === "&&=" ? [] : [put(text, token.startIndex, token.endIndex, "=")];
  },
} satisfies SyntaxMutator;

export const logicalAssignment = {
  name: "logical-assignment",
  version: 1,
  about: "Assigns where the value is falsy and not where it is missing, or the other way: `||=` for `??=`.",
  noun: "conditional assignment",
  nodes: ["augmented_assignment_expression"],
  mutate(node, text) {
    const token = node.childForFieldName("operator");
    const other = LOGICAL[operatorOf(node)];
    return token === null || other === undefined ? [] : [put(text, token.startIndex, token.endIndex, other)];
  },
} satisfies SyntaxMutator;

export const assignmentRemoval = {
  name: "assignment-removal",
  version: 1,
  about: "A field or an element is never updated.",
  noun: "missing assignment",
  nodes: ["assignment_expression", "augmented_assignment_expression"],
  mutate(node, text) {
    const target = node.childForFieldName("left");
    if (!isStatement(node) || node.parent === null || target === null) return [];
    const isPlace = ["member_expression", "subscript_expression"].includes(target.type);
    const isApi = /^(?:module\.)?exports\b/.test(sourceOf(target, text)) || sourceOf(target, text).includes(".prototype");
    return isPlace && !isApi ? [removeStatement(node.parent, text)] : [];
  },
} satisfies SyntaxMutator;

export const updatePosition = {
  name: "update-position",
  version: 1,
  about: "The value before for the value after counting: `i++` for `++i`.",
  noun: "order of counting and reading",
  nodes: ["update_expression"],
  mutate(node, text) {
    const argument = node.childForFieldName("argument");
    const parent = node.parent;
    if (argument === null || parent === null || isStatement(node)) return [];
    if (parent.type === "for_statement" || parent.type === "sequence_expression") return [];
    const token = operatorOf(node);
    const isPrefix = node.firstChild?.isNamed === false;
    const source = sourceOf(argument, text);
    return [isPrefix ? substitute(node, text, `${source}${token}`, 15) : substitute(node, text, `${token}${source}`, 14)];
  },
} satisfies SyntaxMutator;
