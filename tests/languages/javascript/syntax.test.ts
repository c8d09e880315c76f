import { beforeAll, describe, expect, it } from "vitest";
import type { Tree } from "web-tree-sitter";
import { grammarOf, initSyntax, nodeAt, parsesCleanly, walk, withTree } from "../../../languages/javascript/syntax.ts";
import { BrokenRecord } from "../../../lib/errors.ts";

beforeAll(initSyntax);

describe("grammarOf", () => {
  it.each([
    ["a.js", "javascript"],
    ["a.jsx", "javascript"],
    ["a.mjs", "javascript"],
    ["a.cjs", "javascript"],
    ["a.ts", "typescript"],
    ["a.mts", "typescript"],
    ["a.cts", "typescript"],
    ["a.d.ts", "typescript"],
    ["a.tsx", "tsx"],
  ])("reads %s as %s", (path, grammar) => {
    expect(grammarOf(path)).toBe(grammar);
  });
});

describe("parsesCleanly", () => {
  it.each([
    ["a.js", "const a = <b c={1}/>;"],
    ["a.ts", "const a = <T,>(b: T): b is T & {} => <boolean>b;"],
    ["a.tsx", "const a = <b c={x!}/>;"],
  ])("accepts the syntax of %s", (path, text) => {
    expect(parsesCleanly(path, text)).toBe(true);
  });

  it("refuses types in JavaScript", () => {
    expect(parsesCleanly("a.js", "let a: number = 1;")).toBe(false);
  });

  it("refuses a text whose closing bracket the parser had to invent", () => {
    expect(parsesCleanly("a.js", "f(a;")).toBe(false);
  });

  it("refuses a text over two million characters", () => {
    expect(parsesCleanly("a.js", " ".repeat(2_000_001))).toBe(false);
  });
});

describe("withTree", () => {
  it("counts UTF-16 units before a node", () => {
    const text = "const 漢 = '😀'; f(x);";
    const call = withTree("a.js", text, (root) => {
      const node = [...walk(root)].find((each) => each.type === "call_expression");
      return text.slice(node?.startIndex, node?.endIndex);
    });
    expect(call).toBe("f(x)");
  });

  it("says which file is too long", () => {
    expect(() => withTree("src/big.js", " ".repeat(2_000_001), () => 1)).toThrow(BrokenRecord);
    expect(() => withTree("src/big.js", " ".repeat(2_000_001), () => 1)).toThrow("src/big.js");
  });

  it("frees the tree when the work on it throws", () => {
    let tree: Tree | undefined;
    const failing = (): void =>
      withTree("a.js", "a;", (root) => {
        tree = root.tree;
        throw new Error("mine");
      });
    expect(failing).toThrow("mine");
    // A freed tree has lost its address, and whoever asks it for its root gets none.
    expect(() => tree?.rootNode.type).toThrow();
  });
});

describe("walk", () => {
  it("gives named nodes, parents first, in text order", () => {
    const types = withTree("a.js", "a; b(c);", (root) => [...walk(root)].map((node) => node.type));
    expect(types).toEqual([
      "program",
      "expression_statement",
      "identifier",
      "expression_statement",
      "call_expression",
      "identifier",
      "arguments",
      "identifier",
    ]);
  });

  it("does not look below a node that is not entered", () => {
    const types = withTree("a.js", "a; b(c);", (root) =>
      [...walk(root, (node) => node.type !== "call_expression")].map((node) => node.type),
    );
    expect(types.at(-1)).toBe("call_expression");
  });

  it("stays within the node it starts from", () => {
    const texts = withTree("a.js", "a; b; c;", (root) => [...walk(root.namedChild(1) ?? root)].map((node) => node.text));
    expect(texts).toEqual(["b;", "b"]);
  });
});

describe("nodeAt", () => {
  it("finds the smallest named node around an offset", () => {
    expect(withTree("a.js", "a + bcd", (root) => nodeAt(root, 5)?.text)).toBe("bcd");
  });
});
