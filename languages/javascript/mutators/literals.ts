/** Values written into the code. */
import { argumentsOf, calleeOf, comparesType, isKey, isStatement, isTextual, outside } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { operatorOf, put, sourceOf, substitute } from "../syntax-edits.ts";
import type { Edit, SyntaxMutator } from "./contract.ts";

export const booleanLiteral = {
  name: "boolean-literal",
  version: 1,
  about: "The other truth value: `true` for `false`.",
  noun: "boolean value",
  nodes: ["true", "false"],
  mutate: (node, text) => [put(text, node.startIndex, node.endIndex, node.type === "true" ? "false" : "true")],
} satisfies SyntaxMutator;

/** `new TypeError("this")`, `throw fail("this")`. */
function isErrorMessage(node: Node, text: string): boolean {
  const list = node.parent;
  const call = list?.type === "arguments" ? list.parent : null;
  if (call === null || call === undefined) return false;
  return /(?:Error|Exception)$/.test(calleeOf(call, text)) || call.parent?.type === "throw_statement";
}

/** Strings that are no values: directives, keys, modules, type names, labels of symbols. */
function isNoValue(node: Node, text: string): boolean {
  const parent = node.parent;
  if (parent === null || isStatement(node) || isKey(node)) return true;
  if (parent.type === "binary_expression") return comparesType(parent) || operatorOf(parent) === "in";
  const call = parent.type === "arguments" ? parent.parent : null;
  if (call === null) return false;
  return ["require", "import", "Symbol", "Symbol.for", "require.resolve"].includes(calleeOf(call, text));
}

/** The other content of a text: nothing where there was something. */
function emptied(node: Node, text: string): Edit | null {
  if (node.parent?.type === "call_expression") return null;
  if (node.endIndex - node.startIndex > 2) return put(text, node.startIndex + 1, node.endIndex - 1, "");
  return put(text, node.startIndex + 1, node.startIndex + 1, "x");
}

export const errorMessage = {
  name: "error-message",
  version: 1,
  about: "An error says nothing. Few tests look, so it ranks low.",
  noun: "error message",
  nodes: ["string", "template_string"],
  mutate: (node, text) => (isErrorMessage(node, text) ? [emptied(node, text)] : []),
} satisfies SyntaxMutator;

export const stringLiteral = {
  name: "string-literal",
  version: 1,
  about: "A text is empty where something was meant, or the other way.",
  noun: "string value",
  nodes: ["string", "template_string"],
  mutate: (node, text) => (isNoValue(node, text) || isErrorMessage(node, text) ? [] : [emptied(node, text)]),
} satisfies SyntaxMutator;

export const templatePart = {
  name: "template-part",
  version: 1,
  about: "One of the values in a template is forgotten.",
  noun: "interpolated value",
  nodes: ["template_string"],
  mutate(node, text) {
    const parts = node.namedChildren.filter((child) => child.type === "template_substitution");
    const bare = parts.length === 1 && parts[0]?.text.length === node.text.length - 2;
    if (bare || isErrorMessage(node, text) || node.parent?.type === "call_expression") return [];
    return parts.map((part) => ({ start: part.startIndex, end: part.endIndex, replacement: "" }));
  },
} satisfies SyntaxMutator;

/** The number one more or one less, in the writing of the literal; null for hexadecimal, exponents and separators. */
function shifted(source: string, by: 1 | -1): string | null {
  const parts = /^(0|[1-9]\d*)(\.\d+)?(n?)$/.exec(source);
  if (parts === null) return null;
  const whole = BigInt(parts[1] ?? "0") + BigInt(by);
  return whole < 0n ? null : `${whole}${parts[2] ?? ""}${parts[3] ?? ""}`;
}

export const numberLiteral = {
  name: "number-literal",
  version: 1,
  about: "A number is one too high or one too low.",
  noun: "number",
  nodes: ["number"],
  mutate(node, text) {
    if (isKey(node) && node.parent?.type !== "subscript_expression") return [];
    return ([1, -1] as const).map((by) => {
      const other = shifted(sourceOf(node, text), by);
      return other === null ? null : put(text, node.startIndex, node.endIndex, other);
    });
  },
} satisfies SyntaxMutator;

export const nullUndefined = {
  name: "null-undefined",
  version: 1,
  about: "The other kind of nothing: `null` for `undefined`.",
  noun: "missing-value marker",
  nodes: ["null", "undefined"],
  mutate(node, text) {
    const parent = outside(node);
    if (parent === null || isKey(node)) return [];
    if (parent.type === "binary_expression" && !["===", "!=="].includes(operatorOf(parent))) return [];
    if (["formal_parameters", "required_parameter", "member_expression", "shorthand_property_identifier"].includes(parent.type)) return [];
    return [substitute(node, text, node.type === "null" ? "undefined" : "null", 17)];
  },
} satisfies SyntaxMutator;

export const emptyCollection = {
  name: "empty-collection",
  version: 1,
  about: "A list or a record starts empty.",
  noun: "initial content of a collection",
  nodes: ["array", "object", "new_expression"],
  mutate(node, text) {
    if (node.type === "new_expression") {
      const args = argumentsOf(node) ?? [];
      const [first, last] = [args[0], args.at(-1)];
      if (first === undefined || last === undefined || !["Set", "Map"].includes(calleeOf(node, text))) return [];
      return [{ start: first.startIndex, end: last.endIndex, replacement: "" }];
    }
    const first = node.namedChildren[0];
    if (first === undefined || isTextual(node) || node.parent?.type === "for_in_statement") return [];
    const isTarget = node.parent?.type === "assignment_expression" && node.parent.childForFieldName("left")?.id === node.id;
    const constructed = node.parent?.type === "arguments" ? node.parent.parent : null;
    const fills = constructed?.type === "new_expression" && ["Set", "Map"].includes(calleeOf(constructed, text));
    return isTarget || fills ? [] : [put(text, node.startIndex + 1, node.endIndex - 1, "")];
  },
} satisfies SyntaxMutator;
