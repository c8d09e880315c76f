// Runs ava by its own command-line interface, listening to the status stream that its reporters are given.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const { openChannel, describeError, framesOf, relativeTo, findPackage, takeRequest, followSift, capped } = require("./channel.cjs");
const { eachStep, readPlan } = require("./sift.cjs");

const ava = findPackage("ava");
const major = Number(ava.manifest.version.split(".")[0]);
const classic = major < 4;
const entry = path.join(ava.folder, classic ? "cli.js" : "entrypoints/cli.mjs");
const { root, files, args, timeoutMs, sift, workers = 2 } = takeRequest(entry);
const record = openChannel();
record({ type: "start" });

const load = async (file) => {
  const loaded = await import(pathToFileURL(path.join(ava.folder, file)).href);
  const first = loaded.default;
  return classic && first && first.default ? first.default : first;
};

const ansiCodes = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*m", "g");
const thrownText = "Error thrown in test";
const plainText = (text) => String(text || "").replace(ansiCodes, "");

/** ava shows two values as one text: what is in the actual one alone begins with "- ", what is in the expected one alone with "+ ". */
function sidesOf(details, shown) {
  const difference = details.find(({ label }) => /^Difference\b/.test(plainText(label)));
  if (difference === undefined) return { expected: null, actual: shown === "" ? null : capped(shown) };
  const lines = plainText(difference.formatted).split("\n");
  const without = (gutter) =>
    capped(
      lines
        .filter((line) => !line.startsWith(gutter))
        .map((line) => line.slice(2))
        .join("\n"),
    );
  return { expected: without("- "), actual: without("+ ") };
}

/** ava sends errors as its own serialised form, which changed between versions. */
function failureOf(error, kind) {
  if (!error || typeof error !== "object") return describeError(error, root, kind);
  // ava wraps what a test threw itself into an assertion error without an assertion.
  const assertion = (error.type === "ava" || error.avaAssertionError === true) && error.message !== thrownText;
  const details = error.formattedDetails || error.values || [];
  const shown = details.map((detail) => plainText([detail.label, detail.formatted].filter(Boolean).join(" "))).join("\n");
  const message =
    (error.message === thrownText && shown) || error.message || plainText(error.formattedError || error.formatted || error.summary);
  const frames = framesOf(error.stack, root);
  if (frames.length === 0 && error.source) {
    const file = relativeTo(root, error.source.file);
    if (!file.startsWith("..") && !error.source.isDependency) frames.push({ file, line: error.source.line });
  }
  return {
    kind: kind || (assertion ? "assertion" : "error"),
    name: (error.message === thrownText && (/^Error thrown in test:\s*(\w+) \{/.exec(shown) || [])[1]) || error.name || "",
    message: capped(message),
    ...(assertion ? sidesOf(details, shown) : { expected: null, actual: null }),
    frames,
  };
}

const selected = new Map(); // file → titles selected and not yet done
const seen = new Set(); // files with at least one test
let early = false;

function tell(event, status, error) {
  const waiting = selected.get(event.testFile);
  if (waiting) waiting.delete(event.title);
  const line = { type: "test", file: relativeTo(root, event.testFile), path: [event.title], status, ms: event.duration || 0 };
  record(error === undefined ? line : { ...line, error });
}

const stray = (error, kind) => record({ type: "stray", error: failureOf(error, kind) });
const message = (text) => ({ message: text, name: "Error" });

function unloaded(event, error) {
  if (!event.testFile || seen.has(event.testFile)) return stray(error);
  seen.add(event.testFile);
  return record({ type: "file", file: relativeTo(root, event.testFile), status: "failed", error: failureOf(error, "load") });
}

/** A worker that is gone while tests were waiting in it ended early. */
function abandon(event) {
  const waiting = selected.get(event.testFile);
  if (waiting && waiting.size > 0) early = true;
  selected.delete(event.testFile);
}

const handlers = {
  "selected-test": (event) => {
    seen.add(event.testFile);
    if (event.skip || event.todo) return tell(event, "skipped");
    if (!selected.has(event.testFile)) selected.set(event.testFile, new Set());
    return selected.get(event.testFile).add(event.title);
  },
  "test-passed": (event) => tell(event, "passed"),
  "test-failed": (event) => tell(event, "failed", failureOf(event.err)),
  "hook-failed": (event) => {
    selected.delete(event.testFile); // its tests never run
    record({ type: "stray", hook: relativeTo(root, event.testFile), error: failureOf(event.err) });
  },
  "uncaught-exception": (event) => unloaded(event, event.err),
  "unhandled-rejection": (event) => unloaded(event, event.err),
  "internal-error": (event) => unloaded(event, event.err),
  "shared-worker-error": (event) => stray(event.err),
  "worker-finished": abandon,
  "worker-failed": (event) => {
    abandon(event);
    unloaded(event, event.err || message("the worker ended with " + (event.signal || "code " + event.nonZeroExitCode)));
  },
  "missing-ava-import": (event) => unloaded(event, message("no tests found: the file does not import ava")),
  "process-exit": () => {
    early = true;
  },
  interrupt: () => {
    early = true;
  },
  timeout: () => {
    // No progress within the limit: every test that is under way has had its time.
    for (const [testFile, titles] of selected) {
      for (const title of [...titles])
        tell({ testFile, title, duration: timeoutMs }, "failed", failureOf(message("no result within " + timeoutMs + " ms"), "timeout"));
    }
  },
};

function observe(plan) {
  plan.status.on("stateChange", (wrapped) => {
    const event = wrapped && wrapped.type === undefined && wrapped.data ? wrapped.data : wrapped;
    const handler = handlers[event.type];
    if (handler) handler(event);
  });
}

function finish() {
  for (const testFile of selected.keys()) abandon({ testFile });
  if (!early) record({ type: "end" });
}

if (classic) {
  // Its reporters want colours to be settled before they are loaded, and settle them only once.
  const chalk = require(path.join(ava.folder, "lib/chalk.js"));
  chalk.set({ level: 0 });
  chalk.set = () => chalk.get();
}

let plans = 0;
// Before ava 3 there were two in place of the default one.
const reporters = ["default", "verbose", "mini", "tap"].map((name) => "lib/reporters/" + name + ".js");
for (const file of reporters.filter((one) => fs.existsSync(path.join(ava.folder, one)))) {
  const Reporter = await load(file);
  Reporter.prototype.startRun = (plan) => {
    plans += 1;
    if (plans === 1) observe(plan);
  };
  Reporter.prototype.endRun = () => {
    if (plans === 1) finish();
  };
}

/** Before ava 3 files are named, not matched. */
const literal = (file) => (major < 3 ? file : file.replace(/[[\]{}()*?!+@\\]/g, "\\$&"));
/** ava starts a process or thread for each file: in a sift by steps it runs one file of a step after another. */
function runSteps(Api, plan) {
  const { run } = Api.prototype;
  Api.prototype.run = async function (options) {
    let status;
    await eachStep(plan, async (step, isOver) => {
      for (const file of step.files) if (!isOver()) status = await run.call(this, { ...options, files: [path.resolve(root, file)] });
    });
    return status;
  };
}

if (sift) {
  followSift(record, root);
  const plan = readPlan();
  if (plan.steps.length > 0) runSteps(await load("lib/api.js"), plan);
  process.env.KIHON_SIFT_AVA = "1";
  process.env.NODE_OPTIONS = (process.env.NODE_OPTIONS || "") + " --require=" + JSON.stringify(require.resolve("./sift-ava-preload.cjs"));
}
// ava hears nothing of a file that is judged until it is over.
process.argv.push(...args, sift ? "--timeout=10h" : "--timeout=" + timeoutMs + "ms", "--concurrency=" + workers);
process.argv.push(...files.map((file) => literal(path.relative(process.cwd(), file) || file)));
const cli = await load("lib/cli.js");
await (classic ? cli.run() : cli());
