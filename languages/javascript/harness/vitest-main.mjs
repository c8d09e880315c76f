// Runs vitest by its Node API; the reporter is an object of this process, so that no worker ever holds the channel's words.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import v8 from "node:v8";

const require = createRequire(import.meta.url);
const { openChannel, describeError, relativeTo, findPackage, takeRequest, followSift } = require("./channel.cjs");
const { eachStep, readPlan } = require("./sift.cjs");

// vitest's own process lasts half a second, a sixth of which V8 11 (Node 20) spends on optimizing code that is soon over: it starts thirty
// times later. Forks keep their settings, threads share this process's. Other versions of V8 name it otherwise and were not measured.
if (process.versions.v8.startsWith("11.")) v8.setFlagsFromString("--interrupt-budget=2000000");

const vitest = findPackage("vitest");
const request = takeRequest(path.join(vitest.folder, "vitest.mjs"));
const major = Number(vitest.manifest.version.split(".")[0]);
const { root, seed, timeoutMs } = request;
const files = request.files.map((file) => path.resolve(file));
const sharing = new Set((request.together || []).map((file) => path.resolve(file)));
/** Runs of vitest, one after another: the files that share a process, and the others. */
const batches = [files.filter((file) => sharing.has(file)), files.filter((file) => !sharing.has(file))].filter(({ length }) => length > 0);
if (batches.length === 0) batches.push([]);
let asked = new Set();
const record = openChannel();
record({ type: "start" });

const lateText = /^(?:Test|Hook) timed out in \d+ms/;
const failureOf = (error, kind) =>
  describeError(error, root, kind || (error && lateText.test(error.message || "") ? "timeout" : undefined));
const tasksOf = (suite) => (suite && Array.isArray(suite.tasks) ? suite.tasks : []);
const errorsOf = (task) => (task.result && task.result.errors) || (task.result && task.result.error ? [task.result.error] : []);

function tellTest(file, titles, task) {
  const state = task.result && task.result.state;
  const status = state === "pass" ? "passed" : state === "fail" ? "failed" : "skipped";
  const line = { type: "test", file, path: titles.concat(task.name), status, ms: Math.max(0, (task.result && task.result.duration) || 0) };
  record(status === "failed" ? { ...line, error: failureOf(errorsOf(task)[0]) } : line);
}

/** `hidden`: a hook of an outer suite failed, so tests that did not run are absent rather than skipped. */
function tellTasks(file, titles, suite, hidden) {
  for (const task of tasksOf(suite)) {
    if (task.type === "suite") {
      const errors = errorsOf(task);
      for (const error of errors) record({ type: "stray", hook: file, error: failureOf(error) });
      tellTasks(file, titles.concat(task.name), task, hidden || errors.length > 0);
      continue;
    }
    const state = task.result && task.result.state;
    if (state !== "pass" && state !== "fail" && (hidden || task.mode === "run")) continue;
    tellTest(file, titles, task);
  }
}

const told = new Set();
function tellFile(task) {
  if (!task || !task.filepath || told.has(task)) return;
  told.add(task);
  if (asked.size > 0 && !asked.has(path.resolve(task.filepath))) return;
  const file = relativeTo(root, task.filepath);
  const errors = errorsOf(task);
  if (errors.length > 0 && tasksOf(task).length === 0) {
    record({ type: "file", file, status: "failed", error: failureOf(errors[0], "load") });
    return;
  }
  for (const error of errors) record({ type: "stray", hook: file, error: failureOf(error) });
  tellTasks(file, [], task, errors.length > 0);
}

/** vitest takes file names as substrings: of what it found, only what was asked may run. */
function keepExactly(context) {
  if (asked.size === 0) return;
  const fileOf = (spec) => path.resolve(Array.isArray(spec) ? spec[1] : spec.moduleId || String(spec));
  for (const method of ["runFiles", "runTestSpecifications"]) {
    const original = context[method];
    if (typeof original !== "function") continue;
    context[method] = function (specs, ...rest) {
      return original.call(this, Array.isArray(specs) ? specs.filter((spec) => asked.has(fileOf(spec))) : specs, ...rest);
    };
  }
}

let context = null;
let ended = false;
function finish(tasks, errors) {
  for (const task of tasks) tellFile(task);
  for (const error of errors || []) record({ type: "stray", error: failureOf(error) });
  ended = true;
}

const reporter = {
  onInit(started) {
    context = started;
    if (request.sift && readPlan().steps.length > 0) runSteps(started);
    keepExactly(started);
  },
  // Up to vitest 3.
  onTaskUpdate(packs) {
    const known = context && context.state && context.state.idMap;
    if (!known) return;
    for (const pack of packs) {
      const task = known.get(pack[0]);
      if (task && task.filepath && task.result && (task.result.state === "pass" || task.result.state === "fail")) tellFile(task);
    }
  },
  onFinished(tasks, errors) {
    if (!ended) finish(tasks || [], errors);
  },
  // From vitest 3 on.
  onTestModuleEnd(module) {
    tellFile(module.task);
  },
  onTestRunEnd(modules, errors, reason) {
    if (reason === "interrupted") return;
    if (!ended)
      finish(
        modules.map((module) => module.task),
        errors,
      );
  },
};

/** Each file is judged in its worker by a runner of ours. */
const sifting = { runner: fileURLToPath(new URL("./sift-vitest.mjs", import.meta.url)), fileParallelism: request.workers > 1 };
if (request.sift) followSift(record, root);

/**
 * What vitest would run is run step by step, each time in new workers: those of a step that may share one, and the others each in its own.
 * What the server has made of the sources stays.
 */
function runSteps(context) {
  const method = typeof context.runFiles === "function" ? "runFiles" : "runTestSpecifications";
  const original = context[method];
  const fileOf = (spec) => path.resolve(Array.isArray(spec) ? spec[1] : spec.moduleId || String(spec));
  context[method] = async function (specs, ...rest) {
    const known = new Map(specs.map((spec) => [relativeTo(root, fileOf(spec)), spec]));
    let result;
    await eachStep(readPlan(), async (step, isOver) => {
      const own = step.files.flatMap((file) => (known.has(file) ? [known.get(file)] : []));
      const runs = own.length > 0 && sharing.has(fileOf(own[0])) ? [own] : own.map((spec) => [spec]);
      for (const some of runs) if (!isOver()) result = await original.call(this, some, ...rest);
    });
    return result;
  };
}

/** Files in the order in which they are given. */
class AsGiven {
  sort(specs) {
    return specs;
  }
  shard(specs) {
    return specs;
  }
}

function options(batch) {
  const few = batch.length > 0 && batch.length < 4;
  const together = batch.some((file) => sharing.has(file));
  const workers = few || together ? 1 : request.workers || 2;
  const alone = together ? { isolate: false, singleThread: true, singleFork: true } : {};
  const pool = { minThreads: 1, maxThreads: workers, minForks: 1, maxForks: workers, ...alone };
  return {
    ...request.options,
    run: true,
    watch: false,
    reporters: [reporter],
    coverage: { enabled: false },
    typecheck: { enabled: false },
    browser: undefined,
    ui: false,
    open: false,
    retry: 0,
    bail: 0,
    passWithNoTests: true,
    testTimeout: timeoutMs,
    minWorkers: 1,
    maxWorkers: workers,
    // From 4 on the limits above are all there is.
    poolOptions: major >= 4 ? undefined : { threads: pool, forks: pool, vmThreads: pool, vmForks: pool },
    ...(together ? { isolate: false, fileParallelism: false } : {}),
    ...(request.sift ? { ...sifting, sequence: { sequencer: AsGiven } } : {}),
    ...(seed === null ? {} : { sequence: { shuffle: { files: true, tests: true }, seed } }),
  };
}

/** The file behind `vitest/node`, whichever form the version's manifest gives it in. */
function entryOf(exported) {
  return typeof exported === "string" ? exported : entryOf(exported.import || exported.default);
}
// Workers take the flags of `node` from the environment, not from this process.
if (request.nodeFlags.length > 0) process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS].concat(request.nodeFlags).filter(Boolean).join(" ");
const { startVitest } = await import(pathToFileURL(path.join(vitest.folder, entryOf(vitest.manifest.exports["./node"]))).href);
// From 0.23 on the mode comes first.
const knowsModes = major > 0 || Number(vitest.manifest.version.split(".")[1]) >= 23;
let over = 0;
for (const batch of batches) {
  asked = new Set(batch);
  ended = false;
  const given = options(batch);
  for (const key of Object.keys(given)) if (given[key] === undefined) delete given[key];
  const filters = batch.length > 0 ? batch : request.filters;
  const running = await (knowsModes ? startVitest("test", filters, given) : startVitest(filters, given));
  if (running && typeof running.close === "function") await running.close();
  if (ended) over += 1;
}
if (over === batches.length) record({ type: "end" });
process.exit(process.exitCode || 0);
