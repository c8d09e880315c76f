/** What an answer may not change: these paths are taken from the environment before grading, whatever the answer says. */
import { matchesGlob, posix } from "node:path";
import { z } from "zod";
import { readJson } from "../lib/json.ts";
import { foldersOf } from "../lib/paths.ts";
import type { Workspace } from "../sandbox/workspace.ts";

/** Configuration of interpreters and package managers, whatever the runner. */
const always = [
  "**/package.json",
  "**/package-lock.json",
  "**/npm-shrinkwrap.json",
  "**/pnpm-lock.yaml",
  "**/pnpm-workspace.yaml",
  "**/yarn.lock",
  "**/bun.lock*",
  "**/.npmrc",
  "**/.yarnrc*",
  "**/.pnp.*",
  "**/.pnpmfile.cjs",
  "**/tsconfig*.json",
  "**/.git",
  "**/.git/**",
  "**/.gitmodules",
  "**/node_modules",
  "**/node_modules/**",
  "**/conftest.py",
  "**/pytest.ini",
  "**/tox.ini",
  "**/setup.cfg",
  "**/sitecustomize.py",
  "**/*.pth",
  "**/.env*",
] as const;

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Folders nobody may write in, at any depth; and files by their base name or, where a pattern has a folder, by their path. */
const hit = (path: string, pattern: string): boolean => {
  const name = pattern.replace(/^\*\*\//, "").replace(/\/\*\*$/, "");
  if (pattern.endsWith("/**")) return path.split("/").includes(name);
  return name.includes("/") ? path === name || path.endsWith(`/${name}`) : matchesGlob(baseOf(path), name);
};

export type Bench = Pick<Workspace, "language" | "runner" | "environment" | "text" | "paths">;

/** Endings that a `*` at the end of a configuration pattern stands for. */
const endings = ["", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".json", ".jsonc", ".yaml", ".yml"];

const member = (names: string): RegExp =>
  new RegExp(`["']?\\b(?:${names})["']?\\s*[:=]\\s*(\\[[^\\]]*\\]|\\{[^}]*\\}|["'\`][^"'\`]*["'\`])`, "g");
/** Members of a configuration whose values name files, or modules, that are loaded before or around the tests. */
const around = member(
  "setupFiles|setupFilesAfterEnv|globalSetup|globalTeardown|testEnvironment|environment|runner|testRunner|testSequencer|sequencer|reporters|preset|snapshotSerializers|snapshotResolver|snapshotEnvironment|transform|resolver",
);
const required = member("require|import|loader|file|spec|reporter|ui|node-option|nodeArguments");
const members: Readonly<Record<string, RegExp>> = { mocha: required, ava: required };

/** Where a configuration may lie, with a slash at the end: in the tree's root and in the package. */
const rootsOf = ({ environment: { revision } }: Bench): ReadonlySet<string> =>
  new Set(["", revision.packageDir === "." ? "" : `${revision.packageDir}/`]);

/** Configuration files of the runner, and the member of a manifest that is the runner's own. */
function* configurations(bench: Bench): Generator<{ readonly path: string; readonly text: string; readonly folder: string }> {
  const { runner } = bench;
  for (const folder of rootsOf(bench)) {
    for (const pattern of runner.configFiles) {
      const names = pattern.endsWith("*") ? endings.map((ending) => pattern.replace(/\.?\*$/, ending)) : [pattern];
      for (const name of names) {
        const found = bench.text(folder + name);
        if (found === null) continue;
        const own = name === "package.json" ? readJson(found, z.record(z.string(), z.unknown()))?.[runner.package ?? ""] : undefined;
        if (name !== "package.json") yield { path: folder + name, text: found, folder };
        else if (own !== undefined) yield { path: folder + name, text: JSON.stringify(own), folder };
      }
    }
  }
}

/** Words that may name a file. `plainly`: it need not look like one, as a module's name does not. */
interface Word {
  readonly word: string;
  readonly folder: string;
  readonly plainly: boolean;
}

/** In the configuration of the runner and in the words that it is called with. */
function* loadedWords(bench: Bench): Generator<Word> {
  const { runner, environment } = bench;
  const asked = members[runner.name];
  for (const folder of rootsOf(bench)) {
    for (const arg of environment.recipe.runnerArgs) yield { word: arg.replace(/^--?[\w-]+=/, ""), folder, plainly: false };
  }
  for (const { text, folder } of configurations(bench)) {
    for (const [, value] of text.matchAll(asked ?? around)) {
      for (const [, word] of (value ?? "").matchAll(/["'`]([^"'`]+)["'`]/g))
        yield { word: (word ?? "").replace(/^-{0,2}[\w-]+=/, ""), folder, plainly: asked !== undefined };
    }
  }
}

const bare = (path: string): string => path.replace(/\.[^./]+$/, "");

/** Code that the configuration loads, and what that loads. What tests run lines of is no configuration, though one loads it: a plugin, for example. */
function loadedByConfiguration(bench: Bench): string[] {
  const { language, environment } = bench;
  const tested = new Set(environment.testFiles.flatMap(({ covers }) => Object.keys(covers)));
  const found = new Set<string>();
  const left = [...configurations(bench)].map(({ path }) => path);
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    const code = language.extensions.some((ending) => path?.endsWith(ending)) ? bench.text(path) : null;
    for (const file of code === null ? [] : language.loads({ path, text: code }, bench.paths()).files) {
      if (found.has(file) || tested.has(file)) continue;
      found.add(file);
      left.push(file);
    }
  }
  return [...found];
}

/** What is loaded before the tests (`setupFiles`, `--require`, a configuration's own modules): bare paths, without their endings. */
function loadedFiles(bench: Bench): ReadonlySet<string> {
  const known = remembered.get(bench.environment);
  if (known !== undefined) return known;
  const there = new Set(bench.paths().map(bare));
  const named = [...loadedWords(bench)].flatMap(({ word, folder, plainly }) => {
    const path = bare(posix.normalize(folder + word.replace("<rootDir>/", "").replace(/^\//, "")));
    const isPath = /^(?:\.{0,2}\/|<rootDir>)/.test(word);
    return isPath || ((plainly || /[./]/.test(word)) && there.has(path)) ? [path] : [];
  });
  const files = new Set([...named, ...loadedByConfiguration(bench).map(bare)]);
  remembered.set(bench.environment, files);
  return files;
}
const remembered = new WeakMap<Bench["environment"], ReadonlySet<string>>();

/** Tests, their helpers, runner configuration with what it loads, and everything of `always`. */
export const isProtected = (bench: Bench, path: string): boolean => {
  if (bench.environment.testFiles.some((test) => test.file === path)) return true;
  const role = bench.language.roleOf(path);
  if (role === "test" || role === "config") return true;
  return [...always, ...bench.runner.configFiles].some((pattern) => hit(path, pattern)) || loadedFiles(bench).has(bare(path));
};

/**
 * A patch is graded by what it does to source files; whatever else it changes is left as the environment has it. A folder in the place of a file
 * is a change of that file.
 */
export const mayChange = (bench: Bench, path: string): boolean =>
  bench.language.roleOf(path) === "source" &&
  !isProtected(bench, path) &&
  foldersOf(path).every((folder) => bench.text(folder) === null && !isProtected(bench, folder));

export const protectedPatterns = (configFiles: readonly string[]): readonly string[] => [...always, ...configFiles].sort();
