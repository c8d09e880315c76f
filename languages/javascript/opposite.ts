/** An assertion that asks for the opposite: `expect(x).toBe(y)` → `expect(x).not.toBe(y)`, `assert.equal` → `assert.notEqual`, `t.is` → `t.not`. */
import type { Mutation, SourceFile } from "../contract.ts";
import { nodesOf, type SyntaxNode, treeOf } from "./tree.ts";

const operator = "opposite";

/** Names of node:assert, chai and ava that have an opposite. */
const opposites: ReadonlyMap<string, string> = new Map([
  ["equal", "notEqual"],
  ["strictEqual", "notStrictEqual"],
  ["deepEqual", "notDeepEqual"],
  ["deepStrictEqual", "notDeepStrictEqual"],
  ["match", "doesNotMatch"],
  ["throws", "doesNotThrow"],
  ["rejects", "doesNotReject"],
  ["is", "not"],
]);

/** The innermost statement around a line that is an expression. */
function statementAt(file: SourceFile, line: number): SyntaxNode | null {
  let found: SyntaxNode | null = null;
  for (const node of nodesOf(treeOf(file).root, ({ startLine, endLine }) => startLine <= line && line <= endLine)) {
    if (node.type === "expression_statement" && node.startLine <= line && line <= node.endLine) found = node;
  }
  return found;
}

/** Of a chain the first word that says what is asked; of a function of an assertion library its name. Null where neither is there. */
export function opposite(file: SourceFile, line: number): Mutation | null {
  const statement = statementAt(file, line);
  if (statement === null) return null;
  const text = file.text.slice(statement.start, statement.end);
  const at = (start: number, end: number, replacement: string): Mutation => ({
    operator,
    start: statement.start + start,
    end: statement.start + end,
    replacement,
  });
  if (/^(?:await\s+)?expect\b/.test(text)) {
    const negated = /\)\s*(?:\.\w+\s*)*?(\.not)\b/.exec(text);
    if (negated?.[1]) return at(negated.index + negated[0].length - negated[1].length, negated.index + negated[0].length, "");
    const asks = /\)\s*(?:\.(?:resolves|rejects)\s*)?(?=\.to(?:[A-Z]\w*\s*\(|\b))/.exec(text);
    return asks === null ? null : at(asks.index + asks[0].length, asks.index + asks[0].length, ".not");
  }
  const named = /^(?:await\s+)?(?:assert(?:\.strict)?|t)\.(\w+)(?=\s*\()/.exec(text);
  const other = opposites.get(named?.[1] ?? "");
  if (!named?.[1] || other === undefined) return null;
  return at(named[0].length - named[1].length, named[0].length, other);
}
