"use strict";
// The command line of mocha 2 to 5, which had its own file of words and read them itself.
const fs = require("fs");

/** Options that take the word behind them. */
const valued = new Set(
  [
    "-O",
    "--reporter-options",
    "-R",
    "--reporter",
    "-g",
    "--grep",
    "-f",
    "--fgrep",
    "-r",
    "--require",
    "-s",
    "--slow",
    "-t",
    "--timeout",
  ].concat([
    "-u",
    "--ui",
    "--compilers",
    "--globals",
    "--icu-data-dir",
    "--opts",
    "--retries",
    "--watch-extensions",
    "--file",
    "--exclude",
  ]),
);
/** What the harness decides, what a person looks at, and what waits. */
const replaced = new Set(
  ["-O", "--reporter-options", "-R", "--reporter", "-s", "--slow", "-t", "--timeout", "-b", "--bail", "--retries", "-w", "--watch"].concat(
    ["--watch-extensions", "-c", "--colors", "-C", "--no-colors", "-G", "--growl", "--opts", "-d", "--debug", "--debug-brk", "--inspect"],
    ["--inspect-brk", "--exit", "--no-exit", "--full-trace", "--allow-uncaught"],
  ),
);

/** As mocha's own `bin/options.js` reads the file: lines of words, `#` begins a comment, and a space may be escaped. */
function wordsIn(file) {
  if (!fs.existsSync(file)) return [];
  const text = fs.readFileSync(file, "utf8").replace(/^#.*$/gm, "").replace(/\\\s/g, "%20");
  return text
    .split(/\s/)
    .filter(Boolean)
    .map((word) => word.replace(/%20/g, " "));
}

/** The repository's words and those of its file, taken apart: options, each with its value, and files. */
function divided(args) {
  const at = args.indexOf("--opts");
  const words = wordsIn(at < 0 ? "test/mocha.opts" : args[at + 1]).concat(args);
  const options = [];
  const files = [];
  for (let next = 0; next < words.length; next += 1) {
    const word = words[next];
    if (!word.startsWith("-")) files.push(word);
    else if (valued.has(word)) {
      next += 1;
      options.push([word, words[next]]);
    } else options.push([word.split("=")[0]].concat(word.includes("=") ? [word.slice(word.indexOf("=") + 1)] : []));
  }
  return { options: options.filter(([name]) => !replaced.has(name)), files };
}

/** What stands in place of the command line, and the files that are loaded before all others. */
function classicWords({ args, files }, major) {
  const own = divided(args);
  const ending = major >= 4 ? ["--exit"] : [];
  const options = [].concat(...own.options);
  return {
    words: ["--opts", "/dev/null", "--no-colors", "--full-trace"].concat(ending, options, files.length > 0 ? files : own.files),
    preloaded: own.options.filter(([name]) => name === "--file").map(([, file]) => file),
  };
}

module.exports = { classicWords };
