/** What assertions say of the code: the call under test and the value that it is compared to. */
import type { Evidence, SourceFile } from "../contract.ts";
import { applyEdits, type Edit } from "./edits.ts";
import { isLiteral, literalText } from "./literals.ts";
import { ancestorsOf, childOf, isComment, isFunction, nodesOf, partsOf, type SyntaxNode, treeOf, unwrapped } from "./tree.ts";

/** An assertion's call, with what is needed to choose examples among them. */
export interface ObservedCall extends Evidence {
  /** Dotted name of what is called (`joinURL`, `yaml.load`, `new Schema`); "" where the call is no plain call. */
  readonly callee: string;
  /** The call is made of names and literals alone, so it means the same outside its test. */
  readonly selfContained: boolean;
  readonly line: number;
}

/** The operands of an assertion; `expected` is null where the comparison is no equality. */
interface Assertion {
  readonly statement: SyntaxNode;
  readonly actual: SyntaxNode;
  readonly expected: SyntaxNode | string | null;
}

const MAX_TEXT_CHARS = 300;

const EQUALITY: ReadonlySet<string> = new Set(
  "toBe toEqual toStrictEqual toBeCloseTo toMatchObject equal equals eql eq is same deepEqual strictEqual deepStrictEqual equalTo looseEqual strictSame like".split(
    " ",
  ),
);
const FIXED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    toBeNull: "null",
    toBeUndefined: "undefined",
    toBeNaN: "NaN",
    toBeTrue: "true",
    toBeFalse: "false",
    true: "true",
    false: "false",
    null: "null",
    undefined: "undefined",
    NaN: "NaN",
  }),
);
const THROWS = /^(throws|throwsAsync|rejects|doesNotThrow|doesNotReject|toThrow\w*|throw)$/;
const ASSERTERS = /^(assert|t|test|tap|is|should|chai|expect)$/;
const ASSERT_WORDS =
  /^(ok|notOk|true|false|truthy|falsy|assert|match|notMatch|regex|throws\w*|rejects|doesNot\w+|not\w*|is\w*|include\w*|like|same|snapshot|fail|(loose|strict|deep|deepStrict)?[eE]qual\w*|eq)$/;

const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

const argumentsOf = (call: SyntaxNode): readonly SyntaxNode[] => {
  const list = childOf(call, "arguments");
  return list?.type === "arguments" ? partsOf(list) : [];
};

/** `expect(x).to.be.equal(y)` → root call, the words between, and the last call's arguments. */
interface Chain {
  readonly root: SyntaxNode;
  readonly words: readonly string[];
  readonly values: readonly SyntaxNode[];
}

function chainOf(text: string, expression: SyntaxNode): Chain {
  const words: string[] = [];
  let values: readonly SyntaxNode[] = [];
  let node = expression;
  for (;;) {
    if (node.type === "await_expression" || node.type === "parenthesized_expression") {
      const inner = partsOf(node)[0];
      if (inner === undefined) break;
      node = inner;
    } else if (node.type === "member_expression") {
      const property = childOf(node, "property");
      const object = childOf(node, "object");
      if (property === null || object === null) break;
      words.unshift(textOf(text, property));
      node = object;
    } else if (node.type === "call_expression" && childOf(node, "function")?.type === "member_expression") {
      if (words.length === 0) values = argumentsOf(node);
      const callee = childOf(node, "function") as SyntaxNode;
      if (words.length > 0 && /^(soft|poll)$/.test(textOf(text, childOf(callee, "property") ?? callee))) break;
      node = callee;
    } else break;
  }
  return { root: node, words, values };
}

/** Which value a chain of words compares with, or null where it is not an equality. */
function comparedWith({ words, values }: Chain): SyntaxNode | string | null {
  if (words.some((word) => /^(not|rejects|throws?|above|below|least|most|include|contain|members|length|property)$/.test(word)))
    return null;
  const last = words[words.length - 1] ?? "";
  if (EQUALITY.has(last)) return values[0] ?? null;
  return FIXED.get(last) ?? null;
}

function fromExpect(text: string, statement: SyntaxNode, chain: Chain): Assertion | null {
  if (
    chain.root.type !== "call_expression" ||
    !/^(expect|expect\.(soft|poll))$/.test(textOf(text, childOf(chain.root, "function") ?? chain.root))
  )
    return null;
  const [actual] = argumentsOf(chain.root);
  if (actual === undefined || chain.words.length === 0) return null;
  return { statement, actual: calledIn(actual), expected: comparedWith(chain) };
}

/** `(() => f(x))` handed to a throwing assertion stands for `f(x)`. */
function calledIn(argument: SyntaxNode): SyntaxNode {
  const value = unwrapped(argument);
  const body = isFunction(value) ? childOf(value, "body") : null;
  if (body === null) return value;
  if (body.type !== "statement_block") return unwrapped(body);
  const [only, more] = partsOf(body);
  const inner =
    only !== undefined && more === undefined && /^(expression|return)_statement$/.test(only.type) ? partsOf(only)[0] : undefined;
  return inner === undefined ? value : unwrapped(inner);
}

const isSubject = (node: SyntaxNode): boolean =>
  /^(call_expression|new_expression|member_expression|subscript_expression|await_expression)$/.test(node.type);

/** `assert.equal(actual, expected)`, `t.is(actual, expected)`, `assert(actual)`. */
function fromAssert(text: string, statement: SyntaxNode, call: SyntaxNode): Assertion | null {
  if (call.type !== "call_expression") return null;
  const callee = textOf(text, childOf(call, "function") ?? call).split(".");
  const word = callee[callee.length - 1] ?? "";
  const isBare = callee.length === 1 && /^(assert|ok|equal|strictEqual|deepEqual|deepStrictEqual)$/.test(word);
  if (!isBare && !(callee.length > 1 && ASSERTERS.test(callee[0] ?? "") && ASSERT_WORDS.test(word))) return null;
  const [first, second] = argumentsOf(call);
  if (first === undefined) return null;
  if (THROWS.test(word)) return { statement, actual: calledIn(first), expected: null };
  if (!EQUALITY.has(word) || second === undefined) {
    return { statement, actual: unwrapped(first), expected: word === "true" || word === "false" ? word : null };
  }
  const isSwapped = !isSubject(unwrapped(first)) && first.type !== "identifier" && isSubject(unwrapped(second));
  const [actual, expected] = isSwapped ? [second, first] : [first, second];
  return { statement, actual: unwrapped(actual), expected };
}

/** `actual.should.equal(expected)`. */
function fromShould(statement: SyntaxNode, chain: Chain): Assertion | null {
  const at = chain.words.indexOf("should");
  if (at < 0) return null;
  let actual: SyntaxNode = statement;
  for (const node of nodesOf(statement))
    if (node.type === "member_expression" && childOf(node, "property")?.end === shouldEnd(node, chain, at)) actual = node;
  const object = childOf(actual, "object");
  return object === null
    ? null
    : { statement, actual: unwrapped(object), expected: comparedWith({ ...chain, words: chain.words.slice(at + 1) }) };
}

/** The `should` of a chain is the member that has exactly the words after it outside. */
function shouldEnd(member: SyntaxNode, chain: Chain, at: number): number | null {
  let after = 0;
  for (const up of ancestorsOf(member)) if (up.type === "member_expression") after++;
  return after === chain.words.length - 1 - at ? (childOf(member, "property")?.end ?? null) : null;
}

function assertionIn(text: string, statement: SyntaxNode): Assertion | null {
  const expression = partsOf(statement)[0];
  if (expression === undefined) return null;
  const bare = expression.type === "await_expression" ? (partsOf(expression)[0] ?? expression) : expression;
  const chain = chainOf(text, bare);
  return fromExpect(text, statement, chain) ?? fromAssert(text, statement, bare) ?? fromShould(statement, chain);
}

/** What a `const` of the same test holds, for an assertion that names it. */
function initializerOf(text: string, identifier: SyntaxNode): SyntaxNode | null {
  const name = textOf(text, identifier);
  for (const up of ancestorsOf(identifier)) {
    if (up.type !== "statement_block") continue;
    const declared = partsOf(up)
      .filter((part) => /^(lexical|variable)_declaration$/.test(part.type) && part.end <= identifier.start)
      .flatMap((part) => partsOf(part))
      .findLast((part) => textOf(text, childOf(part, "name") ?? part) === name);
    const value = declared === undefined ? null : childOf(declared, "value");
    if (value !== null) return unwrapped(value);
    if (up.parent !== null && isFunction(up.parent)) return null;
  }
  return null;
}

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
  return line.length > MAX_TEXT_CHARS ? `${line.slice(0, MAX_TEXT_CHARS - 1)}…` : line;
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

const HAS_CALL: ReadonlySet<string> = new Set(["call_expression", "new_expression", "member_expression", "subscript_expression"]);

function observed(text: string, assertion: Assertion, selfContained: SelfContained): ObservedCall | null {
  const { statement, actual, expected } = assertion;
  const call = actual.type === "identifier" ? initializerOf(text, actual) : actual;
  if (call === null || isFunction(call) || ![...nodesOf(call)].some((node) => HAS_CALL.has(node.type))) return null;
  return {
    call: oneLine(text, call),
    expected: expected === null ? null : typeof expected === "string" ? expected : oneLine(text, expected),
    callee: calleeName(text, call),
    selfContained: selfContained.holds(call) && (expected === null || typeof expected === "string" || isLiteral(expected)),
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
  const seen = around === undefined ? null : observed(file.text, around, new SelfContained(file.text, treeOf(file).root));
  return seen === null ? null : { call: seen.call, expected: seen.expected };
}
