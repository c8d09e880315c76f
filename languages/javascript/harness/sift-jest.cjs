"use strict";
// jest's test runner for one file, in a sift: jest-circus loads it as ever, and what it would then run is given to the judge.
const path = require("path");
const { findPackage, relativeTo } = require("./channel.cjs");
const { install, openSift, judge, tellUnloaded } = require("./sift.cjs");

const jest = findPackage("jest");

/** jest-circus as this jest has it, some packages below it. */
function circusRunner() {
  let folder = jest.folder;
  for (const name of ["jest-cli", "jest-config"]) folder = path.dirname(require.resolve(name + "/package.json", { paths: [folder] }));
  // From jest 30 on that is no file of its top, and an ES module in its form.
  const runner = require(require.resolve("jest-circus/runner", { paths: [folder] }));
  return runner.default || runner;
}

/** A function of the file's own: with a callback, a promise, a generator or none of these. */
function callWith(fn, context) {
  if (fn.length > 0) {
    return new Promise((resolve, reject) => {
      const done = (reason) => (reason ? reject(reason) : resolve());
      done.fail = (reason) => reject(reason || new Error("done.fail() was called"));
      fn.call(context, done);
    });
  }
  const result = fn.call(context);
  return isGenerator(result) ? drain(result) : result;
}

const isGenerator = (value) =>
  value !== null && typeof value === "object" && typeof value.next === "function" && typeof value.throw === "function";
async function drain(generator) {
  for (let step = generator.next(); !step.done; ) {
    try {
      step = generator.next(await step.value);
    } catch (error) {
      step = generator.throw(error);
    }
  }
}

function titlesOf(node) {
  const titles = [];
  for (let at = node; at && at.parent; at = at.parent) titles.unshift(at.name);
  return titles;
}

/** What jest's own adapter does around each test: counts of assertions begin anew, and are looked at. */
function testOf(node, file, expect, skipped) {
  const test = { node, titles: titlesOf(node), file, context: {} };
  test.skipped = skipped || node.mode === "skip" || node.mode === "todo" || typeof node.fn !== "function" || Boolean(node.concurrent);
  test.begin = () => {
    test.context = Object.create(null);
    if (!expect) return;
    expect.extractExpectedAssertionsErrors();
    expect.setState({ currentTestName: test.titles.join(" "), suppressedErrors: [] });
    const { snapshotState } = expect.getState();
    if (snapshotState && snapshotState._counters && typeof snapshotState._counters.clear === "function") snapshotState._counters.clear();
  };
  const run = () => callWith(node.fn, test.context);
  test.run = node.failing
    ? async () => {
        try {
          await run();
        } catch (_expected) {
          return;
        }
        throw new Error("the test passes, and is marked as failing");
      }
    : run;
  test.check = () => {
    if (!expect) return;
    const [first] = expect.extractExpectedAssertionsErrors();
    const { suppressedErrors } = expect.getState();
    expect.setState({ suppressedErrors: [] });
    if (first) throw first.error;
    if (suppressedErrors && suppressedErrors.length > 0) throw suppressedErrors[0];
  };
  return test;
}

function treeOf(block, file, expect, outerSkipped, only) {
  const skipped = outerSkipped || block.mode === "skip" || block.mode === "todo";
  const hooks = (type) => block.hooks.filter((hook) => hook.type === type);
  const each = (type) =>
    hooks(type).map(
      ({ fn }) =>
        (test) =>
          callWith(fn, test.context),
    );
  const all = (type) =>
    hooks(type).map(
      ({ fn }) =>
        () =>
          callWith(fn, {}),
    );
  // Up to jest 25 a block's tests stand beside its inner blocks.
  const mixed = block.children.some((child) => child.type === "test");
  const inner = mixed || !block.tests ? block.children : block.tests.concat(block.children);
  const children = inner.map((child) =>
    child.children ? treeOf(child, file, expect, skipped, only) : testOf(child, file, expect, skipped || (only && child.mode !== "only")),
  );
  return { before: all("beforeAll"), after: all("afterAll"), beforeEach: each("beforeEach"), afterEach: each("afterEach"), children };
}

function skipTests(block) {
  for (const child of block.children.concat(block.tests || [])) {
    if (child.children) skipTests(child);
    else child.mode = "skip";
  }
}

module.exports = async function siftFile(globalConfig, config, environment, runtime, testPath, ...rest) {
  const root = process.env.KIHON_SIFT_ROOT;
  const sift = openSift();
  install(environment.global);
  // What setup files have loaded already was not seen: nothing is said of this file then, and what says nothing is not believed.
  const early = [...((runtime._moduleRegistry && runtime._moduleRegistry.keys()) || [])];
  const blind = early.some((file) => sift.plan.sources.includes(relativeTo(root, file)));
  let loaded = false;
  const handle = environment.handleTestEvent && environment.handleTestEvent.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    if (handle) await handle(event, state);
    if (event.name !== "run_start") return;
    loaded = true;
    const expect = (runtime.jestGlobals && runtime.jestGlobals.expect) || environment.global.expect;
    const tree = treeOf(state.rootDescribeBlock, relativeTo(root, testPath), expect, false, state.hasFocusedTests);
    if (!blind) await judge(sift, tree);
    skipTests(state.rootDescribeBlock);
  };
  try {
    return await circusRunner()(globalConfig, config, environment, runtime, testPath, ...rest);
  } finally {
    if (sift.step !== null && !loaded && !blind) tellUnloaded(sift);
  }
};
