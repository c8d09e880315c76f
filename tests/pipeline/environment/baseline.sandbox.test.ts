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

/** Each depends on one thing; the first two files run side by side where two do at a time. */
const shaky = {
  "test/aa-holds.test.js": `import { rmSync, writeFileSync } from "node:fs";
import { it } from "node:test";
import { setTimeout } from "node:timers/promises";
it("holds", async () => { writeFileSync(".held", ""); await setTimeout(2500); rmSync(".held"); });
`,
  "test/ab-held.test.js": `import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { it } from "node:test";
import { setTimeout } from "node:timers/promises";
it("has it alone", async () => {
  for (let turn = 0; turn < 20; turn++) { assert.equal(existsSync(".held"), false); await setTimeout(100); }
});
`,
  "test/shaky.test.js": `import assert from "node:assert/strict";
import { it } from "node:test";
it("adds", () => assert.equal(1 + 2, 3));
it("knows the zone", () => assert.equal(new Date(2020, 0, 1, 12).toISOString(), "2020-01-01T12:00:00.000Z"));
it("knows the locale", () => assert.equal((1234.5).toLocaleString(), "1,234.5"));
it("knows the year", () => assert.equal(new Date().getFullYear(), ${new Date().getFullYear()}));
it("knows that it is no later than it was", () => assert.ok(Date.now() < ${Date.now() + 3_600_000}));
`,
};

const treeOf = (text: string) => ({ "package.json": '{ "name": "small", "type": "module" }', "test/a.test.js": text });
const baselineOf = async (text: string, repeats: number): ReturnType<typeof baseline> => baseline(await siteOf(treeOf(text), repeats));
const lastOf = (id: string): string => id.split(" > ").pop() ?? "";
const standings = ({ tests: found }: Baseline): string[] => found.map(({ id, standing }) => `${standing} ${lastOf(id)}`);

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
    const made = await healthyRun(site);
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
  it("finds what depends on time zone, locale, clock and how many files run at a time, and says in which runs", async () => {
    const found = await baseline(await siteOf({ "package.json": '{ "name": "small", "type": "module" }', ...shaky }, 3));
    if (!found.kept) throw new Error(found.detail);
    const [elsewhere, later] = [
      ["TZ=Pacific/Chatham", "LANG=tr_TR.UTF-8", "workers=1"],
      ["clock=+500d12h", "load=1"],
    ];
    expect(found.value.runs).toEqual([[], elsewhere, later]);
    expect(standings(found.value)).toEqual([
      "stable holds",
      "quarantined has it alone",
      "stable adds",
      "quarantined knows that it is no later than it was",
      "quarantined knows the locale",
      "quarantined knows the year",
      "quarantined knows the zone",
    ]);
    expect(found.value.quarantine.map(({ id, seen, passed, under }) => [lastOf(id), passed, seen, under])).toEqual([
      // Two files at a time are usual, so it fails but where they run one after the other.
      ["has it alone", 1, 3, elsewhere],
      ["knows that it is no later than it was", 2, 3, later],
      ["knows the locale", 2, 3, elsewhere],
      ["knows the year", 2, 3, later],
      ["knows the zone", 2, 3, elsewhere],
    ]);
  });
  it("leaves the zone that a repository fixes", async () => {
    const site = await siteOf(
      { "package.json": '{ "name": "small", "type": "module" }', "test/shaky.test.js": shaky["test/shaky.test.js"] },
      3,
    );
    const found = await baseline({ ...site, recipe: { ...site.recipe, env: { TZ: "UTC", LC_ALL: "en_US.UTF-8" } } });
    expect(found.kept && found.value.quarantine.map(({ id }) => lastOf(id))).toEqual([
      "knows that it is no later than it was",
      "knows the year",
    ]);
  });
  it("goes on without what a suite cannot be run under at all, and says so", async () => {
    const text = `${head}if (process.env.TZ !== "UTC") process.exit(1);\n`;
    const found = await baselineOf(text, 3);
    if (!found.kept) throw new Error(found.detail);
    expect(found.value.runs).toEqual([[], [], ["clock=+500d12h", "load=1"]]);
    expect(found.value.givenUp).toEqual([expect.stringMatching(/^TZ=Pacific\/Chatham LANG=tr_TR\.UTF-8 workers=1: prepare\/\S+: /)]);
    expect(found.value.quarantine).toEqual([]);
  });
});
