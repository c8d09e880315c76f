/** What an answer may not change: these paths are taken from the environment before grading, whatever the answer says. */
import { matchesGlob, posix } from "node:path";
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

export type Bench = Pick<Workspace, "language" | "runner" | "environment" | "text">;

/** Endings that a `*` at the end of a configuration pattern stands for. */
const endings = ["", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".json", ".jsonc", ".yaml", ".yml"];
/** Members of a configuration whose values name files that are loaded before or around the tests. */
const loading =
  /["']?\b(?:setupFiles|setupFilesAfterEnv|globalSetup|globalTeardown|testEnvironment|environment|runner|snapshotSerializers|transform|resolver|require|import|loader|file|spec)["']?\s*[:=]\s*(\[[^\]]*\]|\{[^}]*\}|["'`][^"'`]*["'`])/g;

/** Words that name a file, in the configuration of the runner and in the words that it is called with. */
function* loadedWords(bench: Bench): Generator<{ readonly word: string; readonly from: string }> {
  const { runner, environment } = bench;
  const { packageDir } = environment.revision;
  const folders = [...new Set(["", packageDir === "." ? "" : `${packageDir}/`])];
  for (const folder of folders) {
    for (const arg of environment.recipe.runnerArgs) yield { word: arg.replace(/^--?[\w-]+=/, ""), from: folder };
    for (const pattern of runner.configFiles) {
      const names = pattern.endsWith("*") ? endings.map((ending) => pattern.replace(/\.?\*$/, ending)) : [pattern];
      for (const name of names) {
        for (const [, value] of (bench.text(folder + name) ?? "").matchAll(loading)) {
          for (const [, word] of (value ?? "").matchAll(/["'`]([^"'`]+)["'`]/g)) yield { word: word ?? "", from: folder };
        }
      }
    }
  }
}

const bare = (path: string): string => path.replace(/\.[^./]+$/, "");

/** Files that the runner's configuration loads before the tests (`setupFiles`, `--require`): bare paths, without their endings. */
const loadedFiles = (bench: Bench): ReadonlySet<string> =>
  new Set([...loadedWords(bench)].map(({ word, from }) => bare(posix.normalize(from + word.replace("<rootDir>/", "").replace(/^\//, "")))));

/** Tests, their helpers, runner configuration with what it loads, and everything of `always`. */
export const isProtected = (bench: Bench, path: string): boolean => {
  if (bench.environment.testFiles.some((test) => test.file === path)) return true;
  const role = bench.language.roleOf(path);
  if (role === "test" || role === "config") return true;
  return [...always, ...bench.runner.configFiles].some((pattern) => hit(path, pattern)) || loadedFiles(bench).has(bare(path));
};

/** A patch is graded by what it does to source files; whatever else it changes is left as the environment has it. */
export const mayChange = (bench: Bench, path: string): boolean => bench.language.roleOf(path) === "source" && !isProtected(bench, path);

export const protectedPatterns = (configFiles: readonly string[]): readonly string[] => [...always, ...configFiles].sort();
