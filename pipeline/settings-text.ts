/** What is wrong with settings, in the words in which they are given to the command. */
import { z } from "zod";

/** Options that are not called as the settings are which they set. */
const options: Readonly<Record<string, string>> = {
  repos: "--repo",
  revision: "--rev",
  sift: "--no-sift",
  typeCheck: "--no-type-check",
  splitRatio: "--ratio",
  testTimeoutMs: "--test-timeout",
  runTimeoutMs: "--run-timeout",
  installTimeoutMs: "--install-timeout",
  "github.repositories": "--github",
  "github.search.query": "--github-search",
  "github.search.take": "--github-take",
  "github.search.look": "--github-look",
  "github.search.maxMegabytes": "--github-max-mb",
  "llm.url": "--llm",
  "contamination.lists": "--deny-list",
  "contamination.allow": "--allow",
  "contamination.bundled": "--no-evaluation-sets",
  "permissive.allow": "--licenses",
  "permissive.missing": "--require-license",
  "takedown.targets": "--takedown",
  "selection.nearDuplicates": "--no-near-duplicates",
  "selection.pins": "--pin",
  "selection.sameGroup": "--same",
};

/** Of a list's element it is the list's. */
export function optionOf(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === "string");
  const whole = names.map((_, at) => options[names.slice(0, at + 1).join(".")]).find((option) => option !== undefined);
  const own = names.filter((name) => name !== "selection").join("-");
  return whole ?? `--${own.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As it was given; nothing of what is no single value, or of an address, which may hold a password. */
function valueAt(given: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>((at, part) => (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[part], given);
  const isShown = typeof value === "number" || (typeof value === "string" && !/:\/\/|@/.test(value));
  return isShown ? ` ${value}` : "";
}

/** Every fault on a line of its own, with its option, what was given, and its place. */
export function settingsText({ issues }: z.ZodError, given: unknown): string {
  const lines = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${optionOf(path)}${valueAt(given, path)}: ${message} → at ${z.core.toDotPath(path)}`,
  );
  return `the settings cannot be used: ${lines.join("\n")}`;
}
