/** What assertions say of the code: the call under test and the value that it is compared to. */
import type { Evidence, SourceFile } from "../contract.ts";
import { type Assertion, argumentsOf, assertionIn, type Relation, textOf } from "./assertions.ts";
import { applyEdits, type Edit } from "./edits.ts";
import { isLiteral, literalText } from "./literals.ts";
import { ancestorsOf, childOf, isComment, isFunction, nodesOf, partsOf, type SyntaxNode, treeOf, unwrapped } from "./tree.ts";

/** An assertion's call, with what is needed to choose examples among them. */
export interface ObservedCall extends Evidence {
  /** Dotted name of what is called (`joinURL`, `yaml.load`, `new Schema`); "" where the call is no plain call. */
  readonly callee: string;
  /** The call is made of names and literals alone, so it means the same outside its test. */
  readonly selfContained: boolean;
  /** What the assertion says of the call; `expected` is the other side of `equals`. */
  readonly relation: Relation;
  readonly line: number;
}

const MAX_TEXT_CHARS = 300;

/** What a variable of the same test holds, where nothing but assertions has seen it since it was declared. */
function initializerOf(text: string, identifier: SyntaxNode): SyntaxNode | null {
  const name = textOf(text, identifier);
  for (const up of ancestorsOf(identifier)) {
    if (up.type !== "statement_block") continue;
    const before = partsOf(up).filter((part) => part.end <= identifier.start);
    const declared = before
      .filter((part) => /^(lexical|variable)_declaration$/.test(part.type))
      .flatMap((part) => partsOf(part))
      .findLast((part) => textOf(text, childOf(part, "name") ?? part) === name);
    const value = declared === undefined ? null : childOf(declared, "value");
    if (value !== null) {
      const since = before.filter((part) => part.start > value.end && mentions(text, part, name));
      return since.every((part) => assertionIn(text, part) !== null) ? unwrapped(value) : null;
    }
    if (up.parent !== null && isFunction(up.parent)) return null;
  }
  return null;
}

const mentions = (text: string, part: SyntaxNode, name: string): boolean =>
  [...nodesOf(part)].some((node) => node.type === "identifier" && textOf(text, node) === name);

/** The name that a chain of members and calls starts with. */
function rootOf(node: SyntaxNode): SyntaxNode {
  const inner = childOf(node, "object") ?? (node.type === "call_expression" ? childOf(node, "function") : null);
  return inner === null ? node : rootOf(inner);
}

/** The call on one line; a variable of the test is replaced by what was called to make it. */
function subjectOf(text: string, actual: SyntaxNode): { readonly call: string; readonly node: SyntaxNode } | null {
  if (isFunction(actual)) return null;
  const root = rootOf(actual);
  const made = root.type === "identifier" ? initializerOf(text, root) : null;
  if (made !== null && isCalled(made)) {
    const head = oneLine(text, made);
    if (root === actual) return { call: head, node: made };
    const rest = oneLine(text, actual).slice(root.end - root.start);
    return { call: capped(HAS_CALL.has(made.type) ? head + rest : `(${head})${rest}`), node: actual };
  }
  return isCalled(actual) ? { call: oneLine(text, actual), node: actual } : null;
}

const HAS_CALL: ReadonlySet<string> = new Set(["call_expression", "new_expression", "member_expression", "subscript_expression"]);

const isCalled = (node: SyntaxNode): boolean => !isFunction(node) && [...nodesOf(node)].some((inner) => HAS_CALL.has(inner.type));

const capped = (line: string): string => (line.length > MAX_TEXT_CHARS ? `${line.slice(0, MAX_TEXT_CHARS - 1)}…` : line);

/** Source text on one line: without comments, and templates of several lines as the string that they are. */
function oneLine(text: string, node: SyntaxNode): string {
  const edits: Edit[] = [];
  for (const inner of nodesOf(node)) {
    const span = { start: inner.start - node.start, end: inner.end - node.start };
    const value = inner.type === "template_string" && inner.startLine < inner.endLine ? literalText(text, inner) : null;
    if (isComment(inner)) edits.push({ ...span, text: "" });
    else if (value !== null) edits.push({ ...span, text: JSON.stringify(value) });
  }
  const line = applyEdits(textOf(text, node), edits)
    .replace(/\s*\n\s*/g, " ")
    .trim();
  return capped(line);
}

/** Names that a test file gets from elsewhere, by `import` or `require`. */
function importedNames(text: string, root: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of partsOf(root)) {
    const isRequire = /^(lexical|variable)_declaration$/.test(statement.type) && /\brequire\(|\bimport\(/.test(textOf(text, statement));
    if (statement.type !== "import_statement" && !isRequire) continue;
    for (const node of nodesOf(statement)) {
      if (node.type === "identifier" || node.type === "shorthand_property_identifier_pattern") names.add(textOf(text, node));
    }
  }
  return names;
}

const withoutAwait = (node: SyntaxNode): SyntaxNode => (node.type === "await_expression" ? unwrapped(partsOf(node)[0] ?? node) : node);

/** A call on imported names whose arguments are literals, or such calls again. */
class SelfContained {
  readonly #text: string;
  readonly #imported: ReadonlySet<string>;

  constructor(text: string, root: SyntaxNode) {
    this.#text = text;
    this.#imported = importedNames(text, root);
  }

  holds(node: SyntaxNode): boolean {
    const value = withoutAwait(unwrapped(node));
    if (value.type !== "call_expression" && value.type !== "new_expression") return false;
    const callee = childOf(value, value.type === "new_expression" ? "constructor" : "function");
    const isLiteralHere = (argument: SyntaxNode): boolean => isLiteral(argument, (inner) => this.holds(inner));
    return callee !== null && this.#isKnown(unwrapped(callee)) && argumentsOf(value).every(isLiteralHere);
  }

  #isKnown(callee: SyntaxNode): boolean {
    if (callee.type === "identifier") return this.#imported.has(textOf(this.#text, callee));
    const object = callee.type === "member_expression" ? childOf(callee, "object") : null;
    return object === null ? this.holds(callee) : this.#isKnown(unwrapped(object));
  }
}

function calleeName(text: string, call: SyntaxNode): string {
  const value = withoutAwait(call);
  if (value.type === "new_expression") return `new ${textOf(text, childOf(value, "constructor") ?? value)}`;
  const callee = value.type === "call_expression" ? childOf(value, "function") : null;
  if (callee === null) return "";
  if (callee.type === "member_expression" && childOf(callee, "object")?.type === "call_expression")
    return textOf(text, childOf(callee, "property") ?? callee);
  return oneLine(text, callee);
}

function observed(text: string, assertion: Assertion, selfContained: SelfContained): ObservedCall | null {
  const { statement, actual, expected, relation, member } = assertion;
  const subject = subjectOf(text, actual);
  if (subject === null) return null;
  return {
    call: capped(subject.call + member),
    expected: expected === null || typeof expected === "string" ? expected : oneLine(text, expected),
    callee: calleeName(text, subject.node),
    selfContained: selfContained.holds(subject.node) && (expected === null || typeof expected === "string" || isLiteral(expected)),
    relation,
    line: statement.startLine,
  };
}

function assertionsOf(file: SourceFile): readonly Assertion[] {
  const found: Assertion[] = [];
  for (const node of nodesOf(treeOf(file).root)) {
    const isExpression = node.type === "expression_statement" || node.type === "return_statement";
    const assertion = isExpression ? assertionIn(file.text, node) : null;
    if (assertion !== null) found.push(assertion);
  }
  return found;
}

/** Every readable assertion of a test file, in text order. */
export function assertionCalls(file: SourceFile): readonly ObservedCall[] {
  const selfContained = new SelfContained(file.text, treeOf(file).root);
  return assertionsOf(file).flatMap((assertion) => observed(file.text, assertion, selfContained) ?? []);
}

/** The innermost assertion that spans the line. */
export function evidence(file: SourceFile, line: number): Evidence | null {
  const around = assertionsOf(file).findLast(({ statement }) => statement.startLine <= line && line <= statement.endLine);
  if (around === undefined) return null;
  const names = new SelfContained(file.text, treeOf(file).root);
  const seen = observed(file.text, around, names);
  const subject = subjectOf(file.text, around.actual);
  if (seen === null || subject === null) return null;
  return { call: seen.call, expected: seen.expected, selfContained: names.holds(subject.node) };
}
