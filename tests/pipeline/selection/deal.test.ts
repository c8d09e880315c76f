import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dealt, deal, dealtByRows, shareOf } from "../../../pipeline/selection/deal.ts";
import { strataDistance } from "../../../pipeline/selection/strata.ts";
import { type Split, type SplitRatio, splits } from "../../../schemas/selection.ts";

const skills = ["editing", "localization", "review"];
/** Groups of so many rows of each skill, all of one language. */
const groupsArbitrary = fc
  .array(fc.record({ rows: fc.tuple(fc.nat(12), fc.nat(12), fc.nat(6)), typed: fc.boolean() }), { minLength: 1, maxLength: 40 })
  .map((groups) =>
    groups.map(({ rows, typed }, at): Dealt => {
      const all = rows[0] + rows[1] + rows[2] + 1;
      const strata = new Map(skills.map((skill, index) => [`skill ${skill}`, (rows[index] ?? 0) + (index === 0 ? 1 : 0)]));
      strata.set(typed ? "language typescript" : "language javascript", all);
      return { name: `group ${at}`, rows: all, strata, fixed: null, allowed: splits };
    }),
  );
const ratioArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.nat(9))
  .map(([train, validation, test]): SplitRatio => ({ train, validation, test }));

const sharesOf = (ratio: SplitRatio): SplitRatio =>
  Object.fromEntries(splits.map((split) => [split, shareOf(split, ratio)])) as unknown as SplitRatio;

/** How far the worst split is from its share of all rows. */
function furthest(groups: readonly Dealt[], ratio: SplitRatio, dealt: ReadonlyMap<string, Split>): number {
  const rowsOf = (own: readonly Dealt[]): number => own.reduce((sum, { rows }) => sum + rows, 0);
  const of = (split: Split): number =>
    rowsOf(groups.filter(({ name }) => dealt.get(name) === split)) - shareOf(split, ratio) * rowsOf(groups);
  return Math.max(...splits.map((split) => Math.abs(of(split))));
}

describe("groups", () => {
  it("are dealt with skills and languages no further from their shares than by rows alone, within one group of the shares", () => {
    fc.assert(
      fc.property(groupsArbitrary, ratioArbitrary, (groups, ratio) => {
        const [dealt, plain] = [deal(groups, ratio), dealtByRows(groups, ratio)];
        const [now, before] = [dealt, plain].map((one) => strataDistance(groups, sharesOf(ratio), one)) as [number, number];
        expect(now).toBeLessThanOrEqual(before + 1e-6);
        expect(furthest(groups, ratio, dealt)).toBeLessThanOrEqual(Math.max(...groups.map(({ rows }) => rows)) + 1e-6);
        for (const { name } of groups) expect(ratio[dealt.get(name) ?? "test"]).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it("come out the same in whatever order they are told", () => {
    fc.assert(
      fc.property(groupsArbitrary, ratioArbitrary, fc.infiniteStream(fc.nat()), (groups, ratio, draws) => {
        const keys = new Map(groups.map((group) => [group, draws.next().value]));
        const shuffled = [...groups].sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
        expect([...deal(shuffled, ratio)].sort()).toEqual([...deal(groups, ratio)].sort());
      }),
      { numRuns: 60 },
    );
  });

  it("give every skill and language its share where there are groups enough", () => {
    const ratio = { train: 8, validation: 1, test: 1 };
    const groups = Array.from({ length: 100 }, (_, at): Dealt => {
      const [skill, other] = [skills[at % 3] ?? "", skills[(at + 1) % 3] ?? ""];
      const language = at % 10 < 2 ? "language typescript" : "language javascript";
      const strata = new Map([
        [`skill ${skill}`, 10],
        [`skill ${other}`, at % 7],
        [language, 10 + (at % 7)],
      ]);
      return { name: `group ${at}`, rows: 10 + (at % 7), strata, fixed: null, allowed: splits };
    });
    const dealt = deal(groups, ratio);
    for (const stratum of [...skills.map((skill) => `skill ${skill}`), "language typescript", "language javascript"]) {
      const rowsIn = (own: readonly Dealt[]): number => own.reduce((sum, { strata }) => sum + (strata.get(stratum) ?? 0), 0);
      for (const split of splits) {
        const share = rowsIn(groups.filter(({ name }) => dealt.get(name) === split)) / rowsIn(groups);
        expect(Math.abs(share - shareOf(split, ratio)), `${stratum} in ${split}`).toBeLessThan(0.02);
      }
    }
  });

  it("stay where they stand or may not leave, and balance the others", () => {
    const of = (name: string, language: string, more: Partial<Dealt> = {}): Dealt => ({
      name,
      rows: 10,
      strata: new Map([[`language ${language}`, 10]]),
      fixed: null,
      allowed: splits,
      ...more,
    });
    const groups = [
      ...["a", "b"].map((name) => of(name, "typescript", { fixed: "test" })),
      ...["c", "d"].map((name) => of(name, "typescript")),
      ...["e", "f"].map((name) => of(name, "javascript", { allowed: ["train"] })),
    ];
    const dealt = deal(groups, { train: 1, validation: 0, test: 1 });
    expect(Object.fromEntries(dealt)).toEqual({ a: "test", b: "test", c: "train", d: "train", e: "train", f: "train" });
  });
});
