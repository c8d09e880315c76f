import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toRows } from "../../output/rows.ts";
import { StatisticsOf, severalOperators, spreadOf } from "../../output/statistics.ts";
import { skills } from "../../schemas/instance.ts";
import type { RowPair } from "../../schemas/row.ts";
import { context, environment, sampleInstance } from "./samples.ts";

const pairs = skills.map((skill) => toRows(sampleInstance(skill), environment, context));
const of = (some: readonly RowPair[]) => {
  const statistics = new StatisticsOf();
  for (const pair of some) statistics.add(pair);
  return statistics.finish();
};

describe("spreadOf", () => {
  it.each([
    [[7], { count: 1, min: 7, median: 7, p90: 7, max: 7, mean: 7 }],
    [[3, 1, 2], { count: 3, min: 1, median: 2, p90: 3, max: 3, mean: 2 }],
    [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], { count: 10, min: 1, median: 5, p90: 9, max: 10, mean: 5.5 }],
    [[2, 10, 1], { count: 3, min: 1, median: 2, p90: 10, max: 10, mean: 4.33 }],
  ])("of %j", (numbers, spread) => {
    expect(spreadOf(numbers)).toEqual(spread);
  });

  it("of nothing is nothing", () => {
    expect(spreadOf([])).toBeNull();
  });
});

describe("statistics", () => {
  it("are the same in whatever order the rows come", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(pairs, { minLength: pairs.length }), (order) => {
        expect(JSON.stringify(of(order))).toBe(JSON.stringify(of(pairs)));
      }),
    );
  });

  it("take a fact for a number only where it is one", () => {
    expect(Object.keys(of(pairs).skills["editing"]?.facts ?? {})).toEqual(["digits", "lines", "ratio"]);
  });

  it("show a known answer that earned what it must not", () => {
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    const validation = { ...pair.private.validation, decoys: [{ name: "decoy-one", reward: 1, reason: null }], gold_rewards: [1, 0, 1] };
    const { rewards } = of([pair, { ...pair, private: { ...pair.private, validation } }]).skills[pair.public.skill] ?? { rewards: [] };
    expect(rewards).toEqual(
      expect.arrayContaining([
        { role: "gold", name: "gold", rows: 2, least: 0, greatest: 1, reasons: {} },
        { role: "decoy", name: "decoy-one", rows: 2, least: 0, greatest: 1, reasons: { "tests-failed": 1 } },
      ]),
    );
  });

  /** With another change behind it. */
  const changed = (more: object): RowPair => {
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    const candidate = JSON.parse(pair.private.candidate_json) as object;
    return { ...pair, private: { ...pair.private, candidate_json: JSON.stringify({ ...candidate, ...more }) } };
  };

  it("count a row of injected defects once, whatever the number of its sites", () => {
    const sites = (...operators: string[]) => changed({ sites: operators.map((operator) => ({ operator })) });
    expect(of([sites("a", "a", "a"), sites("a"), sites("a", "b"), sites("b")]).operators).toEqual({ a: 2, b: 1, [severalOperators]: 1 });
  });

  it("count each answer that was graded: gold in each repeat, blank, decoys and probes", () => {
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    const { decoys, probes } = pair.private.validation;
    const validation = { ...pair.private.validation, gold_rewards: [1, 1], decoys: [...decoys, ...decoys], probes };
    expect(of([{ ...pair, private: { ...pair.private, validation } }]).skills[pair.public.skill]?.gradings).toMatchObject({
      min: 2 + 1 + 2 + 1,
    });
  });

  it("tell rows of pull requests from those of bare commits and of changes taken back", () => {
    const pull = { kind: "commit", pullRequest: { number: 1 } };
    const rows = [changed(pull), changed({ kind: "commit" }), changed({ ...pull, mirrorOf: "a".repeat(40) }), changed({})];
    expect(Object.values(of(rows).skills)[0]?.pullRequests).toBe(1);
  });

  it("name the row and the cell that is not what its column promises", () => {
    const [pair] = pairs;
    if (pair === undefined) throw new Error("there are samples");
    expect(() => of([{ ...pair, private: { ...pair.private, trials_json: "{" } }])).toThrow(
      `the private row ${pair.public.instance_id}: trials_json is not what its column promises`,
    );
  });
});
