// biome-ignore-all lint/suspicious/noTemplateCurlyInString: source text
import fc from "fast-check";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import type { Mutation } from "../../../languages/contract.ts";
import { mutationsOf } from "../../../languages/javascript/mutators/index.ts";
import { initSyntax, type Node, nodeAt, parsesCleanly, walk, withTree } from "../../../languages/javascript/syntax.ts";
import { removeElement, removeStatement } from "../../../languages/javascript/syntax-edits.ts";

beforeAll(initSyntax);

const apply = (text: string, { start, end, replacement }: Pick<Mutation, "start" | "end" | "replacement">): string =>
  text.slice(0, start) + replacement + text.slice(end);

/** The grouping of a program as the TypeScript parser sees it, without parentheses; `a && (b && c)` and `(a && b) && c` are the same list. */
function grouping(text: string): string {
  const file = ts.createSourceFile("a.ts", text, ts.ScriptTarget.ESNext, true);
  const operands = (node: ts.Node, operator: ts.SyntaxKind): ts.Node[] => {
    let inner = node;
    while (ts.isParenthesizedExpression(inner)) inner = inner.expression;
    if (!ts.isBinaryExpression(inner) || inner.operatorToken.kind !== operator) return [node];
    return [...operands(inner.left, operator), ...operands(inner.right, operator)];
  };
  const shape = (node: ts.Node): string => {
    if (ts.isParenthesizedExpression(node)) return shape(node.expression);
    const kind = ts.isBinaryExpression(node) ? node.operatorToken.kind : null;
    if (
      kind === ts.SyntaxKind.AmpersandAmpersandToken ||
      kind === ts.SyntaxKind.BarBarToken ||
      kind === ts.SyntaxKind.QuestionQuestionToken
    ) {
      return `(${ts.tokenToString(kind)} ${operands(node, kind).map(shape).join(" ")})`;
    }
    const children: string[] = [];
    ts.forEachChild(node, (child) => void children.push(shape(child)));
    return children.length === 0 ? node.getText() : `(${ts.SyntaxKind[node.kind]} ${children.join(" ")})`;
  };
  return shape(file);
}

const BINARY = new Set([
  "&&",
  "||",
  "??",
  "+",
  "-",
  "*",
  "/",
  "%",
  "**",
  "&",
  "|",
  "^",
  "<<",
  ">>",
  ">>>",
  "<",
  ">",
  "<=",
  ">=",
  "===",
  "!==",
  "==",
  "!=",
]);

/** In parentheses, and a statement of its own after a line without a semicolon. */
const enclosed = (text: string, start: number, source: string): string => `${text.slice(0, start).endsWith("y\n") ? ";" : ""}(${source})`;

/** The same mutation with parentheses around everything: what the edit must mean. Null for edits that are no expression. */
function spelledOut(root: Node, text: string, mutation: Mutation): string | null {
  const node = nodeAt(root, mutation.start, mutation.end);
  const source = (part: Node | null): string => text.slice(part?.startIndex, part?.endIndex);
  if (node?.type === "binary_expression" && BINARY.has(mutation.replacement)) {
    const operands = [node.childForFieldName("left"), node.childForFieldName("right")].map((side) => `(${source(side)})`);
    return apply(text, {
      start: node.startIndex,
      end: node.endIndex,
      replacement: enclosed(text, node.startIndex, operands.join(` ${mutation.replacement} `)),
    });
  }
  const isWhole = node?.startIndex === mutation.start && node.endIndex === mutation.end;
  if (!isWhole || /statement|parenthesized/.test(node.type) || !parsesCleanly("a.ts", `x = (${mutation.replacement});`)) return null;
  return apply(text, { ...mutation, replacement: enclosed(text, mutation.start, mutation.replacement) });
}

/** Expressions with the parentheses that chance gave them. */
const expressions = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom("a", "b", "c.d", "f(a)", "1", "e?.g", "[h]", "true"),
    fc.tuple(tie("any"), fc.constantFrom(...BINARY, " instanceof ", " in "), tie("any")).map(([a, op, b]) => `${a} ${op} ${b}`),
    tie("any").map((a) => `(${a})`),
    tie("any").map((a) => `!${a}`),
    tie("any").map((a) => `-${a}`),
    tie("any").map((a) => `await ${a}`),
    tie("any").map((a) => `typeof ${a}`),
    tie("any").map((a) => `(${a}).j`),
    tie("any").map((a) => `(${a}).sort()`),
    tie("any").map((a) => `Number(${a})`),
    tie("any").map((a) => `k(${a}, l)`),
    tie("any").map((a) => `(${a} ? { i } : function () {})`),
    tie("any").map((a) => `m[${a}]`),
    tie("any").map((a) => `async (n) => ${a}`),
    tie("any").map((a) => `new (${a})(o)`),
    tie("any").map((a) => `[...${a}]`),
    fc.tuple(tie("any"), tie("any"), tie("any")).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => `p = ${a}, ${b}`),
  ),
})).any;

const places = fc.constantFrom(
  (source: string) => `x = ${source};`,
  (source: string) => `${source};`,
  (source: string) => `y\n${source}\n`,
  (source: string) => `return${source.startsWith("(") ? "" : " "}${source};`,
  (source: string) => `if (${source}) y();`,
  (source: string) => `z = async () => ${source};`,
  (source: string) => `z = \`\${${source}}\`;`,
);

describe("a mutated expression", () => {
  it("groups as its spelled-out form does, and parses for two parsers", () => {
    fc.assert(
      fc.property(expressions, places, (expression, place) => {
        const text = `async function q() { ${place(expression)} }`;
        fc.pre(parsesCleanly("a.ts", text) && parses(text));
        for (const mutation of mutationsOf("a.ts", text)) {
          const mutated = apply(text, mutation);
          expect(parses(mutated) && parsesCleanly("a.ts", mutated), `${mutation.operator}: ${mutated}`).toBe(true);
          const meant = withTree("a.ts", text, (root) => spelledOut(root, text, mutation));
          if (meant !== null && parses(meant)) expect(grouping(mutated), `${mutation.operator}: ${mutated}`).toBe(grouping(meant));
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

function parses(text: string): boolean {
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ESNext } });
  return diagnostics?.length === 0;
}

const edited = (
  text: string,
  type: string,
  edit: (node: Node) => { start: number; end: number; replacement: string } | null,
): string | null =>
  withTree("a.js", text, (root) => {
    const node = [...walk(root)].find((each) => each.type === type);
    const found = node === undefined ? null : edit(node);
    return found === null ? null : apply(text, found);
  });

describe("removeStatement", () => {
  const removed = (text: string) => edited(text, "throw_statement", (node) => removeStatement(node, text));
  it.each([
    ["its own line", "a();\n  throw b;\nc();\n", "a();\nc();\n"],
    ["the last line of a file", "a();\nthrow b;", "a();\n"],
    ["its place on a shared line", "a(); throw b; c();", "a(); c();"],
    ["a comment behind it", "a();\nthrow b; // why\nc();", "a();\n // why\nc();"],
    ["braces in place of an only statement", "if (a) throw b;", "if (a) {}"],
    ["braces after else", "if (a) b(); else throw c;", "if (a) b(); else {}"],
    ["an only statement within braces", "if (a) { throw b; }", "if (a) { }"],
  ])("takes %s", (_what, text, expected) => {
    expect(removed(text)).toBe(expected);
  });

  it("refuses where the lines around it would become one statement", () => {
    expect(removed("a = b\nthrow c;\n(d)();")).toBeNull();
    expect(removed("a = b;\nthrow c;\n(d)();")).toBe("a = b;\n(d)();");
  });
});

describe("removeElement", () => {
  const removed = (text: string) => edited(text, "number", (node) => removeElement(node));
  it.each([
    ["f(a, 1)", "f(a)"],
    ["f(1, a)", "f(a)"],
    ["f(1)", "f()"],
    ["[1,]", "[]"],
    ["f(a, 1,)", "f(a,)"],
  ])("makes of %s %s", (text, expected) => {
    expect(removed(text)).toBe(expected);
  });

  it("refuses beside a comment", () => {
    expect(removed("f(a, /* b */ 1)")).toBeNull();
  });
});
