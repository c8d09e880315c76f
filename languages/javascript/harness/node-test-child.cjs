"use strict";
// In a test file's own process, twice: required before the file (it takes the nonce), then used by node:test as its reporter.
const { isMainThread } = require("worker_threads");
const { openChannel, describeError } = require("./channel.cjs");

let record = null;
let root = "";
let used = 0;

if (isMainThread && record === null) {
  // The options that brought this file here end with this process: its children see what the repository would have shown them.
  const given = process.env.NODE_OPTIONS || "";
  const own = given.indexOf(" --require=" + JSON.stringify(__filename));
  if (own >= 0) {
    const before = given.slice(0, own).trim();
    if (before === "") delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
    root = process.env.KIHON_ROOT || process.cwd();
    delete process.env.KIHON_ROOT;
    record = openChannel();
    const loaded = process.moduleLoadList;
    const includes = Function.prototype.call.bind(Array.prototype.includes);
    // A file that never asked for node:test is a test itself; one that did and left before any result has ended early.
    process.on("exit", () => record({ type: "exit", tests: includes(loaded, "NativeModule test") }));
  }
}

const lateKinds = { testTimeoutFailure: true };

function failureOf(details) {
  const wrapped = details && details.error;
  const inner = wrapped && wrapped.cause !== undefined && wrapped.cause !== null ? wrapped.cause : wrapped;
  const failure = (wrapped && wrapped.failureType) || "";
  const described = describeError(inner, root, lateKinds[failure] ? "timeout" : undefined);
  return described;
}

function tell(event, path) {
  const data = event.data;
  const details = data.details || {};
  const failed = event.type === "test:fail";
  if (details.type === "suite") {
    const failure = (details.error && details.error.failureType) || "";
    if (failed && failure !== "subtestsFailed" && !isMarked(data)) record({ type: "stray", error: failureOf(details) });
    return;
  }
  const status = isMarked(data) ? "skipped" : failed ? "failed" : "passed";
  const line = { type: "test", path, status, ms: details.duration_ms || 0 };
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
    if (event.type === "test:start") {
      titles.length = event.data.nesting;
      titles.push(event.data.name);
    } else if (event.type === "test:pass" || event.type === "test:fail") {
      titles.length = event.data.nesting;
      titles.push(event.data.name);
      tell(event, titles.slice());
    }
  }
  if (used === 1) record({ type: "end" });
}

module.exports = reporter;
