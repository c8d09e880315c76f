// Runs each test file in a process of its own, two at a time unless told otherwise, or those that may be together in one. Every child tells its results on a
// pipe of its own, under a nonce of its own; what they told goes on under the run's nonce, which stays in this process, where no foreign
// code runs.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { followSift, framesOf, openChannel, relativeTo, shuffled, siftedBy, takeRequest } = require("./channel.cjs");
const { eachStep, readPlan } = require("./sift.cjs");

const request = takeRequest();
const { root, seed, timeoutMs, workers = 2 } = request;
const record = openChannel();
record({ type: "start" });

const child = fileURLToPath(new URL("./node-test-child.cjs", import.meta.url));
const loader = fileURLToPath(new URL("./node-test-together.cjs", import.meta.url));
const allowed = process.allowedNodeEnvironmentFlags;
const strips = Boolean(process.features.typescript);
const loaders = /^(--import|--loader|--experimental-loader|--require|-r|--experimental-strip-types|--experimental-transform-types)(=|$)/;
const hasLoader = request.nodeArgs.some((word) => loaders.test(word));

/** Before Node 24 the option says nothing to a process that runs one file: what never ends is left to the watchdog there. */
const limits = Number(process.versions.node.split(".")[0]) >= 24;

/** The reporter comes by NODE_OPTIONS, which its first use takes away again, so that `process.execArgv` looks as it always does. */
function nodeOptions() {
  const own = ["--require=" + JSON.stringify(child), "--test-reporter=" + JSON.stringify(child), "--test-reporter-destination=stdout"];
  return (process.env.NODE_OPTIONS || "") + " " + own.join(" ");
}

function argvFor(files) {
  const words = request.nodeArgs.slice();
  if (files.some((file) => /\.[cm]?ts$/.test(file)) && !strips && !hasLoader && allowed.has("--experimental-strip-types"))
    words.push("--experimental-strip-types");
  return words.concat(files.length > 1 ? loader : files);
}

/**
 * Only as a word of the command, which the process takes out of its `process.execArgv`. A shared process that waits too long is ended as a
 * whole, and its files are run one by one.
 */
const limitFor = (files) => (limits && files.length === 1 ? ["--test-timeout=" + timeoutMs] : []);

function lines(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    for (const part of parts) take(part);
  });
}

const failure = (kind, message) => ({
  kind,
  name: "Error",
  message: message.slice(0, 2000),
  expected: null,
  actual: null,
  frames: framesOf(message, root),
});

/** Resolves to what is known of one process when it is over: mostly that of one file. */
function runFiles(files) {
  const names = files.map((file) => relativeTo(root, file));
  const shown = names.join(", ");
  const nonce = randomBytes(16).toString("hex");
  const state = { begun: false, ended: false, exit: null, tests: 0, failed: 0, hung: false, apart: null, stderr: "" };
  const sharing = files.length > 1 ? { KIHON_TOGETHER: JSON.stringify(files) } : {};
  const started = spawn(process.execPath, limitFor(files).concat(argvFor(files)), {
    stdio: ["ignore", "inherit", "pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: nodeOptions(), KIHON_ROOT: root, ...sharing },
  });
  started.stdio[4].on("error", () => {}); // the child ended before it read its nonce: its exit code tells
  started.stdio[4].end(nonce + "\n");
  // What hangs in a shared process is run again file by file: there it is enough to see that it hangs.
  const patienceMs = files.length > 1 ? timeoutMs / 2 : timeoutMs * 2 + 5000;
  let watchdog = null;
  const awake = () => {
    clearTimeout(watchdog);
    if (!state.begun || state.ended) return;
    watchdog = setTimeout(() => {
      state.hung = true;
      started.kill("SIGKILL");
    }, patienceMs);
  };
  const take = (line) => {
    if (!line.startsWith(nonce + " ")) return forward(line);
    const told = JSON.parse(line.slice(nonce.length + 1));
    if (told.type === "begin") state.begun = true;
    if (told.type === "exit") state.exit = told;
    if (told.type === "end") state.ended = true;
    if (told.type === "test") {
      state.tests += 1;
      if (told.status === "failed") state.failed += 1;
      record({ ...told, file: names.length > 1 ? told.file : shown });
    }
    if (told.type === "apart") state.apart = told.message;
    if (told.type === "stray") {
      state.failed += 1;
      record(told);
    }
    return awake();
  };
  lines(started.stdio[3], take);
  started.stderr.setEncoding("utf8");
  started.stderr.on("data", (text) => {
    process.stderr.write(text);
    state.stderr = (state.stderr + text).slice(-2000);
  });
  const begun = process.hrtime();
  return new Promise((resolve) => {
    started.on("close", (code, signal) => {
      clearTimeout(watchdog);
      const [seconds, nanos] = process.hrtime(begun);
      resolve({ ...state, names, shown, code, signal, ms: seconds * 1000 + nanos / 1e6 });
    });
  });
}

/** A line that did not carry the child's nonce goes on as it is, without the run's nonce: the reader counts it. */
function forward(line) {
  require("node:fs").writeSync(3, "forged " + line.slice(0, 200) + "\n");
}

let early = false;
/** Of files that share a process nothing is said for one that is not sure; without the closing record the reader takes the run for what it is. */
function concludeShared(over) {
  const odd = over.code !== 0 && over.failed === 0 ? "the process ended with " + (over.signal || "code " + over.code) : null;
  const why = over.hung ? "no progress" : over.apart || (over.ended ? odd : "the process ended early");
  if (why === null) return;
  record({ type: "stray", error: failure("error", "not to be told apart: " + why) });
  early = true;
}

function conclude(over) {
  if (over.names.length > 1) return concludeShared(over);
  if (over.hung) {
    record({ type: "stray", error: failure("timeout", over.shown + " made no progress") });
    early = true;
  } else if (over.begun && !over.ended) {
    early = true;
  } else if (over.code !== 0 && over.failed === 0) {
    const error = failure(
      over.tests === 0 ? "load" : "error",
      over.stderr || over.shown + " ended with " + (over.signal || "code " + over.code),
    );
    record(over.tests === 0 ? { type: "file", file: over.shown, status: "failed", error } : { type: "stray", error });
  } else if (over.code === 0 && !over.begun && (over.exit === null || over.exit.tests)) {
    early = true;
  } else if (over.tests === 0 && over.failed === 0) {
    // As `node --test` has it: a file without tests is a test, passed when its process ends well.
    record({ type: "test", file: over.shown, path: [over.shown], status: "passed", ms: over.ms });
  }
}

const skippedFolders = new Set(["node_modules", ".git"]);
function walk(folder, found) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skippedFolders.has(entry.name)) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(full, found);
    else found.push(full);
  }
  return found;
}

/** Globs with `*`, `**`, `?` and `{a,b}`: what test scripts use. */
function patternOf(glob) {
  let text = "";
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i];
    if (glob.startsWith("**/", i)) {
      text += "(?:[^/]+/)*";
      i += 2;
    } else if (glob.startsWith("**", i)) {
      text += ".*";
      i += 1;
    } else if (c === "*") text += "[^/]*";
    else if (c === "?") text += "[^/]";
    else if (c === "{") text += "(?:";
    else if (c === "}") text += ")";
    else if (c === ",") text += "|";
    else text += c.replace(/[.+^$()|[\]\\]/g, "\\$&");
  }
  return new RegExp("^" + text + "$");
}

const defaultFile = /(^|\/)(test(\/.*)?\/[^/]+|test|test-[^/]*|[^/]*[.\-_]test)\.[cm]?(js|ts)$/;

function allFiles() {
  const here = process.cwd();
  const shown = walk(here, []).map((file) => path.relative(here, file).split(path.sep).join("/"));
  const kinds = strips || hasLoader ? /\.[cm]?[jt]s$/ : /\.[cm]?js$/;
  if (request.patterns.length === 0) return shown.filter((file) => kinds.test(file) && defaultFile.test(file));
  const chosen = new Set();
  for (const glob of request.patterns) {
    const clean = glob.replace(/^\.\//, "").replace(/\/$/, "");
    const folder = !/[*?{]/.test(clean) && statSync(clean, { throwIfNoEntry: false })?.isDirectory();
    const test = folder
      ? (file) => (clean === "." || file.startsWith(clean + "/")) && kinds.test(file)
      : (file) => patternOf(clean).test(file);
    for (const file of shown) if (test(file)) chosen.add(file);
  }
  return [...chosen];
}

const files = request.files.length > 0 ? request.files.slice() : allFiles().sort();
const together = new Set(request.together || []);
const [sharing, single] = [files.filter((file) => together.has(file)), files.filter((file) => !together.has(file))];
const queue = sharing.length > 0 ? [seed === null ? sharing : shuffled(sharing, seed)] : [];
for (const file of single) queue.push([file]);

/** Judges mutants by files in a process of their own; one that has stopped telling is ended. */
function siftBy(files) {
  const main = fileURLToPath(new URL("./sift-node-test-main.cjs", import.meta.url));
  const words = argvFor([files[0]]);
  const argv = [...words.slice(0, -1), main, ...files];
  return siftedBy(spawn(process.execPath, argv, { stdio: ["ignore", "inherit", "inherit"], env: process.env }), 10_000);
}

async function sharedOut(left, work) {
  const next = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: workers }, next));
}

/** By so many files at a time, or step by step: those that may share a process, and then the others each by itself. */
async function siftFiles() {
  followSift(record, root);
  const plan = readPlan();
  if (plan.steps.length === 0) await sharedOut(files.slice(), (file) => siftBy([file]));
  await eachStep(plan, async (step, isOver) => {
    const own = step.files.map((file) => path.relative(process.cwd(), path.resolve(root, file)));
    const groups = [own.filter((file) => together.has(file)), ...own.filter((file) => !together.has(file)).map((file) => [file])];
    for (const group of groups) if (group.length > 0 && !isOver()) await siftBy(group);
  });
}
if (request.sift) {
  await siftFiles();
  process.exit(0);
}

let failures = 0;
await sharedOut(queue, async (batch) => {
  const over = await runFiles(batch);
  if (over.code !== 0) failures += 1;
  conclude(over);
});
if (!early) record({ type: "end" });
process.exitCode = failures > 0 ? 1 : 0;
