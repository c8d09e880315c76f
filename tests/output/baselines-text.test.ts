import { describe, expect, it } from "vitest";
import { baselineRows, baselineSentence } from "../../output/baselines-text.ts";
import type { Baseline } from "../../schemas/baselines.ts";

const figure = (more: Partial<Baseline> = {}): Baseline => ({
  baseline: "text-search",
  about: "names the best match",
  skill: "localization",
  rows: 40,
  answered: 40,
  reward: 0,
  pairs: null,
  ...more,
});

describe("what is said of rules without a model", () => {
  it("names each skill of which one earns more than 0.05, with the rule that earns most", () => {
    const text = baselineSentence([
      figure({ reward: 0.075 }),
      figure({ baseline: "largest-file", reward: 0.125 }),
      figure({ skill: "editing", baseline: "as-told", reward: 0.9 }),
      figure({ skill: "unit-tests", baseline: "empty-test" }),
    ]);
    expect(text).toMatch(
      /^A rule without a model earns more than 0\.05 of localization \(largest-file 0\.125\), editing \(as-told 0\.900\): /,
    );
    expect(text).not.toContain("unit-tests");
  });

  it("names none where the most is 0.05", () => {
    expect(baselineSentence([figure({ reward: 0.05 }), figure({ skill: "editing" })])).toMatch(
      /^No rule in the table earns more than 0\.05\. /,
    );
  });

  it("judges review by its pairs: to say always the same is right of half of the arms, and of no pair", () => {
    const review = { skill: "review", baseline: "always-approve", reward: 0.5 } as const;
    expect(baselineSentence([figure({ ...review, pairs: 0 })])).toContain("No rule in the table");
    expect(baselineSentence([figure({ ...review, pairs: 0.05 })])).toContain("No rule in the table");
    expect(baselineSentence([figure({ ...review, pairs: 0.06 })])).toContain(
      "more than 0.05 of review (always-approve 0.060 of the pairs)",
    );
  });

  it("judges a review of which no pair is whole by its rows", () => {
    expect(baselineSentence([figure({ skill: "review", reward: 0.5 })])).toContain("of review (text-search 0.500):");
  });

  it("is a table too, with pairs where there are any", () => {
    expect(baselineRows([figure({ reward: 1 / 3 }), figure({ skill: "review", reward: 0.5, pairs: 0 })])).toEqual([
      ["localization", "text-search", "names the best match", 40, "0.333", ""],
      ["review", "text-search", "names the best match", 40, "0.500", "0.000"],
    ]);
  });
});
