import { describe, expect, it } from "vitest";
import type { Observed } from "../../skills/contract.ts";
import { unitTests } from "../../skills/unit-tests.ts";
import { ask, commit, contextOf, noLower, texts, twoChanges } from "./stand.ts";

const withRoles = (...roles: string[]): Observed => ({
  ...twoChanges,
  observation: { ...twoChanges.observation, variants: (twoChanges.observation.variants ?? []).filter(({ role }) => roles.includes(role)) },
});
const asked = (...observed: Observed[]) => ask(unitTests, contextOf(observed));
const figures = (...observed: Observed[]) => asked(...observed).drafts.map(({ facts }) => [facts["real-defects"], facts["mutants"]]);

describe("what the tests of a repaired symbol must catch", () => {
  it("is the code before the fix and a slip in it", () => expect(figures(withRoles("slip"))).toEqual([[1, 1]]));
  it("is the fix without each of its changes, the code before them first", () => {
    expect(figures(withRoles("hunk"))).toEqual([[3, 0]]);
    const [draft] = asked(withRoles("hunk")).drafts;
    const [first] = draft?.trials.filter(({ expect }) => expect.kind === "answer-fails") ?? [];
    expect(first?.layer["src/slug.js"]).toBe(twoChanges.candidate.before["src/slug.js"]);
    expect(draft?.changeId).toBe(twoChanges.candidate.id);
  });
  it("may be mutants of the same symbol too", () => expect(figures(withRoles(), noLower)).toEqual([[1, 1]]));
  it("is too little where it is the code before the fix alone", () => expect(asked(commit).reasons).toEqual(["unit-tests/few-mutants"]));
  it("is no form from before the symbol came", () => {
    const came = { ...twoChanges.candidate, before: { "src/slug.js": (texts["src/slug.js"] ?? "").replaceAll("slugify", "toSlug") } };
    expect(asked({ ...withRoles("slip"), candidate: came }).reasons).toEqual(["unit-tests/few-mutants"]);
  });
});
