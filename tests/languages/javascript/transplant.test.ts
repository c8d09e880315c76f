import { beforeAll, describe, expect, it } from "vitest";
import { initLanguages } from "../../../languages/index.ts";
import { transplant } from "../../../languages/javascript/transplant.ts";

beforeAll(initLanguages);

const source = `export function slug(text: string, limit: number = 5): string {
  const words: string[] = text.trim().split(" ")
  if (words.length > limit) return words.slice(0, limit).join('-')
  return words.join('-').toLowerCase()
}
`;
/** As a bundler prints it. */
const copy = `"use strict";
function other(words) { return words.join("-").toLowerCase(); }
function slug(text, limit = 5) {
  const words = text.trim().split(" ");
  if (words.length > limit)
    return words.slice(0, limit).join("-");
  return words.join("-").toLowerCase();
}
exports.slug = slug;
`;
const file = { path: "src/slug.ts", text: source };
const plain = (code: string | null): string | null => code?.replace(/\s+/g, " ").replaceAll("'", '"') ?? null;

describe("a change, made in a published copy", () => {
  it.each([
    ["words.length > limit", "words.length >= limit", "words.length > limit", "words.length >= limit"],
    ["slice(0, limit)", "slice(limit)", "slice(0, limit)", "slice(limit)"],
    [
      `if (words.length > limit) return words.slice(0, limit).join('-')`,
      "",
      'if (words.length > limit) return words.slice(0, limit).join("-");',
      "",
    ],
    ["limit: number = 5", "limit: number = 6", "limit = 5", "limit = 6"],
  ])("stands where the compiled tokens do: %s → %s", (clean, wrong, there, expected) => {
    const made = plain(transplant(file, source.replace(clean, wrong), copy));
    const wanted = plain(plain(copy)?.replace(there, expected) ?? null);
    expect(made?.replace(/[\s;]+/g, "")).toBe(wanted?.replace(/[\s;]+/g, ""));
  });

  it("takes as many tokens around it as make its place the only one", () => {
    const made = transplant(file, source.replace(".toLowerCase()", ""), copy);
    expect(made).toContain('function other(words) { return words.join("-").toLowerCase(); }');
    expect(plain(made)).toMatch(/limit\)\.join\("-"\); return words\.join\("-"\) ?;/);
  });

  it("is none where the copy had it before", () => {
    const old = copy.replace("words.length > limit", "words.length >= limit");
    expect(transplant(file, source.replace("words.length > limit", "words.length >= limit"), old)).toBe(old);
  });

  it("has no place where the copy is another program, has a part of it only, or has it twice", () => {
    const wrong = source.replace("words.length > limit", "words.length >= limit");
    expect(transplant(file, wrong, "main();\n")).toBeNull();
    expect(
      transplant(file, wrong.replace("text.trim()", "text"), copy.replace("text.trim()", "String(text).trim().normalize()")),
    ).toBeNull();
    expect(transplant(file, wrong, `${copy}${copy}`)).toBeNull();
  });

  it("may be in comments and types alone, which leave it as it is", () => {
    expect(transplant(file, source.replace("limit: number", "limit: any /* so many */"), copy)).toBe(copy);
  });
});
