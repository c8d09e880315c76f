"use strict";
// Loaded in every process of the one run that fills the caches. A worker that a runner kills at its end would write down nothing of what
// it compiled, so it is written as the run goes.
const fs = require("fs");
const { flushCompileCache } = require("module");

fs.mkdirSync(process.env.TMPDIR, { recursive: true });
if (flushCompileCache) {
  setInterval(flushCompileCache, 300).unref();
  process.on("exit", flushCompileCache);
}
