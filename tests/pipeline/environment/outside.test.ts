import { describe, expect, it } from "vitest";
import { withoutOutside } from "../../../pipeline/environment/outside.ts";

const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });
const registry = (name: string): string => `https://registry.npmjs.org/${name}/-/${name}-1.0.0.tgz`;

describe("packages from outside the registry", () => {
  it.each(["git+https://github.com/a/b.git", "git@github.com:a/b.git", "github:a/b", "a/b#main", "https://github.com/a/b/tarball/v1"])(
    "are left out of a manifest that asks for %s",
    (spec) => {
      const { texts, names } = withoutOutside({ "package.json": JSON.stringify({ devDependencies: { far: spec, near: "^1.0.0" } }) });
      expect(names).toEqual(["far"]);
      expect(JSON.parse(texts["package.json"] ?? "")).toEqual({ devDependencies: { near: "^1.0.0" } });
    },
  );

  it.each(["^1.0.0", "latest", "*", "file:../x", "link:./x", "workspace:*", "npm:other@1", "1.x || 2.x"])("are not %s", (spec) => {
    expect(withoutOutside({ "package.json": JSON.stringify({ dependencies: { near: spec } }) })).toEqual({ texts: {}, names: [] });
  });

  it("are left out of the lock with the edges that lead to them", () => {
    const { texts, names } = withoutOutside({
      "package.json": JSON.stringify({ devDependencies: { tool: "1.0.0" } }),
      "package-lock.json": lock({
        "": { devDependencies: { tool: "1.0.0" } },
        "node_modules/tool": { resolved: registry("tool"), dependencies: { far: "https://github.com/a/b/tarball/v1", near: "1.0.0" } },
        "node_modules/far": { resolved: "https://github.com/a/b/tarball/v1" },
        "node_modules/near": { resolved: "https://registry.npmmirror.com/near/-/near-1.0.0.tgz" },
      }),
    });
    expect(names).toEqual(["far"]);
    expect(Object.keys(texts)).toEqual(["package-lock.json"]);
    expect(JSON.parse(texts["package-lock.json"] ?? "").packages).toEqual({
      "": { devDependencies: { tool: "1.0.0" } },
      "node_modules/tool": { resolved: registry("tool"), dependencies: { near: "1.0.0" } },
      "node_modules/near": { resolved: "https://registry.npmmirror.com/near/-/near-1.0.0.tgz" },
    });
  });

  it("are left out of a lock of version 1 at any depth, with the edges that lead to them", () => {
    const { texts, names } = withoutOutside({
      "package.json": JSON.stringify({ devDependencies: { tool: "1.0.0" } }),
      "package-lock.json": JSON.stringify({
        lockfileVersion: 1,
        requires: true,
        dependencies: {
          tool: {
            version: "1.0.0",
            resolved: registry("tool"),
            requires: { far: "github:a/b#main", near: "1.0.0" },
            dependencies: { far: { version: "github:a/b#0123456789", from: "github:a/b#main" } },
          },
          wide: { version: "git+ssh://git@github.com/a/wide.git#0123456789", from: "git+ssh://git@github.com/a/wide.git" },
          near: { version: "1.0.0", resolved: registry("near"), integrity: "sha1-x" },
        },
      }),
    });
    expect(names).toEqual(["far", "wide"]);
    expect(JSON.parse(texts["package-lock.json"] ?? "").dependencies).toEqual({
      tool: { version: "1.0.0", resolved: registry("tool"), requires: { near: "1.0.0" }, dependencies: {} },
      near: { version: "1.0.0", resolved: registry("near"), integrity: "sha1-x" },
    });
  });

  it("change nothing where there are none, whatever the formatting of the files", () => {
    const inputs = {
      "package.json": '{ "name":"x" }',
      "package-lock.json": lock({ "": {}, "node_modules/a": { resolved: registry("a") } }),
    };
    expect(withoutOutside(inputs)).toEqual({ texts: {}, names: [] });
    const old = JSON.stringify({ lockfileVersion: 1, dependencies: { a: { version: "1.0.0", requires: { b: "^1.0.0" } } } });
    expect(withoutOutside({ ...inputs, "package-lock.json": old })).toEqual({ texts: {}, names: [] });
  });

  it("stay where another client's lock names them, and where a file is no JSON", () => {
    const manifest = JSON.stringify({ dependencies: { far: "github:a/b" } });
    expect(withoutOutside({ "package.json": manifest, "yarn.lock": "" }).names).toEqual([]);
    expect(withoutOutside({ "package.json": "{", "package-lock.json": "[" })).toEqual({ texts: {}, names: [] });
  });
});
