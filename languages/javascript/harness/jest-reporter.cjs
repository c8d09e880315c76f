"use strict";
// A jest reporter: lives in jest's main process, outside the contexts in which tests run.
const { openChannel, describeError, framesOf, relativeTo, capped } = require("./channel.cjs");

let record = null;
let root = "";
let made = 0;

/** Called once by the main script, before jest is loaded. */
function begin(folder) {
  if (record !== null) throw new Error("the reporter has begun already");
  root = folder;
  record = openChannel();
  record({ type: "start" });
  return record;
}

const ansiCodes = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*m", "g");
const lateText = /Exceeded timeout of \d+ ?ms|Async callback was not invoked within the \d/;

const nameIn = (stack) => (/^([A-Za-z_$][\w$]*(?:Error|Exception)|Error)\b/.exec(String(stack)) || ["", ""])[1];

/** `details` is jest's own error object where the version has one; `message` is the printed text with its stack. */
function failureOf(details, message) {
  const text = String(message || "");
  const kind = lateText.test(text) ? "timeout" : undefined;
  if (details && typeof details === "object" && (details.message !== undefined || details.error)) {
    const inner = details.error && typeof details.error === "object" ? details.error : details;
    const described = describeError(inner, root, kind);
    // Only message and stack came through; the name is the stack's first word.
    if (described.name === "") described.name = nameIn(inner.stack || text);
    return described.frames.length > 0 ? described : { ...described, frames: framesOf(details.stack || text, root) };
  }
  const plain = text.replace(ansiCodes, "");
  const head = plain.split(/\n\s+at /)[0];
  const assertion = /\bexpect\(|AssertionError|^assert/m.test(head);
  return {
    kind: kind || (assertion ? "assertion" : "error"),
    name: nameIn(head),
    message: capped(head.replace(/^[A-Z]\w*(?:Error|Exception)?: /, "")),
    expected: null,
    actual: null,
    frames: framesOf(plain, root),
  };
}

const statuses = { passed: "passed", failed: "failed" };

function tellTest(file, result) {
  const line = {
    type: "test",
    file,
    path: result.ancestorTitles.concat(result.title),
    status: statuses[result.status] || "skipped",
    ms: result.duration || 0,
  };
  if (line.status !== "failed") return record(line);
  const details = (result.failureDetails || [])[0];
  return record({ ...line, error: failureOf(details, (result.failureMessages || [])[0]) });
}

function tellFile(file, result) {
  for (const test of result.testResults) tellTest(file, test);
  const error = result.testExecError;
  if (!error && (result.testResults.length > 0 || !result.failureMessage)) return;
  const described = failureOf(error, (error && error.stack) || result.failureMessage);
  if (result.testResults.length > 0) record({ type: "stray", error: described });
  else record({ type: "file", file, status: "failed", error: { ...described, kind: "load" } });
}

class Reporter {
  constructor() {
    made += 1;
  }
  onTestResult(test, result) {
    if (made === 1) tellFile(relativeTo(root, test.path || result.testFilePath), result);
  }
  onRunComplete(_contexts, results) {
    if (made !== 1 || results.wasInterrupted) return;
    if (results.runExecError) record({ type: "stray", error: describeError(results.runExecError, root) });
    record({ type: "end" });
  }
  getLastError() {}
}

module.exports = Reporter;
module.exports.begin = begin;
