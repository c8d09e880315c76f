"use strict";
// The report channel, as seen from inside the sandbox: the nonce comes in on descriptor 4, lines go out on descriptor 3.
// Everything used after foreign code may have run is taken here, at load, because that code can replace any global it likes.
const fs = require("fs");
const path = require("path");
const { inspect } = require("util");

const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const { readSync, writeSync, closeSync } = fs;
const { stringify } = JSON;
const { alloc, from } = Buffer;
const bufferToString = uncurry(Buffer.prototype.toString);
const slice = uncurry(String.prototype.slice);
const split = uncurry(String.prototype.split);
const indexOf = uncurry(String.prototype.indexOf);
const startsWith = uncurry(String.prototype.startsWith);
const replace = uncurry(String.prototype.replace);
const exec = uncurry(RegExp.prototype.exec);
const push = uncurry(Array.prototype.push);
const TypeErrorType = TypeError;

const longestText = 2000;
const mostFrames = 20;

function readNonce() {
  const byte = alloc(1);
  let line = "";
  while (readSync(4, byte, 0, 1, null) === 1) {
    if (byte[0] === 10) break;
    line += bufferToString(byte, "latin1");
  }
  closeSync(4);
  if (line === "") throw new TypeErrorType("the report channel gave no nonce on descriptor 4");
  return line;
}

function writeAll(bytes) {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(3, bytes, offset, bytes.length - offset);
    } catch (error) {
      // A pipe that is full for the moment: its reader is another process and will empty it.
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

/** Opens the channel, once per process: descriptor 4 is closed afterwards. The nonce stays in this closure. */
function openChannel() {
  const nonce = readNonce();
  return function record(value) {
    writeAll(from(nonce + " " + stringify(value) + "\n", "utf8"));
  };
}

const capped = (text) => (text.length > longestText ? slice(text, 0, longestText) : text);

/** Foreign objects may throw from a getter; such a member counts as absent. */
function member(value, key) {
  try {
    return value[key];
  } catch (_thrown) {
    return undefined;
  }
}

function show(value) {
  if (value === undefined) return null;
  if (typeof value === "string") return capped(value);
  try {
    return capped(inspect(value, { depth: 4, customInspect: false, breakLength: 120, maxArrayLength: 50 }));
  } catch (_thrown) {
    return "(cannot be shown)";
  }
}

const textOf = (value) => (typeof value === "string" ? value : value === undefined ? "" : show(value) || "");

/** `file:line` of each stack frame inside the root, node_modules excluded, innermost first. */
function framesOf(stack, root) {
  const frames = [];
  if (typeof stack !== "string") return frames;
  const prefix = root + path.sep;
  const lines = split(stack, "\n");
  for (let i = 0; i < lines.length && frames.length < mostFrames; i++) {
    const found = exec(/(?:\(|at |@|^\s*)((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?\s*$/, lines[i]);
    if (!found) continue;
    let file = found[1];
    if (startsWith(file, "file://")) file = decodeUrlPath(slice(file, 7));
    file = replace(file, /\?.*$/, "");
    if (!startsWith(file, prefix) || indexOf(file, "/node_modules/") >= 0) continue;
    push(frames, { file: slice(file, prefix.length), line: +found[2] });
  }
  return frames;
}

const decode = decodeURIComponent;
function decodeUrlPath(text) {
  try {
    return decode(text);
  } catch (_thrown) {
    return text; // a path with a bare percent sign
  }
}

function kindOf(error, name) {
  if (exec(/AssertionError|JestAssertionError/, name)) return "assertion";
  if (member(error, "code") === "ERR_ASSERTION" || member(error, "matcherResult") !== undefined) return "assertion";
  return "error";
}

/** An error, of whatever shape, in the words of the report. `kind` wins over what the error looks like. */
function describeError(error, root, kind) {
  if (error === null || (typeof error !== "object" && typeof error !== "function")) {
    return { kind: kind || "error", name: "", message: textOf(error), expected: null, actual: null, frames: [] };
  }
  const name = textOf(member(error, "name"));
  const matcher = member(error, "matcherResult");
  const source = matcher !== null && typeof matcher === "object" ? matcher : error;
  const judged = kind || kindOf(error, name);
  return {
    kind: judged,
    name: capped(name),
    message: capped(textOf(member(error, "message"))),
    expected: judged === "assertion" ? show(member(source, "expected")) : null,
    actual: judged === "assertion" ? show(member(source, "actual")) : null,
    frames: framesOf(member(error, "stack"), root),
  };
}

/** A path relative to the root, with forward slashes. */
function relativeTo(root, file) {
  const plain = startsWith(file, "file://") ? decodeUrlPath(slice(file, 7)) : file;
  return split(path.relative(root, path.resolve(plain)), path.sep).join("/");
}

/** The folder of an installed package, looked for upwards from the working directory as Node does. */
function findPackage(name) {
  let folder = process.cwd();
  for (;;) {
    const candidate = path.join(folder, "node_modules", name);
    if (fs.existsSync(path.join(candidate, "package.json"))) {
      const real = fs.realpathSync(candidate);
      return { folder: real, manifest: JSON.parse(fs.readFileSync(path.join(real, "package.json"), "utf8")) };
    }
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("the package " + name + " is not installed in or above " + process.cwd());
    folder = parent;
  }
}

/** What a main script was asked: one JSON word, then the files. The words leave `process.argv`, which foreign code reads. */
function takeRequest(shownAs) {
  const request = JSON.parse(process.argv[2]);
  request.files = process.argv.slice(3);
  request.root = fs.realpathSync(path.resolve(request.up || "."));
  process.argv.splice(1, process.argv.length, shownAs || process.argv[1]);
  return request;
}

/** Passes on what a sift finds: those who judge have no channel, and write into a file. */
function followSift(record, root) {
  process.env.KIHON_SIFT_ROOT = root;
  const file = fs.openSync(process.env.KIHON_SIFT_OUT, "r");
  const bytes = alloc(1 << 16);
  const forward = () => {
    for (let read = readSync(file, bytes, 0, bytes.length, null); read > 0; read = readSync(file, bytes, 0, bytes.length, null))
      record({ type: "sift", text: bufferToString(bytes, "latin1", 0, read) });
  };
  setInterval(forward, 500).unref();
  process.on("exit", forward);
  // Where tests run in this very process, what hangs it must be told before.
  globalThis.__kihonSiftForward = forward;
}

/** Resolves when a process of a sift is over; one in which nothing has been found for so long is ended. */
function siftedBy(child, silentMs) {
  let [size, since] = [0, Date.now()];
  const watch = setInterval(() => {
    const grown = fs.statSync(process.env.KIHON_SIFT_OUT).size;
    if (grown > size) [size, since] = [grown, Date.now()];
    else if (Date.now() - since > silentMs) child.kill("SIGKILL");
  }, 500);
  return new Promise((resolve) => child.on("close", resolve)).then(() => clearInterval(watch));
}

/** A new array in an order that depends on the seed alone. */
function shuffled(items, seed) {
  const copy = items.slice();
  let state = (seed ^ 0x9e3779b9) >>> 0;
  for (let i = copy.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 4294967296) * (i + 1));
    const kept = copy[i];
    copy[i] = copy[j];
    copy[j] = kept;
  }
  return copy;
}

module.exports = { openChannel, describeError, framesOf, relativeTo, findPackage, takeRequest, followSift, siftedBy, shuffled, capped };
