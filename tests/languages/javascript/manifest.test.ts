import semver from "semver";
import { describe, expect, it } from "vitest";
import type { ManifestFacts } from "../../../languages/contract.ts";
import {
  detectBuild,
  detectEnv,
  detectNodeVersion,
  detectPackageManager,
  detectRunner,
  nativePackages,
  testFilesOf,
} from "../../../languages/javascript/manifest.ts";

type Files = Readonly<Record<string, string>>;
const facts = (manifest: object, files: Files = {}): ManifestFacts => ({
  manifest: manifest as Record<string, unknown>,
  rootManifest: manifest as Record<string, unknown>,
  paths: ["package.json", ...Object.keys(files)],
  packageDir: "",
  read: (path) => files[path] ?? null,
});
const scripts = (test: string, more: object = {}) => facts({ scripts: { test, ...more } });
const chosen = (given: ManifestFacts) => {
  const { runner, detection } = detectRunner(given);
  return [runner?.name ?? null, detection?.args ?? []];
};

describe("detectRunner", () => {
  // The test scripts of well-known packages, and what their authors mean by them.
  it.each<[string, object, string | null, string[]]>([
    ["pnpm lint && vitest run --typecheck", { lint: "eslint ." }, "vitest", []],
    ["vitest run", {}, "vitest", []],
    ["pnpm lint && vitest --run typecheck && vitest run", { lint: "eslint ." }, "vitest", []],
    ["vitest bench && vitest run --dir unit", {}, "vitest", ["--dir", "unit"]],
    ["jest --coverage", {}, "jest", []],
    ["node --test && npm run check:type:ts", { "check:type:ts": "tsd && tsc -p tsconfig.ts.json" }, "node-test", []],
    ["xo && ava && tsd", {}, "ava", []],
    ["xo && node --import=tsx/esm --test test/*.ts && del-cli dist && tsc && tsd", {}, "node-test", ["--import=tsx/esm", "test/*.ts"]],
    ["xo && npm run build && ava", { build: "del-cli distribution && tsc --project tsconfig.dist.json" }, "ava", []],
    ["npm run lint && mocha", { lint: "eslint ." }, "mocha", []],
    ["mocha", {}, "mocha", []],
    [
      "nyc --reporter=cobertura --reporter=text-summary mocha --require @babel/register --reporter dot --recursive",
      {},
      "mocha",
      ["--require", "@babel/register", "--reporter", "dot", "--recursive"],
    ],
    ["c8 --reporter=text --reporter=html mocha test/*.mjs", {}, "mocha", ["test/*.mjs"]],
    ["npm run test:unit", { "test:unit": "node --test --test-reporter=spec test/unit/*.test.js" }, "node-test", ["test/unit/*.test.js"]],
    ["nyc --reporter lcov mocha test/unit", {}, "mocha", ["test/unit"]],
    ["NODE_OPTIONS=--experimental-vm-modules jest --watchAll=false", {}, "jest", ["--experimental-vm-modules"]],
    [
      "node --experimental-vm-modules node_modules/jest/bin/jest.js --config jest.ci.js",
      {},
      "jest",
      ["--experimental-vm-modules", "--config", "jest.ci.js"],
    ],
    ["cross-env TZ=UTC vitest run --config vite.test.ts --coverage", {}, "vitest", ["--config", "vite.test.ts"]],
    ["run-s test:*", { "test:lint": "eslint .", "test:unit": "ava test/*.js" }, "ava", ["test/*.js"]],
    [
      "npm run test:specs && npm run test:unit && npm run lint",
      { "test:specs": "node --test test/specs.js", "test:unit": "node --test --test-reporter=spec test/unit/*.test.js", lint: "eslint" },
      "node-test",
      ["test/specs.js", "test/unit/*.test.js"],
    ],
    ["node --test && node --test more/*.js", {}, "node-test", []],
    ["node --test test/a.js && node --import=tsx --test test/b.ts", {}, "node-test", ["test/a.js"]],
    ["tsx --test test/a.ts", {}, "node-test", ["--import", "tsx", "test/a.ts"]],
    ["nyc yarn _test", { _test: "yarn eslint && cross-env NODE_ENV=test yarn mocha 'test/**/*.js'" }, "mocha", ["test/**/*.js"]],
    ["yarn --silent run mocha test/unit", {}, "mocha", ["test/unit"]],
    ["pnpm vitest run", {}, "vitest", []],
    ["yarn cross-env NODE_ENV=test yarn mocha test/unit", {}, "mocha", ["test/unit"]],
    ["pnpm --filter mocha check && pnpm jest", {}, "jest", []],
    ["pnpm run '/^test:.*/'", { "test:types": "tsc --noEmit", "test:spec": "vitest run --dir src" }, "vitest", ["--dir", "src"]],
    ["pnpm run '/(/'", {}, null, []],
    [
      "npm run test:all && npm run test:more",
      { "test:all": "node bin/settings.js mocha test/unit/*.js --exit" },
      "mocha",
      ["test/unit/*.js", "--exit"],
    ],
    ["cross-env TZ=Europe/London npm run tz && jest --coverage", { tz: "date && jest test/tz.test --coverage=false" }, "jest", []],
    ["mocha test/unit && mocha test/more", {}, "mocha", ["test/unit"]],
    ["ava --config ava.a.js && ava", {}, "ava", ["--config", "ava.a.js"]],
    ["tap test/*.js", {}, null, []],
    ["jasmine spec/*spec.js", {}, null, []],
    ['echo "no test specified" && exit 1', {}, null, []],
  ])("reads %j", (test, more, runner, args) => {
    expect(chosen(scripts(test, more))).toEqual([runner, args]);
  });

  it("takes the first of two runners in one script", () => {
    expect(chosen(scripts("jest && mocha"))).toEqual(["jest", []]);
    expect(chosen(scripts("mocha && jest"))).toEqual(["mocha", []]);
  });

  it("does not follow a script that starts itself for ever", () => {
    expect(chosen(scripts("npm run again", { again: "npm test && mocha" }))).toEqual(["mocha", []]);
  });

  it("falls back on a configuration file, then on the one runner installed", () => {
    expect(chosen(facts({}, { "jest.config.js": "" }))[0]).toBe("jest");
    expect(chosen(facts({ devDependencies: { ava: "^6.0.0" } }))[0]).toBe("ava");
  });

  it("does not choose between two runners that are merely installed", () => {
    const choice = detectRunner(facts({ devDependencies: { ava: "^6.0.0", jest: "^29.0.0" } }));
    expect(choice.runner).toBeNull();
    expect(choice.reason).toContain("no script decides");
  });

  it.each<[string, Files, string[], string?]>([
    [
      "by what they are called",
      { "test.js": "", "lib/copy/__tests__/copy.test.js": "", "lib/copy/__tests__/help.js": "", "src/a-spec.cjs": "", "b.test.mjs": "" },
      ["*.test.mjs", "lib/**/*.test.js", "src/**/*-spec.cjs"],
    ],
    ["by their folder", { "lib/__tests__/copy.js": "", "lib/__tests__/fixtures/a.js": "", "lib/copy.js": "" }, ["lib/__tests__/*.js"]],
    [
      "where a shell would find them",
      { "src/a.test.js": "" },
      ["src/**/*.test.js"],
      "mocha $(find src -name '*.test.js' | sort) `ls more`",
    ],
    ["not where they stand in a configuration that is named", { "src/a.test.js": "" }, ["--config", "m.json"], "mocha --config m.json"],
    ["not where mocha finds some", { "test/a.js": "", "lib/b.test.js": "" }, []],
    ["not where its configuration names some", { ".mocharc.cjs": "module.exports = { spec: all() }", "lib/b.test.js": "" }, []],
    ["nor where there are none", { "lib/b.js": "" }, []],
  ])("names the tests to mocha where a pipe or a program of the repository's does: %s", (_what, files, args, test = "node test.js") => {
    const manifest = {
      scripts: { test, find: "find lib -name *.test.js | xargs mocha" },
      devDependencies: { mocha: "^10.0.0" },
    };
    expect(chosen(facts(manifest, files))).toEqual(["mocha", args]);
  });

  it("says which unsupported runner the script starts, whatever is installed", () => {
    const choice = detectRunner(facts({ scripts: { test: "tap" }, devDependencies: { tap: "^16.0.0", mocha: "^10.0.0" } }));
    expect(choice.reason).toContain("tap");
  });
});

describe("testFilesOf", () => {
  const files = (...paths: string[]): Files => Object.fromEntries(paths.map((path) => [path, ""]));
  const listed = (given: ManifestFacts) => {
    const { runner, detection } = detectRunner(given);
    if (runner === null) throw new Error("no runner");
    return testFilesOf(given, runner, detection.args);
  };
  it.each<[string, object, Files, string[]]>([
    [
      "vitest's default",
      { scripts: { test: "vitest" } },
      files("src/a.ts", "src/a.test.ts", "b.spec.mjs", "test/c.ts"),
      ["b.spec.mjs", "src/a.test.ts"],
    ],
    [
      "vitest's include and exclude",
      { scripts: { test: "vitest" } },
      {
        "vitest.config.js": 'export default { test: { include: ["tests/**/*.{js,ts}"], exclude: ["tests/_*"] } }',
        ...files("tests/_help.ts", "tests/a.ts", "a.test.ts"),
      },
      ["tests/a.ts"],
    ],
    [
      "jest's default",
      { scripts: { test: "jest" } },
      files("__tests__/a.js", "x/b.test.jsx", "test.js", "test/c.js"),
      ["__tests__/a.js", "test.js", "x/b.test.jsx"],
    ],
    [
      "vitest's include with brackets of its own",
      { scripts: { test: "vitest" } },
      {
        "vitest.config.ts": 'export default { test: { include: ["**/checks/**/*.[jt]s?(x)", "b.js"] } }',
        ...files("checks/a.ts", "a.test.ts", "b.js"),
      },
      ["b.js", "checks/a.ts"],
    ],
    [
      "nothing by a pattern that would not end",
      { scripts: { test: "jest" }, jest: { testRegex: ["^/(a+)+$", "b.js$"] } },
      files(`${"a".repeat(60)}.js`, "b.js"),
      ["b.js"],
    ],
    [
      "nothing by a glob that would not end",
      { scripts: { test: "ava" }, ava: { files: [`${"*a".repeat(12)}*b`, "c.js"] } },
      files("a".repeat(250), "c.js"),
      ["c.js"],
    ],
    [
      "ava's default without what it leaves out",
      { scripts: { test: "ava" }, ava: { files: ["!**/later/**"] } },
      files("test/a.js", "test/later/b.js", "src/c.js"),
      ["test/a.js"],
    ],
    [
      "jest's testRegex",
      { scripts: { test: "jest" }, jest: { testRegex: "/spec/.*\\.js$" } },
      files("spec/a.js", "b.test.js"),
      ["spec/a.js"],
    ],
    ["mocha's default folder", { scripts: { test: "mocha" } }, files("test/a.js", "test/deep/b.js", "test/c.ts"), ["test/a.js"]],
    [
      "mocha with --recursive",
      { scripts: { test: "mocha --recursive -r x" } },
      files("test/a.js", "test/deep/b.js", "x"),
      ["test/a.js", "test/deep/b.js"],
    ],
    ["mocha's spec", { scripts: { test: "mocha" }, mocha: { spec: "spec/**/*.ts" } }, files("spec/a.ts", "test/b.js"), ["spec/a.ts"]],
    [
      "mocha's yaml",
      { scripts: { test: "mocha" } },
      { ".mocharc.yml": "spec: [checks/*.js]", ...files("checks/a.js", "test/b.js") },
      ["checks/a.js"],
    ],
    [
      "ava's default",
      { scripts: { test: "ava" } },
      files("test.js", "test/a.js", "test/_b.js", "test/helpers/c.js", "test/fixtures/d.js"),
      ["test.js", "test/a.js"],
    ],
    [
      "ava's extensions",
      { scripts: { test: "ava" }, ava: { extensions: { ts: "module" } } },
      files("test/a.ts", "test/b.json"),
      ["test/a.ts"],
    ],
    [
      "node:test's default",
      { scripts: { test: "node --test" } },
      files("tests/a.test.js", "test/b.js", "tests/c.js", "d-test.mjs"),
      ["d-test.mjs", "test/b.js", "tests/a.test.js"],
    ],
    [
      "node:test's globs",
      { scripts: { test: "node --test 'x/**/*.ts'" } },
      files("x/a.ts", "x/y/b.ts", "x/a.d.ts", "test/c.js"),
      ["x/a.ts", "x/y/b.ts"],
    ],
  ])("knows %s", (_name, manifest, tracked, expected) => {
    expect(listed(facts(manifest, tracked))).toEqual(expected);
  });
});

describe("detectPackageManager", () => {
  const some = { devDependencies: { a: "1" } };
  it.each<[string, object, Files, string, string, string]>([
    ["npm 3 lock", some, { "package-lock.json": '{"lockfileVersion": 3}' }, "npm", "10", "npm ci --ignore-scripts --no-audit --no-fund"],
    [
      "npm 1 lock",
      some,
      { "package-lock.json": '{"lockfileVersion": 1}' },
      "npm",
      "8",
      "npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund",
    ],
    [
      "pnpm and its field",
      { ...some, packageManager: "pnpm@10.28.0+sha512.ab" },
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'" },
      "pnpm",
      "10.28.0",
      "pnpm install --frozen-lockfile --ignore-scripts",
    ],
    [
      "an older pnpm lock",
      some,
      { "pnpm-lock.yaml": "lockfileVersion: 5.4" },
      "pnpm",
      "7",
      "pnpm install --frozen-lockfile --ignore-scripts",
    ],
    [
      "classic yarn",
      some,
      { "yarn.lock": "# yarn lockfile v1\n" },
      "yarn",
      "1.22.22",
      "yarn install --frozen-lockfile --ignore-scripts --non-interactive",
    ],
    ["berry", some, { "yarn.lock": "__metadata:\n  version: 8\n" }, "yarn-berry", "4", "yarn install --immutable"],
    ["bun's lock alone", some, { "bun.lock": "{}" }, "npm", "10", "npm install --legacy-peer-deps --ignore-scripts --no-audit --no-fund"],
    ["no dependencies", {}, {}, "none", "10", ""],
  ])("reads %s", (_name, manifest, files, manager, version, install) => {
    const found = detectPackageManager(facts(manifest, files), 22);
    expect([found.manager, found.version, found.install.map((words) => words.join(" ")).join()]).toEqual([manager, version, install]);
  });

  it("keeps berry's scripts off and its packages in node_modules", () => {
    expect(detectPackageManager(facts(some, { "yarn.lock": "__metadata:\n  version: 6\n" }), 22).env).toMatchObject({
      YARN_ENABLE_SCRIPTS: "0",
      YARN_NODE_LINKER: "node-modules",
    });
  });

  it("lets CI decide between two lock files", () => {
    const both = {
      "package-lock.json": "{}",
      "yarn.lock": "# yarn lockfile v1\n",
      ".github/workflows/ci.yml": "jobs: { a: { steps: [{ run: yarn install }] } }",
    };
    expect(detectPackageManager(facts(some, both), 22).manager).toBe("yarn");
  });
});

describe("the npm of an old revision", () => {
  const some = { devDependencies: { a: "1" } };
  it.each<[string, Files]>([
    ["without a lock file", {}],
    ["with a lock of version 3", { "package-lock.json": '{"lockfileVersion": 3}' }],
  ])("runs on the Node of its tests %s", (_name, files) => {
    expect([14, 16, 18, 20].map((major) => detectPackageManager(facts(some, files), major).version)).toEqual(["8", "8", "10", "10"]);
  });

  it("stands in where the repository declares another manager and has no lock file, and says so", () => {
    const found = detectPackageManager(facts({ ...some, packageManager: "pnpm@8.6.0" }), 18);
    expect(found).toMatchObject({
      manager: "npm",
      version: "10",
      evidence: "no lock file that npm, pnpm or yarn reads, npm in place of pnpm",
    });
  });
});

describe("detectNodeVersion", () => {
  const today = "2026-02-01T00:00:00.000Z";
  const workflow = (versions: string) => ({
    ".github/workflows/ci.yml": `jobs:\n  a:\n    strategy:\n      matrix:\n        node-version: ${versions}\n    steps:\n      - run: npm test\n`,
  });
  it.each<[string, object, Files, string]>([
    [".nvmrc", {}, { ".nvmrc": "v20.11.0\n" }, "20.11.0"],
    ["a long-term name", {}, { ".nvmrc": "lts/iron" }, "20"],
    ["an ancient long-term name", {}, { ".nvmrc": "lts/Dubnium" }, "14"],
    [".node-version over CI", {}, { ".node-version": "18", ...workflow("[20]") }, "18"],
    ["volta", { volta: { node: "16.3.0" } }, {}, "16.3.0"],
    ["the newest CI entry up to 24", {}, workflow("[20.20.1, 22.22.1, 24.14.0, 25.8.1]"), "24.14.0"],
    ["a version that is no number", {}, workflow("[20.10, 'lts/*']"), "20.10"],
    ["only ancient entries", {}, workflow("[8, 10]"), "14"],
    ["engines that the default meets", { engines: { node: ">=12" } }, {}, "22"],
    ["engines that the default does not meet", { engines: { node: "^18.0.0" } }, {}, "18"],
    ["nothing", {}, {}, "22"],
  ])("reads %s", (_name, manifest, files, range) => {
    expect(detectNodeVersion(facts(manifest, files), today).range).toBe(range);
  });

  it("does not listen to a workflow without tests", () => {
    const files = {
      ".github/workflows/pub.yml": "jobs:\n  a:\n    steps:\n      - with: { node-version: 18 }\n      - run: npm publish\n",
    };
    expect(detectNodeVersion(facts({}, files), today)).toEqual({ range: "22", evidence: "default" });
  });

  it("keeps to the default's line where engines only say from when on", () => {
    expect(detectNodeVersion(facts({ engines: { node: ">=22.18" } }), today).range).toBe(">=22.18.0 22.x");
  });

  it.each([
    ["2020-10-27T00:00:00.000Z", "14"],
    ["2021-10-25T23:59:59.000Z", "14"],
    ["2021-10-26T00:00:00.000Z", "16"],
    ["2023-10-23T12:00:00.000Z", "18"],
    ["2023-10-24T00:00:00.000Z", "20"],
    ["2025-10-27T23:59:59.000Z", "22"],
    ["2025-10-28T00:00:00.000Z", "22"],
    ["2026-11-20T00:00:00.000Z", "22"],
  ])("takes the long-term line of the day where nothing is asked for: %s", (committedAt, range) => {
    expect(detectNodeVersion(facts({}), committedAt).range).toBe(range);
  });

  it("says of which day the line is", () => {
    expect(detectNodeVersion(facts({}), "2022-09-01T10:00:00.000Z").evidence).toBe("long-term line on 2022-09-01: 16");
  });

  it("raises a line that is older than what is supported, and says so", () => {
    const found = detectNodeVersion(facts({}), "2019-06-01T00:00:00.000Z");
    expect(found).toEqual({ range: "14", evidence: "long-term line on 2019-06-01: 10, raised to 14, the oldest that is supported" });
    expect(detectNodeVersion(facts({}), "2013-01-01T00:00:00.000Z").evidence).toContain(": 4, raised to 14");
  });

  it.each([
    [">=6", "2022-09-01", "16"],
    [">= 0.10", "2019-05-01", "14"],
    [">=18", "2022-09-01", "18"],
    [">=14.16", "2021-06-01", ">=14.16.0 14.x"],
    ["^12.20.0 || ^14.13.1 || >=16.0.0", "2021-06-01", "^14.13.1"],
    ["<16", "2023-06-01", "14"],
    ["<=12", "2023-06-01", "14"],
    ["15.x", "2021-02-01", "15.x"],
    [">=12", "2019-12-01", "14"],
  ])("takes the long-term line of the day inside engines, or the nearest: %s on %s", (node, day, range) => {
    const found = detectNodeVersion(facts({ engines: { node } }), `${day}T00:00:00.000Z`).range;
    const versions = [
      "14.13.0",
      "14.15.0",
      "14.16.0",
      "14.21.3",
      "15.1.0",
      "15.14.0",
      "16.20.2",
      "18.20.8",
      "20.20.2",
      "22.22.0",
      "26.1.0",
    ];
    const fitting = (wanted: string) => versions.filter((version) => semver.satisfies(version, wanted));
    expect(fitting(found)).toEqual(fitting(range));
  });

  it("says why engines gave that line", () => {
    expect(detectNodeVersion(facts({ engines: { node: ">=6" } }), "2022-09-01T00:00:00.000Z").evidence).toBe(
      "engines in package.json: >=6; long-term line on 2022-09-01: 16",
    );
    expect(detectNodeVersion(facts({ engines: { node: "<=12" } }), "2019-09-01T00:00:00.000Z").evidence).toBe(
      "engines in package.json: <=12, raised to 14, the oldest that is supported",
    );
  });
});

describe("detectBuild", () => {
  const steps = (manifest: object, files: Files) => {
    const given = facts(manifest, files);
    const { runner, detection } = detectRunner(given);
    if (runner === null) throw new Error("no runner");
    const build = detectBuild(given, runner, detection.args);
    return build === null ? null : build.steps.map((words) => words.join(" "));
  };
  it("is empty where the tests load the sources, under another ending too", () => {
    const manifest = { main: "./dist/index.js", scripts: { test: "xo && npm run build && ava", build: "tsc" } };
    expect(steps(manifest, { "test/a.js": 'import x from "../source/index.js";', "source/index.ts": "" })).toEqual([]);
  });

  it("takes pretest's steps without its side checks", () => {
    const manifest = {
      scripts: {
        pretest: "npm run build && npm run lint",
        lint: "eslint .",
        build: "run-p build:*",
        "build:es": "babel src -d es --env-name=es",
        test: "mocha",
      },
    };
    expect(steps(manifest, { "test/a.js": 'require("../es/index")' })).toEqual(["node_modules/.bin/babel src -d es --env-name=es"]);
  });

  it("takes programs of dependencies that yarn and pnpm start for scripts", () => {
    const manifest = {
      scripts: {
        test: "yarn build && yarn run-mocha",
        build: "yarn lint && yarn generate && pnpm tsc -p b && yarn install && yarn why tsc",
        generate: "yarn tsc --outDir libesm && node --eval \"fs.writeFileSync('libesm/package.json', '{}')\"",
        lint: "yarn eslint",
        "run-mocha": "mocha 'test/*.js'",
      },
    };
    const files = { "test/a.js": 'import "../libesm/index.js"', ".gitignore": "libesm\n" };
    expect(steps(manifest, files)).toEqual([
      "node_modules/.bin/tsc --outDir libesm",
      "node --eval fs.writeFileSync('libesm/package.json', '{}')",
      "node_modules/.bin/tsc -p b",
    ]);
  });

  it("takes nothing for a build that only prints before the tests", () => {
    const manifest = { scripts: { test: "date && mocha", build: "node build && gzip-size a.min.js" } };
    expect(steps(manifest, { "test/a.js": 'require("../dist/a")' })).toEqual(["node build"]);
  });

  it("takes a compiled output named in a test, with rimraf in front of tsc", () => {
    const manifest = { scripts: { pretest: "rimraf build && tsc -p tsconfig.test.json", test: "c8 mocha test/*.mjs" } };
    expect(steps(manifest, { "test/a.mjs": "import { x } from '../build/lib/a.js'" })).toEqual([
      "node_modules/.bin/rimraf build",
      "node_modules/.bin/tsc -p tsconfig.test.json",
    ]);
  });

  it("takes what the test script builds before its runner", () => {
    const manifest = {
      scripts: {
        test: "npm run build:reset && npm run build && node --test test/*.test.js && npm run lint",
        "build:reset": "rimraf ./lib",
        build: "node esbuild.config.js",
        lint: "eslint",
      },
    };
    expect(steps(manifest, { "test/a.test.js": "import { marked } from '../lib/marked.esm.js'" })).toEqual([
      "node_modules/.bin/rimraf ./lib",
      "node esbuild.config.js",
    ]);
  });

  it("sees a package that tests itself by its own name, unless the runner points the name elsewhere", () => {
    const manifest = { name: "pkg", main: "dist/a.js", scripts: { test: "vitest run", build: "rolldown -c" } };
    const test = { "a.test.js": 'import "pkg"' };
    expect(steps(manifest, test)).toEqual(["node_modules/.bin/rolldown -c"]);
    expect(steps(manifest, { ...test, "vitest.config.js": "export default { resolve: { alias: { pkg: 'src' } } }" })).toEqual([]);
  });

  it("keeps a step's settings and leaves wildcards to a shell", () => {
    const manifest = { scripts: { test: "mocha", build: "NODE_ENV=production tsc && cp src/*.json dist" } };
    expect(steps(manifest, { "test/a.js": 'require("../dist/a")' })).toEqual([
      "env NODE_ENV=production node_modules/.bin/tsc",
      "sh -c cp src/*.json dist",
    ]);
  });

  it("is null where built files are loaded and no script makes them", () => {
    expect(steps({ scripts: { test: "mocha" } }, { "test/a.js": 'require("../dist/a")' })).toBeNull();
  });
});

describe("detectEnv", () => {
  it("takes plain settings of the script and of the CI job that tests, the script winning", () => {
    const files = {
      ".github/workflows/test.yml":
        "jobs:\n  a:\n    env:\n      LANG: en_US.utf8\n      TZ: America/New_York\n      TOKEN: abc\n      LC_ALL: ${{ matrix.x }}\n    steps:\n      - run: npm run test\n",
    };
    expect(detectEnv(facts({ scripts: { test: "jest" } }, files))).toEqual({ LANG: "en_US.utf8", TZ: "America/New_York" });
    expect(detectEnv(facts({ scripts: { test: "cross-env TZ=UTC SECRET=1 jest" } }, files))).toEqual({ LANG: "en_US.utf8", TZ: "UTC" });
  });
});

describe("nativePackages", () => {
  it("finds locked packages that build native code", () => {
    const lock = {
      lockfileVersion: 3,
      packages: {
        "": {},
        "node_modules/re": { dependencies: { "node-gyp-build": "1" } },
        "node_modules/plain": { dependencies: { ms: "2" } },
      },
    };
    expect(nativePackages(facts({ devDependencies: { bcrypt: "5" } }, { "package-lock.json": JSON.stringify(lock) }))).toEqual([
      "bcrypt",
      "re",
    ]);
  });

  it("reads the locks of pnpm and yarn", () => {
    const pnpm = "lockfileVersion: '9.0'\nsnapshots:\n  '@a/native@1.0.0':\n    dependencies:\n      bindings: 1.5.0\n  ms@2.0.0: {}\n";
    expect(nativePackages(facts({ dependencies: { x: "1" } }, { "pnpm-lock.yaml": pnpm }))).toEqual(["@a/native"]);
    const yarn =
      '# yarn lockfile v1\n\nnative@^1.0.0:\n  version "1.0.0"\n  dependencies:\n    bindings "~1.5.0"\n\nms@2:\n  version "2.0.0"\n';
    expect(nativePackages(facts({ dependencies: { x: "1" } }, { "yarn.lock": yarn }))).toEqual(["native"]);
  });
});
