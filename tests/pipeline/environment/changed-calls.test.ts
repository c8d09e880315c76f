import { describe, expect, it } from "vitest";
import { compared, outcomesOf } from "../../../pipeline/environment/changed-calls.ts";
import type { ChangedCall } from "../../../schemas/observation.ts";

const sources = ["src/a.js", "src/b.js"];
const line = (call: string, outcome: string, more: { id?: number; how?: "value" | "throw"; contained?: boolean } = {}): string =>
  JSON.stringify([more.id ?? 0, call.slice(0, call.indexOf("(")), call, more.contained ?? true, more.how ?? "value", outcome]);
const told = (...lines: string[]): string => `${lines.join("\n")}\n`;
const changes = (before: string, ...clean: string[]): readonly ChangedCall[] =>
  compared(outcomesOf([before], sources), outcomesOf(clean, sources));

describe("a changed call", () => {
  it("has another outcome in the defective tree", () => {
    const clean = told(line("f(1)", "2"), line("f(2)", "4", { id: 1 }));
    expect(changes(told(line("f(1)", "1"), line("f(2)", "4", { id: 1 })), clean, clean)).toEqual([
      { file: "src/a.js", symbol: "f", call: "f(1)", selfContained: true, expected: "2", actual: "1", error: null },
    ]);
  });
  it("may throw in place of giving something", () => {
    const [call] = changes(told(line("f(1)", "TypeError: no", { how: "throw" })), told(line("f(1)", "2")));
    expect(call).toMatchObject({ expected: "2", actual: null, error: "TypeError: no" });
  });
  it("may give something in place of throwing, or throw something else", () => {
    const clean = told(line("f(1)", "TypeError: no", { how: "throw" }), line("f(2)", "TypeError: no", { how: "throw" }));
    expect(changes(told(line("f(1)", "2"), line("f(2)", "Error: oh", { how: "throw" })), clean)).toMatchObject([
      { expected: "throws TypeError: no", actual: "2", error: null },
      { expected: "throws TypeError: no", actual: "throws Error: oh", error: null },
    ]);
  });
  it("was made in both trees", () => {
    expect(changes(told(line("f(1)", "1")), told(line("f(2)", "4")))).toEqual([]);
  });
  it("gave one and the same thing in every clean run, and one in the defective tree", () => {
    const broken = told(line("f(1)", "0"), line("f(2)", "0"));
    expect(changes(broken, told(line("f(1)", "1"), line("f(2)", "2")), told(line("f(1)", "8"), line("f(2)", "2")))).toMatchObject([
      { call: "f(2)" },
    ]);
    expect(changes(told(line("f(1)", "0"), line("f(1)", "5")), told(line("f(1)", "1")))).toEqual([]);
  });
  it("is not an assertion that a callback of the test threw", () => {
    expect(changes(told(line("f(1)", "AssertionError: no", { how: "throw" })), told(line("f(1)", "1")))).toEqual([]);
  });
  it("is not self-contained where it names a path of the sandbox", () => {
    expect(changes(told(line('f("/workspace/a")', "1")), told(line('f("/workspace/a")', "2")))).toMatchObject([{ selfContained: false }]);
  });
});

describe("of many changed calls", () => {
  it("those that can be made as they stand come first, short ones before long ones, and not all of one function", () => {
    const clean = told(
      ...[1, 20, 3, 4, 5, 6, 7].map((n) => line(`f(${n})`, "1")),
      line("g()", "1", { contained: false }),
      line("long(1)", "1"),
    );
    const broken = clean.replaceAll('"1"', '"2"');
    expect(changes(broken, clean).map(({ call }) => call)).toEqual(["f(1)", "f(3)", "f(4)", "f(5)", "f(6)", "long(1)", "g()"]);
  });
  it("ten are kept", () => {
    const clean = told(...Array.from({ length: 30 }, (_, n) => line(`f${n}(1)`, "1")));
    expect(changes(clean.replaceAll('"1"', '"2"'), clean)).toHaveLength(10);
  });
});

it("what is no line of the sink is nothing", () => {
  expect(outcomesOf(["{}\nnot JSON\n[1,2]\n", told(line("f(1)", "1", { id: 7 }))], sources).size).toBe(0);
});
