import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeTest } from "../../../languages/javascript/runners/node-test.ts";
import { compiledNames, warmed } from "../../../pipeline/environment/warm.ts";
import { createLog } from "../../../pipeline/log.ts";
import { bubblewrap } from "../../../sandbox/bubblewrap.ts";
import { SandboxPool } from "../../../sandbox/pool.ts";
import { Width } from "../../../sandbox/width.ts";
import { type Installed, runTests, type TestRun } from "../../../sandbox/workspace.ts";
import { nodeFolder, readTree, recipeOf, scratch, treeFor } from "../../sandbox/stand.ts";

const place = scratch();
afterAll(place.remove);
const provider = bubblewrap();
const jobs = new SandboxPool(provider, { width: new Width([1, 1]) });
const recipe = recipeOf();
const program = (wanted: number): string =>
  `import assert from "node:assert"; import { test } from "node:test"; import { one } from "one"; import { two } from "../two.mjs";
test("sum", () => assert.equal(one + two, ${wanted}));`;
let installed: Installed;

beforeAll(async () => {
  const tree = await treeFor(provider, place.path, { "two.mjs": "export const two = 2;\n", "test/sum.test.mjs": program(3) });
  const dependencies = await treeFor(provider, place.path, {
    "node_modules/one/package.json": '{ "name": "one", "type": "module", "exports": "./one.js" }',
    "node_modules/one/one.js": "export const one = 1;\n",
  });
  const harness = fileURLToPath(new URL("../../../languages/javascript/harness", import.meta.url));
  const cold = { folders: [tree, dependencies], node: nodeFolder, harness, builds: null };
  await mkdir(join(place.path, "cache"), { mode: 0o755 });
  const site = {
    cache: join(place.path, "cache"),
    provider,
    jobs,
    harness,
    timeoutMs: 60_000,
    log: createLog({ json: false, terminal: false, write: () => {}, now: () => 0 }),
  };
  installed = await warmed(site, cold, { runner: nodeTest, recipe, packageDir: ".", wallMs: 60_000 });
});

const run = (layer: Record<string, string>): Promise<TestRun> =>
  runTests(jobs, recipe, ".", installed, nodeTest, { layer, files: ["test/sum.test.mjs"], seed: null, bail: false });

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
