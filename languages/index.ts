/** The list of languages and of the test runners that they bring. A new language is a folder and a line. */
import type { Language, Runner } from "./contract.ts";
import { javascript } from "./javascript/language.ts";
import { runners as javascriptRunners } from "./javascript/runners/index.ts";
import { initSyntax } from "./javascript/syntax.ts";

export const languages: readonly Language[] = Object.freeze([javascript]);

export const runners: readonly Runner[] = Object.freeze([...javascriptRunners]);

/** Loads what the languages need; once per process, before any of them is asked. */
export async function initLanguages(): Promise<void> {
  await initSyntax();
}

/** The language of a path by its ending, or null where nobody here speaks it. */
export function languageOf(path: string): Language | null {
  return languages.find(({ extensions }) => extensions.some((extension) => path.endsWith(extension))) ?? null;
}

export function runnerNamed(name: string): Runner | null {
  return runners.find((runner) => runner.name === name) ?? null;
}
