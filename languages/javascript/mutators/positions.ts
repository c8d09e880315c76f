/** Positions that are one off, and ends that are forgotten. */
import { isStatement, members, methodCall } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { offByOne, operatorOf, put, removeElement, sourceOf } from "../syntax-edits.ts";
import type { Edit, SyntaxMutator } from "./contract.ts";

/** Names that people give to positions. */
const POSITION = /^(?:[ijklmn]|idx|index|pos|position|offset|cursor|start|end|first|last|from|to|\w+(?:Index|Idx|Pos|Offset|Length))$/;

/** Something that counts: a name for a position, a length, a sum with a number. */
function isPosition(node: Node, text: string): boolean {
  if (node.type === "identifier") return POSITION.test(sourceOf(node, text));
  if (node.type === "member_expression") return /(?:length|size|index|Index|offset|Offset|pos)$/.test(sourceOf(node, text));
  if (node.type !== "binary_expression" || !["+", "-"].includes(operatorOf(node))) return false;
  return ["left", "right"].some((side) => {
    const operand = node.childForFieldName(side);
    return operand !== null && (operand.type === "number" || isPosition(operand, text));
  });
}

export const indexOffset = {
  name: "index-offset",
  version: 1,
  about: "Reads the neighbour: `items[i + 1]` for `items[i]`.",
  noun: "index",
  nodes: ["subscript_expression"],
  mutate(node, text) {
    const index = node.childForFieldName("index");
    return index !== null && isPosition(index, text) ? offByOne(index, text) : [];
  },
} satisfies SyntaxMutator;

const SLICES = new Set(["slice", "substring", "subarray", "substr"]);

/** Number literals are the business of `number-literal`. */
function shiftedEnd(end: Node, text: string): (Edit | null)[] {
  const isNumber = end.type === "number" || (end.type === "unary_expression" && members(end)[0]?.type === "number");
  return isNumber || end.type === "spread_element" ? [] : offByOne(end, text);
}

export const sliceEnd = {
  name: "slice-end",
  version: 1,
  about: "A slice ends or starts one too early or too late, or runs to the end.",
  noun: "end of a slice",
  nodes: ["call_expression"],
  mutate(node, text) {
    const called = methodCall(node, text);
    if (called === null || !SLICES.has(called.name)) return [];
    const last = called.args[1];
    return [...called.args.flatMap((end) => shiftedEnd(end, text)), last === undefined ? null : removeElement(last)];
  },
} satisfies SyntaxMutator;

const CHARACTERS = new Set(["charAt", "charCodeAt", "codePointAt", "at"]);

export const characterOffset = {
  name: "character-offset",
  version: 1,
  about: "Looks at the neighbouring character or element: `charAt(i + 1)` for `charAt(i)`.",
  noun: "character position",
  nodes: ["call_expression"],
  mutate(node, text) {
    const called = methodCall(node, text);
    const position = called?.args[0];
    return position !== undefined && CHARACTERS.has(called?.name ?? "") ? shiftedEnd(position, text) : [];
  },
} satisfies SyntaxMutator;

const REPLACEMENTS = new Map([
  ["replace", "replaceAll"],
  ["replaceAll", "replace"],
]);

export const replaceAll = {
  name: "replace-all",
  version: 1,
  about: "The first occurrence for all of them: `replace` for `replaceAll`.",
  noun: "number of replacements",
  nodes: ["call_expression"],
  mutate(node, text) {
    const called = methodCall(node, text);
    const other = REPLACEMENTS.get(called?.name ?? "");
    const isText = called?.args[0]?.type === "string" || called?.args[0]?.type === "template_string";
    if (called === null || other === undefined || !isText || isStatement(node)) return [];
    return [put(text, called.property.startIndex, called.property.endIndex, other)];
  },
} satisfies SyntaxMutator;
