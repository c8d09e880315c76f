/**
 * New names for locals and parameters.
 *
 * Scopes are lexical: inside the scope of a declaration every mention of its name is that variable, or one declared further in. Renaming them all
 * alike keeps the meaning, provided that each is an identifier that can be renamed.
 */
import type { Edit } from "./edits.ts";
import { ancestorsOf, childOf, isFunction, nodesOf, type SyntaxNode, takesName, unwrapped } from "./tree.ts";

/** Mentions of a name that a rename could not follow: as a property's own name, a type, a tag. */
const UNFOLLOWED: ReadonlySet<string> = new Set([
  "shorthand_property_identifier",
  "shorthand_property_identifier_pattern",
  "type_identifier",
  "jsx_identifier",
]);

const IN_TYPES: ReadonlySet<string> = new Set([
  "type_annotation",
  "type_arguments",
  "type_parameters",
  "type_query",
  "type_predicate",
  "asserts",
  "type_alias_declaration",
  "interface_declaration",
  "ambient_declaration",
  "function_signature",
  "method_signature",
  "abstract_method_signature",
]);

const TAGS: ReadonlySet<string> = new Set(["jsx_opening_element", "jsx_closing_element", "jsx_self_closing_element"]);

const SCOPES: ReadonlySet<string> = new Set([
  "statement_block",
  "for_statement",
  "for_in_statement",
  "switch_body",
  "class_static_block",
  "program",
]);

/** A parameter that is also a field (`constructor(private x)`), or carries a decorator that may read its name. */
const PARAMETER_MARKS: ReadonlySet<string> = new Set(["accessibility_modifier", "override_modifier", "readonly", "decorator"]);

const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

const nearest = (node: SyntaxNode, holds: (up: SyntaxNode) => boolean): SyntaxNode | null => {
  for (const up of ancestorsOf(node)) if (holds(up)) return up;
  return null;
};

/** `(a)`, `(a = 1)`, `(...a)`, `(a?: T)` and `a =>`: the function whose parameter the identifier is. */
function parameterScope(identifier: SyntaxNode): SyntaxNode | null {
  if (identifier.field === "parameter" && identifier.parent?.type === "arrow_function") return identifier.parent;
  let node = identifier;
  for (let up = node.parent; up !== null; up = up.parent) {
    if (up.type === "formal_parameters") return up.parent !== null && isFunction(up.parent) ? up.parent : null;
    if (up.type === "assignment_pattern" && (node.field !== "left" || takesName(unwrapped(childOf(up, "right") ?? up)))) return null;
    if (up.type === "required_parameter" || up.type === "optional_parameter") {
      const value = childOf(up, "value");
      if (node.field !== "pattern" || up.children.some((child) => PARAMETER_MARKS.has(child.type))) return null;
      if (value !== null && takesName(unwrapped(value))) return null;
    } else if (up.type !== "assignment_pattern" && up.type !== "rest_pattern") return null;
    node = up;
  }
  return null;
}

const isVar = (declaration: SyntaxNode): boolean =>
  declaration.type === "variable_declaration" || declaration.children.some((child) => child.field === "kind" && child.type === "var");

/** The body of the function around a `var`; null where a parameter has the same name, and so is the same variable. */
function varScope(text: string, identifier: SyntaxNode): SyntaxNode | null {
  const body = nearest(identifier, (up) => up.type === "statement_block" && up.parent !== null && isFunction(up.parent));
  const parameters = body?.parent?.children.find((child) => /^parameters?$/.test(child.field ?? ""));
  const name = textOf(text, identifier);
  const isShared =
    parameters !== undefined && [...nodesOf(parameters)].some((node) => node.children.length === 0 && textOf(text, node) === name);
  return isShared ? null : body;
}

/** Where a `const`, `let`, `var` or `for (const x of …)` variable can be seen, or null where the identifier declares none. */
function variableScope(text: string, identifier: SyntaxNode): SyntaxNode | null {
  const { parent } = identifier;
  if (parent === null) return null;
  const isHeader = parent.type === "for_in_statement" && identifier.field === "left" && childOf(parent, "kind") !== null;
  if (!isHeader && !(parent.type === "variable_declarator" && identifier.field === "name")) return null;
  const value = childOf(parent, "value");
  if (value !== null && takesName(unwrapped(value))) return null;
  const declaration = isHeader ? parent : parent.parent;
  if (declaration !== null && isVar(declaration)) return varScope(text, identifier);
  return nearest(identifier, (up) => SCOPES.has(up.type));
}

const contains = (outer: SyntaxNode, inner: SyntaxNode): boolean => outer.start <= inner.start && inner.end <= outer.end;

/** A function's own name, and the computed name of a method, belong to the scope around it. */
const standsOutside = (scope: SyntaxNode, mention: SyntaxNode): boolean =>
  scope.children.some((child) => (child.field === "name" || child.type === "decorator") && contains(child, mention));

function canFollow(scope: SyntaxNode, mention: SyntaxNode): boolean {
  if (mention.type !== "identifier" || (mention.parent !== null && TAGS.has(mention.parent.type))) return false;
  if (isFunction(scope) && standsOutside(scope, mention)) return false;
  return nearest(mention, (up) => up === scope || IN_TYPES.has(up.type)) === scope;
}

/** The widest scopes within the spans in which all mentions of one name may be renamed, each with its mentions. */
function renameable(text: string, mentions: readonly SyntaxNode[], spans: readonly SyntaxNode[]): readonly (readonly SyntaxNode[])[] {
  const groups: (readonly SyntaxNode[])[] = [];
  let renamedTo = -1;
  const scopes = mentions.flatMap((mention) => parameterScope(mention) ?? variableScope(text, mention) ?? []);
  for (const scope of [...new Set(scopes)].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const isLocal = isFunction(scope) || nearest(scope, isFunction) !== null;
    if (scope.end <= renamedTo || !isLocal || !spans.some((span) => contains(span, scope))) continue;
    const inside = mentions.filter((mention) => contains(scope, mention));
    if (!inside.every((mention) => canFollow(scope, mention))) continue;
    groups.push(inside);
    renamedTo = scope.end;
  }
  return groups;
}

function mentionsByName(text: string, root: SyntaxNode): ReadonlyMap<string, readonly SyntaxNode[]> {
  const mentions = new Map<string, SyntaxNode[]>();
  for (const node of nodesOf(root)) {
    if (node.type !== "identifier" && !UNFOLLOWED.has(node.type)) continue;
    const name = textOf(text, node);
    const known = mentions.get(name);
    if (known === undefined) mentions.set(name, [node]);
    else known.push(node);
  }
  return mentions;
}

/** Code that is put together at run time may use any name. */
const readsNames = (text: string, span: SyntaxNode): boolean => /\beval\b|\bwith\s*\(|\bnew\s+Function\b/.test(textOf(text, span));

/** Renames `old` to `old_k1`, `old_k2` … within the spans. */
export function localsOf(text: string, root: SyntaxNode, spans: readonly SyntaxNode[]): readonly Edit[] {
  const edits: Edit[] = [];
  const open = spans.filter((span) => !readsNames(text, span));
  let count = 0;
  for (const [name, mentions] of mentionsByName(text, root)) {
    if (name === "arguments") continue;
    for (const group of renameable(text, mentions, open)) {
      let next = `${name}_k${++count}`;
      while (text.includes(next)) next = `${name}_k${++count}`;
      edits.push(...group.map((mention) => ({ start: mention.start, end: mention.end, text: next })));
    }
  }
  return edits;
}
