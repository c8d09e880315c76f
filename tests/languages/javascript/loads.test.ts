import { beforeAll, describe, expect, it } from "vitest";
import { loads } from "../../../languages/javascript/loads.ts";
import { initSyntax } from "../../../languages/javascript/syntax.ts";

beforeAll(initSyntax);

const paths = ["index.js", "src/a.ts", "test/all.js", "test/cases/a.js", "test/cases/b.mjs", "test/cases/deep/index.js", "test/data.json"];
const of = (text: string) => loads({ path: "test/all.js", text }, paths);

describe("files that a test file names", () => {
  it.each([
    ["require", 'require("./cases/a");', ["test/cases/a.js"]],
    ["import", 'import "./cases/b.mjs";\nimport x from "./cases/a.js";', ["test/cases/a.js", "test/cases/b.mjs"]],
    ["export", 'export * from "./cases/a.js";', ["test/cases/a.js"]],
    ["import()", 'await import("./cases/a.js");', ["test/cases/a.js"]],
    ["a folder with an index", 'require("./cases/deep");', ["test/cases/deep/index.js"]],
    ["a TypeScript file by the name of what it becomes", 'import { a } from "../src/a.js";', ["src/a.ts"]],
    ["packages and absent files are none", 'require("assert"); require("./gone");', []],
  ])("%s", (_, text, files) => expect(of(text)).toEqual({ files, byName: false, folders: [] }));
});

describe("folders from which a test file loads by name", () => {
  it.each([
    ["a folder that is read", 'fs.readdirSync(path.join(__dirname, "cases")).forEach((f) => require(path.join(dir, f)));'],
    ["a sum", 'for (const n of names) require("./cases/" + n);'],
    ["a template", "for (const n of names) await import(`./cases/part-$" + "{n}.js`);"],
    ["a wildcard", 'import.meta.glob("./cases/*.js", { eager: true });'],
    ["from the root of the tree", 'for (const f of glob.sync("test/cases/**/*.js")) require(f);'],
    ["require handed on", 'list("./cases").forEach(require);'],
  ])("%s", (_, text) => expect(of(text)).toEqual({ files: [], byName: true, folders: ["test/cases"] }));
  it("names in a list are files", () => {
    expect(of('["./cases/a", "./cases/b.mjs"].forEach((n) => require(n));').files).toEqual(["test/cases/a.js", "test/cases/b.mjs"]);
  });
  it("words that are no folder are none", () => {
    expect(of('require(process.env.LIB || "..");')).toEqual({ files: [], byName: true, folders: [] });
  });
});
