import { describe, expect, it } from "vitest";
import { filters } from "../../filters/index.ts";
import { reasonSchema } from "../../schemas/outcome.ts";

describe.each(filters.map((filter) => [filter.name, filter] as const))("the filter %s", (name, filter) => {
  it("is a frozen part with a version and defaults for every option", () => {
    expect(Object.isFrozen(filter)).toBe(true);
    expect(filter.version).toBeGreaterThan(0);
    expect(filter.options.parse({})).toBeTypeOf("object");
  });

  it("names reasons that can be written down, each once", () => {
    expect(new Set(filter.reasons).size).toBe(filter.reasons.length);
    for (const reason of filter.reasons) expect(reasonSchema.parse(`${name}/${reason}`)).toBe(`${name}/${reason}`);
  });
});
