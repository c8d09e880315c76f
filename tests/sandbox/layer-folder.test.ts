import { chmodSync, mkdtempSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeLayer } from "../../sandbox/layer-folder.ts";
import type { Layer } from "../../schemas/layer.ts";
import { readTree, scratch, writeTree } from "./stand.ts";

const place = scratch();
afterAll(place.remove);
const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, drop: false };

async function write(files: Readonly<Record<string, string>>, layer: Layer, link?: string) {
  const tree = mkdtempSync(join(place.path, "tree-"));
  writeTree(tree, files);
  if (link !== undefined) symlinkSync("/etc", join(tree, link));
  const folder = mkdtempSync(join(place.path, "layer-"));
  return { folder, ...(await writeLayer(folder, layer, [tree], user)) };
}

test("the files of a layer lie in its folder", async () => {
  const { folder, removals, clashes } = await write({ "a/b.txt": "1" }, { "a/b.txt": "2", "ü x/c": "3" });
  expect(readTree(folder)).toEqual({ "a/b.txt": "2", "ü x/c": "3" });
  expect([removals, clashes]).toEqual([[], []]);
});
test("only what the tree has is removed", async () => {
  expect((await write({ a: "1", "b/c": "2" }, { a: null, "b/c": null, "b/d": null, "x/y": null })).removals).toEqual(["a", "b/c"]);
});
test("what lies under or over a file of the layer is not removed", async () => {
  const { removals, clashes } = await write({ a: "1", "b/c": "2" }, { a: null, "a/inner": "3", "b/c": null, b: "4" });
  expect([removals, clashes]).toEqual([[], ["a", "b"]]);
});
test("nothing is removed through a symbolic link", async () => {
  expect((await write({}, { "link/passwd": null }, "link")).removals).toEqual([]);
});
test("a symbolic link itself can be removed", async () => {
  expect((await write({}, { link: null }, "link")).removals).toEqual(["link"]);
});
test("a symbolic link on the way of a new file is a clash", async () => {
  expect((await write({}, { "link/passwd": "x" }, "link")).clashes).toEqual(["link"]);
});
test("a new file has the mode of the one that it replaces", async () => {
  const tree = mkdtempSync(join(place.path, "tree-"));
  writeTree(tree, { "run.sh": "" });
  chmodSync(join(tree, "run.sh"), 0o750);
  const folder = mkdtempSync(join(place.path, "layer-"));
  await writeLayer(folder, { "run.sh": "x" }, [tree], user);
  expect(statSync(join(folder, "run.sh")).mode & 0o777).toBe(0o750);
});
