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

/** A disguised text without its comments, and with its locals under their names. */
const plain = (text: string | null | undefined): string =>
  (text ?? "")
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/_k\d+/g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([().,;"]) ?/g, "$1")
    .replaceAll(";", "; ");

describe("the right form and the wrong ones", () => {
  const [draft] = asked(withRoles("hunk")).drafts;
  const shown = (name: string): string => draft?.trials.find((trial) => trial.name === name)?.layer["src/slug.js"] ?? "";
  it("come in one text, in which only digits say which is in force", () => {
    const forms = ["rewritten", "mutant-1", "mutant-2", "mutant-3"].map(shown);
    expect(new Set(forms).size).toBe(4);
    expect(new Set(forms.map((text) => text.replace(/\d/g, "9"))).size).toBe(1);
  });
  it("beside the clean tree as it is", () =>
    expect(draft?.trials[0]).toMatchObject({ name: "clean", layer: { "test/slug.test.js": null } }));
});

describe("what the tests of a repaired symbol must catch", () => {
  it("is the code before the fix and a slip in it", () => expect(figures(withRoles("slip"))).toEqual([[1, 1]]));
  it("is the fix without each of its changes, the code before them first", () => {
    expect(figures(withRoles("hunk"))).toEqual([[3, 0]]);
    const [draft] = asked(withRoles("hunk")).drafts;
    const [first] = draft?.trials.filter(({ expect }) => expect.kind === "answer-fails") ?? [];
    expect(plain(first?.layer["src/slug.js"])).toContain(
      'const words = text.trim().split(" "); const kept = words; return kept.join("-");'.replace(/ ?(["]) ?/g, "$1"),
    );
    expect(draft?.changeId).toBe(twoChanges.candidate.id);
  });
  it("may be mutants of the same symbol too", () => expect(figures(withRoles(), noLower)).toEqual([[1, 1]]));
  it("is too little where it is the code before the fix alone", () => expect(asked(commit).reasons).toEqual(["unit-tests/few-mutants"]));
  it("is no form from before the symbol came", () => {
    const came = { ...twoChanges.candidate, before: { "src/slug.js": (texts["src/slug.js"] ?? "").replaceAll("slugify", "toSlug") } };
    expect(asked({ ...withRoles("slip"), candidate: came }).reasons).toEqual(["unit-tests/few-mutants"]);
  });
});
