import { describe, expect, it } from "vitest";
import { repeats } from "../../../languages/javascript/repeats.ts";

const code = `export function shorten(text: string, limit: number): string {
  const words = text.trim().split(/\\s+/);
  if (words.length > limit) return \`\${words.slice(0, limit).join(" ")}...\`;
  return words.length === 0 ? "nothing" : words.join(" ");
}
`;
const source = { path: "src/shorten.ts", text: code };
const held = (text: string, path = "test/shorten.test.ts"): boolean => repeats(source, { path, text });
const plain = code.replaceAll(": string", "").replaceAll(": number", "").replace("export ", "");
const honest = `import { expect, it } from "vitest";
import { shorten } from "../src/shorten";
it("cuts", () => {
  for (const [text, limit, wanted] of [["a b c", 2, "a b..."], ["a", 3, "a"]] as const) {
    if (limit > 1) expect(shorten(text, limit)).toBe(wanted);
  }
});
`;

describe("repeats", () => {
  it("does not hold of tests that name the function and give examples", () => {
    expect(held(honest)).toBe(false);
    expect(held("")).toBe(false);
    expect(held("it('does not parse', (")).toBe(false);
  });

  it.each([
    ["as it is", code],
    ["without its types", plain],
    ["in other layout, with comments", plain.replaceAll("\n", " /* so */ ").replaceAll('"', "'")],
    ["under another name, in part", `const oracle = (text, limit) => {${plain.slice(plain.indexOf("{") + 1)}`],
    ["in a string", `const oracle = new Function(${JSON.stringify(plain)});`],
    [
      "in a template",
      `const oracle = new Function(String.raw\`${plain.replaceAll("`", "'").replaceAll("$", "")}${code.slice(0, 10)}\`) || eval(${JSON.stringify(code)});`,
    ],
    ["in pieces", `const oracle = eval(${(plain.match(/[\s\S]{1,12}/g) ?? []).map((piece) => JSON.stringify(piece)).join(" + ")});`],
    ["in base64", `const oracle = eval(atob("${btoa(plain)}"));`],
    ["in hexadecimal digits", `const oracle = Buffer.from("${Buffer.from(code).toString("hex")}", "hex");`],
  ])("holds of a copy %s", (_, copy) => {
    expect(held(`${honest}${copy}`)).toBe(true);
    expect(held(`${honest}${copy}`, "test/shorten.test.js")).toBe(true);
  });

  it("does not hold of data, nor of what is too short to be anybody's", () => {
    const table = {
      path: "src/table.js",
      text: `export const table = {${Array.from({ length: 40 }, (_, at) => `k${at}: ${at}`).join(", ")}};\n`,
    };
    expect(repeats(table, { path: "test/a.test.js", text: table.text })).toBe(false);
    const small = { path: "src/small.js", text: "export const small = (a, b) => a + b;\n" };
    expect(repeats(small, { path: "test/a.test.js", text: small.text })).toBe(false);
  });
});
