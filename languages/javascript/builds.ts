/** Do the tests load files that a build makes? Then which of the repository's scripts makes them, as plain command lines. */
import { posix } from "node:path";
import type { ManifestFacts, Runner } from "../contract.ts";
import { commandsOf, type ScriptCommand, type Scripts, scriptsOf, toolName } from "./scripts.ts";
import { configText, inPackage, testFilesOf } from "./test-files.ts";

export interface BuildPlan {
  /** Command lines from the package's folder, in order; empty when the tests read the sources themselves. Tools are paths into `node_modules/.bin`. */
  readonly steps: readonly (readonly string[])[];
  readonly evidence: string;
}

const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire(?:\.resolve)?\s*\(\s*)(["'])([^"'\n]+)\1/g;

/** What a relative specifier may stand for, TypeScript's `.js` for `.ts` included. */
function candidates(path: string): readonly string[] {
  const swapped = path.replace(/\.([cm]?)js(x?)$/, ".$1ts$2");
  const ends = ["", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".tsx", ".jsx", ".json", ".node"];
  return [swapped, path.replace(/\.js$/, ".tsx"), ...ends.map((end) => path + end), ...ends.slice(1).map((end) => `${path}/index${end}`)];
}

/** Every relative path in `main`, `module`, `exports` and `bin`. */
function entriesOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const leaves = (value: unknown): string[] =>
    typeof value === "string" ? [value] : value !== null && typeof value === "object" ? Object.values(value).flatMap(leaves) : [];
  return ["main", "module", "exports", "bin"]
    .flatMap((key) => leaves(manifest[key]))
    .filter((entry) => !entry.includes("*") && !entry.endsWith(".d.ts") && !entry.endsWith("package.json"))
    .map((entry) => posix.normalize(entry));
}

/** The first file that some test loads and that is not tracked, told as `test → file`; null when there is none. */
function loadedButUntracked(facts: ManifestFacts, runner: Runner, args: readonly string[]): string | null {
  const tracked = new Set(facts.paths);
  const base = inPackage(facts, "").replace(/\/$/, "");
  const isTracked = (path: string): boolean => candidates(path).some((candidate) => tracked.has(candidate));
  const missingEntry = entriesOf(facts.manifest).find((entry) => !isTracked(posix.join(base, entry)));
  const aliased = isAliased(facts);
  const seen = new Set(testFilesOf(facts, runner, args));
  for (const file of seen) {
    for (const match of (facts.read(file) ?? "").matchAll(specifiers)) {
      const specifier = match[2] as string;
      const own = specifier === facts.manifest["name"] || specifier.startsWith(`${String(facts.manifest["name"])}/`);
      if (own && missingEntry !== undefined && !aliased) return `${file} loads "${specifier}", that is ${missingEntry}`;
      if (!/^\.\.?(?:\/|$)/.test(specifier)) continue;
      const path = posix.join(posix.dirname(file), specifier.replace(/\?.*$/, "")).replace(/\/$/, "");
      const isPackage = path === (base === "" ? "." : base);
      if (isPackage && missingEntry !== undefined) return `${file} loads the package, that is ${missingEntry}`;
      if (isPackage || path.startsWith("..") || isTracked(path)) continue;
      if (isBuiltPlace(facts, path)) return `${file} loads ${path}`;
    }
  }
  return null;
}

/** The runner's configuration points the package's own name elsewhere. */
function isAliased(facts: ManifestFacts): boolean {
  const text = `${configText(facts, /^(?:vitest|vite|jest)\.config\./) ?? ""}${JSON.stringify(facts.manifest["jest"] ?? "")}`;
  return text.includes(String(facts.manifest["name"])) && /alias|moduleNameMapper/.test(text);
}

/** Untracked paths that look like a build's: under a usual output folder, ignored by git, or named by the manifest. */
function isBuiltPlace(facts: ManifestFacts, path: string): boolean {
  const base = inPackage(facts, "").replace(/\/$/, "");
  const relative = base === "" ? path : posix.relative(base, path);
  const first = relative.split("/")[0] as string;
  if (/^(?:dist|lib|build|out|output|es|esm|cjs|umd|min|distribution|\.tmp|tmp|compiled)$/.test(first)) return true;
  if (entriesOf(facts.manifest).some((entry) => candidates(relative).includes(entry))) return true;
  const ignored = (facts.read(".gitignore") ?? "").split("\n").map((line) => line.trim().replace(/^\/|\/$/g, ""));
  return ignored.some((pattern) => pattern !== "" && (pattern === relative || candidates(relative).includes(pattern) || pattern === first));
}

const sideTools =
  /^(?:eslint|xo|prettier|tsd|gts|standard|semistandard|biome|tslint|stylelint|typedoc|documentation|jsdoc|publint|attw|size-limit|husky|is-ci|changelogen|automd|knip|oxlint|dprint|markdownlint.*|cspell|api-extractor|echo|git|gh-pages|np|vitest|jest|mocha|ava|tap|karma|codecov|c8|nyc|npm|yarn|pnpm|lint-staged|depcheck|check-dts|dtslint|bundlesize|gzip-size|open-cli|date|env|printenv|pwd|ls|printf|sleep|uname|whoami|which)$/;

function isBuildStep({ words }: ScriptCommand): boolean {
  const tool = toolName(words[0] ?? "");
  if (sideTools.test(tool)) return false;
  if (tool === "tsc" || tool === "vue-tsc") return !words.includes("--noEmit");
  return !(tool === "node" && words.includes("--test"));
}

const systemTools = new Set([
  "node",
  "sh",
  "bash",
  "cp",
  "mv",
  "rm",
  "mkdir",
  "cat",
  "touch",
  "ln",
  "chmod",
  "sed",
  "find",
  "cd",
  "test",
  "true",
]);
const needsShell = /[*$<>`~]/;
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) || needsShell.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** One command as an argument list that needs no package manager. */
function argvOf({ env, words }: ScriptCommand): readonly string[] {
  const [tool = "", ...rest] = words;
  const program = systemTools.has(tool) || tool.includes("/") ? tool : `node_modules/.bin/${tool}`;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if (tool === "cd" || rest.some((word) => needsShell.test(word)))
    return ["sh", "-c", [...settings, program, ...rest].map(quoted).join(" ")];
  return settings.length > 0 ? ["env", ...settings, program, ...rest] : [program, ...rest];
}

/** A script's commands with its `pre` and `post` hooks. */
const withHooks = (name: string, scripts: Scripts): ScriptCommand[] =>
  [`pre${name}`, name, `post${name}`].flatMap((part) => commandsOf(part, scripts));

/** Commands of `test` before the first one that is a test runner's. */
function beforeTests(scripts: Scripts, runner: Runner): ScriptCommand[] {
  const commands = commandsOf("test", scripts);
  const at = commands.findIndex(
    ({ words }) => words.some((word) => toolName(word).replace(/^_/, "") === runner.name) || words.includes("--test"),
  );
  return at <= 0 ? [] : commands.slice(0, at);
}

/** Null when the tests load built files and no script says how they are built. */
export function detectBuild(facts: ManifestFacts, runner: Runner, args: readonly string[] = []): BuildPlan | null {
  const loaded = loadedButUntracked(facts, runner, args);
  if (loaded === null) return { steps: [], evidence: "the tests load tracked files only" };
  const scripts = scriptsOf(facts.manifest);
  const named = ["build", "compile", "build:node", "build:cjs", "prepare", "prepack", "prepublish", "prepublishOnly"];
  const sources: [string, ScriptCommand[]][] = [
    ["pretest", commandsOf("pretest", scripts)],
    ["test", beforeTests(scripts, runner)],
    ...named.map((name): [string, ScriptCommand[]] => [name, withHooks(name, scripts)]),
  ];
  for (const [name, commands] of sources) {
    const steps = commands.filter(isBuildStep);
    if (steps.some(({ words }) => !/^(?:rimraf|del|del-cli|rm|mkdir|mkdirp|shx)$/.test(toolName(words[0] ?? "")))) {
      return { steps: steps.map(argvOf), evidence: `${loaded}; script "${name}" builds it` };
    }
  }
  return null;
}
