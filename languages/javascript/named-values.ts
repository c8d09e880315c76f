/**
 * Values that a file names once, at its top, and then only reads: `const SLASHES = /\/+/g`. A mutant of one runs while the file is loaded, but
 * whoever notices it reads the name. So it can be put in force afterwards, where the mutated value stands beside the value under a name of
 * its own and every read asks which of the two is meant.
 *
 * That is so where making the value does nothing else (literals, lists and objects of these), where no other place declares, assigns or
 * hands on the name (exports, shorthand properties, types), and where nobody can look it up by its text (`eval`).
 */
import { childOf, nodesOf, partsOf, type SyntaxNode } from "./tree.ts";

export interface NamedValue {
  readonly name: string;
  /** The value, as it stands behind its name. */
  readonly value: SyntaxNode;
  /** Every other place of the name, each a value that may be given in two forms. */
  readonly reads: readonly SyntaxNode[];
}

const PLAIN: ReadonlySet<string> = new Set(["regex", "number", "string", "true", "false", "null", "undefined", "identifier"]);

/** Does making it do nothing but make it? */
export function isInert(node: SyntaxNode, text: string): boolean {
  if (PLAIN.has(node.type)) return true;
  switch (node.type) {
    case "array":
    case "object":
      return partsOf(node).every((part) => isInert(part, text));
    case "pair":
      return (
        childOf(node, "key")?.type !== "computed_property_name" &&
        partsOf(node)
          .slice(1)
          .every((part) => isInert(part, text))
      );
    case "unary_expression":
      return text[node.start] === "-" && partsOf(node).every(({ type }) => type === "number");
    default:
      return false;
  }
}

/** Names in all their uses: as a value, in a pattern, in a shorthand property. */
const NAMES: ReadonlySet<string> = new Set(["identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"]);

/** In text order. `isValue` says of a node whether it may be given in two forms. */
export function namedValues(root: SyntaxNode, text: string, isValue: (node: SyntaxNode) => boolean): NamedValue[] {
  if (/\beval\b/.test(text)) return [];
  const uses = new Map<string, SyntaxNode[]>();
  for (const node of nodesOf(root)) {
    if (!NAMES.has(node.type)) continue;
    const name = text.slice(node.start, node.end);
    const known = uses.get(name);
    if (known === undefined) uses.set(name, [node]);
    else known.push(node);
  }
  const declared = root.children.filter(({ type }) => type === "lexical_declaration" || type === "variable_declaration");
  return declared.flatMap(partsOf).flatMap((declarator) => {
    const [name, value] = [childOf(declarator, "name"), childOf(declarator, "value")];
    if (declarator.type !== "variable_declarator" || name?.type !== "identifier" || value === null || !isInert(value, text)) return [];
    const own = text.slice(name.start, name.end);
    const reads = (uses.get(own) ?? []).filter(({ start }) => start !== name.start);
    return reads.every((read) => read.type === "identifier" && isValue(read)) ? [{ name: own, value, reads }] : [];
  });
}
