import { describe, expect, it } from "vitest";
import { parseReview } from "../../grading/answers.ts";
import { judgeReview } from "../../grading/judge.ts";
import { applyPatch } from "../../lib/diff.ts";
import type { Attempt, Commit } from "../../schemas/candidate.ts";
import type { Draft } from "../../schemas/instance.ts";
import type { ReviewThread } from "../../schemas/pull-request.ts";
import type { Failure } from "../../schemas/report.ts";
import type { Observed, PoseContext } from "../../skills/contract.ts";
import { review } from "../../skills/review.ts";
import { ask, commit, contextOf, failure, joins, keepsFailure, type Mistake, observedOf, texts, twoChanges, variant } from "./stand.ts";

const slug = texts["src/slug.js"] ?? "";
const keeps = "test/slug.test.js > keeps at most the words asked for";
const began = "b".repeat(40);

/** A fix that was wrong before in these places, which failed so; and with all else that is known to be wrong with it. */
function tried(
  fix: Observed,
  mistakes: readonly Mistake[],
  failures: Readonly<Record<string, Failure>> = { [joins]: failure() },
  more: Partial<Attempt> = {},
): Observed {
  const wrong = observedOf(
    mistakes.map((mistake) => ({ operator: "not-yet", ...mistake })),
    failures,
  );
  const attempt: Attempt = { commits: [began], kind: "commit", layer: wrong.candidate.before, merged: [], ...more };
  return {
    candidate: { ...(fix.candidate as Commit), attempts: [attempt] },
    observation: { ...fix.observation, variants: [variant("attempt", wrong), ...(fix.observation.variants ?? [])] },
  };
}
const armsOf = (observed: Observed, over: Partial<PoseContext> = {}) => {
  const [right, wrong] = ask(review, contextOf([observed], over)).drafts;
  if (!right || !wrong) throw new Error("there is no pair");
  return { right, wrong };
};
const leaves = (draft: Draft): unknown => {
  const diff = `${/```diff\n([\s\S]*?)\n```/.exec(draft.prompt)?.[1] ?? ""}\n`;
  const applied = applyPatch(diff, (path) => (path in draft.visible ? (draft.visible[path] ?? null) : (texts[path] ?? null)));
  return "layer" in applied ? applied.layer["src/slug.js"] : applied.error;
};
const rivalOf = (observed: Observed): unknown => armsOf(observed).wrong.facts["rival"];

const lower = 'kept.join("-").toLowerCase()';
const notLower = { original: lower, replacement: 'kept.map((word) => word).join("-")' };

describe("an attempt that the tests of the fix tell from it", () => {
  const { right, wrong } = armsOf(tried(twoChanges, [notLower]));
  it("is set against the fix, though there are slips and parts of it", () => {
    expect([leaves(right), leaves(wrong)]).toEqual([slug, slug.replace(notLower.original, notLower.replacement)]);
    expect([right.facts["rival"], wrong.facts["rival"]]).toEqual(["attempt", "attempt"]);
  });
  it("has its defects where it was changed again", () =>
    expect(wrong.judgement).toMatchObject({ verdict: "request_changes", defects: [{ file: "src/slug.js", startLine: 5, endLine: 5 }] }));
  it("is proven wrong by the tests that were seen to fail on it", () => {
    const premise = wrong.premises.find(({ name }) => name === "wrong");
    expect(premise?.layer).toEqual({ "src/slug.js": leaves(wrong) });
    expect(premise?.expect).toMatchObject({ kind: "tests", fail: [joins] });
  });
  it("is told from the fix by nothing in the question but the diff", () =>
    expect(wrong.prompt.split("```diff")[0]).toBe(right.prompt.split("```diff")[0]));
});

describe("an attempt gives way to a slip", () => {
  it.each<[string, readonly Mistake[]]>([
    ["where it has another file", [notLower, { file: "src/count.js", original: ".length", replacement: ".length + 0" }]],
    [
      "where it changes no file",
      [
        { original: "words.slice(0, limit)", replacement: "words" },
        { original: ".toLowerCase()", replacement: "" },
      ],
    ],
    [
      "where its diff is more than twice as long",
      [
        {
          original: `return ${lower};`,
          replacement: `const a = kept;\n  const b = a;\n  const c = b;\n  const d = c;\n  const e = d;\n  return e.join("-");`,
        },
      ],
    ],
    ["where it differs by a comment too", [notLower, { original: "  const words", replacement: "  // words of the text\n  const words" }]],
    ["where it differs by its layout too", [notLower, { original: "(text, limit = 5)", replacement: "( text, limit = 5 )" }]],
    ["where it has a print left in it", [{ original: `return ${lower};`, replacement: 'console.log(kept);\n  return kept.join("-");' }]],
    [
      "where it has a note to its author left in it",
      [{ original: `return ${lower};`, replacement: 'return kept.join("-"); // TODO: case' }],
    ],
    ["where it has code in a comment", [{ original: `return ${lower};`, replacement: `// return ${lower};\n  return kept.join("-");` }]],
  ])("%s", (_, mistakes) => expect(rivalOf(tried(twoChanges, mistakes))).toBe("slip"));

  it("where its diff is less than half as long", () => {
    const before = {
      "src/slug.js": slug.replace("/** Lower case,", "/** Words,\n * as told,\n * and\n * more").replace(".toLowerCase()", ""),
    };
    const long: Observed = { ...twoChanges, candidate: { ...(twoChanges.candidate as Commit), before } };
    const head = { original: "/** Lower case,", replacement: "/** Words,\n * as told,\n * and\n * more" };
    expect(rivalOf(tried(long, [head, { original: ".toLowerCase()", replacement: ".concat()" }]))).toBe("slip");
  });

  it("where what it fails was asked for in the tests alone", () => {
    const elsewhere = { frames: [{ file: "test/slug.test.js", line: 7 }] };
    expect(rivalOf(tried(twoChanges, [notLower], { [joins]: failure(elsewhere) }))).toBe("slip");
    expect(rivalOf(tried(twoChanges, [notLower], { [joins]: failure({ expected: "another" }) }))).toBe("slip");
    expect(rivalOf(tried(twoChanges, [notLower], { [joins]: failure({ frames: [] }) }))).toBe("slip");
  });

  it("where no test was seen to fail on it", () => {
    const { candidate, observation } = tried(twoChanges, [notLower]);
    const variants = (observation.variants ?? []).filter(({ role }) => role !== "attempt");
    expect(rivalOf({ candidate, observation: { ...observation, variants } })).toBe("slip");
  });

  it.each([
    [3, "attempt"],
    [4, "hunk"],
  ])("where an answer could not name every place: of %i it is the %s", (places, rival) => {
    const many = ["one", "two", "three", "four"].slice(0, places).map((name, at) => ({ name, line: 2 * at + 1 }));
    const text = (word: string): string => many.map(({ name }) => `export const ${name} = "${word}";\n\n`).join("");
    const before = { "src/slug.js": text("before") };
    const layer = { "src/slug.js": text("wrong") };
    const all = tried(twoChanges, [notLower], undefined, { layer });
    const [first, ...others] = all.observation.variants ?? [];
    if (!first) throw new Error("there is no attempt");
    const variants = [{ ...first, mutant: { ...first.mutant, before: layer } }, ...others.filter(({ role }) => role === "hunk")];
    const observed: Observed = {
      candidate: { ...(all.candidate as Commit), before },
      observation: { ...all.observation, variants },
    };
    const read = (path: string): string | null => (path === "src/slug.js" ? text("right") : (texts[path] ?? null));
    expect(armsOf(observed, { text: read }).wrong.facts["rival"]).toBe(rival);
  });
});

describe("what has to be told", () => {
  const told = (observed: Observed): string[] => {
    const [question = ""] = armsOf(observed).right.prompt.split("```diff");
    return question.split("\n").filter((line) => line.startsWith("- "));
  };
  it("comes first where the attempt does not repair it", () => {
    const [usual] = told(twoChanges);
    const one = tried(twoChanges, [{ original: "words.slice(0, limit)", replacement: "words.concat()" }], { [keeps]: keepsFailure });
    const other = tried(twoChanges, [notLower]);
    expect(told(one)[0]).toContain('slugify("a b c d", 2)');
    expect(told(other)[0]).toContain('slugify("Hello World")');
    expect([told(one)[0], told(other)[0]]).toContain(usual);
    expect(told(one).sort()).toEqual(told(other).sort());
  });
  it("is nothing more where the attempt breaks what was sound", () => {
    const breaks = tried(commit, [{ original: lower, replacement: 'words.join("-").toLowerCase()' }], { [keeps]: keepsFailure });
    expect(rivalOf(breaks)).toBe("attempt");
    expect(told(breaks)).toEqual([expect.stringContaining('slugify("Hello World")')]);
  });
});

it("an attempt of two places far apart is judged as the skill claims", () => {
  const at = (word: string): string =>
    Array.from({ length: 60 }, (_, line) => `export const v${line} = ${line === 4 || line === 44 ? word : line};\n`).join("");
  const layer = { "src/slug.js": at("2") };
  const all = tried(twoChanges, [notLower], undefined, { layer });
  const [first] = all.observation.variants ?? [];
  if (!first) throw new Error("there is no attempt");
  const observed: Observed = {
    candidate: { ...(all.candidate as Commit), before: { "src/slug.js": at("1") } },
    observation: { ...all.observation, variants: [{ ...first, mutant: { ...first.mutant, before: layer } }] },
  };
  const read = (path: string): string | null => (path === "src/slug.js" ? at("3") : (texts[path] ?? null));
  const { wrong } = armsOf(observed, { text: read });
  expect(wrong.judgement).toMatchObject({ defects: [{ startLine: 5 }, { startLine: 45 }] });
  for (const { role, name, text } of wrong.answers) {
    const parsed = parseReview(text);
    const reward = parsed.ok && wrong.judgement.kind === "review" ? judgeReview(parsed.value, wrong.judgement).reward : 0;
    expect([name, reward]).toEqual([name, role === "gold" ? 1 : 0]);
  }
});

describe("what reviewers said of an attempt", () => {
  const thread = (over: Partial<ReviewThread>): ReviewThread => ({
    path: "src/slug.js",
    line: null,
    originalLine: 5,
    commit: began,
    resolved: true,
    outdated: true,
    body: "Does this keep the case?",
    author: { login: "reader", kind: "user" },
    createdAt: "2025-01-01T00:00:00Z",
    ...over,
  });
  const saidOf = (threads: readonly ReviewThread[], more: Partial<Attempt> = {}) => {
    const { candidate, observation } = tried(twoChanges, [notLower], undefined, more);
    const told = { author: { login: "writer", kind: "user" }, head: { oid: "e".repeat(40) }, threads };
    const pullRequest = told as unknown as NonNullable<Commit["pullRequest"]>;
    const { right, wrong } = armsOf({ candidate: { ...(candidate as Commit), pullRequest }, observation });
    return [right, wrong].map(({ humanFindings = [] }) => humanFindings.map(({ line, agrees }) => [line, agrees]));
  };
  it("stands beside its diff, with whether a test agrees, and beside the merged one without", () =>
    expect(saidOf([thread({}), thread({ originalLine: 4 }), thread({ originalLine: 2 })])).toEqual([
      [
        [5, undefined],
        [4, undefined],
        [2, undefined],
      ],
      [
        [5, true],
        [4, true],
        [2, false],
      ],
    ]));
  it("agrees by any of its lines", () =>
    expect(saidOf([thread({ originalStartLine: 2 }), thread({ originalLine: 2, originalStartLine: 1 })])[1]).toEqual([
      [5, true],
      [2, false],
    ]));
  it("stands there whichever of its commits it was said of", () => {
    const other = "c".repeat(40);
    expect(saidOf([thread({ commit: other })], { commits: [began, other] })[1]).toEqual([[5, true]]);
  });
  it("stands beside the merged diff alone where it was said of another commit", () =>
    expect(saidOf([thread({ commit: "d".repeat(40) })])).toEqual([[[5, undefined]], []]));
  it.each<[string, Partial<ReviewThread>, Partial<Attempt>]>([
    ["it was said of a line that the diff does not show", { originalLine: 40 }, {}],
    ["the file's lines had other numbers then", {}, { merged: ["src/slug.js"] }],
  ])("stands there without a word on whether a test agrees where %s", (_, over, more) =>
    expect(saidOf([thread(over)], more)[1]).toEqual([[over.originalLine ?? 5, undefined]]),
  );
  it("stands nowhere where its line stands to the end", () => expect(saidOf([thread({ line: 5, outdated: false })])).toEqual([[], []]));
});
