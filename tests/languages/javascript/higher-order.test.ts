import { beforeAll, describe, expect, it } from "vitest";
import type { Unit } from "../../../languages/contract.ts";
import { combineMutations, type MutableFile } from "../../../languages/javascript/higher-order.ts";
import { mutationsOf } from "../../../languages/javascript/mutators/index.ts";
import { initSyntax, parsesCleanly } from "../../../languages/javascript/syntax.ts";
import { rngFor } from "../../../lib/rng.ts";

beforeAll(initSyntax);

const TEXT = "function f(a, b) {\n  if (a < b && b > 0) return a + b;\n  return a - b;\n}\n";

const unit = (start: number, end: number, name = "f"): Unit => ({
  name,
  kind: "function",
  start,
  end,
  startLine: 1,
  endLine: 1,
  bodyStart: start,
  bodyEnd: end,
  signature: "",
  doc: "",
  exported: true,
});

const file = (path: string, units: readonly Unit[] = [unit(0, TEXT.length)]): MutableFile => ({
  path,
  units,
  mutations: mutationsOf(path, TEXT),
});

const combine = (files: readonly MutableFile[], count = 40, seed = 1) => combineMutations(files, rngFor(seed, "item", "combine"), count);

describe("combineMutations", () => {
  it("gives two or three sites, apart from each other, each by another operator within a unit", () => {
    const mutants = combine([file("a.js")]);
    expect(mutants.length).toBe(40);
    for (const { scope, parts } of mutants) {
      expect(scope).toBe("unit");
      expect([2, 3]).toContain(parts.length);
      expect(new Set(parts.map(({ mutation }) => mutation.operator)).size).toBe(parts.length);
      parts.slice(1).forEach(({ mutation }, i) => {
        expect(mutation.start).toBeGreaterThan(parts[i]?.mutation.end ?? Number.POSITIVE_INFINITY);
      });
    }
  });

  it("leaves a text that parses when all parts are applied", () => {
    for (const { parts } of combine([file("a.js")], 100)) {
      const mutated = parts.reduceRight(
        (text, { mutation }) => text.slice(0, mutation.start) + mutation.replacement + text.slice(mutation.end),
        TEXT,
      );
      expect(parsesCleanly("a.js", mutated), mutated).toBe(true);
    }
  });

  it("spreads over different files", () => {
    const across = combine([file("a.js", []), file("b.js", []), file("c.js", [])]);
    expect(across.length).toBe(40);
    for (const { scope, parts } of across) {
      expect(scope).toBe("files");
      expect(new Set(parts.map(({ path }) => path)).size).toBe(parts.length);
    }
  });

  it("gives both kinds where both are possible", () => {
    expect(new Set(combine([file("a.js"), file("b.js")]).map(({ scope }) => scope))).toEqual(new Set(["unit", "files"]));
  });

  it("combines only within the innermost unit", () => {
    const half = TEXT.indexOf("return a - b");
    for (const { parts } of combine([file("a.js", [unit(0, TEXT.length, "outer"), unit(half, TEXT.length, "outer.inner")])])) {
      expect(new Set(parts.map(({ mutation }) => mutation.start >= half)).size).toBe(1);
    }
  });

  it("is the same for the same seed, whatever the order of the files, and other for another", () => {
    const files = [file("a.js"), file("b.js"), file("c.js")];
    expect(combine([...files].reverse())).toEqual(combine(files));
    expect(combine(files, 40, 2)).not.toEqual(combine(files));
  });

  it("never gives a combination twice", () => {
    const keys = combine([file("a.js"), file("b.js")], 200).map(({ parts }) => JSON.stringify(parts));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("gives none where there is no pair", () => {
    const [first] = mutationsOf("a.js", TEXT);
    expect(combine([])).toEqual([]);
    expect(combine([{ path: "a.js", units: [unit(0, TEXT.length)], mutations: first === undefined ? [] : [first] }])).toEqual([]);
  });
});
