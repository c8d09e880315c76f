import { describe, expect, it } from "vitest";
import { fewestSifted, hindrance } from "../../../pipeline/stages/5-sift.ts";

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
