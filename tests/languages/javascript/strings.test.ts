import { expect, it } from "vitest";
import { initLanguages, languages } from "../../../languages/index.ts";

await initLanguages();
const [language] = languages;
const said = (path: string, text: string): readonly string[] => language?.strings({ path, text }).map((one) => one.text) ?? [];

it.each([
  ["a.js", `throw new Error("too short");`, ["too short"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source
  ["a.ts", "const said = `only ${count} of them`;", ["only ", " of them"]],
  ["a.js", "expect(cut).toThrow(/too \\d+ short/i);", ["too \\d+ short"]],
  ["a.jsx", `const a = <p title="hint">Some words</p>;`, ["hint", "Some words"]],
  ["a.ts", `import { a } from "./a.js"; export { b } from "./b.js"; let c: "kind" | "sort";`, []],
  ["a.js", "// 'nothing' is said here", []],
])("of %s: %s", (path, text, words) => expect(said(path, text)).toEqual(words));

it("tells where they stand", () => {
  const text = `const a = ["x", 'yz'];`;
  expect(language?.strings({ path: "a.js", text }).map(({ start, end }) => text.slice(start, end))).toEqual(["x", "yz"]);
});

it("has the program without types and comments; what declares types alone stands for itself", () => {
  expect(language?.compiled({ path: "a.ts", text: "// all\nexport const sum = (a: number): number => a + 1;\n" })).toBe(
    "export const sum = (a) => a + 1;\n",
  );
  const declared = "export declare const sum: (a: number) => number;\n";
  expect(language?.compiled({ path: "a.d.ts", text: declared })).toBe(declared);
});
