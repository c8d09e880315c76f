import { describe, expect, it } from "vitest";
import { filesToGlimpse, unmoved } from "../../../pipeline/environment/glimpse.ts";
import type { Ended } from "../../../sandbox/contract.ts";
import type { TestRun } from "../../../sandbox/workspace.ts";
import type { Failure, TestResult } from "../../../schemas/report.ts";

const failure = (kind: Failure["kind"]): Failure => ({ kind, name: "Error", message: "why", expected: null, actual: null, frames: [] });
const test = (file: string, status: TestResult["status"], kind: Failure["kind"] = "assertion"): TestResult => ({
  id: `${file} > works`,
  file,
  status,
  durationMs: 1,
  failure: status === "failed" ? failure(kind) : null,
});
const finished: Ended = { kind: "finished", exitCode: 0, failedCommand: null };

function runOf(tests: readonly TestResult[], more: { ended?: Ended; unloaded?: readonly string[]; complete?: boolean } = {}): TestRun {
  const unloaded = (more.unloaded ?? []).map((file) => ({ file, failure: failure("load") }));
  return {
    ended: more.ended ?? finished,
    report: { tests: [...tests], unloaded, strays: [], complete: more.complete ?? true, forged: 0 },
    result: { stdout: "said", stderr: "" },
  } as unknown as TestRun;
}
const healthy = runOf([test("a.js", "passed"), test("b.js", "failed"), test("c.js", "passed")]);

describe("filesToGlimpse", () => {
  it("is the test files of the change that hold tests", () => {
    expect(filesToGlimpse({ testFiles: ["a.js"] }, healthy)).toEqual([["a.js"]]);
  });
  it("is the others too, and last, where the change touched what tests read", () => {
    expect(filesToGlimpse({ testFiles: ["a.js", "helper.js"] }, healthy)).toEqual([["a.js"], ["b.js", "c.js"]]);
    expect(filesToGlimpse({ testFiles: ["data.json"] }, healthy)).toEqual([["a.js", "b.js", "c.js"]]);
  });
});

describe("unmoved", () => {
  it.each(["assertion", "error"] as const)("is null where a test fails by %s without the change", (kind) => {
    expect(unmoved(["a.js"], healthy, runOf([test("a.js", "failed", kind)]))).toBeNull();
  });

  it.each<[string, readonly string[], TestRun]>([
    ["no-fail-to-pass", ["a.js"], runOf([test("a.js", "passed")])],
    ["no-fail-to-pass", ["a.js"], runOf([test("a.js", "skipped")])],
    ["fails-with-the-change", ["b.js"], runOf([test("b.js", "failed")])],
    ["fails-otherwise", ["a.js"], runOf([test("a.js", "failed", "timeout")])],
    ["does-not-load", ["a.js"], runOf([], { unloaded: ["a.js"] })],
    ["ended-early", ["a.js"], runOf([], { complete: false })],
    ["tests-vanish", ["a.js", "c.js"], runOf([test("a.js", "passed")])],
    ["timed-out", ["a.js"], runOf([], { ended: { kind: "timed-out" } as Ended })],
    ["does-not-build", ["a.js"], runOf([], { ended: { kind: "finished", exitCode: 1, failedCommand: 0 } as Ended })],
  ])("says %s", (code, files, broken) => {
    expect(unmoved(files, healthy, broken)?.reason).toBe(`glimpse/${code}`);
  });

  it("asks of the change's files alone", () => {
    expect(unmoved(["a.js"], healthy, runOf([test("a.js", "passed"), test("c.js", "failed")]))?.reason).toBe("glimpse/no-fail-to-pass");
  });
});
