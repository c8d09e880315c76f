import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isNear, pack, unpack } from "../../../pipeline/selection/document.ts";
import { NearDuplicates } from "../../../pipeline/selection/near-duplicates.ts";
import { defectsOf, documentOf, functionsOf, type Planted, rngOf, sources, type Variant, variantOf, variants } from "./planted.ts";

const scratch = mkdtempSync(join(tmpdir(), "kihon-near-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const linesOf = (text: string): Set<string> =>
  new Set(
    text
      .split("\n")
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => line.length > 8),
  );

/** Real code holds copies of its own: of functions that share a fifth of their lines only the first is taken. */
function unrelated(all: readonly string[]): readonly string[] {
  const taken: { readonly text: string; readonly lines: ReadonlySet<string> }[] = [];
  for (const text of all) {
    const lines = linesOf(text);
    const shares = (other: ReadonlySet<string>): number =>
      [...lines].filter((line) => other.has(line)).length / Math.min(lines.size, other.size);
    if (lines.size > 4 && !taken.some((one) => shares(one.lines) >= 0.2)) taken.push({ text, lines });
  }
  return taken.map(({ text }) => text);
}

const functions = unrelated(sources().flatMap(functionsOf));
/** Up to three defects of a function: two of one function are no duplicates. */
const originals: readonly Planted[] = functions
  .filter((text) => text.length < 6000)
  .slice(0, 220)
  .flatMap((text) => rngOf(text.slice(0, 40)).shuffle(defectsOf(text)).slice(0, 3));

describe("near-duplicates of a planted set", () => {
  const near = new NearDuplicates(join(scratch, "planted"));
  const asked: { readonly original: number; readonly variant: Variant | "original" }[] = [];
  for (const [original, one] of originals.entries()) {
    near.add(asked.length, documentOf(one.healthy, one.defective));
    asked.push({ original, variant: "original" });
    const variant = variants[original % variants.length] as Variant;
    const around = [functions[(original * 7) % functions.length] ?? "", functions[(original * 13 + 5) % functions.length] ?? ""] as const;
    const [healthy, defective] = variantOf(one, variant, around, rngOf(`${original}`));
    near.add(asked.length, documentOf(healthy, defective));
    asked.push({ original, variant });
  }
  const pairs = [...near.pairs(() => true)];
  const right = pairs.filter(([a, b]) => asked[a]?.original === asked[b]?.original);
  near.close();

  it("holds enough real code to say something", () => {
    expect(originals.length).toBeGreaterThan(300);
    expect(new Set(originals.map(({ healthy }) => healthy)).size).toBeGreaterThan(100);
  });

  it("finds nineteen of twenty copies of each kind", () => {
    const found = new Set(right.map(([a]) => asked[a]?.original));
    const recall = variants.map((variant, kind) => {
      const own = originals.map((_, at) => at).filter((at) => at % variants.length === kind);
      return [variant, own.filter((at) => found.has(at)).length / own.length] as const;
    });
    for (const [, share] of recall) expect(share).toBeGreaterThanOrEqual(0.95);
  });

  it("finds nothing else: ninety-nine of a hundred pairs are copies", () => {
    expect(right.length / pairs.length).toBeGreaterThanOrEqual(0.99);
  });
});

const whole = functions.find((text) => defectsOf(text).length >= 3) ?? "";
const [first, second] = defectsOf(whole) as [Planted, Planted];
const question = (one: Planted, skill?: string) => documentOf(one.healthy, one.defective, skill);

describe("which of two goes", () => {
  const settle = (rank: readonly number[], standing: readonly number[] = []) => {
    const near = new NearDuplicates(join(scratch, "settle"));
    near.add(0, question(first));
    near.add(1, question(first));
    near.add(2, question(second));
    near.add(3, question(first, "localization"));
    const found = near.find(rank, (number) => standing.includes(number));
    near.close();
    return found;
  };

  it("is the one with the higher rank; another defect of the function and another skill are no duplicates", () => {
    expect([...settle([0, 1, 2, 3]).goneFor]).toEqual([[1, 0]]);
    expect([...settle([1, 0, 2, 3]).goneFor]).toEqual([[0, 1]]);
  });

  it("is never one that stands", () => {
    expect([...settle([1, 0, 2, 3], [1]).goneFor]).toEqual([[0, 1]]);
    const both = settle([0, 1, 2, 3], [0, 1]);
    expect(both.goneFor.size).toBe(0);
    expect(both.left).toEqual([[0, 1]]);
  });

  it("leaves one of a crowd, whichever way they come", () => {
    const near = new NearDuplicates(join(scratch, "crowd"));
    const order = rngOf("crowd").shuffle(Array.from({ length: 200 }, (_, at) => at));
    for (const number of order) near.add(number, question(number % 2 === 0 ? first : second));
    const { goneFor, left } = near.find(
      Array.from({ length: 200 }, (_, at) => at),
      () => false,
    );
    near.close();
    expect(goneFor.size).toBe(198);
    expect(new Set(goneFor.values())).toEqual(new Set([0, 1]));
    expect(left).toEqual([]);
  });
});

describe("a document", () => {
  it("comes back whole from its words", () => {
    for (const one of [first, second]) for (const document of question(one)) expect(unpack(pack(document))).toEqual(document);
  });

  it("is near itself, and not near the same place with another edit", () => {
    const [own] = question(first);
    const other = { ...first, defective: first.healthy.slice(0, first.at) + first.healthy.slice(first.at + first.original.length) };
    if (own === undefined) throw new Error("no document");
    expect(isNear(own, own)).toBe(true);
    expect(question(other).some((document) => isNear(own, document))).toBe(false);
  });
});
