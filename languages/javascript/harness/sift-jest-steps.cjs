"use strict";
// jest's own runner of files, which in a sift has each step's files loaded anew: jest gives every file a realm and modules of its own.
const path = require("path");
const { findPackage, relativeTo } = require("./channel.cjs");
const { eachStep, readPlan } = require("./sift.cjs");

const jest = findPackage("jest");

/** jest-runner as this jest has it, some packages below it. */
function ownRunner() {
  let folder = jest.folder;
  for (const name of ["jest-cli", "jest-config", "jest-runner"])
    folder = path.dirname(require.resolve(name + "/package.json", { paths: [folder] }));
  const found = require(folder);
  return found.default || found;
}

module.exports = class SiftSteps extends ownRunner() {
  async runTests(tests, ...rest) {
    const known = new Map(tests.map((test) => [relativeTo(process.env.KIHON_SIFT_ROOT, test.path), test]));
    await eachStep(readPlan(), async (step, isOver) => {
      for (const file of step.files) if (known.has(file) && !isOver()) await super.runTests([known.get(file)], ...rest);
    });
  }
};
