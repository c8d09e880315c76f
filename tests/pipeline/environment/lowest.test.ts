import { describe, expect, it } from "vitest";
import { anyVersion, withLowest } from "../../../pipeline/environment/lowest.ts";

describe("direct dependencies at the lowest minor of their range", () => {
  it.each([
    ["^1.2.3", "~1.2.3"],
    [">=2.0.0", "~2.0.0"],
    [">=1.1.0 <3", "~1.1.0"],
    ["^5.0.0-beta.2", "~5.0.0-beta.2"],
    ["^12.20.0 || ^14.13.1", "~12.20.0"],
  ])("are at the version that the manifest names, or a patch of it: %s", (spec, range) => {
    const texts = withLowest({ "package.json": JSON.stringify({ devDependencies: { a: spec } }) });
    expect(JSON.parse(texts["package.json"] ?? "")).toEqual({ devDependencies: { a: range } });
  });

  it.each([
    "*",
    "latest",
    "^4",
    "1.x",
    ">1.2.3",
    "1.2.3",
    "~0.4.1",
    "^0.4.1",
    "npm:b@^1.0.0",
    "file:../a",
    "workspace:^1.0.0",
    "github:a/b#v1.0.0",
  ])("stay where it names none, or none beyond it: %s", (spec) => {
    expect(withLowest({ "package.json": JSON.stringify({ dependencies: { a: spec } }) })).toEqual({});
  });

  it.each(["", "*", " * ", "latest"])("are those that were chosen where any will do: %j", (spec) => {
    const inputs = {
      "package.json": JSON.stringify({ dependencies: { b: "^1.0.0" }, devDependencies: { a: spec, c: spec } }),
      "a/package.json": "[",
    };
    expect(anyVersion(inputs)).toEqual(["a", "c"]);
    const texts = withLowest(inputs, new Map([["a", "3.1.4"]]));
    expect(JSON.parse(texts["package.json"] ?? "")).toEqual({ dependencies: { b: "~1.0.0" }, devDependencies: { a: "3.1.4", c: spec } });
  });

  it("are those of every manifest, peers are not, and other files and texts that are no JSON stay", () => {
    const given = JSON.stringify({ dependencies: { a: "^1.0.0" }, peerDependencies: { b: "^2.0.0" } });
    const texts = withLowest({ "package.json": "{", "packages/x/package.json": given, "package-lock.json": given });
    expect(Object.keys(texts)).toEqual(["packages/x/package.json"]);
    expect(JSON.parse(texts["packages/x/package.json"] ?? "")).toEqual({
      dependencies: { a: "~1.0.0" },
      peerDependencies: { b: "^2.0.0" },
    });
  });
});
