import { describe, expect, it } from "vitest";
import { parseLocations, parseReview } from "../../grading/answers.ts";
import { runnerNamed } from "../../languages/index.ts";
import { applyPatch } from "../../lib/diff.ts";
import { rngFor } from "../../lib/rng.ts";
import type { Draft } from "../../schemas/instance.ts";
import { editing } from "../../skills/editing.ts";
import { localization } from "../../skills/localization.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { review } from "../../skills/review.ts";
import type { SolverView } from "../../solvers/contract.ts";
import { solvers } from "../../solvers/index.ts";
import { contextOf, draftFor, noLower, texts, twoChanges, upper } from "../skills/stand.ts";

function viewOf(draft: Draft, over: Partial<SolverView> = {}): SolverView {
  const { language } = contextOf([]);
  const runner = runnerNamed("node-test");
  if (runner === null) throw new Error("node:test is not listed");
  const text = (path: string): string | null =>
    Object.hasOwn(draft.visible, path) ? (draft.visible[path] ?? null) : (texts[path] ?? null);
  const paths = Object.keys(texts).filter((path) => text(path) !== null);
  return {
    ...draft,
    language,
    runner,
    runnerVersion: "",
    packageDir: ".",
    paths: () => paths,
    text,
    rng: (use) => rngFor("1", draft.id, use),
    ...over,
  };
}
const solve = (name: string, view: SolverView): string | null => {
  const solver = solvers.find((one) => one.name === name);
  if (!solver) throw new Error(`there is no rule ${name}`);
  expect(solver.skills).toContain(view.skill);
  return solver.solve(view);
};
const placesIn = (answer: string | null) => {
  const parsed = parseLocations(answer ?? "");
  return parsed.ok ? parsed.value : [];
};

describe("rules for places", () => {
  const view = viewOf(draftFor(localization, noLower));
  it("name every source, the largest, or that which the words match", () => {
    expect(
      placesIn(solve("name-all-files", view))
        .map(({ file }) => file)
        .sort(),
    ).toEqual(["src/count.js", "src/index.js", "src/slug.js"]);
    expect(placesIn(solve("largest-file", view))).toEqual([{ file: "src/slug.js", symbol: "greeting" }]);
    expect(placesIn(solve("text-search", { ...view, prompt: "the number of words that countWords counts" }))).toEqual([
      { file: "src/count.js", symbol: "countWords" },
    ]);
  });
  it("follow a frame to the function at its line, and say nothing where the question names no file", () => {
    expect(placesIn(solve("stack-frame", { ...view, prompt: "at x (/app/src/slug.js:3:7)" }))).toEqual([
      { file: "src/slug.js", symbol: "slugify" },
    ]);
    expect(solve("stack-frame", { ...view, prompt: "it is wrong" })).toBeNull();
  });
});

describe("rules for changes", () => {
  const laid = (draft: Draft, answer: string | null) => applyPatch(answer ?? "", viewOf(draft).text);
  it("copy an instruction into its lines, all changes of it", () => {
    for (const draft of [draftFor(editing, noLower), draftFor(editing, twoChanges, [])]) {
      const gold = draft.answers.find(({ role }) => role === "gold")?.text ?? "";
      expect(laid(draft, solve("as-told", viewOf(draft)))).toEqual(laid(draft, gold));
    }
  });
  it("try one mutation of the named line, by chance", () => {
    const draft = draftFor(editing, noLower);
    const answer = solve("single-mutation", viewOf(draft));
    expect(laid(draft, answer)).toHaveProperty("layer");
    expect(solve("single-mutation", viewOf(draft))).toBe(answer);
  });
});

it("rules for test files write what the runner knows", () => {
  const view = viewOf(draftFor(reproduction, noLower));
  expect(solve("assert-true", view)).toContain("assert.equal(1 + 1, 2)");
  const empty = solve("empty-test", view) ?? "";
  expect(empty).not.toContain("1 + 1");
  expect(view.language.parses("a.test.js", empty)).toBe(true);
});

it("rules for reviews say the same of every diff", () => {
  const drafts = [...review.pose(contextOf([noLower, upper]))].flatMap(({ outcome }) => (outcome.kept ? [outcome.value] : []));
  expect(drafts.length).toBeGreaterThan(1);
  for (const draft of drafts) {
    expect(parseReview(solve("always-approve", viewOf(draft)) ?? "")).toMatchObject({ value: { verdict: "approve", findings: [] } });
    const rejected = parseReview(solve("always-reject", viewOf(draft)) ?? "");
    expect(rejected).toMatchObject({ ok: true, value: { verdict: "request_changes", findings: [{ file: "src/slug.js" }] } });
  }
});
