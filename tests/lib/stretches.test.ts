import { expect, it } from "vitest";
import { stretchesOf, stretchTokens } from "../../lib/stretches.ts";

const code = `export function slugify(text, limit = 5) {
  // Words are what stands between blanks.
  const words = text.trim().split(" ");
  const kept = words.slice(0, limit);
  return kept.join("-").toLowerCase();
}
`;
const shares = (a: string, b: string): boolean => {
  const known = stretchesOf(a);
  return [...stretchesOf(b)].some((one) => known.has(one));
};

it.each([
  ["layout", code.replace(/\n\s*/g, "\n\t")],
  ["lines, as a minifier leaves them out", code.replace(/\/\/.*\n/g, "").replace(/\s+/g, " ")],
  ["quotes", code.replaceAll('"', "'")],
  ["semicolons", code.replaceAll(";", "")],
  ["commas behind the last argument", code.replace("limit = 5", "limit = 5,")],
  ["comments", code.replace("return", "/* at last */ return")],
  ["what declares", code.replaceAll("const", "var")],
])("are the same in another text that differs in %s", (_, other) => {
  expect(other).not.toBe(code);
  expect(stretchesOf(other)).toEqual(stretchesOf(code));
});

it("differ around a token that differs, and only there", () => {
  const wrong = code.replace("toLowerCase", "toUpperCase");
  const [right, found] = [stretchesOf(code), stretchesOf(wrong)];
  const missing = [...right].filter((one) => !found.has(one));
  expect(missing.length).toBeGreaterThan(0);
  expect(missing.length).toBeLessThanOrEqual(stretchTokens);
  expect(shares(code, wrong)).toBe(true);
});

it("are found within long strings, as source maps hold them, and in the middle of other text", () => {
  expect(shares(code, JSON.stringify({ version: 3, sourcesContent: [code] }))).toBe(true);
  expect(shares(code, `It's said that:\n\n${code}\nAnd that is all.`)).toBe(true);
});

it("are none of a text that is short, or of numbers and brackets alone", () => {
  expect(stretchesOf("return kept.join('-').toLowerCase();").size).toBe(0);
  expect(stretchesOf("([{}])".repeat(40)).size).toBe(0);
});
