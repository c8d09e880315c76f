"use strict";
// The command line of mocha 2 to 5, which had its own file of words and read them itself.
const fs = require("fs");

const setOf = (words) => new Set(words.trim().split(/\s+/));

/** Options that take the word behind them. */
const valued = setOf(`
  -O --reporter-options -R --reporter -g --grep -f --fgrep -r --require -s --slow -t --timeout -u --ui
  --compilers --globals --icu-data-dir --opts --retries --watch-extensions --file --exclude
`);
/** What the harness decides, what a person looks at, and what waits. */
const replaced = setOf(`
  -O --reporter-options -R --reporter -s --slow -t --timeout --no-timeouts -b --bail --retries -w --watch --watch-extensions
  -c --colors -C --no-colors -G --growl --opts -d --debug --debug-brk --inspect --inspect-brk --exit --no-exit --full-trace --allow-uncaught
`);

/** What `bin/mocha` hands to node, and never to `bin/_mocha`. */
const ofNode = setOf(`
  --expose-gc -gc --gc-global --es_staging --no-deprecation --no-warnings --prof --log-timer-events
  --throw-deprecation --use_strict --allow-natives-syntax --perf-basic-prof --napi-modules
`);
const isOfNode = (name) => ofNode.has(name) || /^--(?:harmony|trace|icu-data-dir|max-old-space-size|preserve-symlinks)/.test(name);

/** As mocha's own `bin/options.js` reads the file: lines of words, `#` begins a comment, and a space may be escaped. */
function wordsIn(file) {
  if (!fs.existsSync(file)) return [];
  const text = fs.readFileSync(file, "utf8").replace(/^#.*$/gm, "").replace(/\\\s/g, "%20");
  return text
    .split(/\s/)
    .filter(Boolean)
    .map((word) => word.replace(/%20/g, " "));
}

/** The repository's words and those of its file, taken apart: options, each with its value, what is for node, and files. */
function divided(args) {
  const at = args.indexOf("--opts");
  const words = wordsIn(at < 0 ? "test/mocha.opts" : args[at + 1]).concat(args);
  const options = [];
  const flags = [];
  const files = [];
  for (let next = 0; next < words.length; next += 1) {
    const word = words[next];
    const name = word.split("=")[0];
    if (!word.startsWith("-")) files.push(word);
    else if (isOfNode(name)) flags.push(name === "-gc" ? "--expose-gc" : word);
    else if (valued.has(word)) {
      next += 1;
      options.push({ name, words: [word, words[next]] });
    } else options.push({ name, words: [word] });
  }
  return { options: options.filter(({ name }) => !replaced.has(name)), flags, files };
}

/** What stands in place of the command line, the files that are loaded before all others, and the flags for node. */
function classicWords({ args, files }, major) {
  const own = divided(args);
  const ending = major >= 4 ? ["--exit"] : [];
  const options = [].concat(...own.options.map(({ words }) => words));
  return {
    words: ["--opts", "/dev/null", "--no-colors", "--full-trace"].concat(ending, options, files.length > 0 ? files : own.files),
    preloaded: own.options.filter(({ name }) => name === "--file").map(({ words }) => words[1]),
    flags: own.flags,
  };
}

module.exports = { classicWords };
