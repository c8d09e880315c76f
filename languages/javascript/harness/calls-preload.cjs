"use strict";
// Loaded before everything else, in every process and thread of a recorded run. Sources in the form of `record.ts` report here each
// call that comes from outside of them, with its arguments and what it gave, as source text where there is such: one line of JSON a call,
// each line once, appended to one shared file. Foreign values are looked at without running their code: no getter, no proxy, no `toString`.
const { openSync, writeSync } = require("fs");
const { types } = require("util");
const target = process.env.KIHON_CALLS_FILE;

const MAX_ARGUMENT_CHARS = 300;
const MAX_OUTCOME_CHARS = 2000;
const MAX_SYMBOL_CHARS = 64 * 1024;
const MAX_CHARS = 1024 * 1024;
const MAX_DEPTH = 6;

// Tests replace globals; these are taken before any test runs.
const { apply, construct, ownKeys } = Reflect;
const { getOwnPropertyDescriptor, getPrototypeOf, defineProperty, is, hasOwn } = Object;
const { isArray } = Array;
const { stringify } = JSON;
const { then } = Promise.prototype;
const { toISOString, getTime } = Date.prototype;
const { toString: functionText } = Function.prototype;
const { toString: regexText } = RegExp.prototype;
const { entries: mapEntries } = Map.prototype;
const { values: setValues } = Set.prototype;
const mapNext = getPrototypeOf(new Map().entries()).next;
const setNext = getPrototypeOf(new Set().values()).next;

const isName = (key) => /^[A-Za-z_$][\w$]*$/.test(key);

const keyText = (key) => {
  if (key === "__proto__") return '["__proto__"]';
  return isName(key) ? key : stringify(key);
};

/** A value as text; `source` says whether the text, run as code, makes the value again. */
class Text {
  constructor(limit) {
    this.text = "";
    this.source = true;
    this.left = limit;
    this.above = [];
  }

  add(text) {
    if (this.left < 0) return;
    this.left -= text.length;
    if (this.left < 0) {
      this.text += text.slice(0, Math.max(0, text.length + this.left)) + "…";
      this.source = false;
    } else this.text += text;
  }

  mere(text) {
    this.source = false;
    this.add(text);
  }

  put(value) {
    if (this.left < 0) return;
    if (typeof value === "string") this.add(value.length > this.left ? stringify(value.slice(0, this.left + 1)) : stringify(value));
    else if (typeof value === "number") this.add(is(value, -0) ? "-0" : String(value));
    else if (typeof value === "bigint") this.add(String(value) + "n");
    else if (typeof value === "symbol") this.mere("a symbol");
    else if (typeof value === "function") this.mere("() => …");
    else if (value === null || typeof value !== "object") this.add(String(value));
    else this.putObject(value);
  }

  putObject(value) {
    if (types.isProxy(value)) return this.mere("a proxy");
    if (this.above.includes(value)) return this.mere("a cycle");
    if (this.above.length >= MAX_DEPTH) return this.mere("…");
    this.above.push(value);
    if (types.isRegExp(value)) this.putRegex(value);
    else if (types.isDate(value))
      this.add(is(apply(getTime, value, []), NaN) ? "new Date(NaN)" : `new Date("${apply(toISOString, value, [])}")`);
    else if (isArray(value)) this.putArray(value);
    else if (types.isMap(value)) this.putMany("new Map([", apply(mapEntries, value, []), mapNext, "])");
    else if (types.isSet(value)) this.putMany("new Set([", apply(setValues, value, []), setNext, "])");
    else if (types.isUint8Array(value)) this.putBytes(value);
    else if (types.isNativeError(value)) this.mere(told(value));
    else if (types.isPromise(value)) this.mere("a promise");
    else this.putMembers(value);
    this.above.pop();
  }

  putRegex(value) {
    if (ownKeys(value).length > 1) this.mere("a regular expression");
    else this.add(apply(regexText, value, []));
  }

  putArray(value) {
    this.add("[");
    for (let at = 0; at < value.length && this.left >= 0; at++) {
      if (at > 0) this.add(", ");
      this.putOwn(value, String(at));
    }
    this.add("]");
  }

  putMany(open, iterator, next, close) {
    this.add(open);
    for (let first = true; this.left >= 0; first = false) {
      const step = apply(next, iterator, []);
      if (step.done) break;
      if (!first) this.add(", ");
      this.put(step.value);
    }
    this.add(close);
  }

  putBytes(value) {
    this.add(nameOf(value) === "Buffer" ? "Buffer.from([" : "new Uint8Array([");
    for (let at = 0; at < value.length && this.left >= 0; at++) this.add((at > 0 ? ", " : "") + value[at]);
    this.add("])");
  }

  putMembers(value) {
    const above = getPrototypeOf(value);
    const isPlain = above === null || (getPrototypeOf(above) === null && hasOwn(above, "hasOwnProperty"));
    if (!isPlain) this.mere(nameOf(value) + " ");
    this.add("{");
    let first = true;
    if (above === null) {
      this.add(" __proto__: null");
      first = false;
    }
    for (const key of ownKeys(value)) {
      if (this.left < 0) return;
      if (!getOwnPropertyDescriptor(value, key).enumerable) continue;
      if (typeof key === "symbol") {
        this.source = false;
        continue;
      }
      this.add((first ? " " : ", ") + keyText(key) + ": ");
      this.putOwn(value, key);
      first = false;
    }
    this.add(first ? "}" : " }");
  }

  putOwn(holder, key) {
    const own = getOwnPropertyDescriptor(holder, key);
    if (own === undefined) this.mere("a hole");
    else if (own.get !== undefined || own.set !== undefined) this.mere("a getter");
    else this.put(own.value);
  }
}

/** Of the class that the object says it is of. */
function nameOf(value) {
  const above = getPrototypeOf(value);
  if (above === null || types.isProxy(above)) return "Object";
  const made = getOwnPropertyDescriptor(above, "constructor");
  const own = made && typeof made.value === "function" && !types.isProxy(made.value) && getOwnPropertyDescriptor(made.value, "name");
  return own && typeof own.value === "string" && own.value !== "" ? own.value : "Object";
}

/** A data property, its own or inherited. */
function held(value, key) {
  for (let at = value; at !== null && !types.isProxy(at); at = getPrototypeOf(at)) {
    const own = getOwnPropertyDescriptor(at, key);
    if (own) return own.value;
  }
  return undefined;
}

/** Name and first line of what was thrown. */
function told(error) {
  if (error === null || typeof error !== "object") return "a thrown value";
  const [name, message] = [held(error, "name"), held(error, "message")];
  const line = typeof message === "string" ? message.split("\n")[0] : "";
  return `${typeof name === "string" ? name : nameOf(error)}: ${line}`.slice(0, MAX_ARGUMENT_CHARS);
}

if (target && !process.__kihonCall) {
  const descriptor = openSync(target, "a");
  const written = new Set();
  const charsOf = new Map(); // by symbol
  let chars = 0;
  let depth = 0;

  const write = (id, name, call, contained, how, outcome) => {
    const line = stringify([id, name, call, contained, how, outcome]) + "\n";
    if (written.has(line)) return;
    const symbol = id + ":" + name;
    const own = (charsOf.get(symbol) || 0) + line.length;
    if (own > MAX_SYMBOL_CHARS || chars + line.length > MAX_CHARS) return;
    written.add(line);
    charsOf.set(symbol, own);
    chars += line.length;
    writeSync(descriptor, line);
  };

  const isFull = (id, name) => chars >= MAX_CHARS - 1000 || (charsOf.get(id + ":" + name) || 0) >= MAX_SYMBOL_CHARS - 1000;

  /** Arguments as they are before the call, which may change them. A call without arguments shows no input. */
  const argumentsText = (values) => {
    let contained = values.length > 0;
    const texts = [];
    for (let at = 0; at < values.length && at < 20; at++) {
      const text = new Text(MAX_ARGUMENT_CHARS);
      text.put(values[at]);
      contained = contained && text.source;
      texts.push(text.text);
    }
    return { text: texts.join(", ") + (values.length > 20 ? ", …" : ""), contained: contained && values.length <= 20 };
  };

  /** `Box.open` on a box is no call that can be made from its name; on the class, or on a plain object of functions, it is. */
  const calleeOf = (name, self, target) => {
    const contained = /^[\w$]+(?:\.[\w$]+)*$/.test(name);
    if (typeof self === "function") return { text: name, contained };
    const above = self === null || typeof self !== "object" || types.isProxy(self) ? null : getPrototypeOf(self);
    const made = getOwnPropertyDescriptor(target, "prototype");
    if (above !== null && made && above === made.value) return { text: "new " + name, contained };
    if (!name.includes(".") || above === null || getPrototypeOf(above) === null) return { text: name, contained };
    const dot = name.lastIndexOf(".");
    return { text: `new ${name.slice(0, dot)}(…)${name.slice(dot)}`, contained: false };
  };

  /** Our own trouble with a strange value must not become the caller's. */
  const quietly = (work) => {
    try {
      return work();
    } catch {
      return null;
    }
  };

  const outcomeText = (value) => {
    const text = new Text(MAX_OUTCOME_CHARS);
    text.put(value);
    return text.text;
  };

  const note = (id, name, called, how, value, prefix) =>
    quietly(() =>
      write(
        id,
        name,
        `${prefix}${called.callee}(${called.args})`,
        called.contained,
        how,
        how === "value" ? outcomeText(value) : told(value),
      ),
    );

  const observed = (id, name, target, self, values) => {
    const called =
      isFull(id, name) ||
      quietly(() => {
        const callee = calleeOf(name, self, target);
        const args = argumentsText(values);
        return { callee: callee.text, args: args.text, contained: callee.contained && args.contained };
      });
    let result;
    depth += 1;
    try {
      result = apply(target, self, values);
    } catch (error) {
      if (called && called !== true) note(id, name, called, "throw", error, "");
      throw error;
    } finally {
      depth -= 1;
    }
    if (!called || called === true) return result;
    if (types.isPromise(result)) {
      const settled = (how) => (value) => note(id, name, called, how, value, "await ");
      quietly(() => apply(then, result, [settled("value"), settled("throw")]));
    } else note(id, name, called, "value", result, "");
    return result;
  };

  const nameAnew = (held, name) => {
    const own = getOwnPropertyDescriptor(held, "name");
    if (name !== "" && (own === undefined || own.value === ""))
      defineProperty(held, "name", {
        value: name,
        writable: false,
        enumerable: false,
        configurable: true,
      });
  };

  const proxied = (id, name, held) => {
    const proxy = new Proxy(held, {
      apply: (target, self, values) => (depth === 0 ? observed(id, name, target, self, values) : apply(target, self, values)),
      construct: (target, values, by) => construct(target, values, by),
    });
    const own = getOwnPropertyDescriptor(held, "prototype");
    const made = own && own.value && getOwnPropertyDescriptor(own.value, "constructor");
    if (made && made.value === held && made.configurable) defineProperty(own.value, "constructor", { ...made, value: proxy });
    return proxy;
  };

  /** Without arguments: does the caller's own call come from outside? With them: makes that call, which is then inside, and tells of it. */
  const call = (...made) => (made.length === 0 ? depth === 0 : observed(...made));

  /** A function that tells of its calls, in place of the one given; other values as they are. */
  const wrap = (id, name, shown, held) => {
    if (typeof held !== "function" || types.isProxy(held)) return held;
    nameAnew(held, name);
    return apply(functionText, held, []).startsWith("class") ? held : proxied(id, shown, held);
  };

  /** The class, whose public methods tell of their calls from now on. */
  const members = (id, name, shown, held) => {
    nameAnew(held, name);
    for (const holder of [held, held.prototype])
      for (const key of ownKeys(holder)) {
        const own = getOwnPropertyDescriptor(holder, key);
        if (typeof key === "symbol" || key === "constructor" || key.startsWith("_") || !own.configurable) continue;
        if (typeof own.value !== "function" || types.isProxy(own.value) || apply(functionText, own.value, []).startsWith("class")) continue;
        defineProperty(holder, key, { ...own, value: proxied(id, shown + "." + key, own.value) });
      }
    return held;
  };

  for (const [name, value] of Object.entries({ __kihonCall: call, __kihonWrap: wrap, __kihonMembers: members }))
    defineProperty(process, name, { value, enumerable: true, configurable: true, writable: true });
}
