import { describe, expect, it } from "vitest";
import { publicAddress } from "../../lib/address.ts";

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
