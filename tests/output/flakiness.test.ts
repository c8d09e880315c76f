import { expect, it } from "vitest";
import { flakinessOf, flakinessText, unsteadyText } from "../../output/flakiness.ts";

const one = (under: readonly string[]) => ({ id: "a > b", seen: 3, passed: 2, under: [...under] });

it("counts quarantined tests over environments, each once under every condition", () => {
  const found = flakinessOf([
    { tests: 900, unsteady: [one(["TZ=Pacific/Chatham", "order=1"]), one(["order=1", "order=2"])] },
    { tests: 100, unsteady: [one([])] },
    { tests: 0, unsteady: [] },
  ]);
  expect(found).toEqual({ tests: 1000, quarantined: 3, share: 0.003, under: { TZ: 1, order: 2, nothing: 1 } });
  expect(flakinessText(found)).toBe("3 of 1000 tests (0.3 %), under order 2, TZ 1, nothing 1");
});
it("is nothing where there are no tests", () => {
  expect(flakinessText(flakinessOf([]))).toBe("0 of 0 tests (0.0 %)");
});
it("does not round a few of many away", () => {
  expect(flakinessText(flakinessOf([{ tests: 4000, unsteady: [one(["load=1"])] }]))).toBe("1 of 4000 tests (0.03 %), under load 1");
});
it("says of a test how often it passed, and under what it came out otherwise", () => {
  expect(unsteadyText(one(["TZ=X", "LANG=Y"]))).toBe("passed 2 of 3 runs, otherwise under TZ=X LANG=Y");
  expect(unsteadyText(one([]))).toBe("passed 2 of 3 runs, otherwise with nothing changed");
});
