"use strict";
// Loaded before everything else, in every process and thread of a coverage run. Instrumented sources call
// `process.__kihonLine(fileId, line)`: the first hit of a pair in this process is appended to one shared file.
const { openSync, writeSync } = require("fs");
const target = process.env.KIHON_COVERAGE_FILE;

if (target && !process.__kihonLine) {
  const descriptor = openSync(target, "a");
  const seen = []; // by file id: the lines already told
  const line = (fileId, number) => {
    let lines = seen[fileId];
    if (lines === undefined) {
      lines = [];
      seen[fileId] = lines;
    }
    if (lines[number]) return;
    lines[number] = true;
    writeSync(descriptor, fileId + ":" + number + "\n");
  };
  Object.defineProperty(process, "__kihonLine", { value: line, enumerable: true, configurable: true, writable: true });
}
