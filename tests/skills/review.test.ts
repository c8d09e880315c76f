import { describe, expect, it } from "vitest";
import { parseReview } from "../../grading/answers.ts";
import { judgeReview } from "../../grading/judge.ts";
import { applyPatch, changedLines } from "../../lib/diff.ts";
import type { Draft } from "../../schemas/instance.ts";
import { review } from "../../skills/review.ts";
import { ask, contextOf, failure, noLower, observedOf, texts, twoChanges, upper } from "./stand.ts";

const joins = "test/slug.test.js > joins the words of a title";
const diffOf = (draft: Draft): string => `${/```diff\n([\s\S]*?)\n```/.exec(draft.prompt)?.[1] ?? ""}\n`;
const visible =
  (draft: Draft) =>
  (path: string): string | null =>
    path in draft.visible ? (draft.visible[path] ?? null) : (texts[path] ?? null);
const verdictOf = ({ judgement }: Draft): string => (judgement.kind === "review" ? judgement.verdict : "");

/** Two statements in one: its replacements keep both lines, and differ in the second one or in both. */
const block = { original: 'const words = text.trim().split(" ");\n  const kept = words.slice(0, limit);', operator: "block" };
const second = observedOf([{ ...block, replacement: 'const words = text.trim().split(" ");\n  const kept = words.slice(1, limit);' }]);
const both = observedOf([{ ...block, replacement: 'const words = text.split(" ");\n  const kept = words;' }], {
  [joins]: failure({ actual: "both" }),
});
const shorter = observedOf([{ ...block, replacement: "const words = []; const kept = [];" }], { [joins]: failure({ actual: "" }) });

describe.each([
  ["one line", [noLower, upper]],
  ["two lines", [second, both]],
] as const)("the arms of a pair over %s", (_, changes) => {
  const { drafts } = ask(review, contextOf(changes));
  const pairs = Map.groupBy(drafts, ({ pairId }) => pairId);

  it("are one right and one wrong diff of one change, over the same tree", () => {
    expect(pairs.size).toBe(2);
    for (const arms of pairs.values()) {
      expect(arms.map(verdictOf).sort()).toEqual(["approve", "request_changes"]);
      expect(arms[0]?.visible).toEqual(arms[1]?.visible);
      expect(arms[0]?.changeId).toBe(arms[1]?.changeId);
      expect(arms[0]?.prompt.split("```diff")[0]).toBe(arms[1]?.prompt.split("```diff")[0]);
    }
  });

  it("apply to the visible tree, and leave the clean text or the rival's", () => {
    for (const draft of drafts) {
      const applied = applyPatch(diffOf(draft), visible(draft));
      const text = "layer" in applied ? applied.layer["src/slug.js"] : null;
      const rivals = changes
        .filter(({ candidate }) => candidate.id !== draft.changeId)
        .map(({ candidate }) => candidate.before["src/slug.js"]);
      expect(verdictOf(draft) === "approve" ? [texts["src/slug.js"]] : rivals).toContain(text);
    }
  });

  it("name the defect at lines that the wrong diff leaves unlike the clean file", () => {
    for (const draft of drafts.filter((one) => verdictOf(one) === "request_changes")) {
      const applied = applyPatch(diffOf(draft), visible(draft));
      const lines = ("layer" in applied ? (applied.layer["src/slug.js"] ?? "") : "").split("\n");
      const clean = (texts["src/slug.js"] ?? "").split("\n");
      const differing = lines.flatMap((line, at) => (line === clean[at] ? [] : [at + 1]));
      const named =
        draft.judgement.kind === "review"
          ? draft.judgement.defects.flatMap(({ startLine, endLine }) => (startLine === endLine ? [startLine] : [startLine, endLine]))
          : [];
      expect(named).toEqual(differing);
    }
  });

  it("are judged as the skill claims", () => {
    for (const { answers, judgement } of drafts) {
      for (const { role, name, text } of answers) {
        const parsed = parseReview(text);
        const reward = parsed.ok && judgement.kind === "review" ? judgeReview(parsed.value, judgement).reward : 0;
        expect([name, reward]).toEqual([name, role === "gold" ? 1 : 0]);
      }
    }
  });
});

it("arms over one line have as many removed and added lines", () => {
  const { drafts } = ask(review, contextOf([noLower, upper]));
  const sizes = drafts.map((draft) => {
    const { before, after } = changedLines(diffOf(draft));
    return [before, after].map((ranges) => ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0));
  });
  expect(new Set(sizes.map(String)).size).toBe(1);
});

it("a rival that leaves another number of lines makes no pair", () => {
  expect(ask(review, contextOf([second, shorter])).reasons).toContain("review/no-rival");
});

describe("the arms of a fix", () => {
  const { candidate, observation } = twoChanges;
  const armsOf = (roles: readonly string[]) => {
    const variants = (observation.variants ?? []).filter(({ role }) => roles.includes(role));
    return ask(review, contextOf([{ candidate, observation: { ...observation, variants } }]));
  };
  const leaves = (draft: Draft | undefined) => {
    const applied = draft ? applyPatch(diffOf(draft), visible(draft)) : null;
    return applied && "layer" in applied ? applied.layer["src/slug.js"] : null;
  };

  it("are the fix, and the fix with a slip at the line that is named", () => {
    const [right, wrong] = armsOf(["hunk", "slip"]).drafts;
    expect([right, wrong].map((draft) => draft && verdictOf(draft))).toEqual(["approve", "request_changes"]);
    expect(leaves(right)).toBe(texts["src/slug.js"]);
    expect(leaves(wrong)).toBe(texts["src/slug.js"]?.replace("slice(0", "slice(1"));
    expect(wrong?.judgement).toMatchObject({ defects: [{ file: "src/slug.js", startLine: 4, endLine: 4 }] });
  });
  it("are the fix and a part of it where no slip was seen", () => {
    const [right, wrong] = armsOf(["hunk"]).drafts;
    expect(leaves(right)).toBe(texts["src/slug.js"]);
    expect([
      texts["src/slug.js"]?.replace("words.slice(0, limit)", "words"),
      texts["src/slug.js"]?.replace(".toLowerCase()", ""),
    ]).toContain(leaves(wrong));
  });
  it("have the wrong one proven by the tests that were seen to fail on it", () => {
    const [, wrong] = armsOf(["slip"]).drafts;
    const premise = wrong?.premises.find(({ name }) => name === "wrong");
    expect(premise?.layer["src/slug.js"]).toContain("slice(1");
    expect(premise?.expect).toMatchObject({ kind: "tests", fail: [joins] });
  });
  it("are none where nothing wrong with it was seen", () => expect(armsOf(["test"]).reasons).toEqual(["review/no-rival"]));
});
