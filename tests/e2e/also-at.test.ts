/** Mutants at two revisions of one repository: each is injected into the tree of its own, and asked about there. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDataset } from "../../output/dataset-reader.ts";
import type { Instance } from "../../schemas/instance.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, healthy, kihon, scratch } from "./stand.ts";

const { path: folder, remove } = scratch();
const out = join(folder, "out");
const half = (name: string, body: string, cases: readonly (readonly [string, string])[]) => ({
  [`${name}.js`]: `export function ${name}(value) {\n${body}}\n`,
  [`${name}.test.js`]: [
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\n',
    `import { ${name} } from "./${name}.js";\n`,
    ...cases.map(([given, wanted]) => `test("of ${given}", () => assert.equal(${name}(${given}), ${wanted}));\n`),
  ].join(""),
});
const sign = half("sign", "  if (value < 0) return -1;\n  if (value > 0) return 1;\n  return 0;\n", [
  ["-4", "-1"],
  ["4", "1"],
  ["0", "0"],
]);
const parity = half("parity", '  if (value % 2 === 0) return "even";\n  return "odd";\n', [
  ["4", '"even"'],
  ["5", '"odd"'],
]);

let repository: ScratchRepository;
const commits = { first: "", last: "" };
beforeAll(async () => {
  repository = await ScratchRepository.make();
  commits.first = await repository.commit("first", { ...healthy, ...sign });
  await repository.git("tag", "v1");
  commits.last = await repository.commit("last", { "sign.js": null, "sign.test.js": null, ...parity });
});
afterAll(() => {
  repository[Symbol.dispose]();
  remove();
});

const filesAt = (instances: readonly Instance[], commit: string): string[] => {
  const own = instances.filter(({ candidate }) => candidate.revision.commit === commit);
  return [...new Set(own.flatMap(({ candidate }) => candidate.edits.map(({ file }) => file)))].sort();
};

it("gives rows of both, each under its own commit and id, and none twice of what both have", async () => {
  const small = ["--mutants", "12", "--per-skill", "6", "--repeats", "1", "--skills", "editing", "--cache", cache];
  const words = ["run", "--repo", repository.work, "--also-at", "v1", ...small, "--out", out];
  const { code, err } = await kihon(words);
  expect([code, err]).toEqual([0, expect.stringContaining("export:")]);
  const data = await openDataset(out);
  const instances: Instance[] = [];
  for await (const instance of data.instances()) instances.push(instance);

  // What one revision alone has is asked at that one; what both have at either, once.
  expect(filesAt(instances, commits.first)).toContain("sign.js");
  expect(filesAt(instances, commits.last)).toContain("parity.js");
  expect(filesAt(instances, commits.first)).not.toContain("parity.js");
  expect(filesAt(instances, commits.last)).not.toContain("sign.js");
  expect(new Set(instances.map(({ draft }) => draft.id)).size).toBe(instances.length);
  expect(new Set(instances.map(({ candidate }) => candidate.id)).size).toBe(instances.length);
  const shared = instances.filter(({ candidate }) => candidate.edits.some(({ file }) => file === "index.js"));
  expect(shared.length).toBeGreaterThan(0);
  expect(new Set(instances.map(({ candidate }) => JSON.stringify(candidate.before))).size).toBe(instances.length);

  // Each stands on the tree of its revision.
  const environments = new Map<string, string>();
  for (const { draft, candidate } of instances) environments.set(candidate.revision.commit, draft.environmentId);
  expect([...environments.keys()].sort()).toEqual([commits.first, commits.last].sort());
  expect(new Set(environments.values()).size).toBe(2);
  for (const [commit, id] of environments) {
    const { revision, sourceFiles } = await data.environment(id);
    expect([revision.commit, sourceFiles.includes("sign.js")]).toEqual([commit, commit === commits.first]);
  }
});
