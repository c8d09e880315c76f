import { beforeAll, expect, it } from "vitest";
import { names } from "../../../languages/javascript/names.ts";
import { initSyntax } from "../../../languages/javascript/syntax.ts";

beforeAll(initSyntax);

const of = (text: string, path = "a.ts"): string[] => [...names({ path, text })].sort();

it.each([
  ["imports", 'import { slug as s, cut } from "x"; import * as all from "y"; s(all.trim);', ["cut", "slug", "trim"]],
  ["a required name", 'const { slug, cut: c } = require("x");', ["cut", "slug"]],
  ["members and keys", "box.open({ limit: 3, depth }).size;", ["depth", "limit", "open", "size"]],
  [
    "exports, of constants too",
    "export const limit = 3; export function slug(text) { const kept = text; return kept; }",
    ["limit", "slug"],
  ],
  ["types", "interface Box { size: number }", ["Box", "size"]],
  ["no words of strings and comments", "// limit\nf('depth', `size`);", []],
])("%s", (_, text, found) => expect(of(text)).toEqual(found));
