import { describe, expect, it } from "vitest";
import { declaredRepository } from "../../lib/address.ts";

describe("the repository that a manifest names", () => {
  it.each([
    ["Acme/Calc", "acme/calc"],
    ["github:acme/calc", "acme/calc"],
    ["gitlab:acme/tools/calc", "acme/tools/calc"],
    ["https://github.com/acme/calc", "acme/calc"],
    ["git+https://github.com/acme/calc.git", "acme/calc"],
    ["git+ssh://git@github.com/acme/calc.git", "acme/calc"],
    ["git://github.com/acme/calc.git#readme", "acme/calc"],
    ["git@github.com:acme/calc.git", "acme/calc"],
    [{ type: "git", url: "git+https://github.com/acme/calc.git", directory: "packages/x" }, "acme/calc"],
  ])("is read from %j", (repository, name) => {
    expect(declaredRepository(JSON.stringify({ name: "calc", repository }))).toBe(name);
  });

  it.each([
    "{",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"repository":7}',
    '{"repository":{}}',
    '{"repository":"calc"}',
    '{"repository":"two words/x"}',
  ])("is none in %s", (manifest) => {
    expect(declaredRepository(manifest)).toBeNull();
  });
});
