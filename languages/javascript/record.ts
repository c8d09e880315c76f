/**
 * Text whose functions tell of the calls that come from outside: which arguments came in and what came out.
 *
 * The calls go to `process.__kihonCall`, `__kihonWrap` and `__kihonMembers`, which the harness sets; without a harness they do nothing.
 * Whatever an importer reaches is told of. A function that is declared asks at its head where the call comes from, and has a call from
 * outside made anew by the harness; a function that is a value is replaced by a proxy of itself; so are the methods of a class, once
 * it is there. Line numbers, names, arity, `this` and hoisting stay as they were.
 */
import type { SourceFile, Unit } from "../contract.ts";
import { applyEdits, type Edit, insertion } from "./edits.ts";
import { shownNames } from "./exports.ts";
import { grammarOf, parsesCleanly } from "./syntax.ts";
import { ancestorsOf, CLASSES, childOf, isDirective, nodesOf, partsOf, type SyntaxNode, takesName, treeOf, unwrapped } from "./tree.ts";
import { type UnitNode, unitNodesOf } from "./units.ts";

const textOf = (text: string, node: SyntaxNode): string => text.slice(node.start, node.end);

/** Evaluated at the entry of a function and again when the harness calls it: nothing that may do something. */
const DOES: ReadonlySet<string> = new Set([
  "array_pattern",
  "assignment_expression",
  "augmented_assignment_expression",
  "await_expression",
  "call_expression",
  "new_expression",
  "update_expression",
  "yield_expression",
]);

const DECLARES: ReadonlySet<string> = new Set(["variable_declarator", "function_declaration", "class_declaration"]);

/** The function's own name means something else within it. */
function isShadowed(text: string, node: SyntaxNode, name: string): boolean {
  const means = (inner: SyntaxNode): boolean => /identifier/.test(inner.type) && textOf(text, inner) === name;
  const parameters = childOf(node, "parameters");
  if (parameters !== null && [...nodesOf(parameters)].some(means)) return true;
  const body = childOf(node, "body") as SyntaxNode;
  return [...nodesOf(body)].some((inner) => DECLARES.has(inner.type) && [...nodesOf(childOf(inner, "name") ?? inner)].some(means));
}

const PLAIN_KEYS: ReadonlySet<string> = new Set(["property_identifier", "string"]);

class Recorder {
  readonly #text: string;
  readonly #path: string;
  readonly #id: number;
  readonly #shown: ReadonlyMap<string, string>;
  readonly #typed: boolean;

  constructor(file: SourceFile, id: number) {
    this.#text = file.text;
    this.#path = file.path;
    this.#id = id;
    this.#shown = shownNames(file.text, treeOf(file).root);
    this.#typed = grammarOf(file.path) !== "javascript";
  }

  edits({ unit, node }: UnitNode): readonly Edit[] {
    if (!unit.exported || node.parent?.type === "ambient_declaration") return [];
    if (CLASSES.has(node.type)) return [...this.#class(unit, node), ...this.#fields(unit, node)];
    if (node.type === "function_declaration") return this.#declared(unit, node);
    if (node.type === "arrow_function" || node.type === "function_expression") return this.#around(unit, node, "Wrap");
    return node.type === "method_definition" && node.parent?.type === "object" ? this.#method(unit, node) : [];
  }

  /** Importers' name: what is exported under another, or by default without one, goes by that. */
  #nameOf(unit: Unit): string {
    const [first = "", ...rest] = unit.name.split(".");
    return [first === "default" ? nameFromPath(this.#path) : (this.#shown.get(first) ?? first), ...rest].join(".");
  }

  /** A context of its own may be without a process. TypeScript's checker, which some runners ask, knows nothing of the hooks. */
  #hook(name: "Call" | "Wrap" | "Members"): string {
    return `(${this.#typed ? "(globalThis as any)" : "globalThis"}.process||0).__kihon${name}`;
  }

  #declared(unit: Unit, node: SyntaxNode): readonly Edit[] {
    const own = childOf(node, "name");
    const body = childOf(node, "body") as SyntaxNode;
    const parameters = childOf(node, "parameters");
    if (own === null || (parameters !== null && [...nodesOf(parameters)].some(({ type }) => DOES.has(type)))) return [];
    const name = textOf(this.#text, own);
    if (isShadowed(this.#text, node, name) || [...nodesOf(body)].some(({ type }) => type === "meta_property")) return [];
    // Where `this` has no type its mention is an error to the checker; who does not mention it does not miss it.
    const self = !this.#typed || [...nodesOf(body)].some(({ type }) => type === "this") ? "this" : "void 0";
    const hook = this.#hook("Call");
    // A value of type `never` leaves the type of what the function returns as it was.
    const call = `${hook}(${this.#id},${JSON.stringify(this.#nameOf(unit))},${name},${self},arguments)${this.#typed ? " as never" : ""}`;
    const directive = partsOf(body).findLast(isDirective);
    const at = directive?.end ?? body.start + 1;
    const open = directive === undefined || this.#text[at - 1] === ";" ? "" : ";";
    return [insertion(at, `${open}if((${hook}||Boolean)())return ${call};`)];
  }

  /** `own` is the name that the value takes from its place. */
  #opening(hook: "Wrap" | "Members", unit: Unit, own: string): string {
    const ids = `${this.#id},${JSON.stringify(own)},${JSON.stringify(this.#nameOf(unit))}`;
    if (!this.#typed) return `(${this.#hook(hook)}||((i,n,s,f)=>f))(${ids},`;
    const same = "((i: any, n: any, s: any, f: any) => f)";
    return `((${this.#hook(hook)}||${same}) as <F>(i: number, n: string, s: string, f: F) => F)(${ids},`;
  }

  #around(unit: Unit, node: SyntaxNode, hook: "Wrap" | "Members"): readonly Edit[] {
    const own = takesItsName(node) ? (unit.name.split(".").at(-1) ?? "") : "";
    return [insertion(node.start, this.#opening(hook, unit, own)), insertion(node.end, ")")];
  }

  /** `m() {…}` of an object becomes a property whose value is that method. With types it stays: its parameters may have theirs from the object's. */
  #method(unit: Unit, node: SyntaxNode): readonly Edit[] {
    if (this.#typed) return [];
    const key = childOf(node, "name");
    const isPlain = node.children.every((child) => child.named || child.type === "async") && key !== null && PLAIN_KEYS.has(key.type);
    if (!isPlain || node.children.some(({ type }) => type === "get" || type === "set")) return [];
    const name = textOf(this.#text, key);
    const member = key.type === "string" ? `[${name}]` : `.${name}`;
    return [insertion(node.start, `${name}:${this.#opening("Wrap", unit, "")}{`), insertion(node.end, `}${member})`)];
  }

  #class(unit: Unit, node: SyntaxNode): readonly Edit[] {
    const own = childOf(node, "name");
    if (node.type === "class") return this.#around(unit, node, "Members");
    return own === null ? [] : [insertion(node.end, `;${this.#opening("Members", unit, "")}${textOf(this.#text, own)});`)];
  }

  /** `parse = make(true)`: what a call gives may be a function. */
  #fields(unit: Unit, node: SyntaxNode): readonly Edit[] {
    return partsOf(childOf(node, "body") as SyntaxNode).flatMap((field) => {
      const value = childOf(field, "value");
      const key = childOf(field, "name") ?? childOf(field, "property");
      const isHidden = field.children.some(({ type }) => type === "accessibility_modifier");
      if (!/^(public_)?field_definition$/.test(field.type) || value === null || key?.type !== "property_identifier" || isHidden) return [];
      if (unwrapped(value).type !== "call_expression") return [];
      return this.#around({ ...unit, name: `${unit.name}.${textOf(this.#text, key)}` }, value, "Wrap");
    });
  }
}

/** A function or class that is assigned to a member has no name. */
function takesItsName(node: SyntaxNode): boolean {
  if (!takesName(node)) return false;
  const above = [...ancestorsOf(node)].find((up) => unwrapped(up) !== node);
  return above?.type !== "assignment_expression" || childOf(above, "left")?.type === "identifier";
}

/** What has no name of its own is called as its file, or as the folder whose index it is in. */
function nameFromPath(path: string): string {
  const stems = path.split("/").map((part) => part.replace(/\..*$/, ""));
  return stems.findLast((stem) => /^[A-Za-z_$][\w$]*$/.test(stem) && stem !== "index" && stem !== "src") ?? "fn";
}

/** Null where the text has errors, an importer reaches no function, or the recorded text would not parse. `id` names the file in the reports. */
export function record(file: SourceFile, id: number): string | null {
  if (!treeOf(file).clean) return null;
  const recorder = new Recorder(file, id);
  const edits = unitNodesOf(file).flatMap((unit) => recorder.edits(unit));
  if (edits.length === 0) return null;
  const text = applyEdits(file.text, nestEnds(edits));
  return parsesCleanly(file.path, text) ? text : null;
}

/** Where an outer and an inner span end together, the inner one closes first: units come outer first, so closings turn around. */
function nestEnds(edits: readonly Edit[]): readonly Edit[] {
  const isClosing = (edit: Edit): boolean => edit.text === ")" || edit.text.startsWith("}");
  return [...edits.filter(isClosing).reverse(), ...edits.filter((edit) => !isClosing(edit))];
}
