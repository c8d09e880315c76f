"use strict";
// Loaded in every process and thread of a sift. Only the one that judges knows which mutant is in force; any other that comes to one says
// so, once of each, and does what the healthy code does.
const { appendFileSync } = require("fs");

const file = process.env.KIHON_SIFT_FOREIGN;
const said = new Set();
globalThis.__kihonAsked = new Proxy({}, { get: () => 1 });
globalThis.__kihonMutant = (id) => {
  if (!said.has(id) && file) {
    said.add(id);
    appendFileSync(file, id + "\n");
  }
  return false;
};
