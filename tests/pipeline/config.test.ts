import { describe, expect, it } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { parseConfig } from "../../pipeline/config.ts";

const refusal = (given: unknown): StopRun => {
  try {
    parseConfig(given);
  } catch (error) {
    if (error instanceof StopRun) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("settings", () => {
  it("have a default each", () => {
    expect(parseConfig({})).toMatchObject({ seed: "1", revision: "HEAD", mutants: 200, repeats: 3 });
  });

  it.each([
    [{ mutants: -1 }, /mutants/],
    [{ repeats: 0 }, /repeats/],
    [{ skills: ["cooking"] }, /skills/],
    [{ mutant: 3 }, /mutant/],
    [{ higherOrder: 2 }, /higherOrder/],
    ["text", /object/],
  ])("%j is refused by name, with exit code 2", (given, named) => {
    const error = refusal(given);
    expect(error.message).toMatch(named);
    expect([error.exitCode, error.next]).toEqual([2, "kihon run --help lists the options"]);
  });

  it("know the names of the operators, and list them", () => {
    expect(parseConfig({ operators: ["equality-flip"] }).operators).toEqual(["equality-flip"]);
    const error = refusal({ operators: ["equality-flip", "nonsense"] });
    expect(error.message).toBe("there is no operator named nonsense");
    expect(error.next).toContain("equality-flip");
  });

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });
});
