import { beforeAll, expect, test } from "vitest";
import { initLanguages, languageOf, languages, runnerNamed, runners } from "../../languages/index.ts";

beforeAll(initLanguages);

test("names are unique and kebab-case", () => {
  for (const list of [languages, runners]) {
    const names = list.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  }
});

test("a path has the language of its ending", () => {
  expect(languageOf("src/a.tsx")?.name).toBe("javascript");
  expect(languageOf("src/a.py")).toBeNull();
});

test("a runner is found by its name", () => {
  for (const runner of runners) expect(runnerNamed(runner.name)).toBe(runner);
  expect(runnerNamed("nobody")).toBeNull();
});

test("every runner's language is listed", () => {
  for (const { language } of runners) expect(languages.map(({ name }) => name)).toContain(language);
});

test.each(languages.map((language) => [language.name, language] as const))("%s answers all that is asked of a language", (_, language) => {
  const source = { path: `src/a${language.extensions[0]}`, text: "export function f(a) {\n  if (a > 1) return a;\n  return 2;\n}\n" };
  expect(Object.isFrozen(language)).toBe(true);
  expect(language.roleOf(source.path)).toBe("source");
  expect(language.parses(source.path, source.text)).toBe(true);
  const [unit] = language.units(source);
  expect(unit?.name).toBe("f");
  const [mutation] = language.mutations(source);
  if (mutation === undefined || unit === undefined) throw new Error("no mutation");
  const mutated = source.text.slice(0, mutation.start) + mutation.replacement + source.text.slice(mutation.end);
  expect(language.emitsDifferently(source.path, source.text, mutated)).toBe(true);
  expect(language.emitsDifferently(source.path, source.text, `${source.text}// note\n`)).toBe(false);
  expect(language.instrument(source, 1)?.split("\n")).toHaveLength(5);
  expect(language.rewrite(source, ["f"])).not.toBe(source.text);
  expect(language.emptyBody(source, unit)).toBe("export function f(a) {}\n");
});
