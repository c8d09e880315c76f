"use strict";
/*
 * Loaded first in every process of a test job (NODE_OPTIONS=--require). Code under test shares the process with the assertions that
 * judge it, so the assertion library that Node brings is made unchangeable before any of that code is loaded.
 */
const assert = require("assert");

const seal = (target, seen) => {
  if ((typeof target !== "object" && typeof target !== "function") || target === null || seen.has(target)) return;
  seen.add(target);
  for (const key of Object.getOwnPropertyNames(target)) {
    const property = Object.getOwnPropertyDescriptor(target, key);
    if (property && "value" in property && typeof property.value === "function") seal(property.value, seen);
  }
  Object.freeze(target);
};

const seen = new Set([Object, Function, Error, Object.prototype, Function.prototype, Error.prototype]);
seal(assert, seen);
if (assert.strict) seal(assert.strict, seen);

// The assertion that called into deep code must still be on the stack of what went wrong there.
if (Error.stackTraceLimit === 10) Error.stackTraceLimit = 40;
