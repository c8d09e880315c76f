"use strict";
/*
 * What test files get for `node:test` in a sift: it notes their tests instead of running them. `sift-node-test-main.cjs` has it loaded in
 * place of the real one, whose mocks it hands on.
 */
const real = require("node:test");

const hookNames = ["before", "after", "beforeEach", "afterEach"];
const newSuite = (titles, skipped) => ({
  titles,
  skipped,
  before: [],
  after: [],
  beforeEach: [],
  afterEach: [],
  children: [],
  waiting: [],
});

let root = newSuite([], false);
let current = root;
let only = false;

/** `(name?, options?, fn?)` in any of their forms. */
function readArguments(args) {
  const name = typeof args[0] === "string" ? args[0] : undefined;
  const options = args.find((arg) => typeof arg === "object" && arg !== null) || {};
  const fn = args.find((arg) => typeof arg === "function");
  return { name: name || (fn && fn.name) || "<anonymous>", options, fn: fn || (() => {}) };
}

class Skip extends Error {}

/** Calls a function of the file's own: with its context, and with a callback where it takes one. */
function callWith(fn, context, taken) {
  if (fn.length <= taken) return fn.call(context, context);
  return new Promise((resolve, reject) => {
    fn.call(context, context, (error) => (error ? reject(error) : resolve()));
  });
}

/** What a test function is given. Subtests run when they are made, one after another. */
class Context {
  #test;
  #mock = null;
  #hooks = { before: [], after: [], beforeEach: [], afterEach: [] };
  #inner = Promise.resolve();
  #failure = null;
  #asserted = 0;
  #planned = null;
  #assert = null;

  constructor(test, titles) {
    this.#test = test;
    this.titles = titles;
    this.name = titles[titles.length - 1];
    this.fullName = titles.join(" > ");
    this.filePath = test.file;
    this.signal = new AbortController().signal;
    for (const name of hookNames) this[name] = (fn) => void this.#hooks[name].push(fn);
  }

  get mock() {
    this.#mock = this.#mock || new real.mock.constructor();
    return this.#mock;
  }

  get assert() {
    if (this.#assert !== null) return this.#assert;
    const assert = require("node:assert");
    this.#assert = {};
    for (const [name, fn] of Object.entries(assert)) {
      if (typeof fn !== "function" || /^[A-Z]|^strict$/.test(name)) continue;
      this.#assert[name] = (...args) => {
        this.#asserted += 1;
        return fn(...args);
      };
    }
    return this.#assert;
  }

  diagnostic() {}
  runOnly() {}
  todo() {}
  skip() {
    throw new Skip();
  }
  plan(count) {
    this.#planned = count;
  }

  test(...args) {
    const { name, options, fn } = readArguments(args);
    this.#asserted += 1;
    if (options.skip || options.todo) return Promise.resolve();
    const titles = this.titles.concat(name);
    this.#test.also.add(titles);
    const inner = new Context(this.#test, titles);
    this.#inner = this.#inner.then(async () => {
      try {
        for (const hook of this.#hooks.before.splice(0)) await callWith(hook, this, 1);
        for (const hook of this.#hooks.beforeEach) await callWith(hook, inner, 1);
        await inner.run(fn);
      } catch (error) {
        if (!(error instanceof Skip)) this.#failure = this.#failure || { error };
      } finally {
        for (const hook of this.#hooks.afterEach) await callWith(hook, inner, 1);
      }
    });
    return this.#inner;
  }

  async run(fn) {
    try {
      await callWith(fn, this, 1);
      await this.#inner;
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#planned !== null && this.#planned !== this.#asserted)
        throw new Error("plan expected " + this.#planned + " assertions and saw " + this.#asserted);
    } finally {
      for (const hook of this.#hooks.after) await callWith(hook, this, 1);
      if (this.#mock !== null) this.#mock.restoreAll();
    }
  }
}

const isSkipped = (options) => Boolean(options.skip || options.todo);

function addTest(extra, args) {
  const { name, options: own, fn } = readArguments(args);
  const options = { ...own, ...extra };
  if (options.only) only = true;
  const suite = current;
  const test = { titles: suite.titles.concat(name), file: root.file, only: Boolean(options.only), also: new Set() };
  test.skipped = isSkipped(options) || suite.skipped;
  test.run = () => {
    const context = new Context(test, test.titles);
    return context.run(fn).catch((error) => {
      if (!(error instanceof Skip)) throw error;
    });
  };
  suite.children.push(test);
  return Promise.resolve();
}

function addSuite(extra, args) {
  const { name, options: own, fn } = readArguments(args);
  const options = { ...own, ...extra };
  if (options.only) only = true;
  const outer = current;
  const suite = newSuite(outer.titles.concat(name), outer.skipped || isSkipped(options));
  outer.children.push(suite);
  current = suite;
  try {
    const waiting = fn.call({ name }, { name, signal: new AbortController().signal });
    // What an async suite adds after it has waited belongs to whatever is open then, as nobody can tell.
    if (waiting && typeof waiting.then === "function") root.waiting.push(waiting);
  } finally {
    current = outer;
  }
  return Promise.resolve();
}

const withForms = (add) => {
  const call = (...args) => add({}, args);
  for (const form of ["skip", "todo", "only"]) call[form] = (...args) => add({ [form]: true }, args);
  return call;
};

const test = withForms(addTest);
const suite = withForms(addSuite);
/** Contexts of hooks tell nothing of a test. */
const hookOf = (name) => (fn) => {
  if (typeof fn === "function") current[name].push(() => callWith(fn, {}, 1));
};
Object.assign(test, real, { test, it: test, describe: suite, suite, mock: real.mock });
for (const name of hookNames) test[name] = hookOf(name);
/** The tree, once the file is loaded. Hooks of the file itself stand around all its tests. */
test.kihonTree = async () => {
  await Promise.all(root.waiting);
  if (only) leave(root);
  return root;
};

/** With `only` anywhere, the others do not run where node is asked for that; what it is asked is not known here. */
function leave(node) {
  for (const child of node.children) {
    if (child.children) leave(child);
    else if (!child.only) child.skipped = true;
  }
}
/** What is added from here on is of this file. */
test.kihonFile = (file) => {
  root = Object.assign(newSuite([], false), { file });
  current = root;
  only = false;
};

module.exports = test;
