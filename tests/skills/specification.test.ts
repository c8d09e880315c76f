import { describe, expect, it } from "vitest";
import type { Draft } from "../../schemas/instance.ts";
import { bugFix } from "../../skills/bug-fix.ts";
import type { Observed, PoseContext } from "../../skills/contract.ts";
import { localization } from "../../skills/localization.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { specificationOf } from "../../skills/specification.ts";
import { issueOf, pullRequestOf, reportedOf } from "./reported.ts";
import { ask, contextOf, draftFor, failure, joins, observedOf, texts } from "./stand.ts";

const labelsOf = (draft: Draft, observed: Observed, context: PoseContext): string[] =>
  (specificationOf(draft, observed, context) ?? []).map(({ label, evidence }) => `${label} ${evidence}`);

describe("what hidden tests need", () => {
  const slug = texts["src/slug.js"] ?? "";
  const healthy = `${slug}
export function shorten(text, marks = 3) {
  if (marks < 0) throw new RangeError("marks cannot be negative");
  return text.slice(0, marks);
}
`;
  const test = `${texts["test/slug.test.js"]}
test("shortens", () => assert.throws(() => slugs.shorten("a", -1), { message: "marks cannot be negative" }));
`;
  /** Of a repair that brings the function, over a tree with these files too. */
  function asked(more: Readonly<Record<string, string>> = {}, words = ""): { readonly draft: Draft; readonly labels: string[] } {
    const tree: Readonly<Record<string, string>> = { ...texts, "src/slug.js": healthy, "test/slug.test.js": test, ...more };
    const issues = [issueOf({ body: `${issueOf().body} ${words}` })];
    const observed = reportedOf({ before: { "src/slug.js": slug.replace(".toLowerCase()", "") }, pullRequest: pullRequestOf({ issues }) });
    const context = contextOf([observed], { text: (path) => tree[path] ?? null, paths: () => Object.keys(tree).sort() });
    const [draft] = ask(bugFix, context).drafts;
    if (draft === undefined) throw new Error("nothing is posed");
    return { draft, labels: labelsOf(draft, observed, context) };
  }
  const name = "hidden-name shorten(text, marks = 3): stated in the question's list of names";
  const message = "exact-message marks cannot be negative";

  it("is a name and a text that only the repair and they have", () => expect(asked().labels).toEqual([name, message]));
  it("is no name that the report or a file of the visible tree gives", () => {
    expect(asked({}, "`shorten` is missing.").labels).toEqual([message]);
    expect(asked({ "README.md": "Call shorten(text)." }).labels).toEqual([message]);
  });
  it("is no text that the report or a file of the visible tree gives, or no test writes", () => {
    expect(asked({}, "It should say: marks cannot be negative.").labels).toEqual([name]);
    expect(asked({ "README.md": "Says: marks cannot be negative." }).labels).toEqual([name]);
    expect(asked({ "test/slug.test.js": test.replace('{ message: "marks cannot be negative" }', "RangeError") }).labels).toEqual([name]);
  });
  it("may be a name that the question does not state", () => {
    const { draft } = asked();
    const observed = reportedOf({ before: { "src/slug.js": slug } });
    const tree: Readonly<Record<string, string>> = { ...texts, "src/slug.js": healthy, "test/slug.test.js": test };
    const context = contextOf([observed], { text: (path) => tree[path] ?? null });
    const silent = { ...draft, prompt: "Repair it.", interface: [], visible: { "src/slug.js": slug, "test/slug.test.js": null } };
    expect(labelsOf(silent, observed, context)).toContain("hidden-name shorten(text, marks = 3): stated nowhere");
  });
});

describe("a place is ambiguous", () => {
  const here = observedOf([{ original: ".toLowerCase()", replacement: "" }]);
  const elsewhere = (actual = "Hello-World", file = "src/count.js", original = ".length") =>
    observedOf([{ file, original, replacement: `${original} + 1`, operator: "boundary" }], { [joins]: failure({ actual }) });
  const labels = (all: readonly Observed[]) => labelsOf(draftFor(localization, here, all), here, contextOf([here, ...all]));

  it("where a defect in another file fails the same tests in the same way", () => {
    expect(labels([elsewhere()])).toEqual(["ambiguous-location a defect in src/count.js#countWords fails the same tests in the same way"]);
  });
  it("not where it fails them otherwise, or lies in the same file and the file is what is asked for", () => {
    expect(labels([elsewhere("other")])).toEqual([]);
    expect(labels([elsewhere("Hello-World", "src/slug.js", "limit)")])).toEqual([]);
    expect(labels([])).toEqual([]);
  });
});

it("says nothing of questions that ask neither for a patch nor for a place", () => {
  const observed = observedOf([{ original: ".toLowerCase()", replacement: "" }]);
  expect(specificationOf(draftFor(reproduction, observed, []), observed, contextOf([observed]))).toBeUndefined();
});
