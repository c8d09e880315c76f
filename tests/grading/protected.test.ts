import { describe, expect, it } from "vitest";
import { type Bench, isProtected, mayChange, protectedPatterns } from "../../grading/protected.ts";
import { initLanguages, languages, runners } from "../../languages/index.ts";
import { environmentOf } from "./stand.ts";

await initLanguages();
const [language] = languages;

const benchOf = (
  runner: (typeof runners)[number] | undefined,
  texts: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Bench => {
  if (!language || !runner) throw new Error("the language or the runner is not listed");
  const environment = environmentOf();
  return {
    language,
    runner,
    environment: { ...environment, recipe: { ...environment.recipe, runnerArgs: [...args] } },
    text: (path) => texts[path] ?? null,
  };
};

/** Guard 4, path by path, in the root and below it. */
const guarded = [
  ..."test/add.test.js test/helpers/make.js src/__tests__/a.js src/a.spec.ts tests/setup.js".split(" "),
  ..."package.json package-lock.json npm-shrinkwrap.json pnpm-lock.yaml yarn.lock .npmrc .yarnrc.yml .pnpmfile.cjs".split(" "),
  ..."conftest.py pytest.ini tox.ini sitecustomize.py evil.pth tsconfig.json tsconfig.test.json".split(" "),
  ...".mocharc .mocharc.json .mocharc.cjs vitest.config.ts vitest.config.mjs jest.config.js jest.config.json jest.setup.js ava.config.mjs".split(
    " ",
  ),
  ..."vitest.setup.ts vitest.workspace.ts babel.config.js .babelrc .swcrc .env .env.test .git .gitmodules".split(" "),
  ...".git/hooks/pre-commit node_modules node_modules/x/index.js node_modules/.bin/vitest".split(" "),
];

describe.each(runners.map((runner) => [runner.name, runner] as const))("%s", (_, runner) => {
  const bench = benchOf(runner);
  it.each(guarded)("nobody changes %s", (path) => {
    expect([isProtected(bench, path), mayChange(bench, path)]).toEqual([true, false]);
  });
  it.each(guarded.filter((path) => !path.startsWith("test")))("nobody changes packages/one/%s", (path) => {
    expect(mayChange(bench, `packages/one/${path}`)).toBe(false);
  });
  it("its configuration is on the list that rows show", () => {
    expect(protectedPatterns(runner.configFiles)).toEqual(expect.arrayContaining([...runner.configFiles]));
  });
  it.each(["src/add.js", "src/new.ts", "lib/index.mjs", "index.js"])("%s may be changed", (path) => {
    expect(mayChange(bench, path)).toBe(true);
  });
});

describe("what the runner loads before the tests", () => {
  const named = (name: string) => runners.find((runner) => runner.name === name);
  it("is protected where the configuration names it", () => {
    const bench = benchOf(named("vitest"), {
      "vitest.config.ts": 'export default { test: { setupFiles: ["./src/prepare.ts"], alias: { a: "./src/add.ts" } } };',
    });
    expect(mayChange(bench, "src/prepare.ts")).toBe(false);
    expect(mayChange(bench, "src/add.ts")).toBe(true);
  });
  it("is protected where package.json names it", () => {
    const bench = benchOf(named("jest"), {
      "package.json": '{ "main": "src/add.js", "jest": { "setupFilesAfterEnv": ["<rootDir>/src/prepare"] } }',
    });
    expect(mayChange(bench, "src/prepare.js")).toBe(false);
    expect(mayChange(bench, "src/add.js")).toBe(true);
  });
  it("is protected where the runner's own words name it", () => {
    const bench = benchOf(named("mocha"), {}, ["--require", "./src/hooks.js", "--import=./src/loader.mjs"]);
    expect(mayChange(bench, "src/hooks.js")).toBe(false);
    expect(mayChange(bench, "src/loader.mjs")).toBe(false);
    expect(mayChange(bench, "src/add.js")).toBe(true);
  });
});

describe("a patch is graded by its source files alone", () => {
  it.each(["README.md", "dist/index.js", "scripts/build.js", "src/types.d.ts", "data.json"])("%s stays as it is", (path) => {
    expect(mayChange(benchOf(runners[0]), path)).toBe(false);
  });
});
