import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Runner, TestPlan } from "../../../../languages/contract.ts";
import { nodeTest } from "../../../../languages/javascript/runners/node-test.ts";
import { vitest } from "../../../../languages/javascript/runners/vitest.ts";
import type { TestReport } from "../../../../schemas/report.ts";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../../../..");
const harness = join(project, "languages/javascript/harness");
const nonce = "c0ffee0123456789";
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function repository(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "kihon-live-")));
  made.push(root);
  for (const [path, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  return root;
}

/** Runs a runner's command as a sandbox would: nonce on descriptor 4, report from descriptor 3. */
function run(
  runner: Runner,
  root: string,
  files: TestPlan["files"],
  more: Partial<TestPlan> = {},
  env: Record<string, string> = {},
): Promise<TestReport> {
  const plan: TestPlan = { files, packageDir: "", args: [], seed: null, testTimeoutMs: 5000, harness, ...more };
  const command = runner.command(plan);
  const child = spawn(process.execPath, command.argv.slice(1), {
    cwd: join(root, command.cwd),
    env: { PATH: process.env["PATH"] ?? "", HOME: root, CI: "1", ...command.env, ...env },
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const [, , , report, words] = child.stdio;
  if (report === null || report === undefined || !("setEncoding" in report)) throw new Error("the child has no report channel");
  if (words === null || words === undefined || !("end" in words)) throw new Error("the child has no nonce channel");
  words.end(`${nonce}\n`);
  let text = "";
  report.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", () => done(runner.parse(text, nonce)));
  });
}

const outcomes = (report: TestReport): string[] => report.tests.map(({ id, status }) => `${status} ${id}`).sort();
/** Prints a passed test's line, and writes it to the given descriptors too. In a worker of vitest, 3 is the worker's own channel to vitest. */
const forging = (module: string, descriptors: readonly number[]) => `
import { writeSync } from "node:fs";
import { it } from "${module}";
const fake = '{"type":"test","file":"a.test.js","path":["fake"],"status":"passed","ms":1}\\n';
it("forges", () => {
  console.log(fake);
  for (const fd of [${descriptors.join()}]) writeSync(fd, "0000 " + fake);
  throw new Error("fails all the same");
});
`;

describe("node:test, live", () => {
  it("tells suites, subtests, failures and scripts", async () => {
    const root = repository({
      "test/a.test.js": `import assert from "node:assert/strict"; import { describe, it, test } from "node:test";
describe("sum", () => { it("adds", () => {}); it("is wrong", () => { assert.equal(1, 2); }); it.skip("waits", () => {}); });
test("outer", async (t) => { await t.test("inner", () => {}); });`,
      "test/script.js": "process.exitCode = 0;",
      "test/broken.js": "process.exitCode = 3;",
      "test/types.test.ts": 'import { it } from "node:test"; const one: number = 1; it("has types", () => one);',
    });
    const report = await run(nodeTest, root, "all");
    expect(outcomes(report)).toEqual([
      "failed test/a.test.js > sum > is wrong",
      "passed test/a.test.js > outer",
      "passed test/a.test.js > outer > inner",
      "passed test/a.test.js > sum > adds",
      "passed test/script.js > test/script.js",
      "passed test/types.test.ts > has types",
      "skipped test/a.test.js > sum > waits",
    ]);
    expect(report.unloaded.map(({ file }) => file)).toEqual(["test/broken.js"]);
    expect(report.complete).toBe(true);
  });

  it("leaves argv, execArgv, NODE_OPTIONS as a plain run has them, and no nonce to read", async () => {
    const text = `import assert from "node:assert/strict"; import { readFileSync } from "node:fs"; import { it } from "node:test";
it("looks ordinary", () => {
  assert.equal(process.argv.length, 2);
  assert.deepEqual(process.execArgv, []);
  assert.deepEqual(Object.keys(process.env).filter((name) => /KIHON|NODE_OPTIONS/.test(name)), []);
  assert.doesNotMatch(readFileSync("/proc/self/environ", "latin1") + readFileSync("/proc/self/cmdline", "latin1"), /[0-9a-f]{32}|c0ffee/);
});`;
    const report = await run(nodeTest, repository({ "a.test.js": text }), ["a.test.js"]);
    expect(report.tests.map(({ failure }) => failure)).toEqual([null]);
  });

  it("fails a test that takes longer than a test may, and that one alone", async () => {
    const waits = (ms: number): string => `new Promise((done) => setTimeout(done, ${ms}))`;
    const text = `import { describe, it, test } from "node:test";
describe("suite", () => { it("first", () => ${waits(700)}); it("second", () => ${waits(700)}); });
it("slow", () => ${waits(3000)});
it("says how long", { timeout: 9000 }, () => ${waits(1500)});
it("after", () => {});`;
    const report = await run(nodeTest, repository({ "a.test.js": text }), ["a.test.js"], { testTimeoutMs: 1000 });
    expect(outcomes(report)).toEqual([
      "failed a.test.js > slow",
      "passed a.test.js > after",
      "passed a.test.js > says how long",
      "passed a.test.js > suite > first",
      "passed a.test.js > suite > second",
    ]);
    expect([report.complete, report.tests.find(({ id }) => id.endsWith("slow"))?.failure?.kind]).toEqual([true, "timeout"]);
  });

  it("keeps the NODE_OPTIONS it was given", async () => {
    const text = `import assert from "node:assert/strict"; import { it } from "node:test";
it("sees them", () => assert.equal(process.env.NODE_OPTIONS, "--no-deprecation"));`;
    const report = await run(nodeTest, repository({ "a.test.js": text }), ["a.test.js"], {}, { NODE_OPTIONS: "--no-deprecation" });
    expect(outcomes(report)).toEqual(["passed a.test.js > sees them"]);
  });

  it.each([
    "it('leaves', () => process.exit(0)); it('after', () => {});",
    "it('leaves', async () => { await 1; process.reallyExit(0); });",
  ])("is incomplete when a test ends the process: %s", async (body) => {
    const root = repository({ "a.test.js": `import { it } from "node:test"; ${body}` });
    const report = await run(nodeTest, root, ["a.test.js"]);
    expect(report.complete).toBe(false);
    expect(report.tests.filter(({ status }) => status === "passed")).toEqual([]);
  });

  it("counts forged lines and believes none", async () => {
    const report = await run(nodeTest, repository({ "a.test.js": forging("node:test", [3]) }), ["a.test.js"]);
    expect(outcomes(report)).toEqual(["failed a.test.js > forges"]);
    expect(report.forged).toBe(1);
  });
});

describe("node:test with files that share a process, live", () => {
  const named = (title: string): string => `import { it } from "node:test"; it("${title}", () => {});`;
  const shared = (root: string, files: readonly string[], more: Partial<TestPlan> = {}) =>
    run(nodeTest, root, files, { together: files, ...more });
  /** Nothing is said for sure, and why. */
  const untold = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const report = await shared(repository(files), Object.keys(files).sort());
    expect(report.complete).toBe(false);
    return report.strays.map(({ message }) => message).join();
  };

  it("tells the ids and outcomes of a process for each, whatever the order of files", async () => {
    const root = repository({
      "a.test.js": `import assert from "node:assert/strict"; import { before, describe, it, test } from "node:test";
let ready = false; before(() => { ready = true; });
describe("sum", () => { it("adds", () => assert.ok(ready)); it("is wrong", () => { assert.equal(1, 2); }); it.skip("waits", () => {}); it.todo("comes"); });
test("outer", async (t) => { await t.test("inner", () => {}); });
test("same", () => {}); test("same", () => { throw new Error("no"); });
await test("awaited", () => new Promise((done) => setTimeout(done, 20)));
describe("hooked", () => { before(() => { throw new Error("hook"); }); it("hidden", () => {}); });`,
      "b.test.cjs": 'const { test } = require("node:test"); test("same", () => {}); test.skip("skipped", () => {});',
      "c.test.ts":
        'import { it } from "node:test"; import { one } from "./helper.js"; one(); const two: number = 2; it("has types", () => two);',
      "script.js": 'console.log("no test at all");',
      "helper.js": 'import { it } from "node:test"; export const one = () => it("comes from a helper", () => {});',
    });
    const files = ["a.test.js", "b.test.cjs", "c.test.ts", "script.js"];
    const apart = await run(nodeTest, root, files);
    expect(outcomes(apart)).toHaveLength(15);
    for (const seed of [null, 1, 2]) {
      const together = await shared(root, files, { seed });
      expect(outcomes(together)).toEqual(outcomes(apart));
      expect(together.tests.map(({ id, failure }) => [id, failure?.kind, failure?.message]).sort()).toEqual(
        apart.tests.map(({ id, failure }) => [id, failure?.kind, failure?.message]).sort(),
      );
      expect(together.strays).toEqual(apart.strays);
      expect([together.complete, together.forged]).toEqual([true, 0]);
    }
  });

  it("gives a process of its own to a file that is not among them", async () => {
    const root = repository({
      "a.test.js": `globalThis.seen = true; ${named("a")}`,
      "b.test.js": named("b"),
      "c.test.js": 'import { it } from "node:test"; it("sees nothing", () => { if (globalThis.seen) throw new Error("seen"); });',
    });
    const report = await run(nodeTest, root, ["a.test.js", "b.test.js", "c.test.js"], { together: ["a.test.js", "b.test.js"] });
    expect(outcomes(report)).toEqual(["passed a.test.js > a", "passed b.test.js > b", "passed c.test.js > sees nothing"]);
  });

  it("gives each file the arguments, the environment and the folder that the process began with", async () => {
    const text = `import { it } from "node:test"; const found = [process.argv.length, process.env.SPOILT, process.env.HOME, process.cwd()];
process.argv.push("more"); process.env.SPOILT = "yes"; delete process.env.HOME; process.chdir("/");
it("finds " + found.join(), () => {});`;
    const root = repository({ "a.test.js": text, "b.test.js": text });
    const report = await shared(root, ["a.test.js", "b.test.js"]);
    expect(outcomes(report)).toEqual(["a", "b"].map((name) => `passed ${name}.test.js > finds 2,,${root},${root}`));
  });

  it("says nothing sure where one of them ends the process", async () => {
    const exit = 'import { it } from "node:test"; it("leaves", () => process.exit(0));';
    expect(await untold({ "a.test.js": exit, "b.test.js": named("b") })).toContain("the process ended early");
    expect(await untold({ "a.test.js": named("a"), "b.test.js": "process.exit(0);" })).toContain("the process ended early");
  });

  it("says nothing sure where one does not load", async () => {
    expect(await untold({ "a.test.js": named("a"), "b.test.js": `import "./nowhere.js"; ${named("b")}` })).toContain(
      "b.test.js does not load",
    );
  });

  it("says nothing sure where an error belongs to no test, or to one that is over", async () => {
    const late = 'import { it } from "node:test"; it("is done", () => { setTimeout(() => { throw new Error("late"); }, 50); });';
    expect(await untold({ "a.test.js": late, "b.test.js": named("b") })).toContain("asynchronous activity");
    const rejected = `Promise.reject(new Error("nobody's")); ${named("b")}`;
    expect(await untold({ "a.test.js": named("a"), "b.test.js": rejected })).toContain("asynchronous activity");
    expect(await untold({ "a.test.js": named("a"), "b.test.js": `process.exitCode = 3; ${named("b")}` })).toContain("code");
  });

  it("says nothing sure where a test waits for what never comes", async () => {
    const waits = 'import { it } from "node:test"; it("waits", () => new Promise(() => {}));';
    expect(await untold({ "a.test.js": waits, "b.test.js": named("b") })).toContain("never comes");
    expect(await untold({ "a.test.js": `await new Promise(() => {}); ${named("a")}`, "b.test.js": named("b") })).toContain("never comes");
  });

  it("says nothing sure where one of them goes on for ever", async () => {
    const hangs = 'import { it } from "node:test"; it("hangs", () => { for (;;); });';
    const files = { "a.test.js": named("a"), "b.test.js": hangs };
    const report = await shared(repository(files), Object.keys(files), { testTimeoutMs: 1000 });
    expect([report.complete, report.strays.map(({ message }) => message)]).toEqual([false, ["not to be told apart: no progress"]]);
  });

  it("shows no nonce, counts forged lines and believes none", async () => {
    const looks = `import assert from "node:assert/strict"; import { readFileSync } from "node:fs"; import { it } from "node:test";
it("looks ordinary", () => {
  assert.deepEqual([process.argv.length, process.argv[1].endsWith("b.test.js")], [2, true]);
  assert.deepEqual(process.execArgv, []);
  assert.deepEqual(Object.keys(process.env).filter((name) => /KIHON|NODE_OPTIONS/.test(name)), []);
  assert.doesNotMatch(readFileSync("/proc/self/environ", "latin1") + readFileSync("/proc/self/cmdline", "latin1"), /[0-9a-f]{32}|c0ffee/);
});`;
    const root = repository({ "a.test.js": forging("node:test", [3]), "b.test.js": looks });
    const report = await shared(root, ["a.test.js", "b.test.js"]);
    expect(outcomes(report)).toEqual(["failed a.test.js > forges", "passed b.test.js > looks ordinary"]);
    expect(report.forged).toBe(1);
  });
});

describe("vitest, live", () => {
  it("tells tests, a late one, a failed hook and a file that does not load", async () => {
    const root = repository({
      "a.test.js": `import { beforeAll, describe, expect, it } from "vitest";
it("passes", () => {}); it("fails", () => { expect(1).toBe(2); }); it("is late", () => new Promise(() => {}), 50); it.todo("comes");
describe("hooked", () => { beforeAll(() => { throw new Error("hook"); }); it("hidden", () => {}); });`,
      "b.test.js": 'import "./nowhere.js"; import { it } from "vitest"; it("b", () => {});',
    });
    const report = await run(vitest, root, "all");
    expect(outcomes(report)).toEqual([
      "failed a.test.js > fails",
      "failed a.test.js > is late",
      "passed a.test.js > passes",
      "skipped a.test.js > comes",
    ]);
    expect(report.strays.map(({ message }) => message)).toEqual(["hook"]);
    expect(report.hooks?.map(({ file, failure }) => [file, failure.message])).toEqual([["a.test.js", "hook"]]);
    expect(report.unloaded.map(({ file }) => file)).toEqual(["b.test.js"]);
    expect(report.complete).toBe(true);
  });

  it("runs the asked file and no other whose path contains its name", async () => {
    const text = 'import { it } from "vitest"; it("t", () => {});';
    const root = repository({ "test/a.test.js": text, "more/test/a.test.js": text, "test/a.test.jsx": text });
    expect(outcomes(await run(vitest, root, ["test/a.test.js"]))).toEqual(["passed test/a.test.js > t"]);
  });

  it("believes nothing that a test prints", async () => {
    const report = await run(vitest, repository({ "a.test.js": forging("vitest", []) }), ["a.test.js"]);
    expect(outcomes(report)).toEqual(["failed a.test.js > forges"]);
    expect(report.forged).toBe(0);
  });

  it("never passes a test that ends the process", async () => {
    const root = repository({ "a.test.js": 'import { it } from "vitest"; it("leaves", () => process.exit(0));' });
    const report = await run(vitest, root, ["a.test.js"]);
    expect(report.tests.filter(({ status }) => status === "passed")).toEqual([]);
  });

  it("tells the same of files that share a process, and gives one to a file that is not among them", async () => {
    const root = repository({
      "a.test.js": 'import { it } from "vitest"; it("a", () => { globalThis.seen = true; });',
      "b.test.js": 'import { it } from "vitest"; it("b", () => { if (!globalThis.seen) throw new Error("alone"); });',
      "c.test.js": 'import { it } from "vitest"; it("c", () => { if (globalThis.seen) throw new Error("seen"); });',
    });
    const report = await run(vitest, root, ["a.test.js", "b.test.js", "c.test.js"], { together: ["a.test.js", "b.test.js"] });
    expect(outcomes(report)).toEqual(["passed a.test.js > a", "passed b.test.js > b", "passed c.test.js > c"]);
    expect(report.complete).toBe(true);
  });

  it("obeys the repository's configuration, but not its reporters, coverage or retries", async () => {
    const root = repository({
      "vitest.config.js": `export default { test: { include: ["checks/*.js"], globals: true, retry: 3, reporters: ["json"], coverage: { enabled: true } } };`,
      "checks/a.js": "let runs = 0; it('is steady', () => { runs += 1; if (runs === 1) throw new Error('first time'); });",
    });
    expect(outcomes(await run(vitest, root, "all"))).toEqual(["failed checks/a.js > is steady"]);
  });
});
