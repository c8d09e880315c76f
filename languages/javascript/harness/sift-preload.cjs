"use strict";
// Loaded in every process and thread of a sift. Only the one that judges knows which mutant is in force; any other that comes to one says
// so, once, and does what the healthy code does.
const { appendFileSync } = require("fs");

const file = process.env.KIHON_SIFT_FOREIGN;
let said = false;
globalThis.__kihonMutant = () => {
  if (!said && file) {
    said = true;
    appendFileSync(file, ".");
  }
  return false;
};
