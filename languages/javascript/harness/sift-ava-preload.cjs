"use strict";
// Loaded in each of ava's processes in a sift: in the one of a test file, what ava would run is given to the judge.
const path = require("path");
const { pathToFileURL } = require("url");
const { isMainThread } = require("worker_threads");
const { findPackage, relativeTo } = require("./channel.cjs");
const { openSift, judge, tellUnloaded } = require("./sift.cjs");

/** Only a child with a channel to ava's main process, or a thread of that, is one of a test file. */
if (process.env.KIHON_SIFT_AVA === "1" && (!isMainThread || process.send !== undefined)) {
  // The tests' own children are none.
  delete process.env.KIHON_SIFT_AVA;
  const ava = findPackage("ava");
  const sift = openSift();
  const { reallyExit } = process;
  let loaded = false;
  process.on("exit", () => {
    if (sift.step !== null && !loaded) tellUnloaded(sift);
  });
  const judgeWith = (Runner, ContextRef) => {
    Runner.prototype.start = function () {
      loaded = true;
      const file = relativeTo(process.env.KIHON_SIFT_ROOT, String(this.file));
      return Promise.all(this.waitForReady || [])
        .then(() => judge(sift, treeOf(this, file, ContextRef)))
        .catch((error) => console.error(error))
        .then(() => (isMainThread ? reallyExit.call(process, 0) : process.exit(0)));
    };
  };
  const modules = ["lib/runner.js", "lib/context-ref.js"].map((file) => path.join(ava.folder, file));
  if (Number(ava.manifest.version.split(".")[0]) < 3)
    afterOptions(path.join(ava.folder, "lib/worker/options.js"), () => judgeWith(...modules.map((file) => require(file))));
  else {
    const load = (file) => import(pathToFileURL(file).href).then(({ default: found }) => found.default || found);
    Promise.all(modules.map(load)).then((found) => judgeWith(...found));
  }
}

/** Before ava 3 its modules ask for the worker's options while they load, and the test file is loaded right after these were told. */
function afterOptions(file, then) {
  const options = require(file);
  const { set } = options;
  options.set = (told) => {
    set(told);
    then();
  };
}

/** ava has one level of tests; each has its `beforeEach` and `afterEach` in what runs it. */
function treeOf(runner, file, ContextRef) {
  const { tasks } = runner;
  runner.emit = async () => {};
  let context = null;
  const hooks = (names) => async () => {
    for (const name of names) if (!(await runner.runHooks(tasks[name], context))) throw new Error("a hook has failed");
  };
  const testOf = (task) => ({
    titles: [task.title],
    file,
    skipped: task.metadata.skipped || task.metadata.selected === false || (runner.runOnlyExclusive && !task.metadata.exclusive),
    run: async () => {
      if (!(await runner.runTest(task, context.copy()))) throw new Error("the test has failed");
    },
  });
  const before = async () => {
    context = new ContextRef();
    await hooks(["before"])();
  };
  return {
    before: [before],
    after: [hooks(["after", "afterAlways"])],
    beforeEach: [],
    afterEach: [],
    children: tasks.serial.concat(tasks.concurrent).map(testOf),
  };
}
