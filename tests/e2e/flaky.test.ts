/** A whole run over a repository whose tests hang on time zone, locale, clock and order: what it, its dataset and its records say of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);
const out = join(folder, "out");

const files = {
  "package.json": JSON.stringify({
    name: "shaky",
    version: "1.0.0",
    type: "module",
    scripts: { test: "vitest run" },
    devDependencies: { vitest: "4.0.17" },
  }),
  "index.js": "export function larger(a, b) {\n  return a > b ? a : b;\n}\nexport function smaller(a, b) {\n  return a < b ? a : b;\n}\n",
  "test/steady.test.js": `import { expect, test } from "vitest";
import { larger, smaller } from "../index.js";
test("takes the larger", () => expect([larger(1, 2), larger(2, 1), larger(-1, -1)]).toEqual([2, 2, -1]));
test("takes the smaller", () => expect([smaller(1, 2), smaller(2, 1), smaller(0, 0)]).toEqual([1, 1, 0]));
`,
  "test/shaky.test.js": `import { expect, test } from "vitest";
test("zone", () => expect(new Date(2020, 0, 1, 12).getTime()).toBe(Date.UTC(2020, 0, 1, 12)));
test("locale", () => expect((1234.5).toLocaleString()).toBe("1,234.5"));
test("year", () => expect(new Date().getFullYear()).toBe(${new Date().getFullYear()}));
`,
  "test/order.test.js": `import { expect, test } from "vitest";
const seen = [];
for (let at = 0; at < 6; at++) test("step " + at, () => expect(seen.push(at)).toBe(at + 1));
`,
};

let summary: RunSummary;
beforeAll(async () => {
  const made = await ScratchRepository.make();
  afterAll(() => made[Symbol.dispose]());
  await made.commit("first", files);
  const words = ["--mutants", "6", "--per-skill", "1", "--skills", "editing", "--audit", "0", "--cache", cache];
  const { code, out: text, err } = await kihon(["run", "--repo", made.work, "--out", out, ...words, "--json"]);
  expect([code, err.includes("a bug")]).toEqual([0, false]);
  summary = JSON.parse(text) as RunSummary;
}, 300_000);

const place = ["TZ=Pacific/Chatham", "LANG=tr_TR.UTF-8", "workers=1"];
const nameOf = (id: string): string => id.split(" > ").pop() ?? "";

it("quarantines each, with how often it passed and under what not, and no other", async () => {
  const data = await openDataset(out);
  const [id = ""] = await data.environmentIds();
  const { tests, steadiness } = await data.environment(id);
  expect(tests.filter(({ standing }) => standing === "stable").map((test) => nameOf(test.id))).toEqual(
    expect.arrayContaining(["takes the larger", "takes the smaller"]),
  );
  expect(steadiness?.runs).toEqual([[], ["order=1", ...place], ["order=2", "clock=+500d12h", "load=1"]]);
  const told = new Map(steadiness?.quarantine.map((one) => [nameOf(one.id), one]));
  expect(told.get("zone")).toMatchObject({ seen: 3, passed: 2, under: ["order=1", ...place] });
  expect(told.get("locale")).toMatchObject({ seen: 3, passed: 2, under: ["order=1", ...place] });
  expect(told.get("year")).toMatchObject({ seen: 3, passed: 2, under: ["order=2", "clock=+500d12h", "load=1"] });
  const steps = [...told].filter(([name]) => name.startsWith("step"));
  expect(steps.length).toBeGreaterThan(1);
  for (const [, { passed, under }] of steps) expect([passed < 3, under.some((word) => word.startsWith("order="))]).toEqual([true, true]);
  expect([...told.keys()].filter((name) => !name.startsWith("step")).sort()).toEqual(["locale", "year", "zone"]);
  expect(tests.filter(({ standing }) => standing === "quarantined").map((test) => test.id)).toEqual(
    steadiness?.quarantine.map((one) => one.id),
  );
});

it("says how many there are, in its summary, the report, the card and by kihon stats", async () => {
  const { flakiness } = summary;
  const [environment] = summary.repositories[0]?.environments ?? [];
  const quarantined = environment?.quarantined ?? 0;
  expect(flakiness).toMatchObject({ tests: 11, quarantined, share: quarantined / 11 });
  expect(flakiness?.under).toMatchObject({ order: quarantined, clock: expect.any(Number), TZ: expect.any(Number) });
  const { dataset } = JSON.parse((await kihon(["stats", out, "--json"])).out);
  expect(dataset.flakiness).toEqual({
    ...flakiness,
    byEnvironment: [{ repository: summary.repositories[0]?.name, id: environment?.id, tests: 11, quarantined, share: quarantined / 11 }],
  });
  const said = `${quarantined} of 11 tests (${((100 * quarantined) / 11).toFixed(1)} %), under order ${quarantined}`;
  expect((await kihon(["stats", out])).out).toContain(said);
  expect(readFileSync(join(out, "README.md"), "utf8")).toContain(said);
  const report = readFileSync(join(out, "report.html"), "utf8");
  expect(report).toContain(said);
  expect(report).toContain(`<td>order=1 ${place.join(" ")}</td>`);
});

it("lists them for one environment", async () => {
  const id = summary.repositories[0]?.environments[0]?.id ?? "";
  const { out: told } = await kihon(["explain", id, "--out", out]);
  expect(told).toContain(`test/shaky.test.js > zone: passed 2 of 3 runs, otherwise under order=1 ${place.join(" ")}`);
  const file = join(out, "environments", "train-00000-of-00001.parquet");
  const [row] = JSON.parse((await kihon(["inspect", file, "--json"])).out);
  expect(row.quarantine.map((one: { id: string }) => nameOf(one.id))).toContain("year");
});
