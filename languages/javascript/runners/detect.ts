/** How a runner recognises its repositories: the test script's own words first, then a configuration file, then what is installed. */
import type { Detection, ManifestFacts } from "../../contract.ts";
import { runnerCommands, type ScriptCommand, testCommands, toolName } from "../scripts.ts";

/** Flags of `node` that change how modules load or what exists at run time. */
const nodeFlag =
  /^--(?:experimental-|no-experimental-|import(?:=|$)|loader(?:=|$)|conditions(?:=|$)|no-warnings|disable-warning|expose-gc|expose-internals|max-old-space-size|stack-size|harmony|unhandled-rejections|enable-source-maps|no-addons|preserve-symlinks|env-file|frozen-intrinsics|icu-data-dir|max-http-header-size|no-node-snapshot|disable-proto|force-node-api)/;
const nodeFlagsWithValue = new Set([
  "--import",
  "--loader",
  "--experimental-loader",
  "--conditions",
  "-C",
  "--require",
  "-r",
  "--env-file",
]);

/** Divides words into flags for `node` (with their values) and everything else, order kept. */
export function divideNodeFlags(words: readonly string[], isFlag: (word: string) => boolean = (word) => nodeFlag.test(word)) {
  const node: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!isFlag(word)) {
      rest.push(word);
      continue;
    }
    node.push(word);
    const value = words[i + 1];
    if (nodeFlagsWithValue.has(word) && value !== undefined) {
      node.push(value);
      i += 1;
    }
  }
  return { node, rest };
}

/** Flags that `node` itself was given before its script, or any flag at all when there is no script. */
export function splitNodeCommand(words: readonly string[]): { flags: string[]; script: string | null; rest: string[] } {
  const flags: string[] = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("-")) return { flags, script: word, rest: words.slice(i + 1) };
    flags.push(word);
    if (nodeFlagsWithValue.has(word) && words[i + 1] !== undefined) flags.push(words[++i] as string);
  }
  return { flags, script: null, rest: [] };
}

const nodeOptionWords = (command: ScriptCommand): string[] =>
  (command.env["NODE_OPTIONS"] ?? "").split(/\s+/).filter((word) => word !== "" && !word.includes("$"));

/** The words that a command gives to one of the tools, with node's own flags first; null when the command starts another tool. */
export function wordsFor(command: ScriptCommand, tools: readonly string[]): string[] | null {
  const first = command.words[0] ?? "";
  if (tools.includes(toolName(first))) return [...nodeOptionWords(command), ...command.words.slice(1)];
  if (toolName(first) !== "node") return null;
  const { flags, script, rest } = splitNodeCommand(command.words);
  if (script === null) return null;
  const options = [...nodeOptionWords(command), ...flags];
  if (runsTool(script, tools)) return [...options, ...rest];
  // A program of the repository's that starts the tool it is given: `node bin/with-settings.js mocha test/unit`.
  return tools.includes(toolName(rest[0] ?? "")) ? [...options, ...rest.slice(1)] : null;
}

const runsTool = (script: string, tools: readonly string[]): boolean =>
  script.includes("node_modules/") && tools.some((tool) => toolName(script) === tool || script.includes(`node_modules/${tool}/`));

const dependenciesOf = (manifest: Readonly<Record<string, unknown>>): readonly string[] =>
  ["dependencies", "devDependencies"].flatMap((key) => {
    const listed = manifest[key];
    return listed !== null && typeof listed === "object" ? Object.keys(listed) : [];
  });

/** Every word that could not be read without a shell is left out. */
const isPlain = (word: string): boolean => !/[$`<>]/.test(word) && !/^\d?>/.test(word);

export interface Recognition {
  readonly tools: readonly string[];
  readonly package: string;
  /** Matches the base name of a configuration file, in the package's folder or the root. */
  readonly configFile: RegExp;
  /** A member of `package.json` that configures the runner, or null. */
  readonly manifestKey: string | null;
  /** Does it do something else than run tests, with these words? */
  readonly isOther?: (words: readonly string[]) => boolean;
  /** Which of the script's words the runner needs. */
  keep(words: readonly string[]): readonly string[];
}

/** A word that is no flag, and no value of one, and stands for a path. */
const namesFiles = (words: readonly string[]): boolean =>
  words.some((word, at) => /[/*.]/.test(word) && !word.startsWith("-") && !/^--?[^=]+$/.test(words[at - 1] ?? ""));

/** Of a script's commands that start the runner the first that leaves the choice of files to it, else the first: some files may go before all, in another time zone. */
function widest(recognition: Recognition, facts: ManifestFacts): { command: ScriptCommand; words: readonly string[] } | null {
  const wordsOf = (command: ScriptCommand): readonly string[] | null => {
    const words = wordsFor(command, recognition.tools);
    return words === null || recognition.isOther?.(words) === true ? null : words;
  };
  const own = runnerCommands(facts, (command) => wordsOf(command) !== null).map((command) => ({ command, words: wordsOf(command) ?? [] }));
  return own.find(({ words }) => !namesFiles(words)) ?? own[0] ?? null;
}

export function detectBy(recognition: Recognition, facts: ManifestFacts): Detection | null {
  const widely = widest(recognition, facts);
  if (widely !== null) {
    const { command, words } = widely;
    const main = command.script === "test" || !testCommands(facts).some((other) => other.script === "test");
    return {
      confidence: main ? 0.95 : 0.85,
      evidence: `script "${command.script}": ${command.words.join(" ")}`,
      args: recognition.keep(words.filter(isPlain)),
    };
  }
  const folders = new Set(["", facts.packageDir === "" || facts.packageDir === "." ? "" : `${facts.packageDir}/`]);
  const config = facts.paths.find((path) => {
    const cut = path.lastIndexOf("/") + 1;
    return folders.has(path.slice(0, cut)) && recognition.configFile.test(path.slice(cut));
  });
  if (config !== undefined) return { confidence: 0.7, evidence: `file ${config}`, args: [] };
  const key = recognition.manifestKey;
  if (key !== null && facts.manifest[key] !== undefined) return { confidence: 0.7, evidence: `"${key}" in package.json`, args: [] };
  const installed = [facts.manifest, facts.rootManifest].some((manifest) => dependenciesOf(manifest).includes(recognition.package));
  return installed ? { confidence: 0.5, evidence: `dependency ${recognition.package}`, args: [] } : null;
}

/** Keeps the flags in `kept` (with their values when those follow as a word of their own) and, with `positionals`, words that are no flags. */
export function keepFlags(words: readonly string[], kept: ReadonlyMap<string, boolean>, positionals: boolean): string[] {
  const result: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("-")) {
      if (positionals) result.push(word);
      continue;
    }
    const name = word.split("=")[0] as string;
    const takesValue = kept.get(name);
    const next = words[i + 1];
    const valueFollows = !word.includes("=") && next !== undefined && !next.startsWith("-");
    if (takesValue === undefined) {
      // Unknown flags are dropped; those known to be followed by a value take it along.
      if (droppedWithValue.has(name) && valueFollows) i += 1;
      continue;
    }
    result.push(word);
    if (takesValue && valueFollows) {
      result.push(next);
      i += 1;
    }
  }
  return result;
}

/** Flags of any of the runners that are not ours to keep and whose value may be the next word. */
const droppedWithValue = new Set([
  ..."--reporter --reporters -R -O --outputFile --maxWorkers -w --minWorkers --testTimeout --timeout -T --concurrency -c".split(" "),
  ..."--coverageReporters --coverageDirectory --collectCoverageFrom --bail --retry --retries --shard --seed --match -m -t".split(" "),
  ..."--testNamePattern --test-name-pattern --test-reporter --test-reporter-destination --test-concurrency --test-timeout --grep -g".split(
    " ",
  ),
]);
