import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BuildShelf } from "../../sandbox/build-shelf.ts";
import type { Job, RunResult } from "../../sandbox/contract.ts";
import { buildShelf } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";
import { imageForTests, providersForTests } from "./engine.ts";
import { nodeFolder, readTree, recipeOf, scratch, treeFor } from "./stand.ts";

const place = scratch();
afterAll(() => place.remove());

const harness = resolve(import.meta.dirname, "../../languages/javascript/harness");
const recipe = (...script: string[]): Recipe => recipeOf({ build: script.map((line) => ["sh", "-c", line]) });

const { here, left } = providersForTests(imageForTests());

describe.skip.each([...left])("$name: $why", () => {
  test.todo("builds in jobs of their own");
});

describe.each([...here])("$name", ({ provider }) => {
  const files = { "src/a.js": "a\n", "dist/old.js": "old\n", "same.js": "same\n", "test/a.test.js": "test\n" };
  let tree = "";
  let harnessCopy = "";
  const jobs: Job[] = [];
  beforeAll(async () => {
    tree = await treeFor(provider, place.path, files);
    harnessCopy = await treeFor(provider, place.path, readTree(harness));
  });

  const shelfOf = (...script: string[]): BuildShelf => shelfWithin(20_000, ...script);
  const shelfWithin = (wallMs: number, ...script: string[]): BuildShelf => {
    jobs.length = 0;
    const run = (job: Job): Promise<RunResult> => {
      jobs.push(job);
      return provider.run(job);
    };
    const installed = { folders: [tree], node: nodeFolder, harness: harnessCopy };
    return buildShelf({ run }, recipe(...script), ".", installed, {
      isTest: (path) => path.startsWith("test/"),
      wallMs,
    });
  };

  test("a layer's sources are built and what the build wrote and removed lies over the tree", async () => {
    const shelf = shelfOf("mkdir -p dist && tr a-z A-Z <src/a.js >dist/a.js", "rm dist/old.js");
    const built = await shelf.over({ "src/a.js": "b\n" });
    expect(built).toEqual({ ok: true, layer: { "src/a.js": "b\n", "dist/a.js": "B\n", "dist/old.js": null } });
  });

  test("the same sources are built once, whatever tests lie beside them, and the tests stay as they are", async () => {
    const shelf = shelfOf("cat src/a.js test/a.test.js >built.js");
    const first = await shelf.over({ "src/a.js": "b\n", "test/a.test.js": null });
    const second = await shelf.over({ "test/new.test.js": "new\n", "src/a.js": "b\n" });
    expect(first).toEqual({ ok: true, layer: { "src/a.js": "b\n", "built.js": "b\ntest\n", "test/a.test.js": null } });
    expect(second).toEqual({ ok: true, layer: { "src/a.js": "b\n", "built.js": "b\ntest\n", "test/new.test.js": "new\n" } });
    expect(jobs.length).toBe(1);
  });

  test("a build that fails is told as a run is, with the index of its own command", async () => {
    const built = await shelfOf("true", "echo no >&2; exit 3", "true").over({});
    expect(built).toMatchObject({ ok: false, unfit: null, result: { ended: { kind: "finished", exitCode: 3, failedCommand: 1 } } });
    expect(!built.ok && built.result.stderr).toContain("no");
  });

  test("a build that hangs is told as timed out", async () => {
    const built = await shelfWithin(1_500, "sleep 60").over({});
    expect(built).toMatchObject({ ok: false, result: { ended: { kind: "timed-out" } } });
  });

  test("a build may take several times as long as those before it, and no longer than any may", async () => {
    const shelf = shelfWithin(600_000, 'sleep "$(cat src/a.js)"; echo x >built.js');
    const limits: number[] = [];
    for (const seconds of ["0", "4", "0.1"]) {
      await shelf.over({ "src/a.js": seconds });
      limits.push(jobs.at(-1)?.limits.wallMs ?? 0);
    }
    expect(limits.slice(0, 2)).toEqual([600_000, 20_000]);
    expect(limits[2]).toBeGreaterThan(4 * 4_000 + 10_000);
    expect(limits[2]).toBeLessThan(120_000);
  });

  test.each([
    ["binary files", "printf '\\377\\376' >x.bin", "x.bin"],
    ["links", "ln -s src other", "other"],
  ])("a build that makes %s is unfit to be carried, by name", async (_, script, name) => {
    const built = await shelfOf(script).over({});
    expect(!built.ok && built.unfit).toContain(name);
  });

  test("a build that forges the note of what it did changes nothing outside the tree", async () => {
    const forge = `printf '{"files":{"../x":""},"gone":[],"unfit":[]}' >.kihon-built.json; chmod 444 .kihon-built.json; printf x >ok.js`;
    expect(await shelfOf(forge).over({})).toEqual({ ok: true, layer: { "ok.js": "x" } });
  });

  test("packages and git's folder are no part of what a build made", async () => {
    expect(await shelfOf("mkdir -p node_modules/.cache .git && echo 1 >node_modules/.cache/x && echo 1 >.git/x").over({})).toEqual({
      ok: true,
      layer: {},
    });
  });
});
