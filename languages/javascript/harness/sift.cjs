"use strict";
/*
 * Judges many mutants in one process. The files under test hold all of them (`switched.ts`); here one after another is put in force, the
 * tests that reach it are run again, and the first that fails ends it. Which tests reach which mutant, and which tests do the same when
 * they are run twice, is seen first, on the healthy code.
 *
 * What matters while files are loaded, or is computed once and kept, cannot be put in force afterwards. Of such a mutant a job may ask that
 * it be in force from the start: the main script writes one step after another and has the files loaded anew for each, and here the
 * step's tests are run once. Where its runner cannot load anew, nothing is said.
 *
 * What is found goes, a line of JSON each, into a file of the workspace, from which a main script passes it on. Foreign code shares this process and could write there: these
 * verdicts are a screen, and nothing is stored that was not seen again in a process of its own.
 *
 * A runner's part gives the tests as a tree: { before, after, beforeEach, afterEach, children } and { titles, file, skipped, run }, each
 * function called with the test that it is for (null for `before` and `after`), and rejects or throws where it fails. A test may also
 * have `begin`, called before everything, and `check`, called after it has run; the hooks of an outer suite stand around an inner one's.
 */
const fs = require("fs");
const { performance } = require("perf_hooks");

const now = performance.now.bind(performance);
const { setTimeout: later, clearTimeout: cancel, setImmediate: soon } = globalThis;
const { stringify, parse } = JSON;
const { readSync, writeSync, openSync, closeSync, fstatSync } = fs;

class EndlessLoop extends Error {}
class Late extends Error {}

let active = -1;
/** Where what is reached is listed. */
let noting = null;
/**
 * What the sources look at before they ask (`switched.ts`): by mutant, is it in force or yet to be listed; and the turns of loops that are left.
 * What has loaded them keeps these, so that they are the same as long as the process lives.
 */
let asked = new Uint8Array(0);
const left = new Float64Array(1);
let given = 0;
const unlimited = 2 ** 52;

const turnsTaken = () => given - left[0];
function giveTurns(most) {
  given = most;
  left[0] = most;
}
giveTurns(unlimited);

function putInForce(id) {
  if (active >= 0) asked[active] = 0;
  active = id;
  if (active >= 0) asked[active] = 1;
}

function noteIn(list) {
  noting = list;
  asked.fill(list === null ? 0 : 1);
}

function is(id) {
  if (noting === null) return id === active;
  if (asked[id] === 1) noting.push(id);
  asked[id] = 0;
  return false;
}

/** Whoever catches it, and whatever a runner makes of it. */
let wasEndless = false;
function loop() {
  wasEndless = true;
  throw new EndlessLoop();
}

/** A realm of its own, as jest has it, needs these too. */
function install(global) {
  global.__kihonMutant = is;
  global.__kihonLoop = loop;
  global.__kihonAsked = asked;
  global.__kihonTurns = left;
}

/** JSON in letters of one byte, so that it may be passed on in pieces. */
const ascii = (value) =>
  stringify(value).replace(/[\u007f-\uffff]/g, (letter) => "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0"));

let opened = 0;

/** The first thing a process of the tests does: from here on what is reached while files load is noted. */
function openSift() {
  const forward = globalThis.__kihonSiftForward;
  const { KIHON_SIFT_PLAN, KIHON_SIFT_OUT, KIHON_SIFT_KILLED, KIHON_SIFT_FOREIGN, KIHON_SIFT_STEP } = process.env;
  const plan = parse(fs.readFileSync(KIHON_SIFT_PLAN, "utf8"));
  const step = plan.steps.length === 0 ? null : parse(fs.readFileSync(KIHON_SIFT_STEP, "utf8"));
  const out = openSync(KIHON_SIFT_OUT, "a");
  // A byte for each mutant, for all processes of the job: what one has killed no other runs again.
  const killed = openSync(KIHON_SIFT_KILLED, "r+");
  const [byte, one] = [Buffer.alloc(1), Buffer.from([1])];
  if (asked.length !== plan.size) asked = new Uint8Array(plan.size);
  opened += 1;
  const of = process.pid + "." + opened;
  const write = (value) => {
    writeSync(out, ascii({ of, ...value }) + "\n");
    if (forward && value.type === "begin") forward();
  };
  const kill = (id) => writeSync(killed, one, 0, 1, id);
  const isKilled = (id) => readSync(killed, byte, 0, 1, id) === 1 && byte[0] === 1;
  install(globalThis);
  giveTurns(unlimited);
  const sift = { plan, step, write, kill, isKilled, loading: [], foreignFile: KIHON_SIFT_FOREIGN };
  if (step === null) noteIn(sift.loading);
  else begin(sift);
  return sift;
}

/** The step's mutant, before anything is loaded. */
function begin({ step, write }) {
  noteIn(null);
  putInForce(step.id);
  giveTurns(mostOf(step.turns));
  wasEndless = false;
  write({ type: "begin", id: step.id });
}

/** Have each test, and the hooks around a suite, their own turns? */
let rationed = false;
/** Turns of loops that are allowed where the healthy code takes so many. */
const mostOf = (healthy) => Math.max(50000, 100 * healthy);

/** Runs one function of the tests' own, and waits for it no longer than so. */
function call(run, test, ms) {
  let result;
  try {
    result = run(test);
  } catch (error) {
    return Promise.reject(error);
  }
  if (result === undefined || result === null || typeof result.then !== "function") return null;
  return new Promise((resolve, reject) => {
    const timer = later(() => reject(new Late()), ms);
    result.then(
      () => {
        cancel(timer);
        resolve();
      },
      (error) => {
        cancel(timer);
        reject(error);
      },
    );
  });
}

/** What went wrong outside of what is waited for, since it was last asked. */
let stray = null;
const onStray = (error) => {
  if (stray === null) stray = { error };
};

async function runTest(test, way) {
  const limit = test.limitMs;
  try {
    if (test.begin) test.begin();
    for (const suite of way) {
      for (const each of suite.beforeEach) {
        const waiting = call(each, test, limit);
        if (waiting !== null) await waiting;
      }
    }
    const waiting = call(test.run, test, limit);
    if (waiting !== null) await waiting;
    if (test.check) test.check();
  } catch (error) {
    return { error };
  } finally {
    for (let at = way.length - 1; at >= 0; at -= 1) {
      for (const each of way[at].afterEach) {
        const waiting = call(each, test, limit);
        if (waiting !== null) await waiting.catch(onStray);
      }
    }
  }
  return stray;
}

/**
 * Runs the chosen tests of a suite, quickest first within it, with the hooks around them. `seen` is told of each: the test, its failure or
 * null, and the milliseconds; it says whether to go on.
 */
async function runSuite(suite, chosen, seen, way) {
  if (!suite.all.some((test) => chosen.has(test))) return true;
  const inner = way.concat(suite);
  let go = true;
  if (rationed) giveTurns(mostOf(suite.hookTurns));
  try {
    for (const hook of suite.before) {
      const waiting = call(hook, null, hookLimitMs);
      if (waiting !== null) await waiting;
    }
  } catch (error) {
    // None of its tests can be told apart by what they do.
    for (const test of suite.all) if (go && chosen.has(test)) go = seen(test, { error, hook: true }, 0);
    return go;
  }
  for (const child of suite.children) {
    if (!go) break;
    if (child.children) {
      go = await runSuite(child, chosen, seen, inner);
      continue;
    }
    if (!chosen.has(child)) continue;
    stray = null;
    if (rationed) giveTurns(mostOf(child.turns));
    const begun = now();
    const failure = await runTest(child, inner);
    go = seen(child, failure, now() - begun);
    beat();
  }
  if (rationed) giveTurns(mostOf(suite.hookTurns));
  for (const hook of suite.after) {
    const waiting = call(hook, null, hookLimitMs);
    if (waiting === null) continue;
    await waiting.catch((error) => {
      // Of the healthy code only tests are looked at; what a mutant breaks here somebody notices.
      if (go && active >= 0) go = seen(suite.all.filter((test) => chosen.has(test)).pop(), { error, hook: true }, 0);
    });
  }
  return go;
}
const hookLimitMs = 20000;

/** Says after a test, where nothing was said for a second, that this goes on. */
let beat = () => {};

/** Every test below a suite, as a list that it keeps. */
function prepare(suite, all) {
  suite.all = [];
  // Of what stands around all of its tests, in every round on the healthy code.
  suite.hookTurns = 0;
  for (const child of suite.children) {
    if (child.children) {
      prepare(child, all);
      for (const test of child.all) suite.all.push(test);
    } else {
      suite.all.push(child);
      all.push(child);
    }
  }
}

const turnOfLoop = () => new Promise((resolve) => soon(resolve));

const unique = (ids) => [...new Set(ids)];

/** The tree with its `before` and `after` noting what they reach: every test of the suite does. */
function noted(suite, groups) {
  const group = { reached: [], tests: suite.all };
  groups.push(group);
  const shared = (hook) => async (test) => {
    const [around, own, before] = [noting, [], turnsTaken()];
    noteIn(own);
    try {
      await hook(test);
    } finally {
      suite.hookTurns += turnsTaken() - before;
      group.reached.push(...own);
      noteIn(around);
    }
  };
  const children = suite.children.map((child) => (child.children ? noted(child, groups) : child));
  return { ...suite, before: suite.before.map(shared), after: suite.after.map(shared), children };
}

/** One round of these tests on the healthy code, as far as it comes in its time: what each gives, reaches and takes. */
async function observe(root, tests, sift) {
  const begun = now();
  const found = new Map();
  const groups = [];
  // What a child process or another thread of the tests reaches is not seen here, but that it came to a mutant is.
  const foreign = openSync(sift.foreignFile, "a");
  let size = fstatSync(foreign).size;
  noteIn([]);
  giveTurns(unlimited);
  const seen = (test, failure, ms) => {
    const grown = fstatSync(foreign).size;
    found.set(test, { failure, ms, turns: turnsTaken(), reached: noting, foreign: grown > size });
    size = grown;
    giveTurns(unlimited);
    noteIn([]);
    return now() - begun < roundMs;
  };
  await runSuite(noted(root, groups), new Set(tests), seen, []);
  await turnOfLoop();
  closeSync(foreign);
  for (const { reached, tests: inside } of groups) for (const test of inside) if (found.has(test)) found.get(test).reached.push(...reached);
  for (const one of found.values()) one.reached = unique(one.reached);
  return found;
}

/** A runner may run tests side by side where these go one after another: those that wait are not waited for hundreds of times. */
const [roundMs, suiteMs, slowMs, doubtfulMs] = [20_000, 10_000, 100, 500];

function slowOf(round) {
  const all = [...round];
  const sum = all.reduce((total, [, { ms }]) => total + ms, 0);
  return new Set(sum <= suiteMs ? [] : all.flatMap(([test, { ms }]) => (ms > slowMs ? [test] : [])));
}

/** Why a test cannot be judged by here, or null. */
function unfitness(runs, isSlow) {
  if (runs.length > 0 && isSlow) return "takes too long to be run again and again";
  if (runs.length < 2) return "was not run";
  if (runs.some(({ failure }) => failure)) return "fails";
  return runs.some(({ foreign }) => foreign) ? "works in another process" : null;
}

/** So often is a test run in all that does not do the same twice, and for so long; so often where it is none of chance. */
const [mostRuns, mostMs, fewRuns] = [20, 2000, 5];

const isSame = (one, other) =>
  one.turns === other.turns &&
  one.reached.length === other.reached.length &&
  new Set([...one.reached, ...other.reached]).size === one.reached.length;

/** A test of chance takes now more and now fewer turns: the first run no more of them than the later ones, give or take what those differ by. */
function isOfChance([first, ...later]) {
  const took = later.map((run) => run.turns);
  const most = Math.max(...took);
  return first.turns <= most + (most - Math.min(...took));
}

/**
 * Do later runs do as much as the first? What is done the first time only was left somewhere, and a mutant that would not have been is not noticed
 * later. A test of chance does now more and now less: what its first run came to alone is matched by what a later one came to.
 */
function isRepeated(runs) {
  if (!isOfChance(runs)) return false;
  const [early, again] = [new Set(runs[0].reached), new Set()];
  for (const { reached } of runs.slice(1)) for (const id of reached) again.add(id);
  return runs[0].reached.every((id) => again.has(id)) || [...again].some((id) => !early.has(id));
}

/** Is one more run worth its time? A test that is not of chance shows it soon: then its first run did what is not done again. */
function isUnclear(runs) {
  const [before, last] = runs.slice(-2);
  if (unfitness(runs, false) !== null || isSame(before, last) || isRepeated(runs)) return false;
  const spent = runs.reduce((sum, { ms }) => sum + ms, 0);
  return spent < mostMs && runs.length < (isOfChance(runs) ? mostRuns : fewRuns);
}

/** Every test's runs on the healthy code: two, and a few more of those that did not do the same in both, until it is known what they are. */
async function observeAll(root, active, sift) {
  const first = await observe(root, active, sift);
  const slow = slowOf(first);
  const runsOf = new Map([...first].map(([test, run]) => [test, [run]]));
  let asked = active.filter((test) => first.has(test) && !slow.has(test));
  while (asked.length > 0) {
    const found = await observe(root, asked, sift);
    for (const [test, run] of found) runsOf.get(test).push(run);
    asked = asked.filter((test) => found.has(test) && isUnclear(runsOf.get(test)));
  }
  return { runsOf, slow };
}

const uniqueTitles = (also) => [...new Map([...(also || [])].map((titles) => [titles.join("\0"), titles])).values()];

const packed = (ids) => {
  const bytes = Buffer.alloc(ids.length === 0 ? 0 : (Math.max(...ids) >> 3) + 1);
  for (const id of ids) bytes[id >> 3] |= 1 << (id & 7);
  return bytes.toString("base64");
};

const kindOf = (error) => (wasEndless ? "endless" : error instanceof Late ? "late" : "failed");

/** What a step's file gave that did not load, where it does without the mutant. */
function tellUnloaded({ step, kill, write }) {
  kill(step.id);
  write({ type: "alone", id: step.id, files: [], verdict: wasEndless ? "endless" : "unloaded" });
}

/** The tests that are asked for of each file of a step that is here; null where one is not. */
function chosenOf({ plan, step }, tests) {
  const keyOf = (titles) => titles.join("\0");
  const here = new Map();
  for (const test of tests) {
    if (test.skipped) continue;
    const list = here.get(test.file) || [];
    list.push(test);
    here.set(test.file, list);
  }
  const files = step.files.filter((file) => here.has(file));
  const chosen = new Set();
  for (const file of files) {
    const left = here.get(file);
    for (const titles of plan.tests[file] || []) {
      const at = left.findIndex((test) => keyOf(test.titles) === keyOf(titles));
      if (at < 0) return null;
      chosen.add(left.splice(at, 1)[0]);
    }
  }
  return { files, chosen };
}

/** Runs the tests of a step, whose mutant has been in force since before they were loaded. */
async function judgeStep(sift, root, tests) {
  const { step, write } = sift;
  const tell = (files, verdict, by) =>
    write({ type: "alone", id: step.id, files, verdict, ...(by ? { by: [by.file].concat(by.titles) } : {}) });
  if (sift.isKilled(step.id)) return;
  const found = chosenOf(sift, tests);
  if (found === null) return tell([], "otherwise");
  const { files, chosen } = found;
  let [by, failure] = [null, null];
  const seen = (test, thrown) => {
    if (thrown === null) return true;
    [by, failure] = [test, thrown];
    return false;
  };
  await runSuite(root, chosen, seen, []);
  if (by === null) return tell(files, "survived");
  sift.kill(step.id);
  tell(files, kindOf(failure.error), by);
}

/** Judges the plan's mutants by these tests, or the step's. */
async function judge(sift, root) {
  const { plan, write } = sift;
  let last = now();
  beat = () => {
    if (now() - last < 1000) return;
    last = now();
    write({ type: "pulse" });
  };
  const loaded = unique(sift.loading);
  let allTurns = turnsTaken();
  const tests = [];
  prepare(root, tests);
  for (const test of tests) test.limitMs = plan.timeoutMs;
  const events = ["uncaughtException", "unhandledRejection"];
  const others = events.map((event) => process.listeners(event));
  for (const event of events) process.removeAllListeners(event).on(event, onStray);
  const { exit } = process;
  process.exit = (code) => {
    throw new Error("process.exit(" + code + ")");
  };
  try {
    if (sift.step !== null) return await judgeStep(sift, root, tests);
    const elsewhere = fs.readFileSync(sift.foreignFile, "utf8").split("\n").filter(Boolean).map(Number);
    if (elsewhere.length > 0) write({ type: "elsewhere", ids: packed(unique(elsewhere)) });
    const active = tests.filter((test) => !test.skipped);
    const { runsOf, slow } = await observeAll(root, active, sift);
    for (const [first] of runsOf.values()) allTurns += first.turns;
    noteIn(null);
    write({ type: "loaded", ids: packed(loaded), turns: allTurns });
    const reaching = new Map();
    const doubtful = new Set(loaded);
    tests.forEach((test, at) => {
      const runs = runsOf.get(test) || [];
      const why = test.skipped ? "skipped" : unfitness(runs, slow.has(test));
      const reached = runs.map((run) => new Set(run.reached));
      const all = unique([].concat(...runs.map((run) => run.reached)));
      const ids = runs.length < 2 ? [] : all.filter((id) => reached.every((one) => one.has(id)));
      // Not always reached: what the code under test has computed and kept might not be asked for again.
      const odd = all.filter((id) => runs.length < 2 || !reached.every((one) => one.has(id)));
      const steady = runs.length < 2 ? odd.length === 0 : isRepeated(runs);
      const ms = runs.length < 2 ? 0 : Math.max(...runs.map((run) => run.ms));
      const shown = { type: "test", at, file: test.file, path: test.titles, why, steady, ms, ids: packed(ids), odd: packed(odd) };
      write(shown);
      // Tests that a test makes while it runs are judged with it, and were seen with it.
      for (const titles of uniqueTitles(test.also)) write({ ...shown, path: titles, inner: true });
      if (test.also) test.also.clear();
      for (const id of why === null ? odd : [...ids, ...odd]) doubtful.add(id);
      if (why !== null) return;
      test.ms = ms;
      test.turns = Math.max(...runs.map((run) => run.turns));
      test.at = at;
      test.kills = 0;
      // A mutant may make a test much slower and still end; what the machine does meanwhile must not count.
      test.limitMs = Math.min(plan.timeoutMs, 1000 + 20 * test.ms);
      for (const id of ids) {
        const list = reaching.get(id) || [];
        list.push(test);
        reaching.set(id, list);
      }
    });
    // That none of these tests notices a mutant says nothing where another may: that is tried only where it is cheap.
    const costly = ([id, list]) => doubtful.has(id) && list.reduce((sum, { ms }) => sum + ms, 0) > doubtfulMs;
    if (await judgeAll(sift, root, new Map([...reaching].filter((entry) => !costly(entry))))) write({ type: "end" });
  } finally {
    process.exit = exit;
    for (const [at, event] of events.entries()) {
      process.removeAllListeners(event);
      for (const listener of others[at]) process.on(event, listener);
    }
  }
}

/** Where files are judged side by side each begins elsewhere, so that one comes to what another has killed. */
function turned({ ids, workers }, files) {
  if (!(workers > 1)) return ids;
  let sum = 0;
  for (const letter of [...files].join()) sum = (31 * sum + letter.charCodeAt(0)) >>> 0;
  const from = sum % Math.max(1, ids.length);
  return ids.slice(from).concat(ids.slice(0, from));
}

/** How many tests are tried alone, the likeliest killers first, before all the others are run in their order. */
const triedFirst = 3;

/** False where it had to stop before all were judged. */
async function judgeAll(sift, root, reaching) {
  const { plan, write } = sift;
  const files = new Set(root.all.map(({ file }) => file));
  // What an earlier process judged by these files before it ended early.
  const judged = [...files].map((file) => new Set(plan.done[file] || []));
  const done = judged.length === 0 ? new Set() : new Set([...judged[0]].filter((id) => judged.every((ids) => ids.has(id))));
  let last = now();
  for (const id of turned(plan, files)) {
    const tests = reaching.get(id);
    if (tests === undefined || done.has(id) || sift.isKilled(id)) continue;
    write({ type: "begin", id });
    const verdict = await judgeOne(root, id, tests);
    if (verdict.by === null) write({ type: "mutant", id, verdict: "survived" });
    else {
      verdict.by.kills += 1;
      sift.kill(id);
      write({ type: "mutant", id, verdict: kindOf(verdict.failure.error), by: verdict.by.at });
      // A test that now fails on the healthy code as well says that the mutant left something behind.
      if (!(await isSound(root, verdict.by))) {
        write({ type: "drift", id, by: verdict.by.at });
        return false;
      }
    }
    if (now() - last > 200) {
      last = now();
      await turnOfLoop();
    }
  }
  return true;
}

async function judgeOne(root, id, tests) {
  const found = { by: null, failure: null };
  const seen = (test, failure) => {
    if (failure === null) return true;
    found.by = test;
    found.failure = failure;
    return false;
  };
  const likely = tests.length <= triedFirst ? [] : bestOf(tests);
  for (const test of likely) {
    await underMutant(root, id, [test], seen);
    if (found.by !== null) return found;
  }
  const rest = tests.filter((test) => !likely.includes(test));
  await underMutant(root, id, rest, seen);
  return found;
}

/** The tests with the most kills for their time. */
function bestOf(tests) {
  const score = (test) => (test.kills + 0.1) / (test.ms + 0.05);
  const best = [];
  for (const test of tests) {
    best.push(test);
    best.sort((a, b) => score(b) - score(a));
    if (best.length > triedFirst) best.pop();
  }
  return best;
}

async function underMutant(root, id, tests, seen) {
  if (tests.length === 0) return;
  rationed = true;
  wasEndless = false;
  putInForce(id);
  try {
    await runSuite(root, new Set(tests), seen, []);
  } finally {
    putInForce(-1);
    rationed = false;
    giveTurns(unlimited);
  }
}

async function isSound(root, test) {
  let sound = true;
  await runSuite(
    root,
    new Set([test]),
    (_test, failure) => {
      sound = failure === null;
      return false;
    },
    [],
  );
  return sound;
}

/** Has `run` load and judge the files of one step after another, as `{ id, files }`; what is killed by a file is not run by the next. */
async function eachStep(plan, run) {
  const killed = openSync(process.env.KIHON_SIFT_KILLED, "r");
  const byte = Buffer.alloc(1);
  const isKilled = (id) => readSync(killed, byte, 0, 1, id) === 1 && byte[0] === 1;
  for (const step of plan.steps) {
    if (isKilled(step.id)) continue;
    fs.writeFileSync(process.env.KIHON_SIFT_STEP, stringify(step));
    await run(step, () => isKilled(step.id));
  }
  closeSync(killed);
}

const readPlan = () => parse(fs.readFileSync(process.env.KIHON_SIFT_PLAN, "utf8"));

module.exports = { openSift, install, judge, tellUnloaded, eachStep, readPlan };
