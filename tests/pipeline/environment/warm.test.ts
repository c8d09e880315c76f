import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compiledNames, isPureBabel, shelved } from "../../../pipeline/environment/warm.ts";

const place = "node_modules/.cache/kihon-warm";
const kept = (path: string, folders: readonly string[] = []): string | null => shelved(path, folders, (name) => name === "0a1b2c3d");

describe("what a run of the clean suite leaves on the shelf", () => {
  it("is the runner's own cache, where it lies in the tree", () => {
    expect(kept("node_modules/.cache/kihon-jest/a/b", ["node_modules/.cache/kihon-jest"])).toBe("tree/node_modules/.cache/kihon-jest/a/b");
  });
  it("is the code of a module of the dependencies, and of no other", () => {
    expect(kept(`${place}/compiled/v24.1.0-x64-964aae3f-1000/0a1b2c3d`)).toBe("compiled/v24.1.0-x64-964aae3f-1000/0a1b2c3d");
    expect(kept(`${place}/compiled/v24.1.0-x64-964aae3f-1000/ffffffff`)).toBeNull();
    expect(kept(`${place}/compiled/v24.1.0-x64-964aae3f-1000/0a1b2c3d.tmp`)).toBeNull();
  });
  it("is tsx's transforms, and nothing else of the temporary folder", () => {
    const transform = `temporary/tsx-1000/17640-${"a1".repeat(20)}`;
    expect(kept(`${place}/${transform}`)).toBe(transform);
    expect(kept(`${place}/temporary/tsx-1000/15.pipe`)).toBeNull();
    expect(kept(`${place}/temporary/left-by-a-test`)).toBeNull();
  });
});

it("names the code of a module as Node does, by kind and path", () => {
  const folder = mkdtempSync(join(tmpdir(), "kihon-compiled-"));
  try {
    const [commonjs, module] = [join(folder, "one.cjs"), join(folder, "two.mjs")];
    writeFileSync(commonjs, "exports.one = 1;\n");
    writeFileSync(module, `import ${JSON.stringify(commonjs)};\n`);
    execFileSync(process.execPath, [module], { env: { NODE_COMPILE_CACHE: join(folder, "cache") } });
    const [version] = readdirSync(join(folder, "cache"));
    const names = [compiledNames(commonjs)[0], compiledNames(module)[1]].sort();
    expect(readdirSync(join(folder, "cache", version ?? "")).sort()).toEqual(names);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("what Babel makes of a source hangs on more than that source", () => {
  const isPure = (files: Readonly<Record<string, string>>, installed: readonly string[] = []): boolean => {
    const folder = mkdtempSync(join(tmpdir(), "kihon-babel-"));
    try {
      for (const name of installed) mkdirSync(join(folder, "dependencies", "node_modules", name), { recursive: true });
      mkdirSync(join(folder, "tree", "pack"), { recursive: true });
      for (const [path, text] of Object.entries({ "package.json": "{}", "pack/package.json": "{}", ...files }))
        writeFileSync(join(folder, "tree", path), text);
      return (
        isPureBabel(join(folder, "tree"), join(folder, "dependencies"), ".") &&
        isPureBabel(join(folder, "tree"), join(folder, "dependencies"), "pack")
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  it("where a plugin is the repository's own, or reads other files", () => {
    expect(isPure({ ".babelrc": '{ "plugins": ["./src"] }' })).toBe(false);
    expect(isPure({ "pack/babel.config.js": "module.exports = { presets: [require('../preset')] };" })).toBe(false);
    expect(isPure({ "package.json": '{ "babel": { "plugins": ["./plugin.js"] } }' })).toBe(false);
    expect(isPure({}, ["babel-plugin-preval"])).toBe(false);
  });
  it("where its configuration is a link, which is not followed", () => {
    const folder = mkdtempSync(join(tmpdir(), "kihon-babel-"));
    try {
      symlinkSync("/dev/zero", join(folder, ".babelrc"));
      expect(isPureBabel(folder, folder, ".")).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("and nowhere else, a manifest or not", () => {
    const bare = mkdtempSync(join(tmpdir(), "kihon-babel-"));
    expect(isPureBabel(bare, bare, ".")).toBe(true);
    rmSync(bare, { recursive: true });
    const env = '{ "presets": [["@babel/preset-env", { "targets": { "node": "10" } }]] }';
    expect(isPure({ ".babelrc": env, "package.json": '{ "main": "./index.js" }' }, ["@babel/register"])).toBe(true);
  });
});
