/** Reads the command lines in a manifest's scripts: which tools they start, in what order, under what environment. */
import { matchedBy } from "../../lib/foreign-pattern.ts";
import type { ManifestFacts } from "../contract.ts";

/** One simple command of a script, after `npm run x` and the like have been followed. */
export interface ScriptCommand {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

export type Scripts = Readonly<Record<string, string>>;

export function scriptsOf(manifest: Readonly<Record<string, unknown>>): Scripts {
  const scripts = manifest["scripts"];
  if (scripts === null || typeof scripts !== "object") return {};
  return Object.fromEntries(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Where what a shell would put in the place of `$(…)` or of text between backticks ends; the line's length where it is left open. */
function substitutionEnd(line: string, from: number): number {
  if (line[from] === "`") return line.indexOf("`", from + 1) + 1 || line.length;
  let depth = 0;
  for (let at = from; at < line.length; at++) {
    if (line[at] === "(") depth += 1;
    else if (line[at] === ")") depth -= 1;
    if (line[at] === ")" && depth === 0) return at + 1;
  }
  return line.length;
}

/** Splits a command line at `&&`, `||`, `;`, `|` and `&`, and each part into words; quotes are taken off. What a shell would compute is part of its word. */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | null = null;
  let quote = "";
  const endWord = (): void => {
    if (word !== null) commands.at(-1)?.push(word);
    word = null;
  };
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (quote !== "") {
      if (c === quote) quote = "";
      else if (c === "\\" && quote === '"' && (line[i + 1] === '"' || line[i + 1] === "\\")) word = (word ?? "") + line[++i];
      else word = (word ?? "") + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= "";
    } else if (c === "\\" && i + 1 < line.length) word = (word ?? "") + line[++i];
    else if (c === "`" || (c === "$" && line[i + 1] === "(")) {
      const end = substitutionEnd(line, i);
      word = (word ?? "") + line.slice(i, end);
      i = end - 1;
    } else if (c === " " || c === "\t" || c === "\n") endWord();
    else if (c === ";" || c === "|" || c === "&") {
      endWord();
      commands.push([]);
    } else word = (word ?? "") + c;
  }
  endWord();
  return commands.filter((words) => words.length > 0);
}

const assignment = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/;

/** Commands of yarn's and pnpm's own; any other word that is no script's name stands for a program of a dependency. */
const managersOwn = new Set(
  "add audit bin cache config constraints create dedupe deploy dlx env exec explain fetch global help import info init install i licenses link list ls login logout node npm outdated owner pack patch plugin policies prune publish rebuild remove rm root run search set setup start stage store tag team test unlink unplug up update upgrade upgrade-interactive version versions why workspace workspaces".split(
    " ",
  ),
);

/** `yarn tsc --outDir lib` → `tsc --outDir lib`, where no script is called so; null for all else. */
function programStarted([tool = "", ...rest]: string[], scripts: Scripts): string[] | null {
  if (tool !== "yarn" && tool !== "pnpm") return null;
  // Of other flags it is not known which word is their value.
  const words = /^(?:-s|--silent|--quiet)$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
  const named = tool === "yarn" && words[0] === "run" ? words.slice(1) : words;
  const [program] = named;
  if (program === undefined || program.startsWith("-") || managersOwn.has(program)) return null;
  return scripts[program] === undefined ? named : null;
}

/** Takes `A=b`, `cross-env`, `env` and wrappers that only start another tool off the front. */
function unwrap(words: readonly string[], scripts: Scripts): { env: Record<string, string>; words: string[] } {
  const env: Record<string, string> = {};
  let rest = [...words];
  for (;;) {
    const first = rest[0];
    if (first === undefined) return { env, words: rest };
    const set = assignment.exec(first);
    const program = programStarted(rest, scripts);
    if (program !== null) rest = program;
    else if (set) {
      env[set[1] as string] = set[2] as string;
      rest = rest.slice(1);
    } else if (["cross-env", "cross-env-shell", "env", "exec", "time", "command", "npx", "pnpx", "bunx"].includes(first)) {
      rest = rest.slice(1);
      while (first.endsWith("px") && rest[0]?.startsWith("-")) rest = rest.slice(1);
    } else if (["pnpm", "yarn", "npm"].includes(first) && (rest[1] === "exec" || rest[1] === "dlx")) {
      rest = rest.slice(rest[2] === "--" ? 3 : 2);
    } else if (first === "c8" || first === "nyc") {
      const inner = rest.findIndex((word, index) => index > 0 && startsTool(word));
      if (inner < 0) return { env, words: rest };
      rest = rest.slice(inner);
    } else return { env, words: rest };
  }
}

const knownTools = [
  "vitest",
  "jest",
  "mocha",
  "_mocha",
  "ava",
  "node",
  "npm",
  "yarn",
  "pnpm",
  "tsx",
  "tap",
  "tape",
  "jasmine",
  "cross-env",
];
const startsTool = (word: string): boolean => knownTools.includes(toolName(word));

/** `./node_modules/.bin/mocha`, `node_modules/mocha/bin/_mocha.js` → `mocha`, `_mocha`. */
export function toolName(word: string): string {
  const last = word.split("/").at(-1) ?? word;
  return last.replace(/\.(?:[cm]?js|cmd)$/, "");
}

/** Names of the scripts that a command starts, or null when it starts none. Patterns of npm-run-all (`test:*`) and pnpm (`/^test:/`) are spelled out. */
export function scriptsStarted(words: readonly string[], scripts: Scripts): readonly string[] | null {
  const [tool, ...rest] = words;
  if (tool === undefined) return null;
  if (tool === "run-s" || tool === "run-p" || tool === "npm-run-all" || tool === "npm-run-all2") {
    return rest.filter((word) => !word.startsWith("-")).flatMap((word) => expand(word.split(" ")[0] as string, scripts));
  }
  if (tool === "node" && rest[0] === "--run" && rest[1] !== undefined) return [rest[1]];
  if (!["npm", "yarn", "pnpm", "bun"].includes(tool)) return null;
  const named = rest.filter((word) => !word.startsWith("-"));
  const [verb, name] = named;
  if (verb === "run" || verb === "run-script") return name === undefined ? null : tool === "pnpm" ? matching(name, scripts) : [name];
  if (verb === "test" || verb === "t" || verb === "tst") return ["test"];
  if (verb !== undefined && tool !== "npm" && scripts[verb] !== undefined) return [verb];
  return null;
}

/** `/^test:/` stands for every script that it matches; a pattern that is none stands for itself. */
function matching(name: string, scripts: Scripts): readonly string[] {
  const [, source] = /^\/(.{1,100})\/$/.exec(name) ?? [];
  return source === undefined ? [name] : matchedBy(source, Object.keys(scripts));
}

function expand(pattern: string, scripts: Scripts): readonly string[] {
  if (!pattern.includes("*")) return [pattern];
  const body = pattern
    .split("*")
    .map((part) => part.replace(/[.+^${}()|[\]\\?]/g, "\\$&"))
    .join("[^:]*");
  return matchedBy(`^${body}$`, Object.keys(scripts));
}

/** Words after the script's name that are handed on to it (`npm run x -- --flag`, `yarn x --flag`). */
function handedOn(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf("--");
  return dashes >= 0 ? words.slice(dashes + 1) : [];
}

/** All simple commands that a script runs, hooks (`prex`, `postx`) left out, in order. A script that starts itself is not followed again. */
export function commandsOf(name: string, scripts: Scripts, above: readonly string[] = []): ScriptCommand[] {
  const line = scripts[name];
  if (line === undefined || above.includes(name)) return [];
  return splitCommands(line).flatMap((raw) => {
    const { env, words } = unwrap(raw, scripts);
    const started = scriptsStarted(words, scripts);
    if (started === null) return words.length === 0 ? [] : [{ script: name, env, words }];
    const extra = handedOn(words);
    return started.flatMap((inner) =>
      commandsOf(inner, scripts, [...above, name]).map((command) => ({
        script: command.script,
        env: { ...env, ...command.env },
        words: [...command.words, ...extra],
      })),
    );
  });
}

const testScriptNames = [
  "test",
  "test:unit",
  "unit",
  "unit-test",
  "test:node",
  "test:js",
  "test:all",
  "tests",
  "test:run",
  "test:ci",
  "ci",
];

/** The commands behind each of the package's test scripts, the likeliest script first; the root's where the package has none. */
function testScripts(facts: ManifestFacts): readonly (readonly ScriptCommand[])[] {
  for (const manifest of [facts.manifest, facts.rootManifest]) {
    const scripts = scriptsOf(manifest);
    const others = Object.keys(scripts).filter((name) => /^(?:test|unit)[:-]/.test(name) && !testScriptNames.includes(name));
    const chains = [...testScriptNames, ...others].map((name) => commandsOf(name, scripts));
    if (chains.some((commands) => commands.length > 0)) return chains;
  }
  return [];
}

/** All of them, in the order of their scripts. */
export const testCommands = (facts: ManifestFacts): readonly ScriptCommand[] => testScripts(facts).flat();

/** The commands of one test script that start the runner: of the first script that has any. */
export const runnerCommands = (facts: ManifestFacts, starts: (command: ScriptCommand) => boolean): readonly ScriptCommand[] =>
  testScripts(facts)
    .map((commands) => commands.filter(starts))
    .find((commands) => commands.length > 0) ?? [];
