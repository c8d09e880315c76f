/**
 * Text that reports which lines run: a call before each statement and at the head of each function, on the statement's own line.
 *
 * The calls go to `process.__kihonLine`, which the harness sets; without a harness they do nothing. Line numbers stay as they were.
 * A function counts when it is entered, not when it is declared, so loading a file does not cover the functions in it.
 */
import type { SourceFile } from "../contract.ts";
import { applyEdits, type Edit, insertion } from "./edits.ts";
import { grammarOf, parsesCleanly } from "./syntax.ts";
import { CLASSES, childOf, isComment, isDirective, isFunction, LISTS, partsOf, type SyntaxNode, treeOf, unwrapped } from "./tree.ts";

/** What is counted: the calls report `line`; a hit stands for the lines of `startLine` to `endLine` that belong to no point further in. */
interface Point {
  readonly line: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly edits: (call: string) => readonly Edit[];
}

/** Nothing runs here, or only at compile time. */
const INERT: ReadonlySet<string> = new Set([
  "ambient_declaration",
  "interface_declaration",
  "type_alias_declaration",
  "internal_module",
  "module",
  "enum_declaration",
  "function_signature",
  "import_statement",
  "import_alias",
  "type_annotation",
  "type_arguments",
  "type_parameters",
]);

const UNCOUNTED: ReadonlySet<string> = new Set([
  ...INERT,
  "function_declaration",
  "generator_function_declaration",
  "statement_block",
  "empty_statement",
  "hash_bang_line",
]);

/** Where one statement may stand without braces, and so may be wrapped in them. */
const BRACELESS: ReadonlySet<string> = new Set([
  "if_statement",
  "else_clause",
  "for_statement",
  "for_in_statement",
  "while_statement",
  "do_statement",
]);

const DECLARES: ReadonlySet<string> = new Set(["lexical_declaration", "variable_declaration", "using_declaration"]);

/** `const f = () => …`, `exports.f = function …`: the function counts when it is entered. */
function onlyFunctions(statement: SyntaxNode): boolean {
  const parts = partsOf(statement);
  if (DECLARES.has(statement.type)) {
    const values = parts.map((part) => childOf(part, "value"));
    return values.every((value) => value !== null && isFunction(unwrapped(value)));
  }
  const expression = parts[0];
  if (statement.type !== "expression_statement" || expression === undefined) return false;
  if (INERT.has(expression.type)) return true;
  const right = expression.type === "assignment_expression" ? childOf(expression, "right") : null;
  return right !== null && isFunction(unwrapped(right));
}

function isCounted(statement: SyntaxNode): boolean {
  if (!statement.named || isComment(statement) || UNCOUNTED.has(statement.type)) return false;
  return !isDirective(statement) && !onlyFunctions(statement);
}

class PointReader {
  readonly points: Point[] = [];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(node: SyntaxNode): void {
    if (INERT.has(node.type)) return;
    if (isFunction(node)) this.#enterFunction(node);
    if (LISTS.has(node.type)) this.#countList(node);
    if (BRACELESS.has(node.type)) this.#countBraceless(node);
    for (const child of node.children) this.read(child);
  }

  #add({ startLine, endLine }: SyntaxNode, edits: (call: string) => readonly Edit[], line = startLine): void {
    this.points.push({ line, startLine, endLine, edits });
  }

  #enterFunction(node: SyntaxNode): void {
    const body = childOf(node, "body") as SyntaxNode;
    if (body.type !== "statement_block") {
      // The head of an arrow shares its line with the statement that it is an argument of; its expression may not.
      this.#add(node, (call) => [insertion(body.start, `{${call};return (`), insertion(body.end, ")}")], body.startLine);
      return;
    }
    const directive = partsOf(body).findLast(isDirective);
    const at = directive?.end ?? body.start + 1;
    const open = directive === undefined || this.#text[at - 1] === ";" ? "" : ";";
    this.#add(node, (call) => [insertion(at, `${open}${call};`)]);
  }

  #countList(list: SyntaxNode): void {
    const label = list.type === "switch_case" ? childOf(list, "value") : null;
    for (const statement of list.children) {
      if (statement === label || !isCounted(statement)) continue;
      if (statement.type === "export_statement") this.#countExport(statement);
      else this.#countStatement(statement);
    }
  }

  #countStatement(statement: SyntaxNode): void {
    this.#add(statement, (call) => [insertion(statement.start, `${this.#closeBefore(statement)}${call};`)]);
  }

  /** A statement without a semicolon must be closed, or it would call the parenthesis that comes next. */
  #closeBefore(statement: SyntaxNode): string {
    const siblings = statement.parent?.children ?? [];
    const before = siblings.slice(0, siblings.indexOf(statement)).findLast((sibling) => !isComment(sibling));
    if (before === undefined || !before.named || before.type === "hash_bang_line") return "";
    return this.#text[before.end - 1] === ";" ? "" : ";";
  }

  /** After the export, whose place at the head of its line other tools look for. */
  #countExport(statement: SyntaxNode): void {
    const declaration = childOf(statement, "declaration") ?? childOf(statement, "value");
    if (declaration === null) return;
    if (UNCOUNTED.has(declaration.type) || onlyFunctions(declaration) || isFunction(unwrapped(declaration))) return;
    const open = this.#text[statement.end - 1] === ";" ? "" : ";";
    this.#add(statement, (call) => [insertion(statement.end, `${open}${call};`)]);
  }

  #countBraceless(node: SyntaxNode): void {
    for (const child of partsOf(node)) {
      const isBody = child.field === "body" || child.field === "consequence" || node.type === "else_clause";
      if (!isBody || child.type === "statement_block" || child.type === "empty_statement") continue;
      if (isCounted(child) && !CLASSES.has(child.type) && !DECLARES.has(child.type)) this.#wrap(child);
    }
  }

  #wrap(statement: SyntaxNode): void {
    this.#add(statement, (call) => [insertion(statement.start, `{${call};`), insertion(statement.end, "}")]);
  }
}

function pointsOf(file: SourceFile): readonly Point[] {
  const reader = new PointReader(file.text);
  reader.read(treeOf(file).root);
  return reader.points;
}

/** TypeScript's checker, which some runners ask, knows nothing of `__kihonLine`. */
const hookFor = (path: string): string =>
  grammarOf(path) === "javascript" ? "globalThis.process.__kihonLine" : "(globalThis as any).process.__kihonLine";

/** Null where the text has errors, nothing can be counted, or the counting text would not parse. */
export function instrument(file: SourceFile, id: number): string | null {
  if (!treeOf(file).clean) return null;
  const points = pointsOf(file);
  if (points.length === 0) return null;
  const hook = hookFor(file.path);
  const edits = points.flatMap((point) => point.edits(`(${hook}||Boolean)(${id},${point.line})`));
  const text = applyEdits(file.text, nestEnds(edits));
  return parsesCleanly(file.path, text) ? text : null;
}

/** Where an outer and an inner span end together, the inner one closes first: points come outer first, so closings turn around. */
function nestEnds(edits: readonly Edit[]): readonly Edit[] {
  const isClosing = (edit: Edit): boolean => edit.text === ")}" || edit.text === "}";
  const closings = edits.filter(isClosing).reverse();
  return [...closings, ...edits.filter((edit) => !isClosing(edit))];
}

/** All lines that ran, given the lines that were reported: the rest of a statement follows its first line. Sorted. */
export function expandLines(file: SourceFile, hitLines: readonly number[]): number[] {
  const hits = new Set(hitLines);
  const covered = new Set<number>();
  const owners = new Map<number, Point>();
  for (const point of pointsOf(file)) {
    if (hits.has(point.line)) covered.add(point.line);
    for (let line = point.startLine; line <= point.endLine; line++) owners.set(line, point);
  }
  for (const [line, point] of owners) if (hits.has(point.line)) covered.add(line);
  return [...covered].sort((a, b) => a - b);
}
