/** The oldest Node that is supported, with a build and runners of its days, and the newest runner: everything that lies beside the tests must run there too. */
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);

const source = `exports.clamp = function clamp(value, low, high) {
  if (value < low) return low;
  if (value > high) return high;
  return value;
};
exports.total = function total(list) {
  let sum = 0;
  for (let at = 0; at < list.length; at++) sum += list[at];
  return sum;
};
exports.name = function name(first, last) {
  if (first === "" && last === "") return "nobody";
  return first + " " + last;
};
`;
const checks = `const assert = require("assert");
const { clamp, total, name } = require("../lib/index.js");
describe("of old", () => {
  it("keeps what is inside", () => assert.strictEqual(clamp(2, 1, 3), 2));
  it("cuts below", () => assert.strictEqual(clamp(0, 1, 3), 1));
  it("cuts above", () => assert.strictEqual(clamp(9, 1, 3), 3));
  it("sums", () => assert.strictEqual(total([1, 2, 3]), 6));
  it("names", () => assert.strictEqual(name("Ada", "Lovelace"), "Ada Lovelace"));
  it("names nobody", () => assert.strictEqual(name("", ""), "nobody"));
});
`;

const built = {
  "package.json": JSON.stringify({
    name: "aged",
    version: "1.0.0",
    main: "lib/index.js",
    scripts: { build: "node build.js", test: "npm run build && mocha" },
    devDependencies: { mocha: "8.4.0" },
  }),
  ".gitignore": "lib\nnode_modules\n",
  "build.js": 'const fs = require("fs");\nfs.mkdirSync("lib", { recursive: true });\nfs.copyFileSync("src/index.js", "lib/index.js");\n',
  "src/index.js": source,
  "test/index.js": checks,
};
/** mocha read its words from a file of its own; here also which files are its tests, and one to load before them. */
const classic = {
  "package.json": JSON.stringify({
    name: "aged",
    version: "1.0.0",
    main: "lib/index.js",
    scripts: { test: "mocha --reporter nyan" },
    devDependencies: { mocha: "2.5.3" },
  }),
  "lib/index.js": source,
  "spec/setup.js": "global.isReady = true;\n",
  "spec/index.js": `${checks}it("is ready", () => assert.strictEqual(isReady, true));\n`,
  "test/mocha.opts": "# in the manner of its time\n--require ./spec/setup\n--timeout 5\nspec/index.js\n",
};

const titles = (call: (title: string, check: string) => string): string =>
  [
    call("keeps what is inside", "clamp(2, 1, 3), 2"),
    call("cuts below", "clamp(0, 1, 3), 1"),
    call("cuts above", "clamp(9, 1, 3), 3"),
    call("sums", "total([1, 2, 3]), 6"),
    call("names", 'name("Ada", "Lovelace"), "Ada Lovelace"'),
    call("names nobody", 'name("", ""), "nobody"'),
  ].join("\n");
/** ava before it took its reporters together, and before its modules did without a worker's options. */
const babelled = {
  "package.json": JSON.stringify({
    name: "aged",
    version: "1.0.0",
    main: "lib/index.js",
    scripts: { test: "ava" },
    devDependencies: { ava: "2.4.0" },
  }),
  "lib/index.js": source,
  "test/all.js": `const test = require("ava");
const { clamp, total, name } = require("../lib/index.js");
${titles((title, check) => `test("${title}", (t) => { t.is(${check}); });`)}
`,
};
/** mocha of ES modules and others. */
const modern = {
  "package.json": JSON.stringify({
    name: "fresh",
    version: "1.0.0",
    main: "lib/index.js",
    scripts: { test: "mocha" },
    devDependencies: { mocha: "12.0.3" },
  }),
  "lib/index.js": source,
  "test/index.js": checks,
};

it.each([
  ["a build and mocha 8", "14", "mocha", "8.4.0", 6, built, ["editing", "unit-tests"]],
  ["mocha 2 and its file of options", "14", "mocha", "2.5.3", 7, classic, ["editing", "unit-tests"]],
  ["ava 2", "14", "ava", "2.4.0", 6, babelled, ["editing"]],
  ["mocha 12", "22", "mocha", "12.0.3", 6, modern, ["editing"]],
])("a package with %s on Node %s goes the whole road", async (name, node, runner, version, tests, files, skills) => {
  const made = await ScratchRepository.make();
  afterAll(() => made[Symbol.dispose]());
  await made.commit("first", { ".nvmrc": `${node}\n`, ".gitignore": "node_modules\n", ...files });
  const words = [
    "--mutants",
    "24",
    "--per-skill",
    "1",
    "--repeats",
    "1",
    "--cache",
    cache,
    "--audit",
    "0.2",
    "--skills",
    skills.join(),
    "--json",
  ];
  const { code, out, err } = await kihon(["run", "--repo", made.work, "--out", join(folder, name.replaceAll(" ", "-")), ...words]);
  expect([code, err]).toEqual([0, expect.not.stringContaining("a bug")]);
  const summary = JSON.parse(out) as RunSummary;
  expect(summary.leftOut).toEqual([]);
  const [repository] = summary.repositories;
  expect(repository?.environments).toMatchObject([
    { runner, runnerVersion: version, nodeVersion: expect.stringMatching(new RegExp(`^${node}\\.`)), tests, quarantined: 0 },
  ]);
  expect(summary.sifts).toMatchObject([{ nothing: null }]);
  expect(summary.audit?.disagreed).toBe(0);
  expect(repository?.instances).toEqual(Object.fromEntries(skills.map((skill) => [skill, 1])));
});
