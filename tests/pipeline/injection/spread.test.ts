import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFor } from "../../../lib/rng.ts";
import type { Spot } from "../../../pipeline/injection/spot.ts";
import { spread } from "../../../pipeline/injection/spread.ts";

const spotOf = (id: string, symbol: string, line: number, operator: string): Spot => ({
  id,
  site: { file: "a.js", symbol, start: 0, end: 1, startLine: line, endLine: line, original: "a", replacement: id, operator },
});
const spots = fc
  .array(
    fc.record({ symbol: fc.constantFrom("f", "g", "h"), line: fc.integer({ min: 1, max: 8 }), operator: fc.constantFrom("x", "y", "z") }),
    { maxLength: 60 },
  )
  .map((items) => items.map(({ symbol, line, operator }, at) => spotOf(`id${String(at).padStart(3, "0")}`, symbol, line, operator)));
const order = (items: readonly Spot[], seed = "1"): string[] => spread(items, rngFor(seed, "e", "spread")).map(({ id }) => id);

describe("the order in which mutants are taken", () => {
  it("has every spot once", () => {
    fc.assert(
      fc.property(spots, (items) => {
        expect(order(items).sort()).toEqual(items.map(({ id }) => id));
      }),
    );
  });
  it("depends on the spots and the seed alone, not on the order in which they are given", () => {
    fc.assert(
      fc.property(
        spots.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length }))),
        ([items, shuffled]) => {
          expect(order(shuffled)).toEqual(order(items));
        },
      ),
    );
  });
  it("differs by seed", () => {
    const items = Array.from({ length: 20 }, (_, at) => spotOf(`id${at}`, "f", at + 1, "x"));
    expect(order(items, "1")).not.toEqual(order(items, "2"));
  });
  it("leaves no symbol out of the first rounds", () => {
    fc.assert(
      fc.property(spots, (items) => {
        const taken = spread(items, rngFor("1", "e", "spread")).map(({ site }) => site.symbol);
        const symbols = new Set(items.map(({ site }) => site.symbol));
        expect(new Set(taken.slice(0, symbols.size * 6))).toEqual(symbols);
      }),
    );
  });
  it("takes two spots of a line one after the other, with different operators where the line has them", () => {
    fc.assert(
      fc.property(spots, (items) => {
        const taken = spread(items, rngFor("1", "e", "spread"));
        const key = ({ site }: Spot): string => `${site.symbol}:${site.startLine}`;
        for (const [line, own] of Map.groupBy(taken, key)) {
          if (own.length < 2) continue;
          const [first, second] = [taken.findIndex((spot) => key(spot) === line), taken.indexOf(own[1] as Spot)];
          expect([line, second - first]).toEqual([line, 1]);
          if (new Set(own.map(({ site }) => site.operator)).size > 1) expect(own[0]?.site.operator).not.toBe(own[1]?.site.operator);
        }
      }),
    );
  });
});
