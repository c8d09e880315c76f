import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initLanguages } from "../../../languages/index.ts";
import { type Baseline, baseline, healthyRun } from "../../../pipeline/environment/baseline.ts";
import { scratch } from "../../sandbox/stand.ts";
import { sitesIn } from "./stand.ts";

await initLanguages();
const place = scratch();
afterAll(() => place.remove());
let siteOf: Awaited<ReturnType<typeof sitesIn>>;
beforeAll(async () => {
  siteOf = await sitesIn(place.path);
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

const treeOf = (text: string) => ({ "package.json": '{ "name": "small", "type": "module" }', "test/a.test.js": text });
const baselineOf = async (text: string, repeats: number): ReturnType<typeof baseline> => baseline(await siteOf(treeOf(text), repeats));
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
    const site = await siteOf(treeOf(tests), 1);
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
