import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initLanguages } from "../../../languages/index.ts";
import { baseline } from "../../../pipeline/environment/baseline.ts";
import { filesTogether, unsure } from "../../../pipeline/environment/together.ts";
import { runTests, type TestRun } from "../../../sandbox/workspace.ts";
import type { Layer } from "../../../schemas/layer.ts";
import { scratch } from "../../sandbox/stand.ts";
import { sitesIn } from "./stand.ts";

await initLanguages();
const place = scratch();
afterAll(() => place.remove());

const testOf = (title: string, body = ""): string =>
  `import assert from "node:assert/strict";\nimport { it } from "node:test";\nimport { add } from "../src/add.js";\nit("${title}", () => { ${body || "assert.equal(add(1, 2), 3);"} });\n`;
const healthy: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "small", "type": "module", "scripts": { "test": "node --test" } }',
  "src/add.js": "export function add(a, b) {\n  return a + b;\n}\n",
  ...Object.fromEntries(["a", "b", "c", "d", "f", "g", "h"].map((name) => [`test/${name}.test.js`, testOf(name)])),
  "test/e.test.js":
    'import assert from "node:assert/strict";\nimport { describe, it } from "node:test";\nimport { add } from "../src/add.js";\ndescribe("add", () => { it("adds", () => assert.equal(add(0, 0), 0)); it.skip("waits", () => {}); });\n',
};
const files = (tree: Layer): string[] =>
  Object.keys(tree)
    .filter((path) => path.endsWith(".test.js"))
    .sort();
const outcomes = ({ report }: TestRun): string[] => report.tests.map(({ id, status }) => `${status} ${id}`).sort();

let siteOf: Awaited<ReturnType<typeof sitesIn>>;
beforeAll(async () => {
  siteOf = await sitesIn(place.path);
});

async function together(tree: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const site = await siteOf(tree, 2);
  const base = await baseline(site);
  if (!base.kept) throw new Error(base.reason);
  return filesTogether(
    site,
    base.value.tests,
    base.value.files.map((file) => ({ file, standalone: true, covers: {} })),
  );
}

/** The same tree run both ways. */
async function both(tree: Readonly<Record<string, string>>, layer: Layer): Promise<{ apart: TestRun; shared: TestRun }> {
  const site = await siteOf(tree, 2);
  const asked = { layer, files: files(tree), seed: null, limits: { wallMs: 60_000 } };
  const runOf = (more: { together?: readonly string[] }) =>
    runTests(site.jobs, site.recipe, site.packageDir, site.installed, site.runner, { ...asked, ...more });
  return { apart: await runOf({}), shared: await runOf({ together: asked.files }) };
}

describe("test files of node:test that share a process in the sandbox", () => {
  it("are all taken in where the healthy tree comes out the same", async () => {
    expect(await together(healthy)).toEqual(files(healthy));
  });
  it("tell of a defect what they tell each by itself", async () => {
    const { apart, shared } = await both(healthy, { "src/add.js": "export function add(a, b) {\n  return a - b;\n}\n" });
    expect(outcomes(shared)).toEqual(outcomes(apart));
    expect(outcomes(shared).filter((line) => line.startsWith("failed"))).toHaveLength(7);
    expect([unsure(apart), unsure(shared)]).toEqual([null, null]);
  });
  it("are left alone where one of them changes what the others see", async () => {
    const spoils = testOf("spoils", "globalThis.spoilt = true;");
    const minds = (name: string): string => testOf(name, "assert.equal(globalThis.spoilt, undefined);");
    const tree = { ...healthy, "test/a.test.js": spoils, "test/b.test.js": minds("b"), "test/c.test.js": minds("c") };
    expect(await together(tree)).toEqual([]);
  });
  it("are left alone where one of them ends the process", async () => {
    const leaves = 'import { add } from "../src/add.js";\nprocess.exit(add(1, -1));\n';
    expect(await together({ ...healthy, "test/b.test.js": leaves })).toEqual([]);
  });
  it.each<[string, Layer, string]>([
    ["the defect ends the process", { "src/add.js": "export function add() {\n  process.exit(0);\n}\n" }, "the process ended early"],
    ["the defect keeps files from loading", { "src/add.js": "export function sum() {}\n" }, "test/a.test.js does not load"],
    [
      "somebody else writes on descriptor 3",
      { "src/add.js": 'import { writeSync } from "node:fs";\nwriteSync(3, "0000 {}\\n");\nexport const add = (a, b) => a + b;\n' },
      "report-forged",
    ],
  ])("are not believed where %s", async (_, layer, why) => {
    const { shared } = await both(healthy, layer);
    expect(unsure(shared)).toContain(why);
  });
});
