import { describe, expect, it } from "vitest";
import { registryLimit } from "../../../pipeline/environment/recipe.ts";

describe("the date limit of an install", () => {
  const now = Date.parse("2026-11-21T15:00:00Z");
  it.each([
    ["2022-10-03T12:00:00.000Z", "2022-11-01T00:00:00.000Z"],
    ["2022-10-31T23:59:59.000Z", "2022-11-01T00:00:00.000Z"],
    ["2022-11-01T00:00:00.000Z", "2022-12-01T00:00:00.000Z"],
    ["2021-12-24T18:00:00.000Z", "2022-01-01T00:00:00.000Z"],
    ["2026-10-31T23:59:59.000Z", "2026-11-01T00:00:00.000Z"],
  ])("is the start of the month after the commit: %s", (committedAt, limit) => {
    expect(registryLimit(committedAt, now)).toBe(limit);
  });
  it("is none while that month lies ahead, also for a commit that claims to be of the future", () => {
    expect(registryLimit("2026-11-01T00:00:00.000Z", now)).toBeNull();
    expect(registryLimit("2031-01-01T00:00:00.000Z", now)).toBeNull();
  });
});
