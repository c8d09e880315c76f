import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { initLanguages, languages, runnerNamed } from "../../../languages/index.ts";
import { type BaselineSite, baseline } from "../../../pipeline/environment/baseline.ts";
import { leanBuild } from "../../../pipeline/environment/lean-build.ts";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { buildShelf, type Installed } from "../../../sandbox/workspace.ts";
import type { Recipe } from "../../../schemas/environment.ts";
import { nodeFolder, readTree, recipeOf, scratch, treeFor } from "../../sandbox/stand.ts";

const place = scratch();
afterAll(() => place.remove());

/** Stands for a compiler: `dist/a.js` is the source with types taken off, and with `STRICT` the check itself writes a file. */
const compiler = `#!/bin/sh
mkdir -p dist && sed 's/: number//' src/a.ts >dist/a.js
[ "$1" = --noCheck ] || [ ! -f strict ] || echo checked >dist/checked.txt
`;
const tree = {
  "package.json": '{ "name": "built", "scripts": { "test": "node --test" } }',
  "src/a.ts": "module.exports = (x: number) => x + 1;\n",
  "bin/tsc": compiler,
  "test/a.test.js":
    'const { test } = require("node:test");\nconst assert = require("node:assert");\ntest("adds", () => assert.equal(require("../dist/a.js")(1), 2));\n',
};

let provider: SandboxProvider;
let harness = "";
beforeAll(async () => {
  await initLanguages();
  provider = await chooseProvider({ trusted: true });
  harness = await treeFor(provider, place.path, readTree(resolve(import.meta.dirname, "../../../languages/javascript/harness")));
});

async function leanOf(files: Readonly<Record<string, string>>, build: Recipe["build"]): Promise<Recipe["build"]> {
  const folder = await treeFor(provider, place.path, files);
  const [language] = languages;
  const runner = runnerNamed("node-test");
  if (!language || !runner) throw new Error("the language or the runner is not listed");
  const recipe = recipeOf({ build });
  const installedWith = (steps: Recipe["build"]): Installed => {
    const bare = { folders: [folder], node: nodeFolder, harness };
    const shelf = buildShelf(provider, { ...recipe, build: steps }, ".", bare, {
      isTest: (path) => language.roleOf(path) === "test",
      wallMs: 30_000,
    });
    return { ...bare, builds: shelf };
  };
  const site: BaselineSite = {
    jobs: provider,
    recipe,
    packageDir: ".",
    installed: installedWith(build),
    runner,
    language,
    repeats: 1,
    runTimeoutMs: 30_000,
  };
  const found = await baseline(site);
  if (!found.kept) throw new Error(`${found.reason}: ${found.detail}`);
  return (await leanBuild(site, found.value, async (steps) => installedWith(steps))).build;
}

const sh = (line: string): string[] => ["sh", "-c", line];
const check = ["sh", "bin/tsc"];

test("steps that no test needs are left out, the one that makes what they load stays", async () => {
  const docs = sh("mkdir -p docs && echo page >docs/page.html");
  expect(await leanOf(tree, [sh("rm -rf dist"), check, docs])).toEqual([[...check, "--noCheck"]]);
});

test("a compiler keeps its check where its output is another without", async () => {
  expect(await leanOf({ ...tree, strict: "" }, [check])).toEqual([check]);
});

test("a step that the tests notice stays, whatever they load", async () => {
  const data = sh("echo 2 >two.txt");
  const reads = {
    ...tree,
    "test/b.test.js":
      'const { test } = require("node:test");\ntest("reads", () => { if (+require("fs").readFileSync("two.txt", "utf8") !== 2) throw new Error("no two"); });\n',
  };
  expect(await leanOf(reads, [check, data])).toEqual([[...check, "--noCheck"], data]);
});
