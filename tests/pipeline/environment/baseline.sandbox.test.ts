import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initLanguages, languages, runnerNamed } from "../../../languages/index.ts";
import { type Baseline, type BaselineSite, baseline, healthyRun } from "../../../pipeline/environment/baseline.ts";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { environmentOf } from "../../grading/stand.ts";
import { nodeFolder, scratch, treeFor } from "../../sandbox/stand.ts";

await initLanguages();
const place = scratch();
afterAll(() => place.remove());
const harness = join(place.path, "harness");
let provider: SandboxProvider;
beforeAll(async () => {
  provider = await chooseProvider({ trusted: true });
  cpSync(join(import.meta.dirname, "../../../languages/javascript/harness"), harness, { recursive: true });
  await provider.adopt(harness, false);
});

/** `pressed`: whether one of the processes above is the one that makes the machine busy. */
const head = `import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
function pressed() {
  let id = process.pid;
  while (id > 0) {
    if (readFileSync("/proc/" + id + "/cmdline", "utf8").includes("pressed.cjs")) return true;
    id = Number(readFileSync("/proc/" + id + "/stat", "utf8").split(") ").pop().split(" ")[1]);
  }
  return false;
}
it("adds", () => assert.equal(1 + 2, 3));
`;
const tests = `${head}it("needs a processor of its own", () => assert.equal(pressed(), false));\n`;

async function siteOf(text: string, repeats: number): Promise<BaselineSite> {
  const [runner, [language]] = [runnerNamed("node-test"), languages];
  if (!runner || !language) throw new Error("the language or the runner is not listed");
  const tree = { "package.json": '{ "name": "small", "type": "module" }', "test/a.test.js": text };
  const installed = { folders: [await treeFor(provider, place.path, tree)], node: nodeFolder, harness, builds: null };
  const { recipe } = environmentOf();
  return { jobs: provider, recipe, packageDir: ".", installed, runner, language, repeats, runTimeoutMs: 30_000 };
}
const baselineOf = async (text: string, repeats: number): ReturnType<typeof baseline> => baseline(await siteOf(text, repeats));
const standings = ({ tests: found }: Baseline): string[] => found.map(({ id, standing }) => `${standing} ${id.split(" > ").pop()}`);

describe("a baseline", () => {
  it("quarantines a test that fails on a busy machine alone", async () => {
    const found = await baselineOf(tests, 2);
    expect(found.kept && standings(found.value)).toEqual(["stable adds", "quarantined needs a processor of its own"]);
  });
  it("of one run knows nothing of busy machines", async () => {
    const found = await baselineOf(tests, 1);
    expect(found.kept && standings(found.value)).toEqual(["stable adds", "stable needs a processor of its own"]);
  });
  it("begins with a run that was made before", async () => {
    const site = await siteOf(tests, 1);
    const made = await healthyRun(site, null);
    if (!made.kept) throw new Error(made.detail);
    const [first] = made.value.report.tests;
    if (!first) throw new Error("no test was run");
    const earlier = { ...made.value, report: { ...made.value.report, tests: [{ ...first, id: "test/a.test.js > told before" }] } };
    const found = await baseline(site, earlier);
    expect(found.kept && standings(found.value)).toEqual(["stable told before"]);
  });
  it("says where a suite cannot be run on a busy machine at all", async () => {
    const found = await baselineOf(`${head}if (pressed()) process.exit(1);\n`, 2);
    expect(found).toMatchObject({ kept: false, detail: expect.stringMatching(/^on a busy machine: /) });
  });
});
