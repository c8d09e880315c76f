/** Questions about syntax that several mutators ask. */
import type { Node } from "./syntax.ts";
import { isField, operatorOf, sourceOf } from "./syntax-edits.ts";

/** Named children without comments. */
export const members = (node: Node): Node[] => node.namedChildren.filter((child) => child.type !== "comment");

/** The expression inside parentheses, however many. */
export function unwrap(node: Node | null): Node | null {
  let inner = node;
  while (inner?.type === "parenthesized_expression") inner = members(inner)[0] ?? null;
  return inner;
}

/** The parent, looking through parentheses. */
export function outside(node: Node): Node | null {
  let parent = node.parent;
  while (parent?.type === "parenthesized_expression") parent = parent.parent;
  return parent;
}

export interface MethodCall {
  readonly call: Node;
  readonly object: Node;
  readonly property: Node;
  readonly name: string;
  readonly args: readonly Node[];
}

/** `object.name(args)`; null for computed names, tagged templates and anything else. */
export function methodCall(node: Node, text: string): MethodCall | null {
  const callee = node.type === "call_expression" ? node.childForFieldName("function") : null;
  const args = argumentsOf(node);
  if (callee?.type !== "member_expression" || args === null) return null;
  const object = callee.childForFieldName("object");
  const property = callee.childForFieldName("property");
  if (object === null || property?.type !== "property_identifier") return null;
  return { call: node, object, property, name: sourceOf(property, text), args };
}

/** Arguments of a call or a construction; null where there are no parentheses. */
export function argumentsOf(node: Node): Node[] | null {
  const list = node.childForFieldName("arguments");
  return list?.type === "arguments" ? members(list) : null;
}

/** The source of what is called or constructed: `require`, `Math.max`. */
export function calleeOf(node: Node, text: string): string {
  const callee = node.childForFieldName("function") ?? node.childForFieldName("constructor");
  return callee === null ? "" : sourceOf(callee, text);
}

/** The value of an expression statement is thrown away. */
export const isStatement = (node: Node): boolean => node.parent?.type === "expression_statement";

export const isNegated = (node: Node): boolean => {
  const parent = outside(node);
  return parent?.type === "unary_expression" && operatorOf(parent) === "!";
};

export const isTextual = (node: Node | null): boolean => node?.type === "string" || node?.type === "template_string";

/** One side is `typeof x`. */
export const comparesType = (node: Node): boolean =>
  ["left", "right"].some((side) => {
    const operand = unwrap(node.childForFieldName(side));
    return operand?.type === "unary_expression" && operatorOf(operand) === "typeof";
  });

const KEY_FIELDS: Readonly<Record<string, string>> = {
  pair: "key",
  pair_pattern: "key",
  method_definition: "name",
  field_definition: "property",
  public_field_definition: "name",
  enum_assignment: "name",
  subscript_expression: "index",
  export_statement: "source",
};

/** A name written as a literal: a property key, `a["b"]`, a module. */
export function isKey(node: Node): boolean {
  const parent = node.parent;
  if (parent === null) return false;
  if (parent.type === "enum_body" || parent.type === "export_specifier") return true;
  const field = KEY_FIELDS[parent.type];
  return field !== undefined && isField(parent, field, node);
}

const FUNCTIONS = new Set([
  "function_declaration",
  "function_expression",
  "generator_function",
  "generator_function_declaration",
  "arrow_function",
  "method_definition",
]);

export const isFunction = (node: Node): boolean => FUNCTIONS.has(node.type);

/** The nearest ancestor of one of the types, without leaving the function. */
export function enclosing(node: Node, types: readonly string[]): Node | null {
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    if (types.includes(parent.type)) return parent;
    if (isFunction(parent)) return null;
  }
  return null;
}

/** The only statement of a branch, in braces or not; null where there are more or none. */
export function onlyStatement(branch: Node | null): Node | null {
  if (branch === null || branch.type !== "statement_block") return branch;
  const statements = members(branch);
  return statements.length === 1 ? (statements[0] ?? null) : null;
}

const PREDICATES = new Set([
  "includes",
  "has",
  "hasOwn",
  "hasOwnProperty",
  "isNaN",
  "isFinite",
  "isInteger",
  "isSafeInteger",
  "isArray",
  "test",
  "startsWith",
  "endsWith",
  "some",
  "every",
  "propertyIsEnumerable",
  "isPrototypeOf",
]);

/** A call that is known to answer yes or no. */
export function isPredicateCall(node: Node, text: string): boolean {
  const called = methodCall(node, text);
  return called === null ? ["isNaN", "isFinite"].includes(calleeOf(node, text)) : PREDICATES.has(called.name);
}
