"use strict";
// The main script of a process that judges mutants by one file of node:test.
const Module = require("module");
const path = require("path");
const { pathToFileURL } = require("url");
const { openSift, judge } = require("./sift.cjs");
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

const file = path.resolve(process.argv[2]);
process.argv = [process.execPath, file];
shim.kihonFile(relativeTo(process.env.KIHON_SIFT_ROOT, file));
const sift = openSift();

async function main() {
  await import(pathToFileURL(file).href);
  await judge(sift, await shim.kihonTree());
}
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
