/** Which tracked files a runner would take for tests: its defaults, its configuration's patterns, the command's words. A best guess: a real run corrects it. */
import { posix } from "node:path";
import { parse as parseYaml } from "yaml";
import { matchedBy } from "../../lib/foreign-pattern.ts";
import type { ManifestFacts, Runner } from "../contract.ts";
import { globbed } from "./globs.ts";
import { roleOf } from "./roles.ts";
import { divideNodeTest } from "./runners/node-test.ts";

/** Path of a tracked file in the package's folder, and back. */
export const inPackage = (facts: ManifestFacts, path: string): string => (isRoot(facts) ? path : `${facts.packageDir}/${path}`);
const isRoot = (facts: ManifestFacts): boolean => facts.packageDir === "" || facts.packageDir === ".";

function packagePaths(facts: ManifestFacts): readonly string[] {
  const prefix = isRoot(facts) ? "" : `${facts.packageDir}/`;
  return facts.paths.filter((path) => path.startsWith(prefix) && !path.includes("node_modules/")).map((path) => path.slice(prefix.length));
}

/** Text of the first configuration file in the package's folder whose name matches. */
export function configText(facts: ManifestFacts, name: RegExp): string | null {
  const found = packagePaths(facts).find((path) => name.test(path));
  return found === undefined ? null : facts.read(inPackage(facts, found));
}

/** The string literals of an array written as `key: [ ... ]` (or one string) in a configuration file's text. */
export function literalsOf(text: string, key: string): readonly string[] {
  const found = new RegExp(`["']?\\b${key}["']?\\s*:\\s*(\\[(?:[^\\]"'\`]|"[^"]*"|'[^']*'|\`[^\`]*\`)*\\]|["'\`][^"'\`]*["'\`])`).exec(
    text,
  );
  return found === null ? [] : [...(found[1] as string).matchAll(/["'`]([^"'`]*)["'`]/g)].map((match) => match[1] as string);
}

const strings = (value: unknown): readonly string[] =>
  typeof value === "string" ? [value] : Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" ? (value as Readonly<Record<string, unknown>>) : {};

/** Of the package's paths those that are tests. */
type Guess = (facts: ManifestFacts, args: readonly string[], paths: readonly string[]) => ReadonlySet<string>;

const filtered = (paths: ReadonlySet<string>, isOne: (path: string) => boolean): ReadonlySet<string> => new Set([...paths].filter(isOne));

const vitestFiles: Guess = (facts, _args, paths) => {
  const text = configText(facts, /^(?:vitest|vite)\.config\.[cm]?[jt]s$/) ?? "";
  const include = literalsOf(text.slice(Math.max(0, text.search(/\btest\s*:/))), "include");
  const globs = include.length > 0 ? include : ["**/*.{test,spec}.?(c|m)[jt]s?(x)"];
  const exclude = literalsOf(text, "exclude");
  const excluded = globbed(paths, exclude);
  return filtered(globbed(paths, globs), (path) => !excluded.has(path));
};

const jestFiles: Guess = (facts, _args, paths) => {
  const config = record(facts.manifest["jest"]);
  const text = configText(facts, /^jest\.config\.(?:[cm]?[jt]s|json)$/) ?? "";
  const match = [...strings(config["testMatch"]), ...literalsOf(text, "testMatch")];
  const regexes = [...strings(config["testRegex"]), ...literalsOf(text, "testRegex")].map((source) => source.replaceAll("\\\\", "\\"));
  const rooted = paths.map((path) => `/${path}`);
  if (match.length === 0 && regexes.length > 0)
    return new Set(regexes.flatMap((source) => matchedBy(source, rooted)).map((path) => path.slice(1)));
  const globs = match.length > 0 ? match : ["**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)"];
  return globbed(paths, globs);
};

/** Flags of mocha whose value is the next word. */
const mochaValues =
  /^(?:--(?:require|reporter|ui|timeout|slow|grep|fgrep|file|config|extension|ignore|exclude|reporter-options?|import|loader)|-[rRutsgfO])$/;

function mochaConfig(facts: ManifestFacts): Readonly<Record<string, unknown>> {
  const text = configText(facts, /^\.mocharc(?:\.(?:jsonc?|ya?ml))?$/);
  if (text !== null) return record(parseYaml(text.replace(/^\s*\/\/.*$/gm, "")));
  const script = configText(facts, /^\.mocharc\.[cm]?js$/);
  if (script !== null)
    return {
      spec: literalsOf(script, "spec"),
      extension: literalsOf(script, "extension"),
      recursive: /recursive["']?\s*:\s*true/.test(script),
    };
  return record(facts.manifest["mocha"]);
}

const mochaFiles: Guess = (facts, args, paths) => {
  const config = mochaConfig(facts);
  const legacy = (facts.read(inPackage(facts, "test/mocha.opts")) ?? "").split(/\s+/).filter((word) => word !== "");
  const words = [...args, ...legacy];
  const positionals = words.filter((word, index) => !word.startsWith("-") && !mochaValues.test(words[index - 1] ?? ""));
  const specs = [...positionals, ...strings(config["spec"])];
  const recursive = config["recursive"] === true || words.includes("--recursive");
  const extensions = strings(config["extension"]).map((extension) => extension.replace(/^\./, ""));
  const kinds = extensions.length > 0 ? extensions : ["js", "cjs", "mjs"];
  const hasKind = (path: string): boolean => kinds.some((kind) => path.endsWith(`.${kind}`));
  const found = (specs.length > 0 ? specs : ["test"]).flatMap((spec) => {
    if (/[*?{[(]/.test(spec) || /\.[cm]?[jt]sx?$/.test(spec)) return [...globbed(paths, [spec])];
    const folder = `${spec.replace(/^\.\//, "").replace(/\/$/, "")}/`;
    return paths.filter((path) => path.startsWith(folder) && hasKind(path) && (recursive || !path.slice(folder.length).includes("/")));
  });
  return new Set(found);
};

const avaFiles: Guess = (facts, args, paths) => {
  const config = record(facts.manifest["ava"]);
  const text = configText(facts, /^ava\.config\.[cm]?js$/) ?? "";
  const files = [
    ...strings(config["files"]),
    ...literalsOf(text, "files"),
    ...args.filter((word) => /[/*]|\.[cm]?[jt]s$/.test(word) && !word.startsWith("-")),
  ];
  const listed = Array.isArray(config["extensions"]) ? strings(config["extensions"]) : Object.keys(record(config["extensions"]));
  const extensions = `{${["js", "cjs", "mjs", ...listed, ...literalsOf(text, "extensions")].join(",")}}`;
  const usual = [
    "test",
    "src/test",
    "source/test",
    "**/test-*",
    "**/*.spec",
    "**/*.test",
    "**/test/**/*",
    "**/tests/**/*",
    "**/__tests__/**/*",
  ];
  const [without, wanted] = [files.filter((glob) => glob.startsWith("!")), files.filter((glob) => !glob.startsWith("!"))];
  const globs = [...(wanted.length > 0 ? wanted : usual.map((glob) => `${glob}.${extensions}`)), ...without];
  const helper = /(?:^|\/)(?:_[^/]*|fixtures?\/.*|helpers?\/.*|__fixtures__\/.*|__helpers__\/.*)$/;
  const code = globbed(paths, [`**/*.${extensions}`]);
  return filtered(globbed(paths, globs), (path) => code.has(path) && !helper.test(path));
};

const nodeTestFiles: Guess = (_facts, args, paths) => {
  const { nodeArgs, patterns } = divideNodeTest(args);
  const kinds =
    nodeArgs.some((word) => /tsx|ts-node|strip-types|transform-types/.test(word)) || patterns.length > 0 ? "{,c,m}{js,ts}" : "{,c,m}js";
  const usual = ["**/*.test", "**/*-test", "**/*_test", "**/test-*", "**/test", "**/test/**/*"].map((glob) => `${glob}.${kinds}`);
  return filtered(globbed(paths, patterns.length > 0 ? patterns : usual), (path) => /\.[cm]?[jt]sx?$/.test(path));
};

const guesses: Readonly<Record<string, Guess>> = {
  vitest: vitestFiles,
  jest: jestFiles,
  mocha: mochaFiles,
  ava: avaFiles,
  "node-test": nodeTestFiles,
};

/** Globs of a package's tests by what they are called (`lib/**\/*.test.js`), and where none is called so, of the folders that are (`lib/__tests__/*.js`). */
function namedGlobs(facts: ManifestFacts): readonly string[] {
  const tests = packagePaths(facts).filter((path) => roleOf(path) === "test");
  const below = (path: string): string => (path.includes("/") ? `${path.slice(0, path.indexOf("/"))}/**/` : "");
  const globs = (pattern: RegExp, globOf: (path: string, ending: string) => string): readonly string[] => {
    const all = tests.flatMap((path) => {
      const ending = pattern.exec(path)?.[1];
      return ending === undefined ? [] : [globOf(path, ending)];
    });
    return [...new Set(all)].sort();
  };
  const byName = globs(/([._-](?:test|spec)\.[cm]?js)$/, (path, ending) => `${below(path)}*${ending}`);
  return byName.length > 0 ? byName : globs(/(?:^|\/)__tests?__\/[^/]+(\.[cm]?js)$/, (path, ending) => `${posix.dirname(path)}/*${ending}`);
}

/** Words for mocha where it would find no file by itself: a program or a pipe of the repository's names them to it. */
export function mochaGlobs(facts: ManifestFacts, args: readonly string[]): readonly string[] {
  const configured = configText(facts, /^\.mocharc|^test\/mocha\.opts$/) ?? JSON.stringify(facts.manifest["mocha"] ?? "");
  const elsewhere = args.some((word) => /^--(?:config|opts|package)(?:=|$)/.test(word));
  if (elsewhere || /\bspec\b/.test(configured) || mochaFiles(facts, args, packagePaths(facts)).size > 0) return [];
  return namedGlobs(facts);
}

/** Sorted, relative to the repository's root. */
export function testFilesOf(facts: ManifestFacts, runner: Runner, args: readonly string[]): readonly string[] {
  const guess = guesses[runner.name];
  if (guess === undefined)
    throw new RangeError(`no default test files are known for the runner "${runner.name}"; add them to test-files.ts`);
  return [...guess(facts, args, packagePaths(facts))]
    .filter((path) => !path.endsWith(".d.ts"))
    .map((path) => inPackage(facts, path))
    .sort();
}
