/** Which names of a file an importer can reach, by ES module syntax and by CommonJS. */
import { childOf, isFunction, nodesOf, partsOf, type SyntaxNode, unwrapped } from "./tree.ts";

/** `exports.x`, `module.exports.x` → "x"; `module.exports` → ""; anything else → null. */
export function exportTarget(path: string): string | null {
  const match = /^(?:module\.)?exports(?:\.([\w$]+))?$/.exec(path.replace(/\s/g, ""));
  if (match === null || path === "exports") return null;
  return match[1] ?? "";
}

/** Identifiers that a value hands out: itself, an object's members, a constructor's or wrapper's arguments. */
function handedOut(text: string, value: SyntaxNode): readonly string[] {
  const names: string[] = [];
  for (const node of nodesOf(
    unwrapped(value),
    (inner) => !isFunction(inner) && inner.type !== "class" && inner.type !== "member_expression",
  )) {
    if (node.type === "identifier" || node.type === "shorthand_property_identifier") names.push(text.slice(node.start, node.end));
  }
  return names;
}

function fromClause(text: string, statement: SyntaxNode): readonly string[] {
  if (childOf(statement, "source") !== null) return [];
  const clause = statement.children.find((child) => child.type === "export_clause");
  return (clause === undefined ? [] : partsOf(clause)).flatMap((specifier) => {
    const name = childOf(specifier, "name");
    return name === null ? [] : [text.slice(name.start, name.end)];
  });
}

function fromDeclaration(text: string, declaration: SyntaxNode): readonly string[] {
  const name = childOf(declaration, "name");
  const names = name === null ? partsOf(declaration).map((part) => childOf(part, "name")) : [name];
  return names.flatMap((node) => (node === null ? [] : [text.slice(node.start, node.end)]));
}

function fromExport(text: string, statement: SyntaxNode): readonly string[] {
  const declaration = childOf(statement, "declaration");
  if (declaration !== null) return fromDeclaration(text, declaration);
  const value = childOf(statement, "value") ?? (statement.children.some((child) => child.type === "=") ? partsOf(statement)[0] : undefined);
  return value === undefined ? fromClause(text, statement) : handedOut(text, value);
}

/** Names that an exported `const api = { a, b }` hands on. */
function handedOn(text: string, root: SyntaxNode, exported: ReadonlySet<string>): readonly string[] {
  const names: string[] = [];
  for (const node of nodesOf(root, (inner) => !isFunction(inner))) {
    if (node.type !== "variable_declarator") continue;
    const name = childOf(node, "name");
    const value = childOf(node, "value");
    if (name === null || value === null || unwrapped(value).type !== "object") continue;
    if (exported.has(text.slice(name.start, name.end))) names.push(...handedOut(text, value));
  }
  return names;
}

/** Top-level names that are reachable by importing the file. */
export function exportedNames(text: string, root: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodesOf(root)) {
    if (node.type === "export_statement") for (const name of fromExport(text, node)) names.add(name);
    if (node.type !== "assignment_expression") continue;
    const left = childOf(node, "left");
    const right = childOf(node, "right");
    if (left === null || right === null || exportTarget(text.slice(left.start, left.end)) === null) continue;
    for (const name of handedOut(text, right)) names.add(name);
  }
  for (const name of handedOn(text, root, names)) names.add(name);
  return names;
}

/** The plain names of an `export {a as b}` or of an `{b: a}` that is exported. */
function renamedIn(text: string, node: SyntaxNode): readonly (readonly [string, string])[] {
  const isSpecifier = node.type === "export_specifier";
  const [own, shown] = isSpecifier ? [childOf(node, "name"), childOf(node, "alias")] : [childOf(node, "value"), childOf(node, "key")];
  if (own === null || shown === null || !/identifier$/.test(own.type)) return [];
  const name = text.slice(shown.start, shown.end);
  return /^[\w$]+$/.test(name) && name !== "default" ? [[text.slice(own.start, own.end), name]] : [];
}

/** Top-level names that an importer knows by another name. What has both is called by its own. */
export function shownNames(text: string, root: SyntaxNode): ReadonlyMap<string, string> {
  const found: (readonly [string, string])[] = [];
  for (const node of nodesOf(root, (inner) => !isFunction(inner))) {
    if (node.type === "export_statement" && childOf(node, "source") === null) {
      for (const clause of node.children)
        if (clause.type === "export_clause") found.push(...partsOf(clause).flatMap((part) => renamedIn(text, part)));
    }
    const [left, right] = [childOf(node, "left"), childOf(node, "right")];
    if (node.type !== "assignment_expression" || left === null || right === null) continue;
    const target = exportTarget(text.slice(left.start, left.end));
    if (target !== null && target !== "" && right.type === "identifier") found.push([text.slice(right.start, right.end), target]);
    if (target === "" && right.type === "object") for (const pair of partsOf(right)) found.push(...renamedIn(text, pair));
  }
  const ownToo = new Set(found.filter(([own, shown]) => own === shown).map(([own]) => own));
  return new Map(found.filter(([own]) => !ownToo.has(own)));
}
