import { describe, expect, it } from "vitest";
import { onlyTests } from "../../skills/reduce.ts";
import { contextOf, environment } from "./stand.ts";

const file = "test/cases.test.js";
const cut = (text: string, ids: readonly string[]) =>
  onlyTests({ home: file, file }, ids, contextOf([], { text: (path) => (path === file ? text : null) }));

describe("a test file cut down", () => {
  const two = 'import { it } from "node:test";\nit("one", () => check(1));\nit("two", () => check(2));\n';
  it("keeps the calls that stand for the tests", () => {
    expect(cut(two, [`${file} > two`])).toContain('it("two"');
    expect(cut(two, [`${file} > two`])).not.toContain('it("one"');
  });
  it("keeps a call whose title is made for each case", () => {
    const each = 'import { test } from "vitest";\ntest.each([1, 2])("adds %i", (n) => check(n));\ntest("other", () => check(0));\n';
    expect(cut(each, [`${file} > adds 2`])).toContain("test.each");
    expect(cut(each, [`${file} > adds 2`])).not.toContain('"other"');
  });
  it("is whole where a helper makes the tests", () => {
    const made = 'import { cases } from "./cases.js";\nfor (const one of cases) check(one);\n';
    expect(cut(made, [`${file} > anything`])).toBe(made);
  });
  it("is whole but for the tests that may fail by themselves, where a helper makes those that are asked for", () => {
    const made = `${two}const perhaps = it;\nperhaps("three", () => check(3));\n`;
    const standing = (at: string, how: "stable" | "quarantined") => ({ id: `${file} > ${at}`, file, standing: how });
    const tests = [standing("one", "quarantined"), standing("two", "stable"), standing("three", "stable")];
    const context = contextOf([], { text: () => made, environment: { ...environment, tests } });
    expect(onlyTests({ home: file, file }, [`${file} > three`], context)).toBe(made.replace('it("one", () => check(1));\n', ""));
  });
  it("is whole but for what compares with a stored snapshot, where a helper makes those that are asked for", () => {
    const made = `${two}it("kept", () => expect(1).toMatchSnapshot());\nconst perhaps = it;\nperhaps("three", () => check(3));\n`;
    expect(cut(made, [`${file} > three`])).toBe(made.replace('it("kept", () => expect(1).toMatchSnapshot());\n', ""));
  });
  it("is nothing where it only loads modules by name", () => {
    expect(cut("for (const name of fs.readdirSync(folder)) require(path.join(folder, name));\n", [`${file} > anything`])).toBeNull();
    expect(cut("for (const name of names) await import(name);\n", [`${file} > anything`])).toBeNull();
  });
  it("is nothing where the file has none of the tests", () => {
    expect(cut(two, ["test/other.test.js > one"])).toBeNull();
  });
});
