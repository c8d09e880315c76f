import { describe, expect, it } from "vitest";
import { packagesOf } from "../../pipeline/packages.ts";

const tested = { scripts: { test: "vitest run" } };
const json = (value: unknown): string => JSON.stringify(value);
const dirs = (files: Readonly<Record<string, unknown>>): readonly string[] =>
  packagesOf(new Map(Object.entries(files).map(([path, value]) => [path, typeof value === "string" ? value : json(value)])));
const members = { "packages/a/package.json": tested, "packages/b/package.json": tested };

describe("the packages of a repository", () => {
  const table: readonly [string, Readonly<Record<string, unknown>>, readonly string[]][] = [
    ["one package: the root", { "package.json": tested }, ["."]],
    ["no manifest at the root: none", { "packages/a/package.json": tested }, []],
    ["a broken manifest at the root: none", { "package.json": "{" }, []],
    ["workspaces as a list", { "package.json": { workspaces: ["packages/*"] }, ...members }, ["packages/a", "packages/b"]],
    [
      "workspaces as an object",
      { "package.json": { workspaces: { packages: ["./packages/*/"] } }, ...members },
      ["packages/a", "packages/b"],
    ],
    ["workspaces of a shape unknown here", { "package.json": { workspaces: { nohoist: ["**"] } }, ...members }, ["."]],
    [
      "pnpm's list, with an exception",
      { "package.json": {}, "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - '!./packages/b'\n", ...members },
      ["packages/a"],
    ],
    ["a pnpm file that is no YAML", { "package.json": {}, "pnpm-workspace.yaml": "packages: [", ...members }, ["."]],
    ["an empty pnpm file", { "package.json": {}, "pnpm-workspace.yaml": "", ...members }, ["."]],
    [
      "a root that asks its workspaces to test",
      { "package.json": { workspaces: ["packages/*"], scripts: { test: "turbo run test" } }, ...members },
      ["packages/a", "packages/b"],
    ],
    [
      "a root that tests itself",
      { "package.json": { workspaces: ["packages/*"], scripts: { test: "npm run lint && jest" } }, ...members },
      ["."],
    ],
    [
      "a root that tests itself with node",
      { "package.json": { workspaces: ["packages/*"], scripts: { test: "node --test" } }, ...members },
      ["."],
    ],
    ["workspaces without tests", { "package.json": { workspaces: ["packages/*"] }, "packages/a/package.json": {} }, ["."]],
    ["a script that is no text", { "package.json": { scripts: { test: 3 } } }, ["."]],
    [
      "a broken manifest in a workspace",
      { "package.json": { workspaces: ["packages/*"] }, ...members, "packages/c/package.json": "{" },
      ["packages/a", "packages/b"],
    ],
    [
      "a manifest in a folder that is no workspace",
      { "package.json": { workspaces: ["packages/*"] }, ...members, "fixtures/x/package.json": tested },
      ["packages/a", "packages/b"],
    ],
  ];
  it.each(table)("%s", (_, files, expected) => {
    expect(dirs(files)).toEqual(expected);
  });
});
