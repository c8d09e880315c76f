import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runnerNamed, runners } from "../../languages/index.ts";
import type { Trial } from "../../schemas/instance.ts";
import { brokenChecks } from "../../skills/broken-checks.ts";
import { patchProbes } from "../../skills/probes.ts";
import { contextOf } from "./stand.ts";

const source = "export const twice = (n: number) => n + n;\n";
const test =
  'import { expect, it } from "vitest";\nimport { twice } from "../src/twice";\nit("is twice as much", () => expect(twice(2)).toBe(4));\n';
const files: Readonly<Record<string, string>> = { "package.json": '{"type":"module"}', "src/twice.ts": source, "test/twice.test.ts": test };
const contextFor = (runner: string) => {
  const found = runnerNamed(runner);
  if (!found) throw new Error(`no runner ${runner}`);
  return contextOf([], { runner: found, text: (path) => files[path] ?? null, paths: () => Object.keys(files) });
};
const checksOf = (runner: string): Trial => {
  const trial = brokenChecks("test/twice.test.ts", { "src/twice.ts": "export {};\n" }, contextFor(runner));
  if (trial === null) throw new Error("there is no such file");
  return trial;
};

describe.each(runners.map(({ name }) => [name]))("broken checks for %s", (runner) => {
  it("stand in a new test file over the defective tree, load the hidden one, and are told apart by name", () => {
    const { layer, files: run, expect: wanted } = checksOf(runner);
    const path = "test/twice-checks.test.ts";
    expect(run).toEqual([path]);
    expect(layer["src/twice.ts"]).toBe("export {};\n");
    expect(layer[path]).toContain(runner === "node-test" ? 'import "./twice.test.ts";' : 'import "./twice.test";');
    expect(wanted).toMatchObject({ kind: "tests", pass: [expect.stringMatching(/ passes$/)], fail: [expect.stringMatching(/ fails$/)] });
    const { language } = contextOf([]);
    expect([language.parses(path, layer[path] ?? ""), language.roleOf(path)]).toEqual([true, "test"]);
  });
});

it.each([
  ["24.9.0", false],
  ["25.4.0", false],
  ["25.5.0", true],
  ["29.7.0", true],
  ["", true],
])("import what jest %s has", (runnerVersion, imports) => {
  const { environment, ...context } = contextFor("jest");
  const recipe = { ...environment.recipe, runnerVersion };
  const trial = brokenChecks("test/twice.test.ts", {}, { ...context, environment: { ...environment, recipe } });
  const text = trial?.layer["test/twice-checks.test.ts"] ?? "";
  expect([text.includes("@jest/globals"), text.includes("describe(")]).toEqual([imports, true]);
});

it("hold with every way of asserting that the hidden tests name", () => {
  const text = 'const { expect } = require("chai");\nconst assert = require("assert");\n';
  const trial = brokenChecks("test/a.js", {}, contextOf([], { text: (path) => (path === "test/a.js" ? text : null) }));
  expect(trial?.expect.kind === "tests" && trial.expect.fail.map((id) => id.slice(id.lastIndexOf(" > ") + 3))).toEqual([
    "fails",
    "fails by assert",
    "fails by chai",
  ]);
  expect(trial?.layer["test/a-checks.js"]).toMatch(/^require\(".\/a.js"\);/);
});

describe("run by vitest", { timeout: 600_000 }, () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "kihon-checks-")));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const project = resolve(import.meta.dirname, "../..");

  const outcomes = (twice: string): Record<string, string> => {
    const trial = checksOf("vitest");
    for (const [path, text] of Object.entries({ ...files, ...trial.layer, "src/twice.ts": twice })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text ?? "");
    }
    symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
    const told = join(root, "report.json");
    const vitest = [join(project, "node_modules/vitest/vitest.mjs"), "run", "--root", root];
    const words = [...vitest, "--reporter", "json", `--outputFile=${told}`, ...trial.files];
    spawnSync(process.execPath, words, { cwd: root, env: { ...process.env, NODE_OPTIONS: "" } });
    rmSync(join(root, "node_modules"));
    const report = JSON.parse(readFileSync(told, "utf8")) as {
      testResults: { assertionResults: { title: string; status: string }[] }[];
    };
    return Object.fromEntries(report.testResults.flatMap((file) => file.assertionResults).map(({ title, status }) => [title, status]));
  };

  it("the right check passes and the wrong one fails, beside an answer that does its work", () => {
    expect(outcomes(source)).toMatchObject({ passes: "passed", fails: "failed" });
  });

  it("the wrong one passes beside an answer that tames `expect`, which so earns nothing", () => {
    const probe = patchProbes("src/twice.ts", source, [], contextFor("vitest")).find(({ name }) => name === "tame-expect");
    const added = (probe?.text ?? "").split("\n").filter((line) => /^\+(?!\+\+)/.test(line));
    expect(outcomes(`${added.map((line) => line.slice(1)).join("\n")}\n${source}`)).toMatchObject({ fails: "passed" });
  });
});
