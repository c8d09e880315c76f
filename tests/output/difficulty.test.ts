import { describe, expect, it } from "vitest";
import { difficultyFigures, difficultyOf } from "../../output/difficulty.ts";
import { toRows } from "../../output/rows.ts";
import { skills } from "../../schemas/instance.ts";
import { context, environment, mutant, sampleInstance } from "./samples.ts";

const levels = (skill: (typeof skills)[number], fact: string, numbers: readonly number[]) =>
  numbers.map((number) => difficultyOf({ skill, facts: { [fact]: number } }));

describe("a level", () => {
  it.each([
    ["localization", "candidate-files", [6, 7, 20, 21]],
    ["editing", "sites", [1, 2, 3, 4]],
    ["editing", "changes", [1, 2, 3, 4]],
    ["unit-tests", "unit-lines", [6, 7, 16, 17]],
    ["reproduction", "failing-tests", [12, 11, 3, 2]],
    ["review", "changed-lines", [1, 2, 5, 6]],
    ["bug-fix", "files", [1, 2, 2, 3]],
  ] as const)("of %s follows %s", (skill, fact, numbers) => {
    expect(levels(skill, fact, numbers)).toEqual(["easy", "medium", "medium", "hard"]);
  });

  it.each(skills)("of %s is told from the public facts alone, and not at all without them", (skill) => {
    expect(difficultyOf({ skill, facts: { operator: "sign" } })).toBeNull();
    const instance = sampleInstance(skill);
    const { public: row } = toRows(instance, environment, context);
    const facts = Object.fromEntries(row.facts.map(({ name, value }) => [name, Number(value)]));
    expect(row.difficulty).toBe(difficultyOf({ skill, facts }));
  });

  it("is the same in both arms of a review, whatever fails", () => {
    const facts = { "changed-lines": 3, rival: "slip" };
    const { draft } = sampleInstance("review");
    const arms = [draft, { ...draft, failToPass: [], judgement: { kind: "review", verdict: "approve", defects: [] } as const }];
    expect(new Set(arms.map((arm) => difficultyOf({ ...arm, facts })))).toEqual(new Set(["medium"]));
  });
});

describe("the figures", () => {
  const { draft } = sampleInstance("editing");
  const patch = "--- a/src/add.ts\n+++ b/src/add.ts\n@@ -1,3 +1,4 @@\n one\n--- a\n+two\n+three\n four\n";

  it("count the change and what is known of it", () => {
    const counted = { draft: { ...draft, frameDistance: 2 }, candidate: mutant, patch, sourceFiles: 12 };
    expect(difficultyFigures(counted)).toEqual({
      failing_tests: 1,
      changed_lines: 3,
      changed_files: 1,
      source_files: 12,
      frame_distance: 2,
    });
    expect(difficultyFigures({ ...counted, draft, sourceFiles: null })).toMatchObject({ source_files: null, frame_distance: null });
  });

  it("stand where only a grader reads", () => {
    const { public: open, private: hidden } = toRows(sampleInstance("editing"), environment, context);
    expect(hidden.difficulty_figures).toMatchObject({ changed_lines: 2, source_files: 1 });
    expect(JSON.stringify(open)).not.toContain("changed_lines");
  });
});
