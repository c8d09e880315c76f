/** Does a change reach the compiled program? Types, comments and layout do not. */
import ts from "typescript";
import { recent } from "../../lib/recent.ts";
import type { SourceFile } from "../contract.ts";

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  // Keeps `export =` and `import x = require()`, which the emit of pure modules leaves out.
  module: ts.ModuleKind.Preserve,
  jsx: ts.JsxEmit.Preserve,
  removeComments: true,
  isolatedModules: true,
  experimentalDecorators: true,
};

/** Compiled code; a text that does not parse stands for itself, since the compiler would repair it in silence. */
export function compile(path: string, text: string): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(text, { fileName: path, reportDiagnostics: true, compilerOptions: OPTIONS });
  return diagnostics.length === 0 ? outputText : text;
}

/** The mutants of a file come one after another, so a few clean sides are enough. */
const REMEMBERED = 8;
export const compileOnce: (path: string, text: string) => string = recent(REMEMBERED, (path = "", text = "") => compile(path, text));

/** Of a file that declares types alone nothing is left to run: it stands for itself. */
export const compiled = ({ path, text }: SourceFile): string => (/\.d\.(?:[\w-]+\.)?[cm]?ts$/.test(path) ? text : compileOnce(path, text));

/** By offsets in the code. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The tokens of compiled code; white space within strings, templates and JSX is part of theirs. */
export function tokensOf(path: string, code: string): Token[] {
  const file = ts.createSourceFile(`${path}.jsx`, code, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JSX);
  const found: Token[] = [];
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(file);
    children.forEach(visit);
    const start = ts.isJsxText(node) ? node.pos : node.getStart(file);
    if (children.length === 0) found.push({ text: code.slice(start, node.end), start, end: node.end });
  };
  visit(file);
  return found;
}

const withoutSpace = (code: string): string => code.replace(/\s+/g, "");

/** False where clean and mutated text compile to the same tokens: such a mutant is equivalent by construction. */
export function emitsDifferently(path: string, clean: string, mutated: string): boolean {
  const before = compileOnce(path, clean);
  const after = compile(path, mutated);
  if (before === after) return false;
  if (withoutSpace(before) !== withoutSpace(after)) return true;
  const [left, right] = [tokensOf(path, before), tokensOf(path, after)];
  return left.length !== right.length || left.some(({ text }, i) => text !== right[i]?.text);
}
