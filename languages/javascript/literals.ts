/** Reading literal values from syntax. */
import { partsOf, type SyntaxNode, unwrapped } from "./tree.ts";

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", "0": "\0", "\n": "", "\r\n": "" };

function unescaped(raw: string): string {
  return raw.replace(/\\(u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r\n|[\s\S])/g, (_, all: string, braced, unicode, hex) => {
    const code: string | undefined = braced ?? unicode ?? hex;
    return code === undefined ? (ESCAPES[all] ?? all) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

/** The value of a string, a template without substitutions, or a sum of them; null for anything else. */
export function literalText(text: string, expression: SyntaxNode): string | null {
  const node = unwrapped(expression);
  if (
    node.type === "string" ||
    (node.type === "template_string" && !node.children.some((child) => child.type === "template_substitution"))
  ) {
    return unescaped(text.slice(node.start + 1, node.end - 1));
  }
  const parts = partsOf(node);
  if (node.type !== "binary_expression" || parts.length !== 2 || !node.children.some((child) => child.type === "+")) return null;
  const values = parts.map((part) => literalText(text, part));
  return values.every((value) => value !== null) ? values.join("") : null;
}

const CONSTANTS: ReadonlySet<string> = new Set(["string", "number", "regex", "true", "false", "null", "undefined"]);

/** Made of literals alone: numbers, strings, arrays and objects of them. `inner` may let other expressions pass. */
export function isLiteral(node: SyntaxNode, inner: (node: SyntaxNode) => boolean = () => false): boolean {
  const value = unwrapped(node);
  if (CONSTANTS.has(value.type) || inner(value)) return true;
  const parts = partsOf(value);
  const every = (): boolean => parts.every((part) => isLiteral(part, inner));
  switch (value.type) {
    case "template_string":
      return parts.every((part) => part.type !== "template_substitution" || isLiteral(partsOf(part)[0] ?? part, inner));
    case "pair":
      return parts.length === 2 && parts[0]?.type !== "computed_property_name" && isLiteral(parts[1] as SyntaxNode, inner);
    case "array":
    case "object":
    case "unary_expression":
    case "binary_expression":
      return every();
    default:
      return false;
  }
}
