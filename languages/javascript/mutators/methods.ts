/** A method taken for its neighbour: one table a kind of mistake. */
import { isStatement, methodCall } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { put } from "../syntax-edits.ts";
import type { Edit, SyntaxMutator } from "./contract.ts";

type Swaps = Readonly<Record<string, readonly string[]>>;

/** Edits of the method's name; `on` narrows to calls on one named object such as `Math`. */
const swapped =
  (swaps: Swaps, on?: string) =>
  (node: Node, text: string): readonly (Edit | null)[] => {
    const called = methodCall(node, text);
    if (called === null || (on !== undefined && called.object.text !== on)) return [];
    const others = Object.hasOwn(swaps, called.name) ? (swaps[called.name] ?? []) : [];
    return others.map((other) => put(text, called.property.startIndex, called.property.endIndex, other));
  };

const both = (a: string, b: string): Swaps => ({ [a]: [b], [b]: [a] });
const NODES = ["call_expression"];

export const arrayEnds = {
  name: "array-ends",
  version: 1,
  about: "The wrong end of a list: `unshift` for `push`, `pop` for `shift`.",
  noun: "end of a list",
  nodes: NODES,
  mutate: swapped({ ...both("push", "unshift"), ...both("pop", "shift") }),
} satisfies SyntaxMutator;

export const arrayQuantifier = {
  name: "array-quantifier",
  version: 1,
  about: "Any for all: `some` for `every`.",
  noun: "quantifier over a list",
  nodes: NODES,
  mutate: swapped(both("some", "every")),
} satisfies SyntaxMutator;

export const arraySearch = {
  name: "array-search",
  version: 1,
  about: "The first match for the last, or the match for its place: `findLast` for `find`.",
  noun: "search in a list",
  nodes: NODES,
  mutate: swapped({
    find: ["findLast", "findIndex"],
    findLast: ["find"],
    findIndex: ["findLastIndex", "find"],
    findLastIndex: ["findIndex"],
    ...both("indexOf", "lastIndexOf"),
  }),
} satisfies SyntaxMutator;

export const arrayTransform = {
  name: "array-transform",
  version: 1,
  about: "Another walk over a list: `forEach` for `map`, `map` for `flatMap`, `find` for `filter`.",
  noun: "transformation of a list",
  nodes: NODES,
  // A walk whose result nobody takes is the same walk under either name.
  mutate: (node, text) =>
    isStatement(node) ? [] : swapped({ map: ["forEach"], flatMap: ["map"], forEach: ["map"], filter: ["find", "map"] })(node, text),
} satisfies SyntaxMutator;

export const reduceDirection = {
  name: "reduce-direction",
  version: 1,
  about: "Folds a list from the other end.",
  noun: "direction of a fold",
  nodes: NODES,
  mutate: swapped(both("reduce", "reduceRight")),
} satisfies SyntaxMutator;

export const stringAffix = {
  name: "string-affix",
  version: 1,
  about: "Looks at the other end of a text, or anywhere in it: `endsWith` for `startsWith`.",
  noun: "prefix or suffix check",
  nodes: NODES,
  mutate: swapped({ startsWith: ["endsWith", "includes"], endsWith: ["startsWith", "includes"] }),
} satisfies SyntaxMutator;

export const stringTrim = {
  name: "string-trim",
  version: 1,
  about: "Trims one end of a text, or the other one.",
  noun: "trimmed end of a text",
  nodes: NODES,
  mutate: swapped({ trim: ["trimStart", "trimEnd"], trimStart: ["trimEnd", "trim"], trimEnd: ["trimStart", "trim"] }),
} satisfies SyntaxMutator;

export const stringCase = {
  name: "string-case",
  version: 1,
  about: "Capitals for small letters.",
  noun: "letter case",
  nodes: NODES,
  mutate: swapped({ ...both("toLowerCase", "toUpperCase"), ...both("toLocaleLowerCase", "toLocaleUpperCase") }),
} satisfies SyntaxMutator;

export const stringPad = {
  name: "string-pad",
  version: 1,
  about: "Fills up a text at the other end.",
  noun: "side of padding",
  nodes: NODES,
  mutate: swapped(both("padStart", "padEnd")),
} satisfies SyntaxMutator;

export const mathBound = {
  name: "math-bound",
  version: 1,
  about: "The largest for the smallest: `Math.max` for `Math.min`.",
  noun: "minimum or maximum",
  nodes: NODES,
  mutate: swapped(both("min", "max"), "Math"),
} satisfies SyntaxMutator;

export const rounding = {
  name: "rounding",
  version: 1,
  about: "Rounds another way: `Math.ceil` for `Math.floor`.",
  noun: "rounding",
  nodes: NODES,
  mutate: swapped({ floor: ["ceil", "round"], ceil: ["floor"], round: ["floor"], trunc: ["floor", "round"] }, "Math"),
} satisfies SyntaxMutator;

export const promiseCombinator = {
  name: "promise-combinator",
  version: 1,
  about: "Waits for another number of promises, or lets failures pass: `allSettled` for `all`.",
  noun: "way of waiting for several promises",
  nodes: NODES,
  mutate: swapped({ all: ["allSettled", "race"], allSettled: ["all"], race: ["any", "all"], any: ["race"] }, "Promise"),
} satisfies SyntaxMutator;

export const objectView = {
  name: "object-view",
  version: 1,
  about: "Keys for values: `Object.keys` for `Object.values`.",
  noun: "view of an object",
  nodes: NODES,
  mutate: swapped({ keys: ["values"], values: ["keys"], entries: ["keys", "values"] }, "Object"),
} satisfies SyntaxMutator;

export const dateComponent = {
  name: "date-component",
  version: 1,
  about: "The neighbouring part of a date, or local time for UTC: `getDay` for `getDate`.",
  noun: "date component",
  nodes: NODES,
  mutate: swapped({
    ...both("getDate", "getDay"),
    ...both("getUTCDate", "getUTCDay"),
    getHours: ["getUTCHours"],
    getUTCHours: ["getHours"],
    getMonth: ["getUTCMonth"],
    getUTCMonth: ["getMonth"],
    getFullYear: ["getUTCFullYear"],
    getUTCFullYear: ["getFullYear"],
    getMinutes: ["getSeconds"],
    getSeconds: ["getMinutes", "getMilliseconds"],
  }),
} satisfies SyntaxMutator;

export const mapLookup = {
  name: "map-lookup",
  version: 1,
  about: "Asks a map whether instead of what: `has` for `get`.",
  noun: "lookup in a collection",
  nodes: NODES,
  mutate(node, text) {
    return methodCall(node, text)?.args.length === 1 ? swapped(both("get", "has"))(node, text) : [];
  },
} satisfies SyntaxMutator;

const PARSERS = new Map([
  ["parseInt", "parseFloat"],
  ["parseFloat", "parseInt"],
]);

export const numberParsing = {
  name: "number-parsing",
  version: 1,
  about: "Reads a number as a whole one, or the other way: `parseInt` for `parseFloat`.",
  noun: "number parsing",
  nodes: NODES,
  mutate(node, text) {
    const callee = node.childForFieldName("function");
    const other = PARSERS.get(callee?.text ?? "");
    if (callee === null) return [];
    return other === undefined
      ? swapped(both("parseInt", "parseFloat"), "Number")(node, text)
      : [put(text, callee.startIndex, callee.endIndex, other)];
  },
} satisfies SyntaxMutator;
