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
    paths: () => Object.keys(texts).sort(),
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
      "src/add.ts": "",
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
    const bench = benchOf(named("mocha"), { "src/more.js": "" }, [
      "--require",
      "./src/hooks.js",
      "--import=./src/loader.mjs",
      "src/more.js",
    ]);
    expect(mayChange(bench, "src/hooks.js")).toBe(false);
    expect(mayChange(bench, "src/loader.mjs")).toBe(false);
    expect(mayChange(bench, "src/more.js")).toBe(false);
    expect(mayChange(bench, "src/add.js")).toBe(true);
  });
  it("is protected with what a configuration's own modules load, but for what tests run", () => {
    const bench = benchOf(named("jest"), {
      "jest.config.js": 'const base = require("./jest-base.js"); require("./src/add.js"); module.exports = { ...base };',
      "jest-base.js": 'module.exports = { ...require("./more/base") };',
      "more/base.js": "module.exports = {};",
      "src/add.js": 'require("./part.js");',
      "src/part.js": "",
    });
    expect(["jest-base.js", "more/base.js"].filter((path) => mayChange(bench, path))).toEqual([]);
    expect(mayChange(bench, "src/add.js")).toBe(true);
    expect(mayChange(bench, "src/part.js")).toBe(true);
  });
  it("is not what a manifest exports, nor a module of a file's name", () => {
    const exported = { main: "index.js", exports: { ".": { require: "./index.js", import: "./src/index.mjs" } } };
    const texts = {
      "package.json": JSON.stringify(exported),
      "index.js": "",
      "node.js": "",
      "vitest.config.ts": 'const a = { environment: "node" };',
    };
    for (const [name, args] of [
      ["mocha", ["index"]],
      ["jest", []],
      ["vitest", []],
      ["node-test", []],
    ] as const) {
      const bench = benchOf(named(name), texts, args);
      expect([name, ...["index.js", "src/index.mjs", "src/index.ts", "node.js"].map((path) => mayChange(bench, path))]).toEqual([
        name,
        true,
        true,
        true,
        true,
      ]);
    }
    const own = benchOf(named("mocha"), { "package.json": JSON.stringify({ ...exported, mocha: { require: "./hooks.js" } }) });
    expect([mayChange(own, "hooks.js"), mayChange(own, "index.js")]).toEqual([false, true]);
  });
});

describe("a folder in the place of a file", () => {
  const bench = benchOf(runners[0], { "src/data.json": "{}", "src/add.js": "" });
  it.each([
    "package.json/index.js",
    "tsconfig.json/a.js",
    "test.js/index.js",
    "src/a.test.js/index.js",
    "src/data.json/index.js",
    "src/add.js/b.js",
  ])("%s changes nothing", (path) => {
    expect(mayChange(bench, path)).toBe(false);
  });
});

describe("what tests hold answers against", () => {
  it.each([
    ..."fixtures/loud/output.js src/fixtures/a.ts testdata/b.js test-fixtures/c.js mocks/d.js src/test-utils.ts test-utils/e.ts".split(" "),
    ..."src/add.fixtures.ts src/add.mock.ts src/testHelpers.js".split(" "),
  ])("%s stays as it is", (path) => {
    expect(mayChange(benchOf(runners[0]), path)).toBe(false);
  });
  it.each(["src/helpers.ts", "src/mock.ts.js", "src/latest.js", "lib/contest.js"])("%s is a source", (path) => {
    expect(mayChange(benchOf(runners[0]), path)).toBe(true);
  });
});

describe("a patch is graded by its source files alone", () => {
  it.each(["README.md", "dist/index.js", "scripts/build.js", "src/types.d.ts", "data.json"])("%s stays as it is", (path) => {
    expect(mayChange(benchOf(runners[0]), path)).toBe(false);
  });
});
