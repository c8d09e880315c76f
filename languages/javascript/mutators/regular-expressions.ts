/** Patterns that accept a little more or a little less. */
import { methodCall } from "../shapes.ts";
import type { Node } from "../syntax.ts";
import { sourceOf } from "../syntax-edits.ts";
import type { Edit, SyntaxMutator } from "./contract.ts";

interface Token {
  readonly kind: "anchor" | "quantifier" | "class" | "escape" | "look" | "other";
  readonly source: string;
  readonly at: number;
}

const TOKENS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["escape", /\\(?:[pP]\{[^}]*\}|k<[^>]*>|u\{[^}]*\}|[\s\S])/y],
  ["class", /\[(?:\\[\s\S]|[^\]\\])*\]/y],
  ["look", /\(\?<?[=!]/y],
  ["other", /\(\?(?::|<[^>]*>|[-a-z]+:)/y],
  ["anchor", /[$^]/y],
  ["quantifier", /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y],
  ["other", /[\s\S]/y],
];

/** The pattern cut into tokens; a class is one token. */
function tokens(pattern: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < pattern.length; ) {
    const token = TOKENS.map(([kind, expression]) => {
      expression.lastIndex = at;
      return { kind, source: expression.exec(pattern)?.[0] ?? "", at };
    }).find(({ source }) => source !== "");
    if (token === undefined) break;
    found.push(token);
    at += token.source.length;
  }
  return found;
}

/** Edits of the tokens of a pattern; nested classes of the `v` flag are left alone. */
function editsOf(node: Node, text: string, change: (token: Token) => readonly string[]): Edit[] {
  const pattern = node.childForFieldName("pattern");
  const flags = node.childForFieldName("flags")?.text ?? "";
  if (pattern === null || flags.includes("v")) return [];
  const source = sourceOf(pattern, text);
  return tokens(source).flatMap((token) =>
    change(token)
      .filter((other) => isValid(source.slice(0, token.at) + other + source.slice(token.at + token.source.length), flags))
      .map((other) => ({
        start: pattern.startIndex + token.at,
        end: pattern.startIndex + token.at + token.source.length,
        replacement: source === token.source && other === "" ? "(?:)" : other,
      })),
  );
}

/** Does the engine take it? A pattern that it refuses would break its file at load. */
function isValid(pattern: string, flags: string): boolean {
  try {
    new RegExp(pattern, flags);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const NODES = ["regex"];

export const regexAnchor = {
  name: "regex-anchor",
  version: 1,
  about: "A pattern matches anywhere: `^` or `$` is forgotten.",
  noun: "anchor of a pattern",
  nodes: NODES,
  mutate: (node, text) => editsOf(node, text, ({ kind }) => (kind === "anchor" ? [""] : [])),
} satisfies SyntaxMutator;

/** `{2,3}` one wider and one narrower. */
function otherBounds(source: string): string[] {
  const [, low = "", comma = "", high = "", lazy = ""] = /^\{(\d+)(,?)(\d*)\}(\??)$/.exec(source) ?? [];
  const [least, most] = [Number(low), Number(high)];
  if (comma === "") return [`{${least + 1}}${lazy}`];
  if (high === "") return [`{${least + 1},}${lazy}`];
  return [`{${least},${most + 1}}${lazy}`, ...(most > least ? [`{${least + 1},${most}}${lazy}`] : [])];
}

const QUANTIFIERS: Readonly<Record<string, readonly string[]>> = {
  "+": ["*", ""],
  "*": ["+"],
  "?": [""],
  "+?": ["*?", "+"],
  "*?": ["+?", "*"],
  "??": ["?"],
};

export const regexQuantifier = {
  name: "regex-quantifier",
  version: 1,
  about: "A pattern takes one more or one less, or as much as it can: `*` for `+`, `+` for `+?`.",
  noun: "repetition in a pattern",
  nodes: NODES,
  mutate: (node, text) =>
    editsOf(node, text, ({ kind, source }) => (kind === "quantifier" ? (QUANTIFIERS[source] ?? otherBounds(source)) : [])),
} satisfies SyntaxMutator;

/** The class of all other characters. */
function complement({ kind, source }: Token): string[] {
  if (kind === "class")
    return source === "[]" || source === "[^]" ? [] : [source.startsWith("[^") ? `[${source.slice(2)}` : `[^${source.slice(1)}`];
  const letter = source[1] ?? "";
  if (kind !== "escape" || !/^\\[dDwWsSbB]$/.test(source)) return [];
  return [`\\${letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()}`];
}

export const regexClass = {
  name: "regex-class",
  version: 1,
  about: "All other characters: `[^a-z]` for `[a-z]`, `\\D` for `\\d`.",
  noun: "character class of a pattern",
  nodes: NODES,
  mutate: (node, text) => editsOf(node, text, complement),
} satisfies SyntaxMutator;

export const regexLook = {
  name: "regex-look",
  version: 1,
  about: "A pattern looks for what must not be there: `(?!` for `(?=`.",
  noun: "look-around of a pattern",
  nodes: NODES,
  mutate: (node, text) =>
    editsOf(node, text, ({ kind, source }) => (kind === "look" ? [source.slice(0, -1) + (source.endsWith("=") ? "!" : "=")] : [])),
} satisfies SyntaxMutator;

/** Methods that throw on a pattern that is not global. */
const GLOBAL_ONLY = new Set(["matchAll", "replaceAll"]);

/** Methods that look once, global or not. */
const LOOKS_ONCE = new Set(["split", "search"]);

/** Flags that make no difference to this pattern, or whose loss the method would throw on. */
function idleFlags(pattern: string, flags: string, method: string): string {
  const kinds = tokens(pattern);
  const isUnicode = /[uv]/.test(flags);
  const startsOnce = pattern.startsWith("^") && !pattern.includes("|") && !flags.includes("m") && method === "replace";
  const caseless = !isUnicode && kinds.every(({ kind, source }) => isCaseless(kind, source));
  return [
    GLOBAL_ONLY.has(method) || LOOKS_ONCE.has(method) || startsOnce ? "g" : "",
    kinds.some(({ kind }) => kind === "anchor") ? "" : "m",
    kinds.some(({ kind, source }) => kind === "other" && source === ".") ? "" : "s",
    caseless ? "i" : "",
  ].join("");
}

/** No letter, no range that may hold letters, no reference to an earlier match. */
function isCaseless(kind: Token["kind"], source: string): boolean {
  if (kind === "quantifier" || kind === "look" || kind === "anchor") return true;
  const bare = source.replace(/\\[dDsSwWbBnrtfv]/g, "").replace(/^\(\?:$/, "");
  return kind === "class" ? !/[\p{L}\\-]/u.test(bare) : !/\p{L}|^\\[1-9]/u.test(bare);
}

export const regexFlag = {
  name: "regex-flag",
  version: 1,
  about: "A flag is forgotten: one match for all, or letters by their case.",
  noun: "flag of a pattern",
  nodes: NODES,
  mutate(node, text) {
    const flags = node.childForFieldName("flags");
    const call = node.parent?.parent ?? null;
    const method = (call === null ? null : methodCall(call, text))?.name ?? "";
    const pattern = node.childForFieldName("pattern");
    if (flags === null || pattern === null) return [];
    const idle = idleFlags(sourceOf(pattern, text), sourceOf(flags, text), method);
    return [...sourceOf(flags, text)].map((flag, i) =>
      "gims".includes(flag) && !idle.includes(flag)
        ? { start: flags.startIndex + i, end: flags.startIndex + i + 1, replacement: "" }
        : null,
    );
  },
} satisfies SyntaxMutator;
