import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normaliseTitle, parseReport, testId } from "../../../../languages/javascript/runners/report.ts";

const nonce = "5f0c1d";
const saved = (name: string): string => readFileSync(new URL(`../../../fixtures/reports/${name}.txt`, import.meta.url), "utf8");
const line = (value: unknown, mark = nonce): string => `${mark} ${JSON.stringify(value)}\n`;
const test = (path: string[], more: object = {}): string => line({ type: "test", file: "a.js", path, status: "passed", ms: 1, ...more });
const start = line({ type: "start" });
const end = line({ type: "end" });

describe("a saved report", () => {
  it.each(["vitest-0", "vitest-3", "vitest-4", "vitest-5", "mocha-6", "mocha-10", "mocha-11"])(
    "of %s tells each test once, and its hook as a stray",
    (name) => {
      const report = parseReport(saved(name), nonce);
      expect(report.complete).toBe(true);
      expect(report.forged).toBe(0);
      const outcomes = report.tests.map(({ id, status, failure }) =>
        `${status} ${id.replace("test/a.test.js > suite red > ", "")} ${failure?.kind ?? ""}`.trim(),
      );
      expect(outcomes.map((outcome) => outcome.replace("each 1", "each")).sort()).toEqual(
        [
          "failed fails assertion",
          "failed late timeout",
          "failed throws error",
          "passed each",
          "passed each #2",
          "passed passes",
          "skipped later",
          "skipped skipped",
        ].sort(),
      );
      expect(report.strays.map(({ message }) => message)).toEqual(["hook"]);
    },
  );

  it.each(["vitest-0", "vitest-3", "vitest-4", "vitest-5", "jest-24", "jest-29", "jest-30"])(
    "of %s names the file that did not load",
    (name) => {
      const report = parseReport(saved(name), nonce);
      expect(report.unloaded.map(({ file, failure }) => [file, failure.kind])).toEqual([["test/load.test.js", "load"]]);
      expect(report.unloaded[0]?.failure.message).toContain("missing");
    },
  );

  it.each(["vitest-5", "mocha-11", "node-test-24", "jest-30", "ava-3", "ava-6"])(
    "of %s carries what was expected, what came, and where",
    (name) => {
      const failed = parseReport(saved(name), nonce).tests.find(({ id }) => id.endsWith("> fails"));
      expect(failed?.failure?.expected?.replace(/\s|"|Object/g, "").replace(/,}/, "}")).toBe("{a:2}");
      expect(failed?.failure?.actual?.replace(/\s|"|Object/g, "").replace(/,}/, "}")).toBe("{a:1}");
      expect(failed?.failure?.frames[0]?.file).toMatch(/^test\/a\.test\.m?js$/);
      expect(failed?.failure?.frames[0]?.line).toBeGreaterThan(2);
    },
  );

  it.each(["jest-24", "jest-29", "jest-30"])("of %s blames a failed hook on the tests under it, as jest does", (name) => {
    const hidden = parseReport(saved(name), nonce).tests.find(({ id }) => id.endsWith("hooked > hidden"));
    expect([hidden?.status, hidden?.failure?.message]).toEqual(["failed", "hook"]);
  });

  it.each(["ava-3", "ava-6"])("of %s leaves out the tests behind a failed hook and keeps the late one", (name) => {
    const report = parseReport(saved(name), nonce);
    expect(report.tests.some(({ id }) => id.includes("hidden"))).toBe(false);
    expect(report.tests.find(({ id }) => id.endsWith("late"))?.failure?.kind).toBe("timeout");
    expect(report.strays.some(({ message }) => message.includes("hook"))).toBe(true);
    expect(report.unloaded.map(({ file }) => file)).toEqual(["test/load.test.mjs"]);
  });

  it("of node:test keeps nested tests as paths and a script without tests as a test of its own", () => {
    const { tests } = parseReport(saved("node-test-24"), nonce);
    const ids = tests.map(({ id }) => id);
    expect(ids).toContain("test/a.test.js > parent > child");
    expect(ids).toContain("test/a.test.js > parent");
    expect(tests.find(({ file }) => file === "test/script.test.js")).toMatchObject({
      id: "test/script.test.js > test/script.test.js",
      status: "passed",
    });
    expect(ids).toContain("test/t.test.ts > ts");
  });

  it("of a mocha run that a file's loading ended names the file", () => {
    const report = parseReport(saved("mocha-11-load"), nonce);
    expect(report.tests).toEqual([]);
    expect(report.unloaded.map(({ file }) => file)).toEqual(["test/load.test.js"]);
  });

  it("of a mocha run that process.exit ended is not complete", () => {
    expect(parseReport(saved("mocha-11-exit"), nonce)).toEqual({ tests: [], unloaded: [], strays: [], complete: false, forged: 0 });
  });
});

describe("parseReport", () => {
  it("believes no line without the nonce, and counts it", () => {
    const forged = `${test(["x"]).replace(nonce, "aaaaaa")}{"type":"end"}\n${nonce}{"type":"end"}\nhello\n`;
    const report = parseReport(start + forged + test(["real"]), nonce);
    expect(report.tests.map(({ id }) => id)).toEqual(["a.js > real"]);
    expect([report.forged, report.complete]).toEqual([4, false]);
  });

  it("counts lines with the nonce that are no records", () => {
    expect(parseReport(`${start}${nonce} {"type":"test"}\n${nonce} not json\n${end}`, nonce)).toMatchObject({ forged: 2, complete: true });
  });

  it("is incomplete when something follows the end", () => {
    expect(parseReport(start + end, nonce).complete).toBe(true);
    expect(parseReport(start + end + test(["late"]), nonce).complete).toBe(false);
  });

  it("is incomplete when the last line was cut", () => {
    expect(parseReport(start + test(["a"]) + end.slice(0, -4), nonce)).toMatchObject({ complete: false, forged: 1 });
  });

  it("numbers repeated ids within their file only", () => {
    const other = test(["same"], { file: "b.js" });
    const ids = parseReport(test(["same"]) + other + test(["same"]) + test(["same"]), nonce).tests.map(({ id }) => id);
    expect(ids).toEqual(["a.js > same", "b.js > same", "a.js > same #2", "a.js > same #3"]);
  });

  it("gives a failed test without an error an empty failure", () => {
    const report = parseReport(test(["a"], { status: "failed" }), nonce);
    expect(report.tests[0]?.failure).toEqual({ kind: "error", name: "", message: "", expected: null, actual: null, frames: [] });
  });

  it("refuses an empty nonce, with which anybody could write", () => {
    expect(() => parseReport(start, "")).toThrow(RangeError);
  });
});

describe("an id", () => {
  it("of a title that is made to be slow to read is made in linear time", () => {
    // Tens of minutes where a pattern tries each of the spaces again.
    for (const title of [`${" ".repeat(3_000_000)}(`, "(1".repeat(1_000_000), "\u001b[1;".repeat(500_000)])
      expect(testId("a.js", [title]).length).toBeLessThanOrEqual(500);
  });

  it.each([
    ["\u001b[31mred\u001b[39m text", "red text"],
    ["takes long (12 ms)", "takes long"],
    ["takes long (1.5s)", "takes long"],
    ["of (12) things", "of (12) things"],
    ["loads /workspace/src/a.js", "loads src/a.js"],
    ["  many\n\t spaces ", "many spaces"],
    ["nul \u0000 and bell \u0007", "nul \\x00 and bell \\x07"],
    ["日本語 ✓", "日本語 ✓"],
  ])("normalises the title %j", (title, expected) => {
    expect(normaliseTitle(title)).toBe(expected);
  });

  it("keeps long ids apart by a hash", () => {
    const long = "x".repeat(600);
    const [one, two] = [testId("a.js", [`${long}1`]), testId("a.js", [`${long}2`])];
    expect(one).toHaveLength(500);
    expect(one).not.toBe(two);
    expect(testId("a.js", ["x".repeat(500 - "a.js > ".length)])).not.toContain("~");
  });
});

it("ids are of one test each, also where a title ends like a number that was given", () => {
  const said = parseReport(start + test(["t"]) + test(["t"]) + test(["t #2"]) + test(["t"]) + end, nonce);
  expect(said.tests.map(({ id }) => id)).toEqual(["a.js > t", "a.js > t #2", "a.js > t #2 #2", "a.js > t #3"]);
});
