import { describe, expect, it } from "vitest";
import { initLanguages } from "../../languages/index.ts";
import { fuzz, properties } from "./properties.ts";

await initLanguages();

describe("spoilt texts", () => {
  it("are read or refused in words, and never taken for what they are not", () => {
    const told: string[] = [];
    const done = fuzz(4_000, 7, (name) => told.push(name));
    expect(told).toEqual(properties.map(({ name }) => name));
    expect(done).toBeGreaterThan(3_900);
  });
});
