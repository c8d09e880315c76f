/**
 * One text that holds many mutants: each stands beside the code that it replaces, and `globalThis.__kihonMutant(id)`, which the harness
 * sets, says whether it is the one in force. So hundreds are tried in one process that has loaded the file once; without a harness none is.
 * It is asked only where `globalThis.__kihonAsked[id]` is set, and `globalThis.__kihonLoop()` only where no turn of `__kihonTurns[0]` is left: most
 * tests run once and are never compiled, and a call at every step would make them several times slower.
 *
 * A mutant is held by the smallest piece of code around it that can be given in two forms: an expression as `(is(1)?(other):(own))`, a
 * statement as `if(is(1)){other}else{own}`, or else what stands in a block. What has none of these around it (imports, classes, what is
 * declared at the head of a file) is not held. A value that is named once and only read is asked for where it is read, for where it is made
 * nobody could put another in force (`named-values.ts`). Loops count their turns, so that one that never ends can be told.
 */
import type { Mutation, NumberedMutation, SourceFile, SwitchedText } from "../contract.ts";
import { isInert, type NamedValue, namedValues } from "./named-values.ts";
import { grammarOf, parsesCleanly, withReparse } from "./syntax.ts";
import {
  ancestorsOf,
  childOf,
  isDirective,
  LISTS,
  LOOPS,
  nodesOf,
  partsOf,
  type SyntaxNode,
  takesName,
  treeOf,
  unwrapped,
} from "./tree.ts";

const STATEMENTS: ReadonlySet<string> = new Set([
  "expression_statement",
  "if_statement",
  "for_statement",
  "for_in_statement",
  "while_statement",
  "do_statement",
  "return_statement",
  "throw_statement",
  "try_statement",
  "switch_statement",
  "break_statement",
  "continue_statement",
  "labeled_statement",
]);

const EXPRESSIONS: ReadonlySet<string> = new Set([
  ...["binary_expression", "unary_expression", "update_expression", "assignment_expression", "augmented_assignment_expression"],
  ...["call_expression", "new_expression", "member_expression", "subscript_expression", "ternary_expression", "await_expression"],
  ...["yield_expression", "parenthesized_expression", "sequence_expression", "as_expression", "satisfies_expression"],
  ...["non_null_expression", "arrow_function", "function_expression", "generator_function", "class", "identifier", "this"],
  ...["string", "template_string", "number", "regex", "true", "false", "null", "undefined", "array", "object"],
  ...["jsx_element", "jsx_self_closing_element"],
]);

/** Where a value stands, by its parent; the fields in which one does, or "any". */
const VALUE_PLACES: Readonly<Record<string, readonly string[] | "any">> = {
  parenthesized_expression: "any",
  return_statement: "any",
  throw_statement: "any",
  template_substitution: "any",
  jsx_expression: "any",
  sequence_expression: "any",
  array: "any",
  spread_element: "any",
  yield_expression: "any",
  await_expression: "any",
  computed_property_name: "any",
  non_null_expression: "any",
  type_assertion: "any",
  as_expression: "any",
  satisfies_expression: "any",
  ternary_expression: "any",
  arguments: "any",
  binary_expression: ["left", "right"],
  expression_statement: "any",
  if_statement: ["condition"],
  while_statement: ["condition"],
  do_statement: ["condition"],
  switch_statement: ["value"],
  switch_case: ["value"],
  for_statement: ["initializer", "condition", "increment"],
  for_in_statement: ["right"],
  pair: ["value"],
  variable_declarator: ["value"],
  assignment_expression: ["right"],
  augmented_assignment_expression: ["right"],
  assignment_pattern: ["right"],
  object_assignment_pattern: ["right"],
  required_parameter: ["value"],
  optional_parameter: ["value"],
  field_definition: ["value"],
  public_field_definition: ["value"],
  arrow_function: ["body"],
  export_statement: ["value"],
  unary_expression: ["argument"],
  member_expression: ["object"],
  subscript_expression: ["object", "index"],
  call_expression: ["function"],
  new_expression: ["constructor"],
};

/** Parents that give an unnamed function or class in them its name. */
const NAMING: ReadonlySet<string> = new Set([
  ...["pair", "variable_declarator", "assignment_expression", "assignment_pattern", "object_assignment_pattern", "required_parameter"],
  ...["optional_parameter", "field_definition", "public_field_definition", "export_statement", "augmented_assignment_expression"],
]);

const operatorOf = (node: SyntaxNode): string => childOf(node, "operator")?.type ?? "";

/** Does the chain of members and calls that ends here have a `?.` in it? In parentheses it would no longer end the chain as a whole. */
function isOptional(node: SyntaxNode): boolean {
  for (let at: SyntaxNode | null = node; at !== null; at = childOf(at, "object") ?? childOf(at, "function")) {
    if (at.children.some((child) => child.type === "optional_chain")) return true;
    if (at.type === "non_null_expression") at = partsOf(at)[0] ?? at;
  }
  return false;
}

/** Words whose argument is read before anything runs. */
const isLoading = (call: SyntaxNode, text: string): boolean => {
  const callee = childOf(call, "function");
  return callee !== null && /^(?:require|import)$/.test(text.slice(callee.start, callee.end));
};

function mayStandFor(node: SyntaxNode, parent: SyntaxNode, text: string): boolean {
  switch (parent.type) {
    case "unary_expression":
      return !["delete", "typeof"].includes(operatorOf(parent));
    case "member_expression":
    case "subscript_expression":
    case "non_null_expression":
      return node.field === "index" || !isOptional(node);
    case "call_expression": {
      const callee = unwrapped(node);
      // A method that is taken out of its object loses `this`; a direct `eval` is another function than an indirect one.
      if (callee.type === "member_expression" || callee.type === "subscript_expression") return false;
      return !isOptional(node) && !/^(?:require|import|super|eval)$/.test(text.slice(node.start, node.end));
    }
    case "arguments":
      return parent.parent === null || !isLoading(parent.parent, text);
    case "as_expression":
    case "satisfies_expression":
      return partsOf(parent)[0] === node;
    default:
      return true;
  }
}

/** The statement that this expression's first token begins, where a parenthesis there could be taken for a call of what is before it. */
function begunBy(node: SyntaxNode): boolean {
  for (const up of ancestorsOf(node)) {
    if (up.start !== node.start) return false;
    if (up.type === "expression_statement") return up.parent?.type !== "for_statement";
  }
  return false;
}

function isValue(node: SyntaxNode, text: string): boolean {
  const { parent } = node;
  if (parent === null || !EXPRESSIONS.has(node.type)) return false;
  const fields = VALUE_PLACES[parent.type];
  if (fields === undefined || (fields !== "any" && !fields.includes(node.field ?? ""))) return false;
  if (takesName(unwrapped(node)) && NAMING.has(parent.type)) return false;
  return mayStandFor(node, parent, text) && !begunBy(node);
}

/** The body of a loop or of a branch that has no braces. */
function isBraceless({ parent, field }: SyntaxNode): boolean {
  if (parent === null) return false;
  if (parent.type === "else_clause") return true;
  return (LOOPS.has(parent.type) && field === "body") || (parent.type === "if_statement" && field === "consequence");
}

function isStatement(node: SyntaxNode): boolean {
  const { parent } = node;
  if (parent === null || !STATEMENTS.has(node.type) || isDirective(node)) return false;
  return (LISTS.has(parent.type) && node.field !== "value") || isBraceless(node);
}

/** TypeScript wants the call of a parent's constructor at the head of a constructor, not in a block of it. */
const callsSuper = (block: SyntaxNode, text: string): boolean => /\bsuper\s*\(/.test(text.slice(block.start, block.end));

/** Where the text of a block begins that may be put into another block: behind its directives. */
const innerStart = (block: SyntaxNode): number => partsOf(block).findLast(isDirective)?.end ?? block.start + 1;

interface Span {
  readonly start: number;
  readonly end: number;
}

type HostKind = "expression" | "statement" | "block";

/** The code that is given in more than one form. */
interface Host extends Span {
  readonly kind: HostKind;
  /** A statement that needs braces around the two. */
  readonly braceless: boolean;
  readonly forms: { readonly id: number; readonly text: string }[];
  readonly inner: Host[];
}

interface Found extends Span {
  readonly kind: HostKind;
  readonly braceless: boolean;
  /** What is replaced of it, and by what. */
  readonly edit: Mutation;
}

/** The edit without the white space at its ends that it only takes away. */
function trimmed(mutation: Mutation, text: string): Span {
  if (mutation.replacement !== "") return mutation;
  const source = text.slice(mutation.start, mutation.end);
  const lead = source.length - source.trimStart().length;
  return { start: mutation.start + lead, end: mutation.start + source.trimEnd().length };
}

const covers = (outer: Span, inner: Span): boolean => outer.start <= inner.start && inner.end <= outer.end;

function smallestAround(root: SyntaxNode, span: Span): SyntaxNode {
  let node = root;
  for (;;) {
    const next = node.children.find((child) => child.named && covers(child, span));
    if (next === undefined) return node;
    node = next;
  }
}

function blockAround(block: SyntaxNode, span: Span, mutation: Mutation, text: string): Found | null {
  if (block.parent === null || callsSuper(block, text)) return null;
  const inside = { start: innerStart(block), end: block.end - 1 };
  const found = { kind: "block", braceless: false, ...inside } as const;
  if (covers(inside, span)) return { ...found, edit: { ...mutation, ...span } };
  const whole = mutation.replacement.trim();
  if (span.start !== block.start || span.end !== block.end || !/^\{[\s\S]*\}$/.test(whole)) return null;
  return { ...found, edit: { ...mutation, ...inside, replacement: whole.slice(1, -1) } };
}

function hostAround(root: SyntaxNode, mutation: Mutation, text: string): Found | null {
  const span = trimmed(mutation, text);
  const edit = { ...mutation, ...span };
  for (let node: SyntaxNode | null = smallestAround(root, span); node !== null; node = node.parent) {
    const { start, end } = node;
    if (isValue(node, text)) return { kind: "expression", braceless: false, start, end, edit };
    if (isStatement(node) && node.parent?.type !== "labeled_statement")
      return { kind: "statement", braceless: isBraceless(node), start, end, edit };
    const block = node.type === "statement_block" ? blockAround(node, span, mutation, text) : null;
    if (block !== null) return block;
  }
  return null;
}

interface Mark {
  readonly at: number;
  readonly text: string;
}

/** What a loop does at each turn; the second half closes what the first opened. */
interface Guard {
  readonly open: Mark;
  readonly close: Mark | null;
}

function guardsOf(root: SyntaxNode, call: string): Guard[] {
  const guards: Guard[] = [];
  for (const node of nodesOf(root)) {
    const body = LOOPS.has(node.type) ? childOf(node, "body") : null;
    if (body === null) continue;
    if (body.type === "statement_block") guards.push({ open: { at: body.start + 1, text: `${call};` }, close: null });
    else guards.push({ open: { at: body.start, text: `{${call};` }, close: { at: body.end, text: "}" } });
  }
  return guards;
}

class Writer {
  readonly #text: string;
  readonly #is: Words["is"];
  readonly #guards: readonly Guard[];
  #marks: readonly Mark[] = [];
  #next = 0;

  constructor(text: string, is: Words["is"], guards: readonly Guard[]) {
    this.#text = text;
    this.#is = is;
    this.#guards = guards;
  }

  /** The other form of a host: the edit and the loops' guards, but those that go on a part which it replaces. */
  form(host: Span, edit: Mutation): string {
    const kept = (at: number): boolean => at > host.start && at < host.end && (at <= edit.start || at >= edit.end);
    const whole = this.#guards.filter(({ open, close }) => kept(open.at) && (close === null || kept(close.at)));
    const parts = whole.flatMap(({ open, close }) => (close === null ? [open] : [open, close])).sort((a, b) => a.at - b.at);
    const between = (from: number, to: number): string => {
      let [out, at] = ["", from];
      for (const part of parts.filter((one) => one.at >= from && one.at <= to)) {
        out += this.#text.slice(at, part.at) + part.text;
        at = part.at;
      }
      return out + this.#text.slice(at, to);
    };
    return between(host.start, edit.start) + edit.replacement + between(edit.end, host.end);
  }

  /** `added` is put in besides, behind what ends there. */
  whole(hosts: readonly Host[], added: readonly Mark[]): string {
    this.#marks = this.#guards
      .flatMap(({ open, close }) => (close === null ? [open] : [open, close]))
      .concat(added)
      .sort((a, b) => a.at - b.at || (a.text === "}" ? 0 : 1) - (b.text === "}" ? 0 : 1));
    return this.#write(0, this.#text.length + 1, hosts);
  }

  #write(from: number, to: number, hosts: readonly Host[]): string {
    let [out, at] = ["", from];
    for (const host of hosts) {
      out += this.#plain(at, host.start, true) + this.#open(host) + this.#write(host.start, host.end, host.inner) + this.#close(host);
      at = host.end;
    }
    return out + this.#plain(at, to, false);
  }

  /** Text with its guards; those at the very end only where asked, for else they belong to what comes. */
  #plain(from: number, to: number, last: boolean): string {
    let [out, at] = ["", from];
    for (let mark = this.#marks[this.#next]; mark !== undefined && (mark.at < to || (last && mark.at === to)); ) {
      out += this.#text.slice(at, mark.at) + mark.text;
      at = mark.at;
      this.#next += 1;
      mark = this.#marks[this.#next];
    }
    return out + this.#text.slice(at, to);
  }

  #open({ kind, braceless, forms }: Host): string {
    if (kind === "expression") return `(${forms.map(({ id, text }) => `${this.#is(id)}?(${text}):`).join("")}(`;
    const branches = forms.map(({ id, text }) => `if(${this.#is(id)}){${text}${text.includes("//") ? "\n" : ""}}else `).join("");
    return `${braceless ? "{" : kind === "block" ? ";" : ""}${branches}{`;
  }

  #close({ kind, braceless }: Host): string {
    return kind === "expression" ? "))" : braceless ? "}}" : "}";
  }
}

/** Hosts in text order, each with those that lie in it. Of equal spans a statement lies around a block's inside, and that around an expression. */
function nested(hosts: readonly Host[]): Host[] {
  const rank: Readonly<Record<HostKind, number>> = { statement: 0, block: 1, expression: 2 };
  const sorted = [...hosts].sort((a, b) => a.start - b.start || b.end - a.end || rank[a.kind] - rank[b.kind]);
  const top: Host[] = [];
  const stack: Host[] = [];
  for (const host of sorted) {
    while (stack.length > 0 && !covers(stack[stack.length - 1] as Host, host)) stack.pop();
    (stack[stack.length - 1]?.inner ?? top).push(host);
    stack.push(host);
  }
  return top;
}

const [IS, TURN, VALUE] = ["__kihonIs", "__kihonTurn", "__kihonValue"] as const;
const [ASKED, TURNS, OPEN] = ["__kihonAsked", "__kihonTurns", "__kihonOpen"] as const;

/** Functions, for these are there before the file's first statement runs, as where files load each other; they find what the harness set. */
function declarations(path: string): string {
  const typed = grammarOf(path) !== "javascript";
  const [global, any] = typed ? ["(globalThis as any)", ":any"] : ["globalThis", ""];
  const open = `var ${ASKED}${any},${TURNS}${any};function ${OPEN}(){var g${any}=${global};${TURNS}=g.${TURNS}||[Infinity];return ${ASKED}=g.${ASKED}||[]}`;
  const is = `function ${IS}(i${any}){return ${global}.__kihonMutant(i)}`;
  return `${open}${is}function ${TURN}(){${global}.__kihonLoop()}`;
}

const question = (id: number): string => `(${ASKED}||${OPEN}())[${id}]&&${IS}(${id})`;
const oneTurn = `${ASKED}||${OPEN}();--${TURNS}[0]<0&&${TURN}()`;

/** Behind what must stay first, on the same line. */
function headOf(root: SyntaxNode, text: string): { at: number; text: string } {
  const first = partsOf(root).findLast((node) => isDirective(node) || node.type === "hash_bang_line");
  const at = first?.end ?? 0;
  if (first === undefined) return { at, text: "" };
  if (first.type === "hash_bang_line") return { at: Math.min(text.length, at), text: "\n" };
  return { at, text: text[at - 1] === ";" ? "" : ";" };
}

/** The named value that the edit changes, and what it becomes; null where it is none that may be made beside it. */
function renamed(
  named: readonly NamedValue[],
  edit: Mutation,
  path: string,
  text: string,
): { readonly of: NamedValue; readonly form: string } | null {
  const of = named.find(({ value }) => covers(value, edit));
  if (of === undefined) return null;
  const form = text.slice(of.value.start, edit.start) + edit.replacement + text.slice(edit.end, of.value.end);
  const { root, clean } = treeOf({ path, text: `(${form});` });
  const made = partsOf(root)[0]?.children[0]?.children.find(({ named: isNode }) => isNode);
  return clean && partsOf(root).length === 1 && made !== undefined && isInert(made, `(${form});`) ? { of, form } : null;
}

/** Null where the text has errors, or no mutant of it can be held; of none, where it has no loops. Lines of what is not mutated may move. */
export const switched = (file: SourceFile, numbered: readonly NumberedMutation[]): SwitchedText | null =>
  inForms(file, numbered, { is: question, turn: oneTurn, declared: declarations(file.path) });

/** How the text asks which form is in force. */
export interface Words {
  /** The question whether it is this one. */
  readonly is: (id: number) => string;
  /** What loops do at each turn, or null. */
  readonly turn: string | null;
  /** What stands at the head of the file for these. */
  readonly declared: string;
}

/** The text with every form that can be held, by these words. */
export function inForms(file: SourceFile, numbered: readonly NumberedMutation[], words: Words): SwitchedText | null {
  const { path, text } = file;
  const { root, clean } = treeOf(file);
  if (!clean) return null;
  const guards = words.turn === null ? [] : guardsOf(root, words.turn);
  const writer = new Writer(text, words.is, guards);
  const named = namedValues(root, text, (node) => isValue(node, text));
  const hosts = new Map<string, Host>();
  const hostOf = (found: Pick<Host, "kind" | "start" | "end" | "braceless">): Host => {
    const { kind, start, end, braceless } = found;
    const key = `${kind} ${start} ${end}`;
    const host = hosts.get(key) ?? { kind, start, end, braceless, forms: [], inner: [] };
    hosts.set(key, host);
    return host;
  };
  const added: Mark[] = [];
  const held: number[] = [];
  withReparse(path, text, (stands) => {
    for (const { id, mutation } of numbered) {
      const found = hostAround(root, mutation, text);
      if (found === null) continue;
      const { kind, start, end, edit, braceless } = found;
      const form = text.slice(start, edit.start) + edit.replacement + text.slice(edit.end, end);
      if (!stands({ start, end, form, whole: kind === "expression" })) continue;
      held.push(id);
      const beside = renamed(named, edit, path, text);
      if (beside === null) {
        hostOf({ kind, start, end, braceless }).forms.push({ id, text: writer.form({ start, end }, edit) });
        continue;
      }
      const name = `${VALUE}${id}`;
      added.push({ at: beside.of.value.end, text: `, ${name} = ${beside.form}` });
      for (const read of beside.of.reads)
        hostOf({ kind: "expression", braceless: false, start: read.start, end: read.end }).forms.push({ id, text: name });
    }
  });
  if (held.length === 0 && (numbered.length > 0 || guards.length === 0)) return null;
  const head = headOf(root, text);
  const declared = words.declared === "" ? "" : `${head.text}${words.declared}`;
  const body = writer.whole(nested([...hosts.values()]), added);
  // What stands before the head holds nothing, so offsets up to it are those of the text.
  const result = body.slice(0, head.at) + declared + body.slice(head.at);
  return parsesCleanly(path, result) ? { text: result, held } : null;
}
