import { describe, expect, it } from "vitest";
import type { Observation } from "../../schemas/observation.ts";
import { frameDistance } from "../../skills/frame-distance.ts";
import { mutant } from "../output/samples.ts";

const failing = (...files: readonly string[]): Observation["failures"][string] => ({
  kind: "error",
  name: "TypeError",
  message: "",
  expected: null,
  actual: null,
  frames: files.map((file, at) => ({ file, line: at + 1 })),
});
const distanceOf = (...failures: readonly Observation["failures"][string][]) =>
  frameDistance({
    candidate: mutant,
    observation: { failures: Object.fromEntries(failures.entries()) } as unknown as Observation,
  });

describe("the distance between a failure and the defect", () => {
  it("is the number of calls between them", () => {
    expect(distanceOf(failing("src/add.ts", "tests/add.test.ts"))).toBe(0);
    expect(distanceOf(failing("src/sum.ts", "src/list.ts", "src/add.ts", "src/add.ts"))).toBe(2);
  });

  it("is the least of several", () => {
    expect(distanceOf(failing("src/sum.ts", "src/add.ts"), failing("tests/add.test.ts"), failing("a", "b", "src/add.ts"))).toBe(1);
  });

  it("is not known where no failure leads there", () => {
    expect(distanceOf(failing("tests/add.test.ts"))).toBeUndefined();
    expect(distanceOf()).toBeUndefined();
  });
});
