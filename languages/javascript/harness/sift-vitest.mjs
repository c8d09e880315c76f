// vitest's runner inside a worker, for a sift: it collects a file's tests as ever and then gives them to the judge instead of running them.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const { findPackage, relativeTo } = require("./channel.cjs");
const { install, judge, openSift, tellUnloaded } = require("./sift.cjs");

const vitest = findPackage("vitest");
const root = process.env.KIHON_SIFT_ROOT;
const entry = (name) => {
  const found = vitest.manifest.exports[name];
  const file =
    typeof found === "string" ? found : found.import && found.import.default ? found.import.default : found.default || found.import;
  return pathToFileURL(path.join(vitest.folder, file)).href;
};

/** Its own runner class, and what stands behind its tasks; where they are found changed with vitest 4.1. */
async function parts() {
  const { TestRunner } = await import(entry("."));
  if (TestRunner && TestRunner.getTestFn) return { Runner: TestRunner, getFn: TestRunner.getTestFn, getHooks: TestRunner.getSuiteHooks };
  const [{ VitestTestRunner }, { getFn, getHooks }] = [await import(entry("./runners")), await import(entry("./suite"))];
  return { Runner: VitestTestRunner, getFn, getHooks };
}
const { Runner, getFn, getHooks } = await parts();

const isRun = ({ mode }) => mode === "run" || mode === "queued";
const isTest = ({ type }) => type === "test" || type === "custom";

/** A hook may give back a function that undoes what it did. */
function undoing(undone, hook, args) {
  const result = hook(...args());
  const keep = (undo) => {
    if (typeof undo === "function") undone.push(undo);
  };
  return result && typeof result.then === "function" ? result.then(keep) : keep(result);
}

/** vitest waits for an abort of each run of a test on one signal, where they would pile up. */
function quieten(task) {
  const signal = task.context && task.context.signal;
  if (signal) Object.defineProperty(signal, "addEventListener", { value: () => {}, configurable: true });
}

function testOf(runner, task, titles, file) {
  quieten(task);
  const fn = getFn(task);
  const test = { task, titles: titles.concat(task.name), file, skipped: !isRun(task) || typeof fn !== "function", undo: [] };
  test.run = () => {
    const result = fn();
    return task.fails
      ? Promise.resolve(result).then(
          () => {
            throw new Error("expected to fail");
          },
          () => {},
        )
      : result;
  };
  test.begin = () => {
    task.result = { state: "run", startTime: 0 };
    runner.onBeforeTryTask(task, { retry: 0, repeats: 0 });
    if (runner.workerState) runner.workerState.current = task;
  };
  // What the runner looks at when a test is over: counted assertions, and those that fail without throwing.
  test.check = () => {
    runner.onAfterTryTask(task, { retry: 0, repeats: 0 });
    if (task.result.state === "fail") throw (task.result.errors && task.result.errors[0]) || new Error("the test has failed");
  };
  return test;
}

function treeOf(runner, suite, titles, file) {
  const hooks = getHooks(suite) || {};
  const undoAll = [];
  const each = (name) => (hooks[name] || []).map((hook) => (test) => undoing(test.undo, hook, () => [test.task.context, suite]));
  const all = (name, undone) => (hooks[name] || []).map((hook) => () => undoing(undone, hook, () => [suite]));
  const undo = (list) => async () => {
    for (let at = list.length - 1; at >= 0; at -= 1) await list[at]();
    list.length = 0;
  };
  const around = (hooks.aroundEach || []).length + (hooks.aroundAll || []).length > 0;
  const children = suite.tasks.map((task) =>
    isTest(task) ? testOf(runner, task, titles, file) : treeOf(runner, task, titles.concat(task.name), file),
  );
  for (const child of children) if (around || !isRun(suite)) skipAll(child);
  return {
    before: all("beforeAll", undoAll),
    after: all("afterAll", []).concat(undo(undoAll)),
    beforeEach: each("beforeEach"),
    afterEach: each("afterEach").concat(titles.length === 0 ? [(test) => undo(test.undo)()] : []),
    children,
  };
}

function skipAll(node) {
  if (node.children) for (const child of node.children) skipAll(child);
  else node.skipped = true;
}

/** The step that this process, or thread, was started for: it is not used for another, having run the package's code. */
let ownStep = null;

export default class SiftRunner extends Runner {
  #sift = openSift();
  #isStale = false;

  constructor(...args) {
    super(...args);
    // Some pools give the tests a realm of their own.
    install(globalThis);
    const { step } = this.#sift;
    if (step === null) return;
    this.#isStale = ownStep !== null && ownStep !== step.id;
    ownStep = step.id;
  }

  #isOver() {
    const { step, isKilled } = this.#sift;
    return this.#isStale || (step !== null && isKilled(step.id));
  }

  async importFile(...args) {
    if (!this.#isOver()) await super.importFile(...args);
  }

  async onCollected(files) {
    if (super.onCollected) await super.onCollected(files);
    for (const file of files) {
      if (this.#isOver()) continue;
      if (file.result && file.result.state === "fail") {
        if (this.#sift.step !== null) tellUnloaded(this.#sift);
        continue;
      }
      const own = isRun(file) ? file : { ...file, mode: "run" };
      await this.onBeforeRunSuite(own);
      const name = relativeTo(root, file.filepath);
      await judge(this.#sift, treeOf(this, file, [], name));
    }
    for (const file of files) file.mode = "skip";
    for (const file of files) for (const task of file.tasks) task.mode = "skip";
  }
}
