import { describe, expect, it } from "vitest";
import type { Commit } from "../../schemas/candidate.ts";
import type { Observed } from "../../skills/contract.ts";
import { reproduction } from "../../skills/reproduction.ts";
import { commit, draftFor, failure, joins, longer, noLower, observe, texts, twoFiles, upper } from "./stand.ts";

const slug = texts["src/slug.js"] ?? "";
const shown = (observed: Observed, trial: string): string =>
  draftFor(reproduction, observed, []).trials.find(({ name }) => name === trial)?.layer["src/slug.js"] ?? "";
/** Without comments, layout and names. */
const bare = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/[A-Za-z_$][\w$]*/g, "n")
    .replace(/\s+/g, "");

describe("the two trees of a reproduction", () => {
  it("come a second time in one text, in which only digits say which is which", () => {
    const [before, after] = [shown(noLower, "before-rewritten"), shown(noLower, "after-rewritten")];
    expect(before).not.toBe(after);
    expect(before.replace(/\d/g, "9")).toBe(after.replace(/\d/g, "9"));
  });
  it("have pieces of each other in them where a change is all over the file", () => {
    const old = slug.replace("/** Lower", 'import "./count.js";\n/** Lower').replace(".toLowerCase()", "");
    const observed = observe({ ...(commit.candidate as Commit), before: { "src/slug.js": old } }, { [joins]: failure() });
    for (const [trial, own, other] of [
      ["before-rewritten", old, slug],
      ["after-rewritten", slug, old],
    ] as const) {
      const text = shown(observed, trial);
      expect(bare(text)).not.toBe(bare(own));
      expect(bare(text)).not.toBe(bare(other));
      expect(text).toContain("toLowerCase");
      expect(text.includes('import "./count.js"')).toBe(own === old);
    }
  });
  it("are told apart by no text without names: that is a probe", () => {
    const probe = draftFor(reproduction, noLower).answers.find(({ name }) => name === "source-skeleton");
    expect(probe).toMatchObject({ role: "probe", text: expect.stringContaining("bare(source) !== bare(") });
  });
});

describe("a second defect beside the one in question", () => {
  const beside = (others: readonly Observed[]) =>
    draftFor(reproduction, noLower, others).trials.filter(({ name }) => name.startsWith("beside-"));
  it("is one of the same function where no other function of the file has one", () => {
    const [trial, ...more] = beside([longer]);
    expect(more).toEqual([]);
    expect(trial).toMatchObject({ expect: { kind: "answer-fails" }, tentative: true });
    expect(trial?.layer["src/slug.js"]).toBe(slug.replace(".toLowerCase()", "").replace("limit)", "limit + 1)"));
  });
  it("is none that stands where the first does, or in another file", () => {
    expect(beside([upper, twoFiles])).toEqual([]);
  });
});
