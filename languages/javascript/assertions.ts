/** Assertions of the usual libraries: what is asserted of what. */
import { ancestorsOf, childOf, isFunction, nodesOf, partsOf, type SyntaxNode, unwrapped } from "./tree.ts";

export type Relation = "equals" | "truthy" | "falsy" | "throws" | "other";

/** The operands of an assertion; `expected` is null where the relation is not `equals`. */
export interface Assertion {
  readonly statement: SyntaxNode;
  readonly actual: SyntaxNode;
  readonly expected: SyntaxNode | string | null;
  readonly relation: Relation;
  /** What follows the subject where the assertion speaks of a part of it: `.length`, `.name`; "" for the whole. */
  readonly member: string;
}

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

export const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

export const argumentsOf = (call: SyntaxNode): readonly SyntaxNode[] => {
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

type Comparison = Pick<Assertion, "expected" | "relation" | "member">;

const says = (relation: Relation): Comparison => ({ expected: null, relation, member: "" });

const equals = (expected: SyntaxNode | string | null | undefined, member = ""): Comparison =>
  expected === null || expected === undefined ? says("other") : { expected, relation: "equals", member };

const not = (relation: Relation): Comparison => says(relation === "truthy" ? "falsy" : relation === "falsy" ? "truthy" : "other");

/** `have.property("a", 1)`, `toHaveLength(2)`: an equality of a member. */
function memberEquality(text: string, word: string, values: readonly SyntaxNode[]): Comparison {
  const [first, second] = values;
  if (/^(toHaveLength|lengthOf|length)$/.test(word)) return equals(first, ".length");
  const name = first?.type === "string" ? textOf(text, first).slice(1, -1) : "";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? equals(second, `.${name}`) : says("other");
}

/** Words after which a chain no longer speaks of the whole value. */
const NARROWING = /^(rejects|above|below|least|most|within|include|includes|contain|members|length|lengthOf|property|nested|own)$/;
const TRUTHS: ReadonlyMap<string, Relation> = new Map([
  ["toBeTruthy", "truthy"],
  ["ok", "truthy"],
  ["truthy", "truthy"],
  ["assert", "truthy"],
  ["toBeFalsy", "falsy"],
  ["falsy", "falsy"],
  ["notOk", "falsy"],
]);

/** What a chain of words says of its subject. */
function comparisonOf(text: string, { words, values }: Chain): Comparison {
  const last = words[words.length - 1] ?? "";
  const isNot = words.includes("not");
  const truth = TRUTHS.get(last) ?? (THROWS.test(last) && !/^doesNot/.test(last) ? "throws" : null);
  if (truth !== null) return isNot ? not(truth) : says(truth);
  const isMember = /^(toHaveLength|toHaveProperty|property|lengthOf|length)$/.test(last);
  if (isMember && !isNot && !words.slice(0, -1).some((word) => NARROWING.test(word))) return memberEquality(text, last, values);
  if (isNot || words.some((word) => NARROWING.test(word))) return equals(null);
  return equals(EQUALITY.has(last) ? values[0] : FIXED.get(last));
}

function fromExpect(text: string, statement: SyntaxNode, chain: Chain): Assertion | null {
  if (
    chain.root.type !== "call_expression" ||
    !/^(expect|expect\.(soft|poll))$/.test(textOf(text, childOf(chain.root, "function") ?? chain.root))
  )
    return null;
  const [actual] = argumentsOf(chain.root);
  if (actual === undefined || chain.words.length === 0) return null;
  return { statement, actual: calledIn(actual), ...comparisonOf(text, chain) };
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
  if (THROWS.test(word)) return { statement, actual: calledIn(first), ...says(word.startsWith("doesNot") ? "other" : "throws") };
  if (!EQUALITY.has(word) || second === undefined) return { statement, ...claimOf(word, first) };
  const isSwapped = !isSubject(unwrapped(first)) && first.type !== "identifier" && isSubject(unwrapped(second));
  const [actual, expected] = isSwapped ? [second, first] : [first, second];
  return { statement, actual: unwrapped(actual), ...equals(expected) };
}

/** `assert(f(x))`, `assert(!f(x))`, `assert(f(x) === y)`, `t.true(f(x))`. */
function claimOf(word: string, argument: SyntaxNode): Comparison & { readonly actual: SyntaxNode } {
  const actual = unwrapped(argument);
  if (word === "true" || word === "false") return { actual, ...equals(word) };
  const relation = TRUTHS.get(word) ?? "other";
  const operand = childOf(actual, "argument");
  const operator = childOf(actual, "operator")?.type;
  if (actual.type === "unary_expression" && operator === "!" && operand !== null) return { actual: unwrapped(operand), ...not(relation) };
  const [left, right] = [childOf(actual, "left"), childOf(actual, "right")];
  if (relation === "truthy" && operator === "===" && left !== null && right !== null) return { actual: unwrapped(left), ...equals(right) };
  return { actual, ...says(relation) };
}

/** `actual.should.equal(expected)`. */
function fromShould(text: string, statement: SyntaxNode, chain: Chain): Assertion | null {
  const at = chain.words.indexOf("should");
  if (at < 0) return null;
  let actual: SyntaxNode = statement;
  for (const node of nodesOf(statement))
    if (node.type === "member_expression" && childOf(node, "property")?.end === shouldEnd(node, chain, at)) actual = node;
  const object = childOf(actual, "object");
  return object === null
    ? null
    : { statement, actual: unwrapped(object), ...comparisonOf(text, { ...chain, words: chain.words.slice(at + 1) }) };
}

/** The `should` of a chain is the member that has exactly the words after it outside. */
function shouldEnd(member: SyntaxNode, chain: Chain, at: number): number | null {
  let after = 0;
  for (const up of ancestorsOf(member)) if (up.type === "member_expression") after++;
  return after === chain.words.length - 1 - at ? (childOf(member, "property")?.end ?? null) : null;
}

export function assertionIn(text: string, statement: SyntaxNode): Assertion | null {
  const expression = partsOf(statement)[0];
  if (expression === undefined) return null;
  const bare = expression.type === "await_expression" ? (partsOf(expression)[0] ?? expression) : expression;
  const chain = chainOf(text, bare);
  return fromExpect(text, statement, chain) ?? fromAssert(text, statement, bare) ?? fromShould(text, statement, chain);
}
