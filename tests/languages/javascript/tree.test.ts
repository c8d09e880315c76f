import { beforeAll, expect, test } from "vitest";
import { initSyntax } from "../../../languages/javascript/syntax.ts";
import { isDirective, nodesOf, partsOf, type SyntaxNode, treeOf } from "../../../languages/javascript/tree.ts";

beforeAll(initSyntax);

const rootOf = (text: string): SyntaxNode => treeOf({ path: "a.js", text }).root;

test("a statement without a semicolon ends before the comments behind it", () => {
  const text = "const a = (b) => b // note\n/** doc */\nfunction c() {}\n";
  const root = rootOf(text);
  expect(root.children.map(({ type }) => type)).toEqual(["lexical_declaration", "comment", "comment", "function_declaration"]);
  expect(text.slice(root.children[0]?.start, root.children[0]?.end)).toBe("const a = (b) => b");
  expect(root.children[0]?.endLine).toBe(1);
  expect(root.children[1]?.parent).toBe(root);
});

test("comments inside braces stay there", () => {
  const root = rootOf("function a() {\n  // note\n}\nb({ /* note */ })");
  const held = [...nodesOf(root)].filter(({ type }) => type === "comment").map(({ parent }) => parent?.type);
  expect(held).toEqual(["statement_block", "object"]);
});

test("nodes come in text order, and keep their fields and lines", () => {
  const names = [...nodesOf(rootOf("if (a) {\n  b();\n}"))].filter(({ type }) => type === "identifier");
  expect(names.map(({ field, startLine }) => [field, startLine])).toEqual([
    [null, 1],
    ["function", 2],
  ]);
});

test("text with errors is not clean", () => {
  expect(treeOf({ path: "a.js", text: "a(" }).clean).toBe(false);
  expect(treeOf({ path: "a.js", text: "a()" }).clean).toBe(true);
});

test("the same text under another grammar is another tree", () => {
  const text = "const a = <b>c</b>";
  expect(treeOf({ path: "a.jsx", text }).clean).toBe(true);
  expect(treeOf({ path: "a.ts", text }).clean).toBe(false);
});

test("directives are the strings at the head of a program or function", () => {
  const text = "'use strict'\n'use client';\na()\n'late'\nfunction b() { 'use asm'; { 'block' } }";
  const found = [...nodesOf(rootOf(text))].filter(isDirective).map((node) => partsOf(node)[0]);
  expect(found.map((node) => text.slice(node?.start, node?.end))).toEqual(["'use strict'", "'use client'", "'use asm'"]);
});
