/** The nameable pieces of a file: functions, methods and classes, with dotted names, doc comments and whether an import reaches them. */
import type { Lines, SourceFile, Unit, UnitSpan } from "../contract.ts";
import { exportedNames, exportTarget } from "./exports.ts";
import { CLASSES, childOf, FUNCTIONS, hasLine, partsOf, previousOf, type SyntaxNode, treeOf, treeOn, unwrapped } from "./tree.ts";

/** A unit and the function or class node that it is. */
export interface UnitNode {
  readonly unit: Unit;
  readonly node: SyntaxNode;
}

interface Name {
  /** Undotted; "" where the holder's own name is meant (`module.exports = {…}`). */
  readonly name: string;
  /** What is shown as the unit: the whole statement where it declares nothing else. */
  readonly holder: SyntaxNode;
  /** Named directly by an export: by `export`, `exports.x` or `module.exports`. */
  readonly exported: boolean;
  readonly member: boolean;
  /** A full path of its own (`X.prototype.y`), not prefixed with the enclosing function. */
  readonly absolute: boolean;
}

interface Scope {
  readonly prefix: string;
  readonly exported: boolean;
  /** Directly inside this a name is visible to importers: a class, an object, the file itself. */
  readonly open: boolean;
  /** What `this.x = function` is a member of. */
  readonly owner: string;
}

const FIELDS: ReadonlySet<string> = new Set(["field_definition", "public_field_definition"]);

const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

function memberName(text: string, holder: SyntaxNode): string {
  const key = childOf(holder, "name") ?? childOf(holder, "property") ?? childOf(holder, "key");
  if (key === null) return "";
  return key.type === "string" ? textOf(text, key).slice(1, -1) : textOf(text, key);
}

const isPrivate = (text: string, holder: SyntaxNode): boolean =>
  memberName(text, holder).startsWith("#") ||
  holder.children.some((child) => child.type === "accessibility_modifier" && textOf(text, child) === "private");

/** The statement around a declarator or an assignment that holds nothing else, `export` included. */
function statementAround(node: SyntaxNode): SyntaxNode {
  const statement = node.parent;
  if (statement === null || !/^(lexical_declaration|variable_declaration|expression_statement)$/.test(statement.type)) return node;
  if (partsOf(statement).length > 1) return node;
  return statement.parent?.type === "export_statement" ? statement.parent : statement;
}

const underExport = (holder: SyntaxNode): boolean => holder.type === "export_statement" || holder.parent?.type === "export_statement";

/** `X.prototype.y = …`, `X.y = …`, `exports.y = …`, `module.exports = …`, `this.y = …`. */
function assignedName(text: string, assignment: SyntaxNode, scope: Scope, own: string): Name | null {
  const left = childOf(assignment, "left");
  if (left === null) return null;
  const holder = statementAround(assignment);
  const target = exportTarget(textOf(text, left));
  if (target !== null) {
    return { name: target || own || "default", holder, exported: true, member: false, absolute: true };
  }
  if (left.type === "identifier") return { name: textOf(text, left), holder, exported: false, member: false, absolute: false };
  const path = textOf(text, left).replace(/\s/g, "");
  if (!/^[\w$.]+$/.test(path)) return null;
  if (path.startsWith("this.")) {
    const name = `${scope.owner === "" ? "" : `${scope.owner}.`}${path.slice(5)}`;
    return { name, holder, exported: scope.exported && scope.owner !== "", member: true, absolute: true };
  }
  return { name: path.replace(".prototype.", "."), holder, exported: false, member: true, absolute: true };
}

/** The name that the place of a function, class or object gives it; null for a mere argument or operand. */
function nameAt(text: string, node: SyntaxNode, scope: Scope): Name | null {
  const ownName = childOf(node, "name");
  const own = ownName === null ? "" : memberName(text, node);
  if (node.type === "method_definition") return { name: own, holder: node, exported: false, member: true, absolute: false };
  let value = node;
  while (value.parent !== null && unwrapped(value.parent) === node) value = value.parent;
  const parent = value.parent;
  if (parent === null) return null;
  if (parent.type === "export_statement") {
    return { name: own || "default", holder: parent, exported: true, member: false, absolute: false };
  }
  if (/_declaration$/.test(node.type)) return { name: own, holder: node, exported: false, member: false, absolute: false };
  if (parent.type === "variable_declarator" && value.field === "value") {
    const holder = statementAround(parent);
    if (childOf(parent, "name")?.type !== "identifier") return null;
    return {
      name: memberName(text, parent),
      holder,
      exported: underExport(holder) || underExport(parent.parent ?? parent),
      member: false,
      absolute: false,
    };
  }
  if ((parent.type === "pair" || FIELDS.has(parent.type)) && value.field === "value") {
    return { name: memberName(text, parent), holder: parent, exported: false, member: true, absolute: false };
  }
  if (parent.type === "assignment_expression" && value.field === "right") return assignedName(text, parent, scope, own);
  return null;
}

/** The doc comment that ends right before the node (decorators may stand between), without its frame of stars. */
function docBefore(text: string, holder: SyntaxNode): string {
  let first = holder;
  for (let before = previousOf(first); before?.type === "decorator"; before = previousOf(first)) first = before;
  const head = text.slice(0, first.start).trimEnd();
  if (!head.endsWith("*/")) return "";
  const start = head.lastIndexOf("/*");
  if (start < 0 || head[start + 2] !== "*" || /\n\s*\n/.test(text.slice(head.length, first.start))) return "";
  const lines = head.slice(start + 3, -2).split("\n");
  return lines
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    .trim();
}

const unitKind = (node: SyntaxNode, name: Name): Unit["kind"] => (CLASSES.has(node.type) ? "class" : name.member ? "method" : "function");

class UnitReader {
  readonly found: UnitNode[] = [];
  readonly #text: string;
  readonly #exports: ReadonlySet<string>;

  constructor(text: string, root: SyntaxNode) {
    this.#text = text;
    this.#exports = exportedNames(text, root);
  }

  read(node: SyntaxNode, scope: Scope): void {
    const inner = this.#enter(node, scope);
    for (const child of node.children) if (child.named) this.read(child, inner);
  }

  #enter(node: SyntaxNode, scope: Scope): Scope {
    const isCode = FUNCTIONS.has(node.type) || CLASSES.has(node.type);
    if (!isCode && node.type !== "object") return scope;
    const name = nameAt(this.#text, node, scope);
    const body = childOf(node, "body");
    if (name === null) {
      // What is declared inside a nameless function is out of an importer's sight unless it is assigned to `exports`.
      return isCode ? { ...scope, exported: false, open: false } : scope;
    }
    const full = name.absolute || scope.prefix === "" ? name.name : `${scope.prefix}.${name.name}`;
    const exported = this.#isExported(name, full, scope);
    if (!isCode) return this.#objectScope(name, full, exported, scope);
    if (body !== null) this.#add(node, body, name, full, exported);
    const open = CLASSES.has(node.type);
    return { prefix: full, exported, open, owner: open || name.member ? scope.owner || full : full };
  }

  /** Members of `module.exports = {…}` and `export default {…}` carry their own names. */
  #objectScope(name: Name, full: string, exported: boolean, scope: Scope): Scope {
    const prefix = full === "default" ? "" : full;
    return { prefix, exported, open: name.exported || scope.open || exported, owner: prefix };
  }

  #isExported(name: Name, full: string, scope: Scope): boolean {
    if (isPrivate(this.#text, name.holder)) return false;
    if (name.exported) return true;
    if (name.absolute) return this.#exports.has(full.split(".")[0] ?? "");
    if (!scope.open) return false;
    return scope.prefix === "" ? scope.exported || this.#exports.has(name.name) : scope.exported;
  }

  #add(node: SyntaxNode, body: SyntaxNode, name: Name, full: string, exported: boolean): void {
    const { holder } = name;
    const unit: Unit = {
      name: full,
      kind: unitKind(node, name),
      start: holder.start,
      end: holder.end,
      startLine: holder.startLine,
      endLine: holder.endLine,
      bodyStart: body.start,
      bodyEnd: body.end,
      signature: this.#text.slice(holder.start, body.start).replace(/\s+/g, " ").trim(),
      doc: docBefore(this.#text, holder),
      exported,
    };
    this.found.push({ unit, node });
  }
}

/** Units with their nodes, in text order, the enclosing ones first. */
export const unitNodesOf = (file: SourceFile): readonly UnitNode[] => unitNodesIn(file.text, treeOf(file).root);

function unitNodesIn(text: string, root: SyntaxNode): readonly UnitNode[] {
  const reader = new UnitReader(text, root);
  reader.read(root, { prefix: "", exported: false, open: true, owner: "" });
  return reader.found;
}

export const unitsOf = (file: SourceFile): readonly Unit[] => unitNodesOf(file).map(({ unit }) => unit);

export function unitsOn(file: SourceFile, lines: readonly Lines[]): readonly UnitSpan[] {
  if (lines.length === 0) return [];
  const units = unitNodesIn(file.text, treeOn(file, lines)).map(({ unit }) => unit);
  return units
    .filter((unit) => hasLine(unit, lines))
    .map(({ name, start, end, startLine, endLine }) => ({ name, start, end, startLine, endLine }));
}

/** The innermost unit that spans the offset, or null at module level. */
export function unitAt(units: readonly Unit[], offset: number): Unit | null {
  let best: Unit | null = null;
  for (const unit of units) {
    if (unit.start > offset || offset >= unit.end) continue;
    if (best === null || unit.end - unit.start <= best.end - best.start) best = unit;
  }
  return best;
}
