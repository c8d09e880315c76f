import { describe, expect, it } from "vitest";
import type { PoseContext } from "../../skills/contract.ts";
import { isModule, readSource, relativeImport } from "../../skills/style.ts";
import { besides, fileOfTest, hide, testsByHome } from "../../skills/visible.ts";
import { contextOf, joins, texts, upper } from "./stand.ts";

const nothing = { text: () => null };

describe("a new test file beside another", () => {
  it.each([
    ["test/url.test.ts", "test/url-repro.test.ts"],
    ["test/a.b.spec.js", "test/a-repro.b.spec.js"],
    ["test.js", "test-repro.js"],
    ["test/.hidden.js", "test/.hidden-repro.js"],
    ["test/plain", "test/plain-repro"],
    ["a.b/plain", "a.b/plain-repro"],
  ])("%s has %s", (file, path) => expect(besides({ home: file, file }, "repro", nothing)).toBe(path));
  it.each([
    ["test/cases/url.js", "test/all.js", "test/cases/url-repro.js"],
    ["test/cases/url.cjs", "test/all.test.js", "test/cases/url-repro.test.cjs"],
    ["test/cases/url.case.ts", "test/all.spec.ts", "test/cases/url-repro.spec.ts"],
  ])("%s, a module of %s, has %s", (home, file, path) => expect(besides({ home, file }, "repro", nothing)).toBe(path));
  it("never takes the name of a file that is there", () => {
    const taken = new Set(["a-unit.test.js", "a-unit-2.test.js"]);
    expect(besides({ home: "a.test.js", file: "a.test.js" }, "unit", { text: (path) => (taken.has(path) ? "" : null) })).toBe(
      "a-unit-3.test.js",
    );
  });
});

it("the file of a test is what stands before its titles", () => {
  expect(fileOfTest("a/b.test.js > c > d")).toBe("a/b.test.js");
  expect(fileOfTest("a.js")).toBe("a.js");
});

it.each([
  ["jest and vitest", ["test/__snapshots__/a.test.js.snap"]],
  ["ava", ["test/snapshots/a.test.js.md", "test/snapshots/a.test.js.snap"]],
  ["ava, beside the file", ["test/a.test.js.md", "test/a.test.js.snap"]],
  ["node:test", ["test/a.test.js.snapshot"]],
])("a hidden test file takes its snapshots along, as %s has them", (_, snapshots) => {
  const paths = (): readonly string[] => [...snapshots, "test/a.test.js", "test/b.test.js.md", "a.test.js.snap"];
  expect(hide(["test/a.test.js", "b.test.js"], contextOf([], { text: () => null, paths }))).toEqual(
    Object.fromEntries(["test/a.test.js", "b.test.js", ...snapshots].map((path) => [path, null])),
  );
});

describe("failing tests by their homes", () => {
  it("are those that a file of another name can hold: no snapshot of it is stored", () => {
    const stored = (texts["test/slug.test.js"] ?? "").replace(
      'assert.equal(slugify("Hello World"), "hello-world")',
      "expect(slugify).toMatchSnapshot()",
    );
    const text = (path: string): string | null => (path === "test/slug.test.js" ? stored : (texts[path] ?? null));
    const idsWith = (over: Partial<PoseContext>): readonly string[] =>
      testsByHome(upper, contextOf([upper], over)).flatMap(({ ids }) => ids);
    expect(idsWith({})).toHaveLength(2);
    expect(idsWith({ text })).toEqual(upper.observation.failToPass.filter((id) => id !== joins));
  });
});

describe("how a test file is written", () => {
  it.each([
    ["a.mjs", "", true],
    ["a.ts", "", true],
    ["a.cjs", 'import "x";', false],
    ["a.js", 'import "x";', true],
    ["a.js", "export {};", true],
    ["a.js", 'const x = require("x"); // import x', false],
  ])("%s with %j: modules %s", (path, text, esm) => expect(isModule(path, text)).toBe(esm));
  it.each([
    ["test/a.js", "src/b.js", "../src/b.js"],
    ["a.test.js", "b.js", "./b.js"],
    ["src/a.test.js", "src/deep/b.js", "./deep/b.js"],
  ])("%s imports %s as %s", (from, to, path) => expect(relativeImport(from, to)).toBe(path));
  it("reads sources from the package's folder", () => {
    expect(readSource("packages/a/src/b.js", "packages/a")).toContain('readFileSync("src/b.js"');
  });
});
