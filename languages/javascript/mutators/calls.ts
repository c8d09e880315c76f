/** Arguments in the wrong place, and steps of a chain that are left out. */
import { argumentsOf, calleeOf, isFunction, isNegated, isStatement, members, methodCall, outside } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { exchange, keep, operatorOf, removeElement } from "../syntax-edits.ts";
import type { SyntaxMutator } from "./contract.ts";

/** The order of their arguments makes no difference, or they belong to the module system. */
const INDIFFERENT = new Set(["Math.max", "Math.min", "Object.is", "require", "import"]);

const isPlain = (node: Node): boolean => !isFunction(node) && node.type !== "spread_element";

export const argumentSwap = {
  name: "argument-swap",
  version: 1,
  about: "Two neighbouring arguments are the wrong way round.",
  noun: "order of arguments",
  nodes: ["call_expression", "new_expression"],
  mutate(node, text) {
    const args = argumentsOf(node) ?? [];
    if (INDIFFERENT.has(calleeOf(node, text))) return [];
    return args.slice(1).map((second, i) => {
      const first = args[i];
      return first !== undefined && isPlain(first) && isPlain(second) && first.text !== second.text ? exchange(first, second, text) : null;
    });
  },
} satisfies SyntaxMutator;

const OPTIONAL = new Set(["identifier", "member_expression", "object", "array", "number", "true", "false", "string"]);

export const argumentOmission = {
  name: "argument-omission",
  version: 1,
  about: "The last argument is not handed on.",
  noun: "missing argument",
  nodes: ["call_expression", "new_expression"],
  mutate(node, text) {
    const args = argumentsOf(node) ?? [];
    const last = args.at(-1);
    if (last === undefined || args.length < 2 || !OPTIONAL.has(last.type) || INDIFFERENT.has(calleeOf(node, text))) return [];
    return [removeElement(last)];
  },
} satisfies SyntaxMutator;

/** Steps of a chain that give back a value of the kind they were called on. */
const ORDERING = new Set(["sort", "reverse", "toSorted", "toReversed"]);
const SAME_KIND = new Set(["concat", "filter", "trim", "flat", "normalize", "toLowerCase", "toUpperCase", "bind", "catch", "finally"]);

const withoutStep = (steps: ReadonlySet<string>, node: Node, text: string) => {
  const called = methodCall(node, text);
  return called !== null && steps.has(called.name) && !isStatement(node) ? [keep(node, text, called.object)] : [];
};

export const orderingDropped = {
  name: "ordering-dropped",
  version: 1,
  about: "A list is not sorted or not reversed.",
  noun: "order of a list",
  nodes: ["call_expression"],
  mutate: (node, text) => withoutStep(ORDERING, node, text),
} satisfies SyntaxMutator;

export const stepDropped = {
  name: "step-dropped",
  version: 1,
  about: "A step of a chain is left out: no `filter`, no `trim`, no `concat`, no `bind`, no `catch`.",
  noun: "missing step of a chain",
  nodes: ["call_expression"],
  mutate: (node, text) => withoutStep(SAME_KIND, node, text),
} satisfies SyntaxMutator;

const WRAPPERS = new Set(["Math.abs", "Math.floor", "Math.ceil", "Math.round", "Math.trunc", "Number", "String", "Boolean"]);

const TESTS = new Set(["if_statement", "while_statement", "do_statement"]);

/** The place converts by itself: `${String(x)}`, `Number(x) * 2`, `if (Boolean(x))`. */
function convertsAnyway(node: Node, callee: string): boolean {
  const parent = outside(node);
  if (parent === null) return false;
  if (callee === "String") return parent.type === "template_substitution";
  if (callee === "Number") return parent.type === "binary_expression" && ["-", "*", "/", "%", "**"].includes(operatorOf(parent));
  return callee === "Boolean" && (isNegated(node) || TESTS.has(parent.type));
}

export const conversionDropped = {
  name: "conversion-dropped",
  version: 1,
  about: "A value is used as it came: no `Number(x)`, no `Math.abs(x)`, no `String(x)`.",
  noun: "missing conversion",
  nodes: ["call_expression"],
  mutate(node, text) {
    const [argument, ...others] = argumentsOf(node) ?? [];
    const callee = calleeOf(node, text);
    const isWrapper = WRAPPERS.has(callee) && others.length === 0 && !isStatement(node);
    if (!isWrapper || argument === undefined || argument.type === "spread_element" || convertsAnyway(node, callee)) return [];
    return [keep(node, text, argument)];
  },
} satisfies SyntaxMutator;

/** What is copied, where the node is nothing but a copy: `[...x]`, `{ ...x }`, `x.slice()`, `structuredClone(x)`. */
function copied(node: Node, text: string): Node | null {
  const [only, ...others] = members(node);
  if (node.type !== "call_expression") return only?.type === "spread_element" && others.length === 0 ? (members(only)[0] ?? null) : null;
  const called = methodCall(node, text);
  if (called !== null) return called.name === "slice" && called.args.length === 0 ? called.object : null;
  return calleeOf(node, text) === "structuredClone" ? (argumentsOf(node)?.[0] ?? null) : null;
}

export const copyDropped = {
  name: "copy-dropped",
  version: 1,
  about: "Works on the original for a copy of it: `x` for `[...x]`.",
  noun: "missing copy",
  nodes: ["array", "object", "call_expression"],
  mutate: (node, text) => (isStatement(node) ? [] : [keep(node, text, copied(node, text))]),
} satisfies SyntaxMutator;
