"use strict";
// Runs mocha with the repository's own settings, except the files and the reporter.
const path = require("path");
const { openChannel, describeError, relativeTo, findPackage, takeRequest, followSift, siftedBy, shuffled } = require("./channel.cjs");

const mocha = findPackage("mocha");
const major = Number(mocha.manifest.version.split(".")[0]);
const isClassic = major < 6;
const bin = path.join(mocha.folder, "bin", isClassic ? "_mocha" : "mocha");
const ownScript = __filename;
const request = takeRequest(bin);
/** A module of mocha's: in mocha 12 some have another ending, and others are ES modules. */
const part = (name) => {
  try {
    return require(path.join(mocha.folder, name + ".js"));
  } catch (thrown) {
    if (thrown.code !== "MODULE_NOT_FOUND" || major < 12) throw thrown;
    return require(path.join(mocha.folder, name + ".cjs"));
  }
};
const optionsModule = isClassic ? null : part("lib/cli/options");
const isNodeFlag = isClassic ? null : part("lib/cli/node-flags").isNodeFlag;
const loadOptions = isClassic ? null : optionsModule.loadOptions;
const classic = isClassic ? require("./mocha-classic.cjs").classicWords(request, major) : null;

/** Flags for `node` itself, from the command line or a configuration file: mocha gives them to a child of its own, and so do we. */
function nodeFlags(options) {
  const flags = [];
  for (const key of Object.keys(options)) {
    if (!isNodeFlag(key)) continue;
    const flag = "--" + (key !== "v8-options" ? key.replace(/^v8-/, "") : key);
    for (const value of [].concat(options[key])) flags.push(value === true ? flag : flag + "=" + value);
  }
  for (const option of [].concat(options["node-option"] || [])) flags.push("--" + option);
  return flags;
}

function startChild(flags, files, more, stdio) {
  const { spawn } = require("child_process");
  const word = JSON.stringify({ ...request, files: undefined, root: undefined, ...more });
  return spawn(process.execPath, [...flags, ownScript, word, ...files], { stdio });
}

function runInChild(flags) {
  startChild(flags, request.files, { inner: true }, [0, 1, 2, 3, 4]).on("exit", (code, signal) => {
    process.exitCode = signal ? 1 : code;
  });
}

/** Judged by these files in a process of its own, which has no channel: what it finds is passed on from here. */
const siftApart = (flags, files) =>
  siftedBy(startChild(flags, files, { inner: true, apart: true }, ["ignore", "inherit", "inherit"]), 10000);

/** Step by step, or by all files, shared out to so many processes. */
function siftByOthers(flags, plan) {
  const { eachStep } = require("./sift.cjs");
  followSift(openChannel(), request.root);
  const here = (file) => path.relative(process.cwd(), path.resolve(request.root, file));
  const { files, workers = 1 } = request;
  const shares = Array.from({ length: workers }, (_, at) => files.filter((_file, place) => place % workers === at));
  const over =
    plan.steps.length > 0
      ? eachStep(plan, (step) => siftApart(flags, step.files.map(here)))
      : Promise.all(shares.map((share) => siftApart(flags, share)));
  over.then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

const replacedKeys = ["spec", "reporter", "R", "reporter-option", "reporter-options", "reporterOption", "reporterOptions", "O"].concat(
  ["timeout", "timeouts", "t", "s", "bail", "b", "retries", "parallel", "p", "jobs", "j", "watch", "w", "exit", "node-option", "n"],
  ["color", "colors", "c", "C", "dry-run", "dryRun", "allow-uncaught", "A", "full-trace", "growl", "G"],
);

function adjust(options) {
  const adjusted = { ...options };
  for (const key of Object.keys(adjusted)) if (isNodeFlag(key)) delete adjusted[key];
  if (request.files.length === 0) adjusted._ = (options._ || []).concat(options.spec || []);
  else adjusted._ = request.files.slice();
  for (const key of replacedKeys) delete adjusted[key];
  if (request.seed !== null) delete adjusted.sort;
  return Object.assign(adjusted, {
    reporter: "dot",
    timeout: request.timeoutMs,
    bail: false,
    retries: 0,
    exit: true,
    color: false,
    // Otherwise mocha rewrites each stack to shorter paths.
    "full-trace": true,
    config: false,
    package: false,
    ...(options.opts === undefined ? {} : { opts: false }),
  });
}

function titlesOf(runnable) {
  const titles = [];
  for (let at = runnable; at; at = at.parent) if (at.title) titles.unshift(at.title);
  return titles;
}

function fileOf(runnable, root) {
  for (let at = runnable; at; at = at.parent) if (at.file) return relativeTo(root, at.file);
  return "";
}

/** The reporter that stands in for the repository's. A second one would be somebody's forgery: it says nothing and spoils the ending. */
function reporterFor(record, root) {
  let made = 0;
  const error = (failure) => {
    const late = failure && (failure.code === "ERR_MOCHA_TIMEOUT" || /^Timeout of \d+ms exceeded/.test(failure.message || ""));
    return describeError(failure, root, late ? "timeout" : undefined);
  };
  return function Reporter(runner) {
    made += 1;
    if (made > 1) return;
    const told = new Set();
    const tell = (test, status, failure) => {
      told.add(test);
      const line = { type: "test", file: fileOf(test, root), path: titlesOf(test), status, ms: test.duration || 0 };
      record(failure === undefined ? line : { ...line, error: error(failure) });
    };
    runner.on("pass", (test) => tell(test, "passed"));
    runner.on("pending", (test) => tell(test, "skipped"));
    runner.on("fail", (test, failure) => {
      // A hook, an error between tests, or a second failure of a test that already has its line.
      if (test.type === "hook") record({ type: "stray", hook: fileOf(test, root), error: error(failure) });
      else if (test.type !== "test" || told.has(test)) record({ type: "stray", error: error(failure) });
      else tell(test, "failed", failure);
    });
    runner.on("end", () => {
      if (made === 1) record({ type: "end" });
    });
  };
}

/** What later versions take as options. A suite gives it to what is added to it. */
function limit(suite) {
  suite.timeout(request.timeoutMs);
  suite.bail(false);
  if (suite.retries) suite.retries(0);
}

/** A file that does not load ends mocha before its reporter exists: say which one it was. */
function watchLoading(Mocha, record, root) {
  for (const method of ["loadFiles", "loadFilesAsync"]) {
    const original = Mocha.prototype[method];
    if (!original) continue;
    Mocha.prototype[method] = function (...args) {
      let current = "";
      if (isClassic) limit(this.suite);
      this.suite.on("pre-require", (_globals, file) => {
        current = file;
      });
      if (request.seed !== null && !this.kihonShuffled) {
        Object.defineProperty(this, "kihonShuffled", { value: true });
        const first = [].concat(request.preloaded || []).length;
        this.files = this.files.slice(0, first).concat(shuffled(this.files.slice(first), request.seed));
      }
      const failed = (thrown) => {
        if (request.unloaded) request.unloaded();
        record({
          type: "file",
          file: current ? relativeTo(root, current) : "",
          status: "failed",
          error: describeError(thrown, root, "load"),
        });
        record({ type: "end" });
        throw thrown;
      };
      let result;
      try {
        result = original.apply(this, args);
      } catch (thrown) {
        return failed(thrown);
      }
      return result && typeof result.then === "function" ? result.catch(failed) : result;
    };
  }
}

/** mocha's suites and tests as the sift takes them. A suite's own tests come before its inner suites, as mocha has it. */
function siftTree(suite, Pending) {
  const run = (runnable, test) => {
    if (typeof runnable.reset === "function") runnable.reset();
    runnable.timedOut = false;
    runnable.ctx.currentTest = test === null ? undefined : test.runnable;
    let [over, failure, settle] = [false, null, null];
    runnable.run((error) => {
      over = true;
      failure = error && !(Pending && error instanceof Pending) ? error : null;
      if (settle !== null) settle();
    });
    const end = (resolve, reject) => (failure === null ? resolve() : reject(failure));
    if (!over) return new Promise((resolve, reject) => (settle = () => end(resolve, reject)));
    if (failure !== null) throw failure;
  };
  const hooks = (name) => (suite[name] || []).map((hook) => (test) => run(hook, test));
  const testOf = (runnable) => {
    const test = { runnable, titles: titlesOf(runnable), file: fileOf(runnable, request.root), skipped: runnable.isPending() };
    return Object.assign(test, { run: () => run(runnable, test) });
  };
  return {
    before: hooks("_beforeAll"),
    after: hooks("_afterAll"),
    beforeEach: hooks("_beforeEach"),
    afterEach: hooks("_afterEach"),
    children: suite.tests.map(testOf).concat(suite.suites.map((inner) => siftTree(inner, Pending))),
  };
}

/** In place of mocha's own run of what it has loaded: hundreds of runs of parts of it. */
function siftInstead(Mocha, record) {
  if (!request.apart) followSift(record, request.root);
  const { openSift, judge, tellUnloaded } = require("./sift.cjs");
  const sift = openSift();
  if (sift.step !== null) request.unloaded = () => tellUnloaded(sift);
  Mocha.Runner.prototype.run = function () {
    const { suite } = this;
    if (suite.hasOnly && suite.hasOnly()) suite.filterOnly();
    judge(sift, siftTree(suite, loadPending())).then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
    return this;
  };
}

function loadPending() {
  try {
    const loaded = part("lib/pending");
    return loaded.PendingError || loaded;
  } catch (_absent) {
    return null;
  }
}

function runHere() {
  const record = request.apart ? () => {} : openChannel();
  record({ type: "start" });
  const loaded = require(mocha.folder);
  const Mocha = loaded.default || loaded;
  if (request.sift) siftInstead(Mocha, record);
  const Reporter = reporterFor(record, request.root);
  Mocha.prototype.reporter = function () {
    this._reporter = Reporter;
    return this;
  };
  watchLoading(Mocha, record, request.root);
  if (isClassic) {
    request.preloaded = classic.preloaded;
    process.argv = [process.argv[0], bin].concat(classic.words);
    return void require(bin);
  }
  optionsModule.loadOptions = () => {
    const options = loadOptions(request.args);
    request.preloaded = options.file;
    return adjust(options);
  };
  part("lib/cli/cli").main([]);
}

const ownFlags = () => (isClassic ? classic.flags : nodeFlags(loadOptions(request.args)));
const flags = request.inner ? [] : ownFlags();
const plan = request.sift && !request.inner ? require("./sift.cjs").readPlan() : { steps: [] };
if (plan.steps.length > 0 || (request.sift && !request.inner && request.workers > 1)) siftByOthers(flags, plan);
else if (flags.length > 0) runInChild(flags);
else runHere();
