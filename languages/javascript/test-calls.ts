/** The test calls of a file, with the titles of their suites, and the file without some of them. */
import type { SourceFile, TestCall } from "../contract.ts";
import { applyEdits, type Edit } from "./edits.ts";
import { literalText } from "./literals.ts";
import { parsesCleanly } from "./syntax.ts";
import { ancestorsOf, childOf, isFunction, LISTS, nodesOf, partsOf, previousOf, type SyntaxNode, treeOf, unwrapped } from "./tree.ts";

type Kind = "test" | "suite";

/** What a callee is: `it.each([…])` is pending, one more call makes it a test. */
interface Callee {
  readonly kind: Kind;
  readonly pending: boolean;
  readonly parametrised: boolean;
}

/** A test or suite call in its place. */
interface TestNode {
  readonly kind: Kind;
  readonly path: readonly (string | null)[];
  readonly call: SyntaxNode;
  /** What goes when the call goes: its whole statement, or the call where it is part of an expression. */
  readonly whole: SyntaxNode;
  readonly parent: TestNode | null;
  readonly onLoad: boolean;
  readonly stored: boolean;
}

const BASES: ReadonlyMap<string, Kind> = new Map([
  ...["it", "test", "specify", "fit", "xit", "ftest", "xtest", "xspecify"].map((name) => [name, "test"] as const),
  ...["describe", "context", "suite", "fdescribe", "xdescribe", "xcontext"].map((name) => [name, "suite"] as const),
]);

/** Words between the function and its call that change how the test runs, not what it is. */
const MODIFIERS: ReadonlySet<string> = new Set(
  "only skip todo concurrent sequential serial parallel shuffle failing fails failed cb fixme slow retries expectFailure".split(" "),
);
const PARAMETRISED: ReadonlySet<string> = new Set(["each", "for", "skipIf", "runIf"]);

/** Assertions of jest and vitest, and with ava and node:test those of a test's own argument, whose expected value stands in a file beside the test's. */
const STORED = /^(?:toMatchSnapshot|toThrowErrorMatchingSnapshot|toMatchFileSnapshot|toMatchImageSnapshot)$/;

const RUNNERS = /^(node:test|vitest|@jest\/globals|jest|ava|mocha|tape|tap|uvu|bun:test|test|@playwright\/test)$/;

const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

/** Local names for the runner's functions: `import test from "ava"`, `import { it as check } from "vitest"`, and the same with `require`. */
function importedNames(text: string, root: SyntaxNode): ReadonlyMap<string, Kind> {
  const names = new Map(BASES);
  const learn = (local: SyntaxNode | null, base: string): void => {
    const kind = BASES.get(base);
    if (local !== null && kind !== undefined) names.set(textOf(text, local), kind);
  };
  for (const node of nodesOf(root, (inner) => !isFunction(inner))) {
    if (node.type === "import_statement") {
      const source = childOf(node, "source");
      if (source === null || !RUNNERS.test(textOf(text, source).slice(1, -1))) continue;
      const clause = node.children.find((child) => child.type === "import_clause");
      learn(clause?.children.find((child) => child.type === "identifier") ?? null, "test");
      for (const part of nodesOf(node)) {
        const name = part.type === "import_specifier" ? childOf(part, "name") : null;
        if (name !== null) learn(childOf(part, "alias"), textOf(text, name));
      }
    }
    if (node.type === "variable_declarator") learnRequire(text, node, learn);
    const local = ownFunction(node);
    if (local !== null) names.delete(textOf(text, local));
  }
  return names;
}

/** A function that the file declares for itself is none of the runner's, whatever its name. */
function ownFunction(node: SyntaxNode): SyntaxNode | null {
  const value = node.type === "variable_declarator" ? childOf(node, "value") : node;
  const isOwn = node.type === "function_declaration" || (value !== node && value !== null && isFunction(unwrapped(value)));
  return isOwn ? childOf(node, "name") : null;
}

function learnRequire(text: string, declarator: SyntaxNode, learn: (local: SyntaxNode | null, base: string) => void): void {
  const value = childOf(declarator, "value");
  const source = value === null ? null : /^require\(\s*["']([^"']+)["']\s*\)$/.exec(textOf(text, value));
  const name = childOf(declarator, "name");
  if (source === null || name === null || !RUNNERS.test(source[1] ?? "")) return;
  if (name.type === "identifier") learn(name, "test");
  for (const pair of nodesOf(name)) {
    const key = pair.type === "pair_pattern" ? childOf(pair, "key") : null;
    if (key !== null) learn(childOf(pair, "value"), textOf(text, key));
  }
}

class TestReader {
  readonly found: TestNode[] = [];
  readonly #text: string;
  readonly #names: ReadonlyMap<string, Kind>;
  readonly #called: ReadonlySet<string>;
  /** Parameters of the enclosing test callbacks, on which subtests are called: `t.test(…)`. */
  readonly #contexts: string[] = [];

  constructor(text: string, root: SyntaxNode) {
    this.#text = text;
    this.#names = importedNames(text, root);
    this.#called = calledNames(text, root);
  }

  read(node: SyntaxNode, parent: TestNode | null): void {
    const callee = node.type === "call_expression" ? this.#calleeOf(node) : null;
    const test = callee === null || callee.pending ? null : this.#testNode(node, callee, parent);
    if (test === null) {
      for (const child of node.children) this.read(child, parent);
      return;
    }
    this.found.push(test);
    const context = contextOf(this.#text, node);
    if (context !== null) this.#contexts.push(context);
    for (const child of node.children) this.read(child, test);
    if (context !== null) this.#contexts.pop();
  }

  #testNode(call: SyntaxNode, { kind, parametrised }: Callee, parent: TestNode | null): TestNode | null {
    const list = childOf(call, "arguments");
    if (list?.type !== "arguments") return null;
    const [first] = partsOf(list);
    if (!looksLikeTest(partsOf(list))) return null;
    const title = first === undefined || parametrised ? null : literalText(this.#text, first);
    const onLoad = isOnLoad(this.#text, call, this.#called);
    const stored = this.#isStored(call);
    return { kind, path: [...(parent?.path ?? []), title], call, whole: wholeOf(call), parent, onLoad, stored };
  }

  #isStored(call: SyntaxNode): boolean {
    const own = contextOf(this.#text, call);
    return [...nodesOf(call)].some((node) => {
      const callee = node.type === "call_expression" ? childOf(node, "function") : null;
      const [object, property] =
        callee?.type === "member_expression" ? [childOf(callee, "object"), childOf(callee, "property")] : [null, null];
      if (object === null || property === null) return false;
      const word = textOf(this.#text, property);
      return STORED.test(word) || (word === "snapshot" && own !== null && [own, `${own}.assert`].includes(textOf(this.#text, object)));
    });
  }

  /** The callee of a call; null where it is no test function. */
  #calleeOf(call: SyntaxNode): Callee | null {
    const callee = childOf(call, "function");
    return callee === null ? null : this.#classify(callee);
  }

  #classify(node: SyntaxNode): Callee | null {
    if (node.type === "identifier") {
      const kind = this.#names.get(textOf(this.#text, node));
      return kind === undefined ? null : { kind, pending: false, parametrised: false };
    }
    if (node.type === "call_expression") {
      const inner = this.#calleeOf(node);
      return inner?.pending === true ? { ...inner, pending: false } : null;
    }
    return node.type === "member_expression" ? this.#classifyMember(node) : null;
  }

  #classifyMember(node: SyntaxNode): Callee | null {
    const object = childOf(node, "object");
    const property = childOf(node, "property");
    if (object === null || property === null) return null;
    const word = textOf(this.#text, property);
    if (object.type === "identifier" && this.#contexts.includes(textOf(this.#text, object))) {
      const kind = /^(test|it|describe)$/.test(word) ? BASES.get(word) : undefined;
      return kind === undefined ? null : { kind, pending: false, parametrised: false };
    }
    const base = this.#classify(object);
    if (base === null || base.pending) return null;
    if (/^(describe|suite|it|test)$/.test(word)) return { ...base, kind: BASES.get(word) ?? base.kind };
    if (PARAMETRISED.has(word)) return { ...base, pending: true, parametrised: base.parametrised || word === "each" || word === "for" };
    return MODIFIERS.has(word) ? base : null;
  }
}

/** A title, a function, or names that may stand for them; a helper that happens to be called `test` is given other things. */
function looksLikeTest(parts: readonly SyntaxNode[]): boolean {
  const [first] = parts;
  if (first === undefined) return false;
  return (
    parts.length > 1 ||
    /^(string|template_string|identifier|member_expression|binary_expression)$/.test(first.type) ||
    isFunction(unwrapped(first))
  );
}

/** The first parameter of the call's last function argument. */
function contextOf(text: string, call: SyntaxNode): string | null {
  const list = childOf(call, "arguments");
  const callback = list === null ? undefined : partsOf(list).findLast((part) => isFunction(unwrapped(part)));
  if (callback === undefined) return null;
  const parameters = childOf(unwrapped(callback), "parameters");
  const first = parameters === null ? childOf(unwrapped(callback), "parameter") : partsOf(parameters)[0];
  if (first === undefined || first === null) return null;
  const name = first.type === "identifier" ? first : childOf(first, "pattern");
  return name?.type === "identifier" ? textOf(text, name) : null;
}

/** `await test(…)`, `it(…).timeout(9)`: out to the statement, where nothing but the call is in it. */
function wholeOf(call: SyntaxNode): SyntaxNode {
  for (let node = call; node.parent !== null; node = node.parent) {
    const { parent } = node;
    if (parent.type === "expression_statement") return parent;
    const isChain =
      (parent.type === "member_expression" && node.field === "object") || (parent.type === "call_expression" && node.field === "function");
    if (!isChain && parent.type !== "await_expression" && parent.type !== "unary_expression") return call;
  }
  return call;
}

/** Suites and tests in text order, the enclosing ones first. */
function testNodesOf(file: SourceFile): readonly TestNode[] {
  const { root } = treeOf(file);
  const reader = new TestReader(file.text, root);
  reader.read(root, null);
  return reader.found;
}

/** Names of the functions that a file itself calls. */
const calledNames = (text: string, root: SyntaxNode): ReadonlySet<string> =>
  new Set(
    [...nodesOf(root)].flatMap((node) => {
      const callee = node.type === "call_expression" ? childOf(node, "function") : null;
      return callee?.type === "identifier" ? [textOf(text, callee)] : [];
    }),
  );

/** Callbacks, functions called where they stand, and functions that the file calls by their names are run as it loads; others wait. */
function isOnLoad(text: string, call: SyntaxNode, called: ReadonlySet<string>): boolean {
  for (const around of ancestorsOf(call)) {
    if (!isFunction(around)) continue;
    let outer: SyntaxNode = around;
    while (outer.parent?.type === "parenthesized_expression") outer = outer.parent;
    if (outer.parent?.type === "arguments" || outer.field === "function") continue;
    const name = childOf(around, "name") ?? (outer.parent?.type === "variable_declarator" ? childOf(outer.parent, "name") : null);
    if (name === null || !called.has(textOf(text, name))) return false;
  }
  return true;
}

const toTestCall = ({ path, whole, onLoad, stored }: TestNode): TestCall => ({
  path,
  start: whole.start,
  end: whole.end,
  startLine: whole.startLine,
  endLine: whole.endLine,
  onLoad,
  stored,
});

export const testCalls = (file: SourceFile): readonly TestCall[] =>
  testNodesOf(file)
    .filter(({ kind }) => kind === "test")
    .map(toTestCall);

/** Removes a statement with its line where nothing else is on it, and the blank lines below; leaves a `;` where the neighbours would grow together. */
function removal(text: string, node: SyntaxNode): Edit {
  if (node.type !== "expression_statement") return { start: node.start, end: node.end, text: "undefined" };
  if (!LISTS.has(node.parent?.type ?? "")) return { start: node.start, end: node.end, text: ";" };
  const before = previousOf(node);
  const open = before !== null && text[before.end - 1] !== ";";
  const rest = text.slice(node.end).replace(/^(\s|\/\/.*|\/\*[\s\S]*?\*\/)+/, "");
  if (open && /^[([`/+*-]/.test(rest)) return { start: node.start, end: node.end, text: ";" };
  const lineStart = text.lastIndexOf("\n", node.start - 1) + 1;
  const lineEnd = text.indexOf("\n", node.end);
  const isAlone = text.slice(lineStart, node.start).trim() === "" && lineEnd >= 0 && text.slice(node.end, lineEnd).trim() === "";
  if (!isAlone) return { start: node.start, end: node.end, text: "" };
  const blank = /^(?:[ \t]*\r?\n)*/.exec(text.slice(lineEnd + 1))?.[0].length ?? 0;
  return { start: lineStart, end: lineEnd + 1 + blank, text: "" };
}

/** The file without the tests that `keep` refuses, and without the suites that this empties; unchanged where the rest would not parse. */
export function reduceTests(file: SourceFile, keep: (call: TestCall) => boolean): string {
  const nodes = testNodesOf(file);
  const gone = new Set<TestNode>();
  for (const node of nodes) {
    const isRefused = node.kind === "test" && !keep(toTestCall(node));
    if (isRefused || (node.parent !== null && gone.has(node.parent))) gone.add(node);
  }
  const isWithin = (node: TestNode, suite: TestNode): boolean =>
    node.parent !== null && (node.parent === suite || isWithin(node.parent, suite));
  for (const suite of nodes.filter(({ kind }) => kind === "suite")) {
    const tests = nodes.filter((node) => node.kind === "test" && isWithin(node, suite));
    if (tests.length > 0 && tests.every((test) => gone.has(test))) gone.add(suite);
  }
  if (gone.size === 0) return file.text;
  const text = applyEdits(
    file.text,
    [...gone].map(({ whole }) => removal(file.text, whole)).sort((a, b) => a.start - b.start || b.end - a.end),
  );
  return parsesCleanly(file.path, text) ? text : file.text;
}
