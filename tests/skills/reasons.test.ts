import { describe, expect, it } from "vitest";
import type { Layer } from "../../schemas/layer.ts";
import type { Failure } from "../../schemas/report.ts";
import type { Observed, PoseContext, Skill } from "../../skills/contract.ts";
import { editing } from "../../skills/editing.ts";
import { localization } from "../../skills/localization.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { review } from "../../skills/review.ts";
import { unitTests } from "../../skills/unit-tests.ts";
import { githubToken } from "./scrub/credential-samples.ts";
import { ask, commit, contextOf, environment, everything, failure, longer, noLower, observedOf, reasonFor, texts, upper } from "./stand.ts";

const joins = "test/slug.test.js > joins the words of a title";
const mistake = { original: ".toLowerCase()", replacement: "" };
const failing = (over: Partial<Failure>) => observedOf([mistake], { [joins]: failure(over) });
const { language } = contextOf([]);
const fixOf = (before: Layer): Observed => ({ ...commit, candidate: { ...commit.candidate, before } });
/** The same package without the file in which the failing tests stand. */
const withoutTest: Partial<PoseContext> = { text: (path) => (path === "test/slug.test.js" ? null : (texts[path] ?? null)) };
/** The same package, whose runner needs a copy of it that holds nothing of today's. */
const needingCopy: Partial<PoseContext> = {
  environment: { ...environment, recipe: { ...environment.recipe, ownCopies: { removed: [], kept: ["node_modules/text"] } } },
};
const silent = failing({ frames: [], expected: null, actual: null });

const table: readonly [Skill, string, () => string | null][] = [
  [localization, "no-gold", () => reasonFor(localization, { ...commit, candidate: { ...commit.candidate, edits: [] } })],
  [localization, "one-file", () => reasonFor(localization, noLower, { environment: { ...environment, sourceFiles: ["src/slug.js"] } })],
  [
    localization,
    "obvious",
    () => reasonFor(localization, fixOf({ "src/slug.js": (texts["src/slug.js"] ?? "").replaceAll("slugify", "toSlug") })),
  ],
  [localization, "thin-evidence", () => reasonFor(localization, silent)],
  [localization, "leak", () => reasonFor(localization, failing({ expected: "src/slug.js", actual: "src/other.js" }))],
  [editing, "no-instruction", () => reasonFor(editing, fixOf({ "src/slug.js": (texts["src/slug.js"] ?? "").trimEnd() }))],
  [editing, "too-long", () => reasonFor(editing, fixOf({ "src/slug.js": `${"// gone\n".repeat(67)}${texts["src/slug.js"]}` }))],
  [editing, "no-target", () => reasonFor(editing, fixOf({ "src/slug.js": null }))],
  [editing, "no-target", () => reasonFor(editing, { ...noLower, candidate: { ...noLower.candidate, sites: [] } } as never)],
  [editing, "no-decoy", () => reasonFor(editing, noLower, { language: { ...language, emptyBody: () => null } })],
  [
    editing,
    "leak",
    () => reasonFor(editing, observedOf([{ original: '"-"', replacement: '"joins the words of a title"' }], { [joins]: failure() })),
  ],
  [unitTests, "few-mutants", () => reasonFor(unitTests, noLower)],
  [unitTests, "no-unit", () => ask(unitTests, contextOf(everything, { language: { ...language, units: () => [] } })).reasons[0] ?? null],
  [unitTests, "no-test-to-cut", () => ask(unitTests, contextOf(everything, withoutTest)).reasons[0] ?? null],
  [
    unitTests,
    "no-rewrite",
    () =>
      ask(unitTests, contextOf(everything, { language: { ...language, rewrite: (file) => file.text, disguise: () => null } })).reasons[0] ??
      null,
  ],
  [
    unitTests,
    "leak",
    () => {
      const documented = (texts["src/slug.js"] ?? "").replace("Lower case", "It joins the words of a title");
      return (
        ask(unitTests, contextOf(everything, { text: (path) => (path === "src/slug.js" ? documented : (texts[path] ?? null)) }))
          .reasons[0] ?? null
      );
    },
  ],
  [reproduction, "thin-evidence", () => reasonFor(reproduction, silent)],
  [reproduction, "leak", () => reasonFor(reproduction, failing({ expected: "src/slug.js", actual: "src/other.js" }))],
  [
    reproduction,
    "no-test-to-cut",
    () => reasonFor(reproduction, failing({ frames: [], expected: "a".repeat(20), actual: "b".repeat(20) }), withoutTest),
  ],
  [
    reproduction,
    "no-rewrite",
    () => reasonFor(reproduction, noLower, { language: { ...language, rewrite: (file) => file.text, disguise: () => null } }),
  ],
  [reproduction, "own-copy", () => reasonFor(reproduction, noLower, needingCopy)],
  [unitTests, "own-copy", () => ask(unitTests, contextOf(everything, needingCopy)).reasons[0] ?? null],
  [review, "no-rival", () => reasonFor(review, noLower)],
  [review, "no-rival", () => reasonFor(review, commit)],
  [review, "thin-evidence", () => ask(review, contextOf([silent, upper])).reasons.find((code) => code?.endsWith("thin-evidence")) ?? null],
  [
    review,
    "leak",
    () =>
      ask(review, contextOf([failing({ expected: "it joins the words of a title", actual: "no" }), upper])).reasons.find((code) =>
        code?.endsWith("leak"),
      ) ?? null,
  ],
];

describe("a subject is dropped for", () => {
  it.each(table.map(([skill, code, run]) => [`${skill.name}/${code}`, run] as const))("%s", (reason, run) => {
    expect(run()).toBe(reason);
  });
  it.each([localization, editing, unitTests, reproduction, review].map((skill) => [skill.name, skill] as const))(
    "every reason of %s has a case",
    (_, skill) => {
      expect([...new Set(table.flatMap(([owner, code]) => (owner === skill ? [code] : [])))].sort()).toEqual([...skill.reasons].sort());
    },
  );
});

describe("what holds a credential is not asked", () => {
  const logged = failing({ expected: githubToken, actual: "nothing at all" });
  const written = observedOf([{ original: '"-"', replacement: `"${githubToken}"` }], { [joins]: failure() });
  const documented = (remark: string): Partial<PoseContext> => ({
    text: (path) => (path === "src/slug.js" ? (texts[path] ?? "").replace("Lower case", remark) : (texts[path] ?? null)),
  });
  it.each<[string, () => readonly (string | null)[]]>([
    ["localization", () => [reasonFor(localization, logged)]],
    ["reproduction", () => [reasonFor(reproduction, logged)]],
    ["editing", () => [reasonFor(editing, written)]],
    ["review", () => ask(review, contextOf([logged, upper])).reasons],
    ["unit-tests", () => ask(unitTests, contextOf(everything, documented(`As ${githubToken} has it`))).reasons],
    ["unit-tests", () => ask(unitTests, contextOf(everything, documented("\n * @author Ann <ann@corp.io>\n * Lower case"))).reasons],
  ])("by %s", (skill, reasons) => expect(reasons()).toContain(`${skill}/leak`));

  it("by review where the diff holds it", () => {
    const secret = observedOf([{ original: "toLowerCase", replacement: `toUpperCase/* ${githubToken} */` }], {
      [joins]: failure({ actual: "HELLO-WORLD" }),
    });
    expect(ask(review, contextOf([noLower, secret])).reasons).toContain("review/leak");
  });

  it("and an address in a failing check is asked about", () => {
    const mailed = failing({ expected: "ann.b@corp.io", actual: "ann.b%40corp.io" });
    for (const skill of [localization, reproduction]) expect(ask(skill, contextOf([mailed])).drafts[0]?.prompt).toContain("ann.b@corp.io");
  });
});

it("a leak in one symptom leaves the others", () => {
  const keeps = "test/slug.test.js > keeps at most the words asked for";
  const both = observedOf([mistake], {
    [joins]: failure(),
    [keeps]: failure({ expected: "src/slug.js", frames: longer.observation.failures[keeps]?.frames ?? [] }),
  });
  const [draft] = ask(localization, contextOf([both])).drafts;
  expect(draft?.prompt).toContain("hello-world");
  expect(draft?.prompt).not.toContain("slug.js");
});

it("a test that may stand for a failing one is never the unrelated one", () => {
  const each = (texts["test/slug.test.js"] ?? "").replaceAll(/test\("[^"]*"/g, "test(`title`");
  const context = contextOf([noLower, longer], { text: (path) => (path === "test/slug.test.js" ? each : (texts[path] ?? null)) });
  const { drafts } = ask(reproduction, context);
  expect(drafts).toHaveLength(2);
  for (const { answers } of drafts) expect(answers.map(({ name }) => name)).not.toContain("unrelated-test");
  expect(ask(reproduction, contextOf([noLower, longer])).drafts[0]?.answers.map(({ name }) => name)).toContain("unrelated-test");
});
