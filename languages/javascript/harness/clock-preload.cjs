"use strict";
/*
 * Loaded in every process and thread of a run whose clock is to be off: `Date` is so many milliseconds ahead (KIHON_CLOCK_MS), in this realm and in
 * every context of `vm` that is made in it, as jest makes one for each test file. What does not ask `Date` is told the true time: the kernel's
 * stamps on files, certificates, programs that are no Node, `Intl.DateTimeFormat` when it is given no time, headers that Node itself dates.
 */
const { syncBuiltinESMExports } = require("module");
const { performance } = require("perf_hooks");
const vm = require("vm");
const aheadMs = Number(process.env.KIHON_CLOCK_MS);

/** Runs in the realm whose clock it moves, so it names nothing of this one. */
function move(aheadMs) {
  const TrueDate = Date;
  const trueNow = TrueDate.now;
  const { construct } = Reflect;
  const now = () => trueNow() + aheadMs;
  const moved = new Proxy(TrueDate, {
    apply: () => new TrueDate(now()).toString(),
    construct: (target, args, made) => construct(target, args.length === 0 ? [now()] : args, made),
  });
  const put = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
  put(TrueDate, "now", now);
  put(TrueDate.prototype, "constructor", moved);
  put(globalThis, "Date", moved);
}

move(aheadMs);
// Milliseconds since the epoch as well: what is told by both agrees.
Object.defineProperty(performance, "timeOrigin", { value: performance.timeOrigin + aheadMs, enumerable: true, configurable: true });

const { createContext, runInContext } = vm;
vm.createContext = function (...args) {
  const context = createContext.apply(this, args);
  runInContext("(" + move + ")(" + aheadMs + ")", context);
  return context;
};
if (syncBuiltinESMExports) syncBuiltinESMExports();
