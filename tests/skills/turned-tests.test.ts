import { describe, expect, it } from "vitest";
import { oppositeTrial } from "../../skills/turned-tests.ts";
import { contextOf, failure, joins, noLower, observedOf, twoChanges } from "./stand.ts";

describe("a hidden test that asks for the opposite", () => {
  it("is made of an assertion that the defect fails, and differs from the tree that is judged in nothing else", () => {
    const trial = oppositeTrial(noLower, contextOf([noLower]));
    expect(trial).toMatchObject({
      name: "asks-the-opposite",
      answer: "patch",
      files: ["test/slug.test.js"],
      expect: { kind: "some-fail", among: [joins] },
    });
    expect(Object.keys(trial?.layer ?? {}).sort()).toEqual(["src/slug.js", "test/slug.test.js"]);
    expect(trial?.layer["test/slug.test.js"]).toContain('assert.notEqual(slugify("Hello World"), "hello-world")');
    expect(trial?.layer["src/slug.js"]).toBe(noLower.candidate.before["src/slug.js"]);
  });
  it("is of a commit one that was seen to fail", () => {
    const variants = twoChanges.observation.variants?.filter(({ role }) => role === "test") ?? [];
    const trial = oppositeTrial(twoChanges, contextOf([twoChanges]));
    expect(variants.map(({ mutant }) => mutant.before["test/slug.test.js"])).toContain(trial?.layer["test/slug.test.js"]);
  });
  it("is not there where no assertion is found at the failure", () => {
    const lost = observedOf([{ original: ".toLowerCase()", replacement: "" }], { [joins]: failure({ frames: [] }) });
    expect(oppositeTrial(lost, contextOf([lost]))).toBeNull();
  });
});
