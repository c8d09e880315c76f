"use strict";
// Runs jest by its own command-line interface; the reporter next to this file does the telling, in this process.
const path = require("path");
const { findPackage, takeRequest, followSift } = require("./channel.cjs");

const jest = findPackage("jest");
const request = takeRequest(path.join(jest.folder, "bin", "jest.js"));
const reporter = path.join(__dirname, "jest-reporter.cjs");
const record = require(reporter).begin(request.root);

const version = jest.manifest.version.split(".").map(Number);
const since = (major, minor) => version[0] > major || (version[0] === major && version[1] >= minor);

const words = request.args.concat([
  "--ci",
  "--coverage=false",
  "--watchman=false",
  "--forceExit",
  "--reporters=" + reporter,
  "--cacheDirectory=" + path.resolve("node_modules/.cache/kihon-jest"),
]);
if (since(22, 0)) words.push("--passWithNoTests");
if (since(24, 9)) words.push("--testTimeout=" + request.timeoutMs);
if (request.seed !== null && since(29, 5)) words.push("--randomize", "--seed=" + (request.seed | 0));
// A worker process costs half a second; with few files they all run here, each in a vm context of its own.
const few = request.files.length > 0 && request.files.length <= 3;
const workers = few ? 1 : request.workers || 2;
words.push(workers === 1 ? "--runInBand" : "--maxWorkers=" + workers);
if (request.sift) {
  followSift(record, request.root);
  words.push("--testRunner=" + path.join(__dirname, "sift-jest.cjs"));
  if (require("./sift.cjs").readPlan().steps.length > 0) words.push("--runner=" + path.join(__dirname, "sift-jest-steps.cjs"));
}
/** Before jest 21 files are told by patterns of their paths. */
const pattern = (file) => path.resolve(file).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") + "$";
if (request.files.length > 0) words.push(...(since(21, 0) ? ["--runTestsByPath", ...request.files] : request.files.map(pattern)));

// As jest's own bin does: configurations of babel and of jest look at it.
if (process.env.NODE_ENV === undefined) process.env.NODE_ENV = "test";

const cli = require(require.resolve("jest-cli", { paths: [jest.folder] }));
// Before jest 21 nothing is given back.
Promise.resolve(cli.run(words)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
