import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { languages } from "../../../languages/index.ts";
import { builtFiles, dispensable, ownCopies, scriptsOf } from "../../../pipeline/environment/own-copies.ts";
import type { TestRun } from "../../../sandbox/workspace.ts";

const folder = mkdtempSync(join(tmpdir(), "kihon-copies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const named = (path: string, name: unknown): void => put(`${path}/package.json`, JSON.stringify({ name, version: "1.0.0" }));

named("node_modules/own", "own");
put("node_modules/own/lib/a.js", "a");
put("node_modules/own/index.mjs", "index");
put("node_modules/own/readme.md", "no script");
put("node_modules/own/node_modules/other/index.js", "of another");
named("node_modules/own/node_modules/other", "other");
named("node_modules/own-by-alias", "own");
named("node_modules/@scope/tool", "@scope/tool");
named("node_modules/@scope/tool/node_modules/own", "own");
named("node_modules/.pnpm/own@1.0.0/node_modules/own", "own");
named("node_modules/.pnpm/tool@1.0.0/node_modules/tool", "tool");
named("node_modules/own-lookalike", "own-lookalike");
named("node_modules/.cache/own", "own");
named("node_modules/unnamed", 7);
put("node_modules/broken/package.json", "{");
named("packages/a/node_modules/own", "own");
named("elsewhere", "own");
mkdirSync(join(folder, "node_modules/linked"));
symlinkSync(join(folder, "elsewhere/package.json"), join(folder, "node_modules/linked/package.json"));
symlinkSync(join(folder, "elsewhere"), join(folder, "node_modules/workspace"));

describe("copies of a package in its dependencies", () => {
  it("are found by their manifests, nested, aliased and in pnpm's store, and not through links", () => {
    const atRoot = [
      "node_modules/.pnpm/own@1.0.0/node_modules/own",
      "node_modules/@scope/tool/node_modules/own",
      "node_modules/own",
      "node_modules/own-by-alias",
    ];
    expect(ownCopies(folder, ".", "own")).toEqual(atRoot);
    expect(ownCopies(folder, "packages/a", "own")).toEqual([...atRoot, "packages/a/node_modules/own"]);
    expect(ownCopies(folder, ".", "nothing")).toEqual([]);
    expect(ownCopies(join(folder, "packages"), ".", "own")).toEqual([]);
  });

  it("have scripts of their own", () => {
    expect(scriptsOf(folder, ["node_modules/own"])).toEqual([
      { path: "node_modules/own/index.mjs", text: "index" },
      { path: "node_modules/own/lib/a.js", text: "a" },
    ]);
  });
});

const runOf = (...failed: string[]): TestRun =>
  ({ report: { tests: ["a", "b"].map((id) => ({ id, status: failed.includes(id) ? "failed" : "passed" })) } }) as unknown as TestRun;

describe("which of them can go", () => {
  const asked: (readonly string[])[] = [];
  const needing =
    (needed: readonly string[], without: TestRun | null) =>
    async (removed: readonly string[]): Promise<TestRun | null> => {
      asked.push(removed);
      return removed.some((path) => needed.includes(path)) ? without : runOf();
    };

  it("all, where the tests do the same without", async () => {
    expect(await dispensable(["x", "y"], runOf(), needing([], null))).toEqual({ removed: ["x", "y"], kept: [] });
    expect(asked.splice(0)).toEqual([["x", "y"]]);
  });

  it.each([
    ["the runner does not start", null],
    ["a test fails", runOf("b")],
  ])("but for those without which %s", async (_, without) => {
    expect(await dispensable(["x", "y", "z"], runOf(), needing(["y"], without))).toEqual({ removed: ["x", "z"], kept: ["y"] });
    expect(asked.splice(0)).toEqual([["x", "y", "z"], ["x", "y"], ["x"], ["x", "z"]]);
  });

  const many = Array.from({ length: 32 }, (_, at) => `c${String(at).padStart(2, "0")}`);

  it("all but one of very many, in few runs", async () => {
    expect(await dispensable(many, runOf(), needing(["c19"], null))).toEqual({
      removed: many.filter((copy) => copy !== "c19"),
      kept: ["c19"],
    });
    expect(asked.splice(0).length).toBeLessThanOrEqual(11);
  });

  it("what was found in a dozen runs, where more would be needed to find all", async () => {
    const needed = many.filter((_, at) => at % 2 === 0);
    const { removed, kept } = await dispensable(many, runOf(), needing(needed, null));
    expect(asked.splice(0)).toHaveLength(12);
    expect(kept).toEqual(expect.arrayContaining(needed));
    expect([...removed, ...kept].sort()).toEqual(many);
    expect(removed.length).toBeGreaterThan(0);
  });
});

it("built files are tracked code of folders and names that builds use", () => {
  const [language] = languages;
  if (!language) throw new Error("no language is listed");
  const tracked =
    "dist/a.js dist/a.css lib/a.js lib/a.min.js build/b.mjs src/dist.js packages/x/dist/c.cjs vendor/d.js node_modules/e/dist/e.js".split(
      " ",
    );
  expect(builtFiles(tracked, language)).toEqual(["dist/a.js", "lib/a.min.js", "build/b.mjs", "packages/x/dist/c.cjs", "vendor/d.js"]);
});
