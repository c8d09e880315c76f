import { describe, expect, it } from "vitest";
import { applyPatch } from "../../lib/diff.ts";
import { editing } from "../../skills/editing.ts";
import { contextOf, draftFor, failure, joins, noLower, observedOf, texts, upper } from "./stand.ts";

const elsewhere = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 1" }], { [joins]: failure() });
const unrelated = observedOf([{ file: "src/count.js", original: ".length", replacement: ".length + 2" }], {
  "test/count.test.js > counts words": failure(),
});
const biting = (others: Parameters<typeof draftFor>[2]) =>
  draftFor(editing, noLower, others).trials.find((trial) => trial.name === "still-bites");

describe("whether the tests still bite", () => {
  it("is asked by another defect, in another file, that one of the same tests shows", () => {
    expect(biting([noLower, upper, elsewhere])).toMatchObject({
      answer: "patch",
      files: ["test/slug.test.js"],
      expect: { kind: "some-fail", among: [joins] },
    });
    expect(biting([noLower, upper, elsewhere])?.layer["src/count.js"]).toBe(elsewhere.candidate.before["src/count.js"]);
  });
  it("is not asked where no such defect was seen", () => {
    expect(biting([noLower, upper])).toBeUndefined();
    expect(biting([noLower, upper, unrelated])).toBeUndefined();
  });
});

describe("a probe that tames expectations", () => {
  it.each(["vitest", "jest"])("applies to the defective tree, for %s", async (name) => {
    const context = contextOf([noLower, upper]);
    const { runnerNamed } = await import("../../languages/index.ts");
    const runner = runnerNamed(name) ?? context.runner;
    const [posed] = [...editing.pose(contextOf([noLower, upper], { runner }))].filter(({ subject }) => subject === noLower.candidate.id);
    const draft = posed?.outcome.kept ? posed.outcome.value : null;
    const probe = draft?.answers.find((answer) => answer.name === "tame-expect");
    const applied = applyPatch(probe?.text ?? "", (path) => noLower.candidate.before[path] ?? texts[path] ?? null);
    expect("layer" in applied && applied.layer["src/slug.js"]).toMatch(name === "vitest" ? /Assertion\.prototype/ : /globalThis\.expect/);
  });
});
