import { describe, expect, it } from "vitest";
import { initLanguages, languages } from "../../../languages/index.ts";
import { rngFor } from "../../../lib/rng.ts";
import { combine } from "../../../pipeline/injection/combine.ts";
import type { Spot } from "../../../pipeline/injection/spot.ts";

await initLanguages();
const [language] = languages;
const text = "export function f(a, b) {\n  const c = a + b;\n  return c > 3 ? c - 1 : true;\n}\n";
const unitsOf = (path: string) => language?.units({ path, text }) ?? [];
const spots: Spot[] = ["a.js", "b.js"].flatMap((file) =>
  (language?.mutations({ path: file, text }) ?? []).map((mutation, at) => ({
    id: `${file}${at}`,
    site: { file, symbol: "f", ...mutation, startLine: 2, endLine: 2, original: text.slice(mutation.start, mutation.end) },
  })),
);
const made = () => combine(spots, 12, unitsOf, rngFor("1", "e", "combine"));

describe("mutants of several sites", () => {
  it("have two or three of the given sites, none twice and none over another", () => {
    expect(made().length).toBeGreaterThan(0);
    for (const sites of made()) {
      expect([2, 3]).toContain(sites.length);
      for (const site of sites) expect(spots.map((spot) => spot.site)).toContain(site);
      for (const [at, site] of sites.entries()) {
        for (const other of sites.slice(at + 1))
          expect(site.file !== other.file || site.end <= other.start || other.end <= site.start).toBe(true);
      }
    }
  });
  it("are the same from the same seed", () => expect(made()).toEqual(made()));
  it("are none where none is asked for", () => expect(combine(spots, 0, unitsOf, rngFor("1", "e", "combine"))).toEqual([]));
});
