/** Whole runs over repositories that want the machine, started from within them: what they bring is left where it is, and their honest parts give rows. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Instance } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { setCanaries } from "../sandbox/hostile/canaries.ts";
import { noLibrary, sharedLibrary } from "../sandbox/hostile/shared-library.ts";
import { cache, healthy, kihon, manifest, scratch, small } from "./stand.ts";

const { path: folder, remove } = scratch();
afterAll(remove);

async function readDataset(out: string): Promise<{ rows: readonly Instance[]; environments: readonly Environment[] }> {
  const dataset = await openDataset(out);
  const rows: Instance[] = [];
  for await (const instance of dataset.instances()) rows.push(instance);
  return { rows, environments: await Promise.all((await dataset.environmentIds()).map((id) => dataset.environment(id))) };
}

it("with a library that it asks the whole machine to load, gives rows and leaves no mark", { skip: noLibrary !== null }, async () => {
  const place = join(folder, "library");
  const tmp = join(place, "tmp");
  mkdirSync(tmp, { recursive: true });
  const canaries = await setCanaries(place, tmp);
  using made = await ScratchRepository.make();
  const marks = ["/workspace/loaded", join(place, "open-to-all/loaded")];
  const wish = "LD_PRELOAD=/workspace/evil.so";
  await made.commit("first", {
    ...healthy,
    "package.json": manifest({
      scripts: { test: `${wish} NODE_OPTIONS="--require ./test/hook.cjs" node --test`, postinstall: `${wish} true` },
    }),
    "evil.so": sharedLibrary({ marks, steals: canaries.file }),
    ".npmrc": "node-options=--require ./test/hook.cjs\nscript-shell=./evil.so\n",
    ".env": `${wish}\nNODE_OPTIONS=--require=./test/hook.cjs\n`,
    ".bashrc": `export ${wish}\n`,
    ".github/workflows/ci.yml": `env: { LD_PRELOAD: /workspace/evil.so }\njobs:\n  test:\n    steps:\n      - run: npm test\n`,
    "test/hook.cjs": 'process.env.LD_PRELOAD = "/workspace/evil.so";\n',
    "test/loads.test.js":
      'import assert from "node:assert/strict";\nimport { spawnSync } from "node:child_process";\nimport { readFileSync } from "node:fs";\nimport { test } from "node:test";\n' +
      'test("the library is loaded here", () => {\n  spawnSync("/bin/true");\n  assert.match(readFileSync("/workspace/loaded", "utf8"), /\\/true\\n/);\n});\n',
  });
  const out = join(place, "out");
  const { code, out: text, err } = await kihon(["run", "--repo", ".", "--out", out, "--cache", cache, ...small], { cwd: made.work });
  expect([code, err]).toEqual([0, expect.not.stringContaining("a bug")]);
  const { rows, environments } = await readDataset(out);
  expect(rows.length).toBeGreaterThan(0);
  const [{ tests, recipe }] = environments as [Environment];
  expect(tests).toContainEqual(expect.objectContaining({ id: "test/loads.test.js > the library is loaded here", standing: "stable" }));
  expect(recipe.env).toEqual({});
  const verified = await kihon(["verify", out, "--cache", cache, "--json"], { cwd: made.work });
  expect(JSON.parse(verified.out)).toMatchObject({ rows: rows.length, proven: rows.length });
  expect(canaries.breaches(text + err + verified.out + verified.err)).toEqual([]);
  canaries.close();
});

it("with modules that would run something, gives rows of what needs none, and names those that are missing", async () => {
  using made = await ScratchRepository.make();
  const canary = join(made.folder, "canary");
  const urls = { suite: `ext::sh -c touch% ${canary}`, other: "file:///etc", "../../escape": `--upload-pack=touch ${canary}` };
  const modules = Object.entries(urls).map(([name, url]) => `[submodule "${name}"]\n\tpath = fixtures/${name}\n\turl = ${url}\n`);
  const needs =
    'import assert from "node:assert/strict";\nimport { readFileSync } from "node:fs";\nimport { test } from "node:test";\ntest("reads the module", () => assert.equal(readFileSync("fixtures/suite/a.txt", "utf8"), "a"));\n';
  const { "index.js": right = "", "index.test.js": tests = "", ...rest } = healthy;
  const [wrong, fewer] = [right.replace("return high", "return low"), tests.replace(/^test\("cuts above.*\n/m, "")];
  await made.commit("first", {
    ...rest,
    "index.js": wrong,
    "index.test.js": fewer,
    "suite.test.js": needs,
    ".gitmodules": modules.join(""),
  });
  const link = (id: string): Promise<string> =>
    made.git(
      "update-index",
      "--add",
      "--cacheinfo",
      `160000,${id.repeat(40)},suite`,
      "--cacheinfo",
      `160000,${id.repeat(40)},fixtures/deep/suite`,
    );
  await link("1");
  await made.git("commit", "--quiet", "-m", "modules");
  await made.git("config", "submodule.recurse", "true");
  await made.git("config", "protocol.ext.allow", "always");
  made.write({ "index.js": right, "index.test.js": tests });
  await made.git("add", "index.js", "index.test.js");
  await link("2");
  await made.git("commit", "--quiet", "-m", "Values above the range are cut to its upper bound, where they came out as the lower one");
  for (const [name, repo] of [
    ["modules", "."],
    ["modules-by-url", `file://${made.work}`],
  ] as const) {
    const out = join(folder, name);
    const words = ["run", "--repo", repo, "--out", out, "--cache", cache, ...small, "--history", "5"];
    const { code, err } = await kihon(words, { cwd: made.work });
    expect([code, err]).toEqual([0, expect.not.stringContaining("a bug")]);
    const { rows, environments } = await readDataset(out);
    expect(new Set(rows.map(({ candidate }) => candidate.kind))).toEqual(new Set(["mutant", "commit"]));
    for (const { missing, tests: known } of environments) {
      expect(missing).toEqual(["fixtures/deep/suite", "suite"]);
      expect(known).toContainEqual(expect.objectContaining({ id: "suite.test.js > reads the module", standing: "failing" }));
    }
    for (const { draft } of rows) expect(JSON.stringify(draft)).not.toMatch(/160000|Subproject/);
    expect(existsSync(canary)).toBe(false);
  }
});
