import { describe, expect, it } from "vitest";
import { mutantOf } from "../../../pipeline/injection/mutant.ts";
import { fewestSifted, hindrance, lightened } from "../../../pipeline/stages/5-sift.ts";
import { environmentOf } from "../../grading/stand.ts";

const pace = (wallMs: number, busy: number | null) => ({ wallMs, silentMs: 0, busy });

describe("the mutants of an environment are not sifted where", () => {
  it.each([
    ["nobody wants it", hindrance(fewestSifted, false, true, null), "sift/off"],
    ["the runner cannot", hindrance(fewestSifted, true, false, null), "sift/runner"],
    ["they are one too few", hindrance(fewestSifted - 1, true, true, null), "sift/few"],
    ["the suite waits most of its time", hindrance(fewestSifted, true, true, pace(34_000, 0.05)), "sift/waits"],
  ])("%s", (_name, said, reason) => expect(said?.split(":")[0]).toBe(reason));

  it("and nowhere else: suites that work, that are short, and of which nothing is known", () => {
    expect(hindrance(fewestSifted, true, true, null)).toBeNull();
    for (const known of [pace(34_000, 0.15), pace(9_999, 0.05), pace(34_000, null)])
      expect(hindrance(fewestSifted, true, true, known)).toBeNull();
  });
});

it("a sift keeps of a mutant where it is, and not the text of its file", () => {
  const text = `${"x".repeat(100_000)} + 1;`;
  const site = { file: "a.js", operator: "test", start: 100_001, end: 100_002, startLine: 1, endLine: 1, original: "+", replacement: "-" };
  const candidate = mutantOf(environmentOf(), [site as never], () => text);
  const environment = environmentOf();
  expect(JSON.stringify(candidate).length).toBeGreaterThan(100_000);
  const light = lightened({ candidate, environment });
  expect(JSON.stringify(light.candidate).length).toBeLessThan(2_000);
  expect(light.candidate.edits).toEqual(candidate.edits);
});
