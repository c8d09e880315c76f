/** What newer JavaScript and TypeScript break on: optional chains, promises, spreads, defaults. */
import { enclosing, isFunction, isStatement, members } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { exchange, isField, keep, operatorOf, put, removeElement } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

export const optionalChain = {
  name: "optional-chain",
  version: 1,
  about: "A value that may be missing is taken for present: `a.b` for `a?.b`.",
  noun: "missing optional access",
  nodes: ["member_expression", "subscript_expression", "call_expression"],
  mutate(node, text) {
    const mark = node.children.find((child) => child.type === "optional_chain" || child.type === "?.");
    if (mark === undefined) return [];
    return [put(text, mark.startIndex, mark.endIndex, node.type === "member_expression" ? "." : "")];
  },
} satisfies SyntaxMutator;

/** Inside a `try` with a `catch` or `finally`, `return await` decides who sees the failure. */
const isInTry = (node: Node): boolean => {
  const around = enclosing(node, ["try_statement"]);
  const body = around?.childForFieldName("body");
  return body !== null && body !== undefined && body.startIndex <= node.startIndex && node.endIndex <= body.endIndex;
};

export const returnAwait = {
  name: "return-await",
  version: 1,
  about: "A failure slips past the `catch`: `return x` for `return await x` inside a `try`.",
  noun: "missing await",
  nodes: ["await_expression"],
  mutate: (node, text) => (node.parent?.type === "return_statement" && isInTry(node) ? [keep(node, text, members(node)[0] ?? null)] : []),
} satisfies SyntaxMutator;

export const awaitRemoval = {
  name: "await-removal",
  version: 1,
  about: "A promise is taken for its value: `await` is forgotten.",
  noun: "missing await",
  nodes: ["await_expression"],
  mutate(node, text) {
    const parent = node.parent;
    const isReturned = parent?.type === "return_statement" || (parent?.type === "arrow_function" && isFunction(parent));
    return isReturned ? [] : [keep(node, text, members(node)[0] ?? null)];
  },
} satisfies SyntaxMutator;

export const yieldDelegation = {
  name: "yield-delegation",
  version: 1,
  about: "A whole sequence is handed on as one value: `yield` for `yield*`.",
  noun: "delegation of a generator",
  nodes: ["yield_expression"],
  mutate(node, text) {
    const star = node.children.find((child) => child.type === "*");
    return star === undefined ? [] : [put(text, star.startIndex, star.endIndex, "")];
  },
} satisfies SyntaxMutator;

export const spreadOrder = {
  name: "spread-order",
  version: 1,
  about: "What should win is overwritten: `{ a, ...b }` for `{ ...b, a }`.",
  noun: "order of spread members",
  nodes: ["object", "array"],
  mutate(node, text) {
    const parts = members(node);
    return parts.slice(1).map((second, i) => {
      const first = parts[i];
      const spreads = first?.type === "spread_element" || second.type === "spread_element";
      return first !== undefined && spreads && first.text !== second.text ? exchange(first, second, text) : null;
    });
  },
} satisfies SyntaxMutator;

export const spreadRemoval = {
  name: "spread-removal",
  version: 1,
  about: "What was there before is not taken over: a spread is forgotten.",
  noun: "missing spread member",
  nodes: ["spread_element"],
  mutate(node) {
    const parent = node.parent;
    const isMember = parent?.type === "object" || parent?.type === "array";
    return isMember && members(parent).length > 1 ? [removeElement(node)] : [];
  },
} satisfies SyntaxMutator;

export const propertyRemoval = {
  name: "property-removal",
  version: 1,
  about: "A property of a new object is forgotten.",
  noun: "missing property",
  nodes: ["object"],
  mutate(node) {
    const parts = members(node).filter((part) => ["pair", "shorthand_property_identifier"].includes(part.type));
    return parts.length < 2 ? [] : parts.map((part) => removeElement(part));
  },
} satisfies SyntaxMutator;

/** From the end of what stays to the end of the default; `= undefined` is what there is without a default. */
const withoutDefault = (kept: Node | null, value: Node | null) =>
  kept === null || value === null || value.type === "undefined" ? null : { start: kept.endIndex, end: value.endIndex, replacement: "" };

const isParameter = (node: Node): boolean => node.parent?.type === "formal_parameters";

export const parameterDefault = {
  name: "parameter-default",
  version: 1,
  about: "A parameter has no default any more.",
  noun: "missing default of a parameter",
  nodes: ["assignment_pattern", "required_parameter", "optional_parameter"],
  mutate(node) {
    if (!isParameter(node)) return [];
    if (node.type === "assignment_pattern") return [withoutDefault(node.childForFieldName("left"), node.childForFieldName("right"))];
    return [withoutDefault(node.childForFieldName("type") ?? node.childForFieldName("pattern"), node.childForFieldName("value"))];
  },
} satisfies SyntaxMutator;

export const destructuringDefault = {
  name: "destructuring-default",
  version: 1,
  about: "A destructured value has no default any more.",
  noun: "missing default of a destructured value",
  nodes: ["assignment_pattern", "object_assignment_pattern"],
  mutate: (node) => (isParameter(node) ? [] : [withoutDefault(node.childForFieldName("left"), node.childForFieldName("right"))]),
} satisfies SyntaxMutator;

export const voidDropped = {
  name: "void-dropped",
  version: 1,
  about: "A value leaks where `void` threw it away.",
  noun: "discarded value",
  nodes: ["unary_expression"],
  mutate(node, text) {
    const argument = node.childForFieldName("argument");
    const drops = operatorOf(node) === "void" && argument?.type !== "number" && !isStatement(node);
    return drops && argument !== null && isField(node, "argument", argument) ? [keep(node, text, argument)] : [];
  },
} satisfies SyntaxMutator;
