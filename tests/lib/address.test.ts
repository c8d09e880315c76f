import { describe, expect, it } from "vitest";
import { declaredRepository, publicAddress } from "../../lib/address.ts";

describe("the public address of a repository", () => {
  it.each([
    ["https://github.com/Acme/Calc.git", "https://github.com/Acme/Calc"],
    ["git@github.com:acme/calc.git", "https://github.com/acme/calc"],
    ["ssh://git@codeberg.org/acme/calc", "https://codeberg.org/acme/calc"],
    ["http://git.example.org/acme/ca|c/", "http://git.example.org/acme/ca%7Cc"],
  ])("of %s is %s", (origin, address) => {
    expect(publicAddress(origin)).toBe(address);
  });

  it.each([
    "local",
    "",
    "/home/me/calc",
    "file:///home/me/calc",
    "http://localhost/acme/calc",
    "http://10.0.0.7/acme/calc",
    "https://git.home/acme/calc",
    "https://forge.corp.internal/acme/calc",
    "git@forge.example.org:acme/calc.git",
  ])("is not told of %j", (origin) => {
    expect(publicAddress(origin)).toBeNull();
  });
});

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
