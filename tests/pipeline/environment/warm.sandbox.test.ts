import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Language, Runner } from "../../../languages/contract.ts";
import { initLanguages, languages } from "../../../languages/index.ts";
import { nodeTest } from "../../../languages/javascript/runners/node-test.ts";
import { compiledNames, warmed, warmedOver } from "../../../pipeline/environment/warm.ts";
import { createLog } from "../../../pipeline/log.ts";
import { bubblewrap } from "../../../sandbox/bubblewrap.ts";
import { SandboxPool } from "../../../sandbox/pool.ts";
import { Width } from "../../../sandbox/width.ts";
import { type Installed, runTests, type TestRun } from "../../../sandbox/workspace.ts";
import { nodeFolder, readTree, recipeOf, scratch, treeFor } from "../../sandbox/stand.ts";

await initLanguages();
const place = scratch();
afterAll(place.remove);
const provider = bubblewrap();
const jobs = new SandboxPool(provider, { width: new Width([1, 1]) });
const recipe = recipeOf();
const program = (wanted: number): string =>
  `import assert from "node:assert"; import { test } from "node:test"; import { one } from "one"; import { two } from "../two.mjs";
test("sum", () => assert.equal(one + two, ${wanted}));`;
let installed: Installed;

const site = {
  cache: join(place.path, "cache"),
  provider,
  jobs,
  harness: fileURLToPath(new URL("../../../languages/javascript/harness", import.meta.url)),
  timeoutMs: 60_000,
  log: createLog({ json: false, terminal: false, write: () => {}, now: () => 0 }),
};
const [language] = languages as [Language];
const suite = { runner: nodeTest, language, recipe, packageDir: ".", wallMs: 60_000 };

/** A tree with what a run of its clean suite left. */
async function warm(
  tree: Readonly<Record<string, string>>,
  modules: Readonly<Record<string, string>>,
  runner: Runner = nodeTest,
): Promise<Installed> {
  const folders = [await treeFor(provider, place.path, { "package.json": "{}", ...tree }), await treeFor(provider, place.path, modules)];
  return warmed(site, { folders, node: nodeFolder, harness: site.harness, builds: null }, { ...suite, runner });
}

beforeAll(async () => {
  await mkdir(join(place.path, "cache"), { mode: 0o755 });
  installed = await warm(
    { "two.mjs": "export const two = 2;\n", "test/sum.test.mjs": program(3) },
    {
      "node_modules/one/package.json": '{ "name": "one", "type": "module", "exports": "./one.js" }',
      "node_modules/one/one.js": "export const one = 1;\n",
    },
  );
});

const run = (layer: Record<string, string>, of = installed, file = "test/sum.test.mjs"): Promise<TestRun> =>
  runTests(jobs, recipe, ".", of, nodeTest, { layer, files: [file], seed: null });

test("the shelf has the code of the dependency's module alone", () => {
  const [version] = readdirSync(installed.compiled ?? "");
  expect(readdirSync(join(installed.compiled ?? "", version ?? ""))).toEqual([compiledNames("/workspace/node_modules/one/one.js")[1]]);
});
test("a run sees a changed source and a changed dependency as they are", async () => {
  expect((await run({})).report.tests.map(({ status }) => status)).toEqual(["passed"]);
  expect((await run({ "two.mjs": "export const two = 3;\n" })).report.tests.map(({ status }) => status)).toEqual(["failed"]);
  const replaced = await run({ "node_modules/one/one.js": "export const one = 2;\n" });
  expect(replaced.report.tests.map(({ status }) => status)).toEqual(["failed"]);
});
test("a run can put nothing on the shelf", async () => {
  const before = readTree(installed.compiled ?? "");
  const spoil = `import fs from "node:fs"; import { test } from "node:test";
const [version] = fs.readdirSync("/kihon/compiled"); const [name] = fs.readdirSync("/kihon/compiled/" + version);
test("spoils", () => fs.writeFileSync("/kihon/compiled/" + version + "/" + name, "spoilt"));
test("adds", () => fs.writeFileSync("/kihon/compiled/" + version + "/00000000", "more"));`;
  const { report } = await run({ "test/sum.test.mjs": spoil });
  expect(report.tests.map(({ failure }) => failure?.message)).toEqual([expect.stringContaining("EROFS"), expect.stringContaining("EROFS")]);
  expect(readTree(installed.compiled ?? "")).toEqual(before);
});
test("what Babel made of a source is kept by its path and time, so that a changed one is made anew", async () => {
  // As @babel/register does it, in little: it says of each source whether it had to be made, and keeps what it made.
  const keeper = `const fs = require("fs"); const path = require("path");
const kept = path.resolve("node_modules/.cache/@babel/register/.babel.json");
const cache = fs.existsSync(kept) ? JSON.parse(fs.readFileSync(kept, "utf8")) : {};
require.extensions[".jsx"] = (module, file) => {
  const mtime = +fs.statSync(file).mtime;
  const known = cache[file] && cache[file].mtime === mtime;
  if (!known) cache[file] = { mtime, code: fs.readFileSync(file, "utf8") };
  module._compile("exports.known = " + Boolean(known) + ";" + cache[file].code, file);
  fs.mkdirSync(path.dirname(kept), { recursive: true });
  fs.writeFileSync(kept, JSON.stringify(cache));
};`;
  const suite = `require("@babel/register"); const { test } = require("node:test"); const assert = require("assert");
const { two, known } = require("../two.jsx");
test("two, known " + known, () => assert.equal(two, 2));`;
  const of = await warm(
    { "two.jsx": "exports.two = 2;\n", "test/two.test.cjs": suite },
    { "node_modules/@babel/register/index.js": keeper, "node_modules/@babel/register/package.json": '{ "name": "@babel/register" }' },
  );
  const said = async (layer: Record<string, string>) =>
    (await run(layer, of, "test/two.test.cjs")).report.tests.map(({ id, status }) => [id.split(" > ").at(-1), status]);
  expect(await said({})).toEqual([["two, known true", "passed"]]);
  expect(await said({ "two.jsx": "exports.two = 3;\n" })).toEqual([["two, known false", "failed"]]);
  expect(await said({ "two.jsx": "exports.two = 2;\n" })).toEqual([["two, known false", "passed"]]);
  expect(of.bare).toHaveLength(2);
});
test("what a runner keeps of a layer's texts is there for the runs over it, and gone after them", async () => {
  const folder = "node_modules/.cache/keeps";
  const keeps = `import fs from "node:fs"; import { test } from "node:test"; import { two } from "../two.mjs";
const known = fs.existsSync("${folder}/two"); fs.mkdirSync("${folder}", { recursive: true }); fs.writeFileSync("${folder}/two", String(two));
test("two is " + two + ", known " + known, () => {});`;
  const tree = await treeFor(provider, place.path, {
    "package.json": "{}",
    "two.mjs": "export const two = 2;\n",
    "test/two.test.mjs": keeps,
  });
  const cold = { folders: [tree, await treeFor(provider, place.path, {})], node: nodeFolder, harness: site.harness, builds: null };
  const runner = { ...nodeTest, cacheFolders: [folder] };
  const layer = { "two.mjs": "export const two = 3;\n" };
  const said = async (of: Installed) => (await run(layer, of, "test/two.test.mjs")).report.tests.map(({ id }) => id.split(" > ").at(-1));
  const { shelf, bare, titles } = await warmedOver(site, cold, { ...suite, runner }, { layer }, async (of) => ({
    shelf: of.folders[1] ?? "",
    bare: of.bare,
    titles: [await said(of), await said(cold)],
  }));
  expect(titles).toEqual([["two is 3, known true"], ["two is 3, known false"]]);
  expect([bare, existsSync(shelf)]).toEqual([cold.folders, false]);
  expect(await warmedOver(site, cold, suite, { layer }, async (of) => of)).toBe(cold);
});
test("what was made of a single source lies apart from what was made of a test or of several", async () => {
  const folder = "node_modules/.cache/keeps";
  const keeps = `import fs from "node:fs"; import { test } from "node:test"; import "../two.mjs";
const keep = (name, from) => {
  fs.mkdirSync("${folder}/a", { recursive: true });
  fs.writeFileSync("${folder}/a/" + name, "made of " + from);
  fs.writeFileSync("${folder}/a/" + name + ".map", JSON.stringify({ version: 3, sourcesContent: from.map((path) => fs.readFileSync(path, "utf8")) }));
};
keep("two_1", ["two.mjs"]); keep("twotest_1", ["test/two.test.mjs"]); keep("both_1", ["two.mjs", "three.mjs"]); keep("other_1", ["package.json"]);
test("keeps", () => {});`;
  const tree = { "two.mjs": "export const two = 2;\n", "three.mjs": "export const three = 3;\n", "test/two.test.mjs": keeps };
  const runner = { ...nodeTest, cacheFolders: [folder] };
  const { ofSources } = await warm(tree, {}, runner);
  const paths = [`${folder}/a/two_1`, `${folder}/a/two_1.map`];
  expect(ofSources?.paths).toEqual({ "two.mjs": paths });
  expect(Object.keys(readTree(ofSources?.folder ?? "")).filter((path) => path.includes("_1"))).toEqual(paths);
  const impure = await warm({ ...tree, ".babelrc": '{ "plugins": ["./plugin"] }' }, {}, runner);
  expect([impure.folders.length, impure.ofSources]).toEqual([3, undefined]);
});
