/** A package that its own tools are built from: published copies of it tell what is right, and are of no use to an answer. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog, defaultPlace, type Grader, openGrader } from "../../index.ts";
import { readTree } from "../../lib/archive.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);

/** mocha cannot start without a copy; chalk brings an older one, which nothing here needs. The lines are those of the published package. */
const source = `'use strict';

function escapeStringRegexp(string) {
	if (typeof string !== 'string') {
		throw new TypeError('Expected a string');
	}

	return string
		.replace(/[|\\\\{}()[\\]^$+*?.]/g, '\\\\$&')
		.replace(/-/g, '\\\\x2d');
}

module.exports = escapeStringRegexp;
`;
const files = {
  "package.json": JSON.stringify({
    name: "escape-string-regexp",
    version: "4.9.9",
    main: "index.js",
    scripts: { test: "mocha" },
    devDependencies: { mocha: "10.2.0", chalk: "2.4.2" },
  }),
  ".gitignore": "node_modules\n",
  "index.js": source,
  "dist/escape.js": source,
  "test/index.js": `const assert = require("assert");
const escape = require("..");
describe("escaping", () => {
  it("puts a backslash before a dot", () => assert.strictEqual(escape("a.b"), "a\\\\.b"));
  it("writes a hyphen by its number", () => assert.strictEqual(escape("a-b"), "a\\\\x2db"));
  it("takes strings alone", () => assert.throws(() => escape(7), /Expected a string/));
});
`,
};

/** Whether the copy does as the sources, on inputs that nobody had to think about. */
const oracle = `const assert = require("assert");
const copy = require("../node_modules/mocha/node_modules/escape-string-regexp");
const own = require("..");
const told = (escape, input) => {
  try {
    return escape(input);
  } catch (error) {
    return String(error);
  }
};
it("does what is published", () => {
  for (const input of ["", "a.b", "a-b", "(-)", 7, null]) assert.strictEqual(told(own, input), told(copy, input));
});
`;

const quiet = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
const out = join(folder, "out");
const instances: Instance[] = [];
let grader: Grader;
beforeAll(async () => {
  const made = await ScratchRepository.make();
  afterAll(() => made[Symbol.dispose]());
  await made.commit("first", files);
  const words = ["--mutants", "24", "--per-skill", "1", "--repeats", "1", "--skills", "reproduction,unit-tests"];
  const { code, err } = await kihon(["run", "--repo", made.work, "--out", out, "--cache", cache, ...words]);
  if (code !== 0) throw new Error(err);
  for await (const instance of (await openDataset(out)).instances()) instances.push(instance);
  grader = await openGrader(out, defaultPlace({ out, cache }), quiet);
});
afterAll(() => grader?.close());

const testFiles = (): Instance[] => instances.filter(({ draft }) => draft.answerForm === "test-file");

describe("copies of the package in its dependencies", () => {
  it("are taken out where the tests do without, and told", async () => {
    const dataset = await openDataset(out);
    const [id = ""] = await dataset.environmentIds();
    const { recipe } = await dataset.environment(id);
    expect(recipe.ownCopies?.kept).toEqual(["node_modules/mocha/node_modules/escape-string-regexp"]);
    expect(recipe.ownCopies?.removed).toEqual(["node_modules/escape-string-regexp"]);
  });

  it("as built files that are tracked are", async () => {
    const dataset = await openDataset(out);
    const [id = ""] = await dataset.environmentIds();
    const environment = await dataset.environment(id);
    expect(environment.missing).toEqual(["dist/escape.js"]);
    const tree = readTree(await dataset.archive(id)).map(({ path }) => path);
    expect([tree.includes("index.js"), tree.includes("dist/escape.js")]).toEqual([true, false]);
  });

  it("stand for nothing where one is needed: a test that asks only whether both do the same is paid nowhere", async () => {
    expect(new Set(testFiles().map(({ draft }) => draft.skill))).toEqual(new Set(["reproduction", "unit-tests"]));
    for (const { draft } of testFiles()) {
      const answer = oracle.replaceAll('require("..")', 'require("../index.js")');
      const score = await grader.grade(draft.id, answer);
      const failed = draft.skill === "reproduction" ? "after-defective-copy" : "clean-defective-copy";
      expect([draft.id, score.reward, score.detail]).toEqual([draft.id, 0, expect.stringContaining(failed)]);
    }
  });

  it("and what the repository's own tests say is paid", async () => {
    for (const { draft } of testFiles()) {
      const gold = draft.answers.find(({ role }) => role === "gold")?.text ?? "";
      expect((await grader.grade(draft.id, gold)).reward).toBe(1);
    }
  });
});
