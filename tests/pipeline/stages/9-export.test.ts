import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitFor, splitOf, splits, trainedOn } from "../../../pipeline/stages/9-export.ts";

const ratio = { train: 8, validation: 1, test: 1 };

describe("a repository group's split", () => {
  it("is one of the splits, and the same each time", () => {
    fc.assert(
      fc.property(fc.string(), (group) => {
        expect(splits).toContain(splitOf(group, ratio));
        expect(splitOf(group, ratio)).toBe(splitOf(group, ratio));
      }),
    );
  });
  it("is train where the ratios know nothing else", () => {
    fc.assert(fc.property(fc.string(), (group) => splitOf(group, { train: 1, validation: 0, test: 0 }) === "train"));
  });
  it("follows the ratios over many groups", () => {
    const counts = Object.groupBy(
      Array.from({ length: 4000 }, (_, at) => splitOf(`owner/repository-${at}`, ratio)),
      (split) => split,
    );
    expect((counts.train?.length ?? 0) / 4000).toBeCloseTo(0.8, 1);
    expect((counts.test?.length ?? 0) / 4000).toBeCloseTo(0.1, 1);
  });
  it("stays where it is when train grows at the cost of the others behind it", () => {
    const moved = Array.from({ length: 500 }, (_, at) => `group-${at}`).filter(
      (group) => splitOf(group, ratio) === "train" && splitOf(group, { train: 9, validation: 1, test: 0 }) !== "train",
    );
    expect(moved).toEqual([]);
  });
});

describe("a composite task", () => {
  it("is never in train", () => {
    expect(splits.map((split) => splitFor("bug-fix", split))).toEqual(["test", "validation", "test"]);
    expect(splits.map((split) => splitFor("editing", split))).toEqual([...splits]);
  });

  it("is left out where its repository has questions in train, and only there", () => {
    const entries = [
      { skill: "editing", group: "a/trained" },
      { skill: "bug-fix", group: "a/trained" },
      { skill: "bug-fix", group: "a/alone" },
      { skill: "review", group: "a/held" },
      { skill: "bug-fix", group: "a/held" },
    ] as const;
    expect(trainedOn(entries, (group) => (group === "a/held" ? "test" : "train"))).toEqual([entries[1]]);
  });
});
