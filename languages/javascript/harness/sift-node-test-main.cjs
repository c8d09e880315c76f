"use strict";
// The main script of a process that judges mutants by a file of node:test, or one after another by several.
const Module = require("module");
const path = require("path");
const { pathToFileURL } = require("url");
const { openSift, judge, tellUnloaded } = require("./sift.cjs");
const { relativeTo } = require("./channel.cjs");
const shim = require("./sift-node-test.cjs");

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "node:test" ? shim : load.call(this, request, ...rest);
};
const shimUrl = pathToFileURL(path.join(__dirname, "sift-node-test-shim.mjs")).href;
if (Module.registerHooks) {
  const resolve = (specifier, context, next) =>
    specifier === "node:test" && context.conditions.includes("import")
      ? { url: shimUrl, format: "module", shortCircuit: true }
      : next(specifier, context);
  Module.registerHooks({ resolve });
} else if (Module.register) Module.register(pathToFileURL(path.join(__dirname, "sift-node-test-hooks.mjs")).href);

const files = process.argv.slice(2).map((file) => path.resolve(file));
process.argv = [process.execPath, files[0]];
const sift = openSift();
const isOver = () => sift.step !== null && sift.isKilled(sift.step.id);

async function treeOf(file) {
  shim.kihonFile(relativeTo(process.env.KIHON_SIFT_ROOT, file));
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    if (sift.step === null) throw error;
    tellUnloaded(sift);
    return null;
  }
  return shim.kihonTree();
}

async function main() {
  for (const file of files) {
    const tree = isOver() ? null : await treeOf(file);
    if (tree !== null) await judge(sift, tree);
  }
}
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
