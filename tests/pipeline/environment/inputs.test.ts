import { expect, it } from "vitest";
import { installInputs } from "../../../pipeline/environment/inputs.ts";

const entry = (path: string, text = path) => ({ path, kind: "file" as const, executable: false, bytes: Buffer.from(text) });

it("an install reads manifests, lock files, settings and patches, in any folder", () => {
  const read = [
    "package.json",
    "packages/a/package.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    ".yarnrc.yml",
    ".npmrc",
    ".pnpmfile.cjs",
    "patches/x@1.0.0.patch",
  ];
  const other = ["src/index.js", "package.json.bak", "README.md", "my-package.json", "tsconfig.json"];
  expect(Object.keys(installInputs([...read, ...other].map((path) => entry(path))))).toEqual([...read].sort());
});

it("gives the same texts in the same order from any order of the tree", () => {
  const entries = [entry("package.json", "{}"), entry(".npmrc", "a=b")];
  expect(JSON.stringify(installInputs([...entries].reverse()))).toBe(JSON.stringify(installInputs(entries)));
  expect(installInputs(entries)["package.json"]).toBe("{}");
});
