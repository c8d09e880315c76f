import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const harness = join(import.meta.dirname, "../../../../languages/javascript/harness/sift.cjs");
const folder = mkdtempSync(join(tmpdir(), "kihon-sift-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  readonly type: string;
  readonly id?: number;
  readonly verdict?: string;
  readonly why?: string | null;
  readonly path?: readonly string[];
  readonly ids?: string;
  readonly odd?: string;
  readonly steady?: boolean;
  readonly files?: readonly string[];
  readonly by?: readonly string[];
}

const bits = (packed = ""): number[] =>
  [...Buffer.from(packed, "base64")].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (1 << bit) ? [at * 8 + bit] : [])),
  );

/** A mutant that is in force from the start, and the tests that are to be run on it. */
interface Step {
  readonly id: number;
  readonly tests: readonly string[];
}

/** Judges mutants 1 and 2 by tests that a program makes with `test(name, fn)`; `M(id)` and `L()` are what a source asks. */
function judged(program: string, more: { ids?: number[]; timeoutMs?: number; step?: Step } = {}): readonly Said[] {
  const at = (name: string): string => join(folder, name);
  const steps = more.step === undefined ? [] : [{ id: more.step.id, files: ["a.test.js"], turns: 0 }];
  const tests = { "a.test.js": more.step?.tests.map((name) => [name]) };
  const plan = { ids: more.ids ?? [1, 2], size: 3, timeoutMs: more.timeoutMs ?? 5000, done: {}, sources: [], steps, tests };
  writeFileSync(at("plan"), JSON.stringify(plan));
  for (const name of ["out", "killed", "foreign"]) writeFileSync(at(name), "");
  writeFileSync(at("step"), JSON.stringify(steps[0] ?? ""));
  const text = `
    const { openSift, judge, tellUnloaded } = require(${JSON.stringify(harness)});
    const sift = openSift();
    const { __kihonAsked: asked, __kihonTurns: left } = globalThis;
    const M = (id) => asked[id] === 1 && globalThis.__kihonMutant(id), L = () => --left[0] < 0 && globalThis.__kihonLoop();
    const hooks = { before: [], after: [], beforeEach: [], afterEach: [] }, children = [];
    const test = (name, run) => children.push({ titles: [name], file: "a.test.js", skipped: false, run });
    const equal = (a, b) => { if (a !== b) throw new Error(a + " is not " + b); };
    ${program}
    judge(sift, { ...hooks, children }).then(() => process.exit(0));
  `;
  const env = {
    KIHON_SIFT_PLAN: at("plan"),
    KIHON_SIFT_OUT: at("out"),
    KIHON_SIFT_KILLED: at("killed"),
    KIHON_SIFT_STEP: at("step"),
    KIHON_SIFT_FOREIGN: at("foreign"),
  };
  const { status, stderr } = spawnSync(process.execPath, ["-e", text], { env: { ...process.env, ...env }, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return readFileSync(at("out"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Said);
}

const verdicts = (said: readonly Said[]): Record<string, string> =>
  Object.fromEntries(said.flatMap(({ type, id, verdict }) => (type === "mutant" ? [[id, verdict ?? ""]] : [])));
const testOf = (said: readonly Said[], name: string): Said | undefined =>
  said.find(({ type, path }) => type === "test" && path?.join() === name);

describe("mutants judged in one process", () => {
  it("are killed by the first test that fails, and survive where none does", () => {
    const said = judged(`
      const add = (a, b) => M(1) ? a - b : M(2) ? b + a : a + b;
      test("adds", () => equal(add(1, 2), 3));
      test("adds later", async () => { await null; equal(add(0, 0), 0); });
    `);
    expect(verdicts(said)).toEqual({ 1: "failed", 2: "survived" });
    expect(said.at(-1)?.type).toBe("end");
  });

  it("are not said to survive where no test reaches them", () => {
    const said = judged('test("idle", () => {}); const never = () => M(1);');
    expect(verdicts(said)).toEqual({});
    expect(bits(testOf(said, "idle")?.ids)).toEqual([]);
  });

  it("are told of a test that reaches them the first time alone", () => {
    const said = judged(`
      let kept; const compute = () => (M(1) ? 2 : 1);
      test("keeps", () => { kept ??= compute(); equal(kept, 1); });
    `);
    expect([bits(testOf(said, "keeps")?.ids), bits(testOf(said, "keeps")?.odd)]).toEqual([[], [1]]);
    expect(verdicts(said)).toEqual({});
  });

  it("are told of a test that does something else when it is run again", () => {
    const said = judged(`
      const kept = new Map();
      const has = (key) => (M(1) ? true : kept.has(key));
      test("keeps", () => { if (!has("a")) { L(); kept.set("a", 1); } equal(kept.get("a"), 1); });
      test("stays", () => { M(2); L(); });
    `);
    expect([testOf(said, "keeps")?.steady, testOf(said, "stays")?.steady]).toEqual([false, true]);
  });

  it("are told of none that a test of chance reaches whenever it is run, and of those that it reaches now and then", () => {
    const said = judged(`
      const turns = [7, 4, 2, 6, 9]; let run = 0;
      const times = () => turns[run++ % turns.length];
      test("draws", () => { M(1); const count = times(); for (let at = 0; at < count; at++) L(); if (count % 2 === 1) M(2); });
    `);
    expect(testOf(said, "draws")?.steady).toBe(true);
    expect([bits(testOf(said, "draws")?.ids), bits(testOf(said, "draws")?.odd)]).toEqual([[1], [2]]);
  });

  it("are told of a test of chance that does in its first run what it does in no later one", () => {
    const said = judged(`
      const turns = [3, 5, 6, 4, 7]; let run = 0, kept = null;
      const fill = () => { for (let at = 0; at < 50; at++) L(); return 1; };
      test("draws", () => { M(1); kept ??= fill(); const count = turns[run++ % turns.length]; for (let at = 0; at < count; at++) L(); });
    `);
    expect(testOf(said, "draws")?.steady).toBe(false);
  });

  it("are told of those that run while the file is loaded", () => {
    const said = judged('const table = M(1) ? 2 : 1; test("reads", () => equal(table, 1));');
    expect(bits(said.find(({ type }) => type === "loaded")?.ids)).toEqual([1]);
  });

  it("end in a loop without end, also where somebody catches what stops it", () => {
    const said = judged(`
      const count = (n) => { let at = 0; try { while (M(1) ? true : at < n) { L(); at++; } } catch { return -1; } return at; };
      test("counts", () => equal(count(3), 3));
    `);
    expect(verdicts(said)).toEqual({ 1: "endless" });
  });

  it("end in a loop that takes turns of which other tests take many", () => {
    const said = judged(`
      const take = (count) => { for (let at = 0; at < count; at++) L(); };
      test("takes few", () => take(M(1) ? 60000 : 3));
      test("takes many", () => { M(1); take(M(2) ? 60000 : 2000); });
    `);
    expect(verdicts(said)).toEqual({ 1: "endless", 2: "survived" });
  });

  it("may take the turns of hooks wherever these run, and no more than many of them", () => {
    const said = judged(`
      const take = (count) => { for (let at = 0; at < count; at++) L(); };
      hooks.before.push(() => take(M(1) ? 150000 : 2000)); hooks.after.push(() => take(M(2) ? 900000 : 2000));
      test("is first", () => {}); test("is second", () => {});
    `);
    expect(verdicts(said)).toEqual({ 1: "survived", 2: "endless" });
  });

  it("fail by what runs after the last test", () => {
    const said = judged('hooks.after.push(() => { if (M(1)) throw new Error("after"); M(2); }); test("is idle", () => {});');
    expect(verdicts(said)).toEqual({ 1: "failed", 2: "survived" });
  });

  it("are late where what a test waits for never comes", () => {
    const said = judged('test("waits", () => (M(1) ? new Promise(() => {}) : Promise.resolve()));', { timeoutMs: 300 });
    expect(verdicts(said)).toEqual({ 1: "late" });
  });

  it("fail by what is thrown where nobody waits for it", () => {
    const said = judged(`
      test("throws aside", async () => { setTimeout(() => { if (M(1)) throw new Error("aside"); }, 1); await new Promise((r) => setTimeout(r, 20)); });
    `);
    expect(verdicts(said)).toEqual({ 1: "failed" });
  });

  it("reach the tests of a suite by its hooks", () => {
    const said = judged(`
      let base; hooks.before.push(() => { base = M(1) ? 2 : 1; }); hooks.beforeEach.push(() => { if (M(2)) throw new Error("each"); });
      test("reads", () => equal(base, 1));
    `);
    expect(bits(testOf(said, "reads")?.ids)).toEqual([1, 2]);
    expect(verdicts(said)).toEqual({ 1: "failed", 2: "failed" });
  });

  it("are not judged by a test that fails on the healthy code", () => {
    const said = judged('test("broken", () => { M(1); throw new Error("always"); });');
    expect([testOf(said, "broken")?.why, verdicts(said)]).toEqual(["fails", {}]);
  });

  it("are not judged again and again by tests that wait long", () => {
    const said = judged(`
      const wait = (ms) => new Promise((r) => setTimeout(r, ms));
      for (let at = 0; at < 11; at++) test("waits " + at, async () => { await wait(1000); equal(M(1) ? 2 : 1, 1); });
      test("is quick", () => equal(M(2) ? 2 : 1, 1));
    `);
    expect(testOf(said, "waits 3")?.why).toBe("takes too long to be run again and again");
    expect([bits(testOf(said, "waits 3")?.odd), verdicts(said)]).toEqual([[1], { 2: "failed" }]);
  });

  it("are left to another process after one that leaves something behind", () => {
    const said = judged(`
      let spoilt = false;
      test("spoils", () => { if (M(1)) spoilt = true; M(2); equal(spoilt, false); });
    `);
    expect(verdicts(said)).toEqual({ 1: "failed" });
    expect(said.at(-1)).toMatchObject({ type: "drift", id: 1 });
  });

  it("cannot end the process", () => {
    const said = judged('test("leaves", () => { if (M(1)) process.exit(0); });');
    expect(verdicts(said)).toEqual({ 1: "failed" });
    expect(said.at(-1)?.type).toBe("end");
  });

  it("are not believed of a test whose child processes come to one", () => {
    const preload = JSON.stringify(join(harness, "../sift-preload.cjs"));
    const said = judged(`
      const { execFileSync } = require("child_process");
      test("spawns", () => { execFileSync(process.execPath, ["--require", ${preload}, "-e", "globalThis.__kihonAsked[1] && globalThis.__kihonMutant(1)"]); });
      test("stays", () => { M(1); });
    `);
    expect([testOf(said, "spawns")?.why, testOf(said, "stays")?.why]).toEqual(["works in another process", null]);
  });

  it("are told of another process that came to one before the first test", () => {
    const preload = JSON.stringify(join(harness, "../sift-preload.cjs"));
    const said = judged(`
      require("child_process").execFileSync(process.execPath, ["--require", ${preload}, "-e", "globalThis.__kihonAsked[2] && globalThis.__kihonMutant(2)"]);
      test("stays", () => { M(1); });
    `);
    expect(bits(said.find(({ type }) => type === "elsewhere")?.ids)).toEqual([2]);
  });
});

describe("a mutant in force from the start", () => {
  const table = `const table = M(1) ? 2 : 1; test("idle", () => {}); test("reads", () => equal(table, 1));`;
  const alone = (program: string, step: Step): Said | undefined => judged(program, { step }).find(({ type }) => type === "alone");

  it("is killed by a test of what was loaded under it", () => {
    expect(alone(table, { id: 1, tests: ["idle", "reads"] })).toMatchObject({ id: 1, verdict: "failed", by: ["a.test.js", "reads"] });
  });

  it("survives the tests that are asked for, and only those", () => {
    expect(alone(table, { id: 2, tests: ["idle", "reads"] })).toMatchObject({ id: 2, verdict: "survived", files: ["a.test.js"] });
    expect(alone(table, { id: 1, tests: ["idle"] })).toMatchObject({ verdict: "survived" });
  });

  it("is not judged by files that give other tests under it", () => {
    expect(alone('if (!M(1)) test("vanishes", () => {}); test("idle", () => {});', { id: 1, tests: ["vanishes", "idle"] })).toMatchObject({
      verdict: "otherwise",
    });
  });

  it("is told of what does not load under it, by an error or by a loop without end", () => {
    const loading = (code: string): string => `try { ${code} } catch { tellUnloaded(sift); process.exit(0); } test("idle", () => {});`;
    expect(alone(loading('if (M(1)) throw new Error("no");'), { id: 1, tests: ["idle"] })).toMatchObject({ verdict: "unloaded" });
    expect(alone(loading("while (M(1)) L();"), { id: 1, tests: ["idle"] })).toMatchObject({ verdict: "endless" });
  });

  it("is begun before anything is loaded, so that a process that dies of it is told", () => {
    const said = judged("if (M(1)) process.exit(0);", { step: { id: 1, tests: [] } });
    expect(said.map(({ type, id }) => [type, id])).toEqual([["begin", 1]]);
  });
});
