import { describe, expect, it } from "vitest";
import { proofOrder, type Ranked } from "../../../pipeline/stages/9-prove.ts";

let count = 0;
const draft = (
  changeId: string,
  lines: readonly [number, number],
  over: Partial<Ranked> & { symbol?: string; file?: string } = {},
): Ranked => ({
  id: `${changeId}-${++count}`,
  skill: "editing",
  environmentId: "e",
  changeId,
  edits: [{ file: over.file ?? "a.js", symbol: over.symbol ?? "f", startLine: lines[0], endLine: lines[1] }],
  ...over,
});
const order = (...drafts: Ranked[]) => proofOrder("1", drafts).map(({ changeId }) => changeId);
const firstOf = (changes: readonly string[], ...some: string[]) => Math.min(...some.map((change) => changes.indexOf(change)));

describe("the order of proof", () => {
  it("takes no line twice before every other line was taken", () => {
    const same = ["a", "b", "c"].map((id) => draft(id, [5, 5]));
    const others = ["x", "y"].map((id, at) => draft(id, [10 + at, 10 + at]));
    const found = order(...same, ...others);
    expect(new Set(found.slice(0, 3))).toEqual(new Set(["x", "y", found.find((id) => "abc".includes(id))]));
  });
  it("takes lines that lie within each other for the same", () => {
    const found = order(draft("wide", [1, 9]), draft("inside", [4, 4]), draft("apart", [12, 12]));
    expect(found[2]).not.toBe("apart");
  });
  it("takes the same line of another file for another", () => {
    const found = order(draft("a", [5, 5]), draft("b", [5, 5]), draft("c", [5, 5], { file: "b.js" }));
    expect(found.indexOf("c")).toBeLessThan(2);
  });
  it("takes one place of every symbol before a second of one", () => {
    const many = Array.from({ length: 8 }, (_, at) => draft(`m${at}`, [at + 1, at + 1]));
    const found = order(...many, draft("other", [50, 50], { symbol: "g" }));
    expect(found.indexOf("other")).toBeLessThan(2);
  });
  it("keeps the arms of a pair together", () => {
    const found = order(draft("a", [5, 5]), draft("b", [5, 5]), draft("a", [5, 5]), draft("b", [5, 5]));
    expect(found[0]).toBe(found[1]);
    expect(found[2]).toBe(found[3]);
  });
  it("is by environment and skill, the changes of one place in the same order for each skill", () => {
    const skills = ["editing", "review"];
    const found = proofOrder(
      "1",
      ["a", "b", "c"].flatMap((id) => skills.map((skill) => draft(id, [5, 5], { skill }))),
    );
    expect(found.map(({ skill }) => skill)).toEqual(["editing", "editing", "editing", "review", "review", "review"]);
    expect(found.slice(0, 3).map(({ changeId }) => changeId)).toEqual(found.slice(3).map(({ changeId }) => changeId));
  });
  it("is the same however the drafts are given, and another by another seed", () => {
    const some = Array.from({ length: 12 }, (_, at) => draft(`c${at}`, [at, at], { symbol: `s${at}` }));
    expect(proofOrder("1", [...some].reverse())).toEqual(proofOrder("1", some));
    expect(proofOrder("2", some)).not.toEqual(proofOrder("1", some));
  });
  it("spreads over places even where one change edits several", () => {
    const both = {
      ...draft("both", [1, 1]),
      edits: [1, 30].map((line) => ({ file: "a.js", symbol: "f", startLine: line, endLine: line })),
    };
    const found = order(both, draft("near", [30, 30]), draft("far", [60, 60]));
    expect(firstOf(found, "both", "near")).toBeLessThan(2);
    expect(found[2]).not.toBe("far");
  });
});
