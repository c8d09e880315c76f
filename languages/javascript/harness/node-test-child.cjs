"use strict";
// In a test file's own process, twice: required before the file (it takes the nonce), then used by node:test as its reporter.
// Where several files share a process it loads them too, each when the one before is over, so whose a test is follows from when it ran.
const { isMainThread } = require("worker_threads");
const path = require("path");
const { pathToFileURL } = require("url");
const { openChannel, describeError, relativeTo } = require("./channel.cjs");

// Taken at load, as everything that is used after foreign code has run.
const { setImmediate } = globalThis;
const exec = Function.prototype.call.bind(RegExp.prototype.exec);
const { execPath, reallyExit } = process;
const { keys } = Object;
const cwd = process.cwd();
const chdir = process.chdir.bind(process);

let record = null;
let root = "";
let used = 0;
/** Null where node loads this process's one file by itself. */
let shared = null;

if (isMainThread && record === null) {
  // The options that brought this file here end with this process: its children see what the repository would have shown them.
  const given = process.env.NODE_OPTIONS || "";
  const own = given.indexOf(" --require=" + JSON.stringify(__filename));
  if (own >= 0) {
    const before = given.slice(0, own).trim();
    if (before === "") delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
    if (/^--test-timeout=/.test(process.execArgv[0])) process.execArgv.shift();
    root = process.env.KIHON_ROOT || process.cwd();
    delete process.env.KIHON_ROOT;
    const names = process.env.KIHON_TOGETHER;
    delete process.env.KIHON_TOGETHER;
    if (names !== undefined) shared = sharing(JSON.parse(names));
    record = openChannel();
    const loaded = process.moduleLoadList;
    const includes = Function.prototype.call.bind(Array.prototype.includes);
    // A file that never asked for node:test is a test itself; one that did and left before any result has ended early.
    process.on("exit", () => record({ type: "exit", tests: includes(loaded, "NativeModule test") }));
  }
}

/** `at`: -1 until node:test has started, then the file that runs. `open`: its top-level tests that are not over. `news`: events so far. */
function sharing(names) {
  const files = names.map((name) => ({
    path: path.resolve(name),
    url: pathToFileURL(path.resolve(name)).href,
    shown: relativeTo(root, name),
  }));
  const state = { files, at: -1, open: 0, news: 0, tests: 0, begun: false, quiet: null, started: null, env: { ...process.env } };
  // Nothing is left that could wake this process, and a test or a file still waits: alone, node:test would say what became of it.
  process.on("beforeExit", () => {
    if (state.at < files.length) apart("a test or a file waits for what never comes");
  });
  return state;
}

/** What happened cannot be told for each file by itself: this run of several is of no use. */
function apart(message) {
  record({ type: "apart", message });
  reallyExit.call(process, 1);
}

/** Calls `quiet` when every test of the file is over and two turns of the event loop brought nothing new. */
function listen() {
  if (shared.quiet === null || shared.open > 0) return;
  const { news, quiet } = shared;
  setImmediate(() =>
    setImmediate(() => {
      if (shared.quiet !== quiet) return;
      if (shared.news !== news) return listen();
      shared.quiet = null;
      return quiet();
    }),
  );
}

const quietness = () =>
  new Promise((resolve) => {
    shared.quiet = resolve;
    listen();
  });

/** What a process begins with, as far as it can be given back. */
function restore(file) {
  const { env } = process;
  for (const name of keys(env)) if (shared.env[name] === undefined) delete env[name];
  for (const name of keys(shared.env)) if (env[name] !== shared.env[name]) env[name] = shared.env[name];
  process.argv = [execPath, file.path];
  chdir(cwd);
}

async function loadShared() {
  await new Promise((resolve) => {
    shared.started = resolve;
    // The first test of all is nobody's: with it node:test and this reporter are at work before the first file is.
    require("node:test")("kihon", () => {});
  });
  for (shared.at = 0; shared.at < shared.files.length; shared.at += 1) {
    const file = shared.files[shared.at];
    shared.tests = 0;
    restore(file);
    try {
      await import(file.url);
    } catch (error) {
      return apart(file.shown + " does not load: " + describeError(error, root).message);
    }
    await quietness();
    // As `node --test` has it: a file without tests is a test.
    if (shared.tests === 0) record({ type: "test", file: file.shown, path: [file.shown], status: "passed", ms: 0 });
  }
}

/** Keeps count of top-level tests; says whether the event is one of a file's. */
function follow(event) {
  if (shared === null) return true;
  const top = event.data.nesting === 0;
  const over = event.type === "test:pass" || event.type === "test:fail";
  // Of the whole process, at its end: errors that came when the test that they belong to was over, or belong to none.
  if (event.type === "test:diagnostic" && shared.at >= shared.files.length && !exec(summary, event.data.message)) apart(event.data.message);
  if (shared.at < 0) {
    if (top && over) shared.started();
    return false;
  }
  shared.news += 1;
  if (top && event.type === "test:enqueue") shared.open += 1;
  if (top && over) shared.open -= 1;
  if (over) shared.tests += 1;
  if (over && (shared.at >= shared.files.length || shared.open < 0)) apart("a test came when no file ran");
  if (top && over) listen();
  return true;
}

const summary = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [0-9.]+$/;

const lateKinds = { testTimeoutFailure: true };

function failureOf(details) {
  const wrapped = details && details.error;
  const inner = wrapped && wrapped.cause !== undefined && wrapped.cause !== null ? wrapped.cause : wrapped;
  const failure = (wrapped && wrapped.failureType) || "";
  const described = describeError(inner, root, lateKinds[failure] ? "timeout" : undefined);
  return described;
}

function tell(event, titles) {
  const data = event.data;
  const details = data.details || {};
  const failed = event.type === "test:fail";
  if (details.type === "suite") {
    const failure = (details.error && details.error.failureType) || "";
    if (failed && failure !== "subtestsFailed" && !isMarked(data)) record({ type: "stray", error: failureOf(details) });
    return;
  }
  const status = isMarked(data) ? "skipped" : failed ? "failed" : "passed";
  const line = { type: "test", path: titles, status, ms: details.duration_ms || 0 };
  if (shared !== null) line.file = shared.files[shared.at].shown;
  record(status === "failed" ? { ...line, error: failureOf(details) } : line);
}

const isMarked = (data) => (data.skip !== undefined && data.skip !== false) || (data.todo !== undefined && data.todo !== false);

// biome-ignore lint/correctness/useYield: node:test wants a generator, and this one has nothing to print
async function* reporter(source) {
  used += 1;
  if (used > 1 || record === null) return;
  record({ type: "begin" });
  const titles = [];
  for await (const event of source) {
    if (!follow(event)) continue;
    if (event.type === "test:start") {
      titles.length = event.data.nesting;
      titles.push(event.data.name);
    } else if (event.type === "test:pass" || event.type === "test:fail") {
      titles.length = event.data.nesting;
      titles.push(event.data.name);
      tell(event, titles.slice());
    }
  }
  if (used === 1 && (shared === null || shared.at === shared.files.length)) record({ type: "end" });
}

module.exports = reporter;
/** Begins with the first of the files that share this process; asked again it does nothing. */
module.exports.load = () => {
  if (shared === null || shared.begun) return;
  shared.begun = true;
  loadShared();
};
