import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expandLines, instrument } from "../../../languages/javascript/instrument.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { programs } from "./programs.ts";

beforeAll(initSyntax);

/** Counting calls are shown as `@line`. */
const shown = (text: string, path = "a.js"): string | null =>
  instrument({ path, text }, 7)?.replace(/\((?:globalThis|\(globalThis as any\))\.process\.__kihonLine\|\|Boolean\)\(7,(\d+)\)/g, "@$1") ??
  null;

const tables: readonly (readonly [string, string, string | null, string?])[] = [
  ["statements of a program", "a();\nb();", "@1;a();\n@2;b();"],
  ["statements without semicolons are closed first", "a()\nb()", "@1;a()\n;@2;b()"],
  ["directives stay first", "'use strict'\na()", "'use strict'\n;@2;a()"],
  ["directives of functions stay first", "function f() { 'use strict'; a() }", "function f() { 'use strict';@1; @1;a() }"],
  ["a line for the interpreter stays first", "#!/usr/bin/env node\na()", "#!/usr/bin/env node\n@2;a()"],
  ["functions count when entered, not when declared", "function f(a = 1) {\n}", "function f(a = 1) {@1;\n}"],
  [
    "so do functions held by variables and exports",
    "const f = function () {}\nexports.g = () => 1",
    "const f = function () {@1;}\nexports.g = () => {@2;return (1)}",
  ],
  ["arrow expressions, objects and nested arrows", "x(a => b => ({ a, b }))", "@1;x(a => {@1;return (b => {@1;return (({ a, b }))})})"],
  ["an arrow's expression reports its own line", "x((a) =>\n  a)", "@1;x((a) =>\n  {@2;return (a)})"],
  ["imports and exports from elsewhere", "import a from 'a'\nexport { b } from 'b'\nexport * from 'c'", null],
  [
    "exported values count after their statement",
    "export const a = b()\nexport default a",
    "export const a = b();@1;\nexport default a;@2;",
  ],
  [
    "exported functions count when entered",
    "export const f = () => 1\nexport default function () {}",
    "export const f = () => {@1;return (1)}\nexport default function () {@2;}",
  ],
  ["chains of else if", "if (a) {\n} else if (b) {\n} else c()", "@1;if (a) {\n} else {@2;if (b) {\n} else {@3;c()}}"],
  ["bodies without braces", "if (a) return\nfor (;;) b()", "@1;if (a) {@1;return}\n;@2;for (;;) {@2;b()}"],
  ["do while without braces", "do a(); while (b)", "@1;do {@1;a();} while (b)"],
  ["labels stay with their loops", "out: for (;;) { break out }", "@1;out: for (;;) { @1;break out }"],
  [
    "cases, not their tests",
    "switch (a) { case b(() => 1): c(); default: d() }",
    "@1;switch (a) { case b(() => {@1;return (1)}): @1;c(); default: @1;d() }",
  ],
  [
    "class members",
    "class A extends B { c = () => 1; constructor() { super() } static { d() } }",
    "@1;class A extends B { c = () => {@1;return (1)}; constructor() {@1; @1;super() } static { @1;d() } }",
  ],
  ["async functions and generators", "async function* f() { yield await a }", "async function* f() {@1; @1;yield await a }"],
  ["comments between statements", "a() // b\n/* c */ d()", "@1;a() // b\n/* c */ ;@2;d()"],
  ["text that does not parse", "function (", null],
  ["files without code", "// nothing\n", null],
  ["types", "interface A { b: 1 }\ntype C = () => 1\ndeclare const d: 1\nenum E { F }\nnamespace N { x() }", null, "a.ts"],
  [
    "overloads and abstract members",
    "function f(a: 1): 1\nfunction f(a: any) { return a }\nabstract class A { abstract b(): void }",
    "function f(a: 1): 1\nfunction f(a: any) {@2; @2;return a }\n;@3;abstract class A { abstract b(): void }",
    "a.ts",
  ],
  ["JSX", "const a = <b c={() => d}>e</b>", "@1;const a = <b c={() => {@1;return (d)}}>e</b>", "a.tsx"],
];

for (const [title, text, expected, path] of tables) {
  test(title, () => {
    expect(shown(text, path)).toBe(expected);
  });
}

test("TypeScript gets a hook that its checker accepts", () => {
  expect(instrument({ path: "a.ts", text: "a();" }, 3)).toBe("((globalThis as any).process.__kihonLine||Boolean)(3,1);a();");
});

/** Runs a program and gives what it logged and, where it counts, the lines it reported. */
function run(text: string): { readonly logged: unknown[]; readonly lines: Set<number> } {
  const logged: unknown[] = [];
  const lines = new Set<number>();
  const process = { __kihonLine: (_: number, line: number) => lines.add(line) };
  runInNewContext(text, { log: (...values: unknown[]) => void logged.push(values.join()), process });
  return { logged, lines };
}

test("programs parse, keep their lines and do the same", () => {
  fc.assert(
    fc.property(programs, (text) => {
      const counted = instrument({ path: "a.js", text }, 1) ?? "";
      expect(parsesCleanly("a.js", counted)).toBe(true);
      expect(counted.split("\n")).toHaveLength(text.split("\n").length);
      expect(run(counted).logged).toEqual(run(text).logged);
    }),
    { numRuns: 150 },
  );
});

describe("reported lines stand for all lines of what ran", () => {
  const covered = (text: string, path = "a.js"): number[] =>
    expandLines({ path, text }, [...run(instrument({ path, text }, 1) ?? "").lines]);

  test("a statement of several lines ran as a whole", () => {
    expect(covered("log(\n  1,\n  2,\n)")).toEqual([1, 2, 3, 4]);
  });

  test("a branch not taken is not covered", () => {
    expect(covered("if (log()) {\n  log(1)\n}\nelse\n  log(2)\nif (log())\n  log(3)")).toEqual([1, 3, 4, 5, 6]);
  });

  test("a function that nobody called is not covered, its declaration included", () => {
    expect(covered("function f() {\n  log(1)\n}\nconst g = () => {\n  log(2)\n}\ng()")).toEqual([4, 5, 6, 7]);
  });

  test("a callback that never ran is not covered inside the call that did", () => {
    expect(covered("[].map((x) => {\n  log(x)\n})\n;[1].map((x) =>\n  log(x)\n)")).toEqual([1, 3, 4, 5, 6]);
  });
});
