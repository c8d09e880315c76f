import { describe, expect, it } from "vitest";
import { repoGroupOf } from "../../lib/address.ts";
import { contentHashOf, fixPatch, fromEnvironmentRow, fromRows, toEnvironmentRow, toRows } from "../../output/rows.ts";
import { type Instance, skills } from "../../schemas/instance.ts";
import { environmentRowSchema, privateRowSchema, publicRowSchema } from "../../schemas/row.ts";
import { archive, context, defective, environment, healthy, sampleInstance } from "./samples.ts";

describe("rows", () => {
  it.each(skills)("bring back an instance of %s as it was", (skill) => {
    const instance = sampleInstance(skill);
    const rows = toRows(instance, environment, context);
    expect(publicRowSchema.safeParse(rows.public).error).toBeUndefined();
    expect(privateRowSchema.safeParse(rows.private).error).toBeUndefined();
    expect(fromRows(rows.public, rows.private)).toEqual(instance);
  });

  it("bring back what else the tests of a change did", () => {
    const { draft, ...rest } = sampleInstance("bug-fix");
    const none = { skippedToPass: [], passToFail: [], failToFail: [], flaky: [] };
    const oddTests = { ...none, absentToPass: ["a.js > b"], atBase: { "a.js > c": "absent" as const } };
    const rows = toRows({ ...rest, draft: { ...draft, oddTests } }, environment, context);
    expect(fromRows(rows.public, rows.private).draft.oddTests).toEqual(oddTests);
  });

  it("bring back what a scan noted and where a question says less than is asked, and keep both from the solver", () => {
    const { draft, ...rest } = sampleInstance("editing");
    const instance: Instance = {
      ...rest,
      draft: { ...draft, specification: [{ label: "hidden-name", evidence: "sumAll: stated nowhere" }] },
      leakScan: {
        verdict: "noted",
        scanned: ["prompt", "files", "environment", "caches"],
        noted: [{ kind: "gold", surface: "files", path: "src/other.ts" }],
      },
    };
    const rows = toRows(instance, environment, context);
    expect(fromRows(rows.public, rows.private)).toEqual(instance);
    expect(JSON.stringify(rows.public)).not.toMatch(/sumAll|other\.ts/);
    const { private: silent } = toRows(sampleInstance("editing"), environment, context);
    expect([silent.leak_scan_json, silent.specification_json]).toEqual(["null", "null"]);
  });

  it("bring back an environment as it was", () => {
    const row = toEnvironmentRow(environment, archive);
    expect(environmentRowSchema.safeParse(row).error).toBeUndefined();
    expect(fromEnvironmentRow(row)).toEqual(environment);
  });

  it("keep every word of the gold, the fix and the hidden runs out of the public row", () => {
    const { public: row } = toRows(sampleInstance("editing"), environment, context);
    const text = JSON.stringify(row);
    for (const secret of ["the gold text", "a + b", "premise", "process.exit", "tests/hidden.test.ts", "> sums"])
      expect(text).not.toContain(secret);
  });

  it("say where nothing kept a trial from the network", () => {
    const guardsOf = (network: "none" | "open") => toRows(sampleInstance("editing"), environment, { ...context, network }).private.guards;
    expect([guardsOf("none").network, guardsOf("open").network]).toEqual(["none", "open"]);
  });

  it("tell two rows of different pairs apart", () => {
    const one = toRows(sampleInstance("editing"), environment, context);
    const other = toRows(sampleInstance("review"), environment, context);
    expect(() => fromRows(one.public, other.private)).toThrow(/two instances/);
  });

  it("have a content hash that does not follow the tool but follows every cell", () => {
    const rows = toRows(sampleInstance("editing"), environment, context);
    const hash = rows.private.provenance.content_hash;
    const newer = { ...context, provenance: { ...context.provenance, toolVersion: "9" } };
    expect(toRows(sampleInstance("editing"), environment, newer).private.provenance.content_hash).toBe(hash);
    expect(contentHashOf(rows)).toBe(hash);
    expect(contentHashOf({ ...rows, private: { ...rows.private, gold: "other" } })).not.toBe(hash);
    expect(contentHashOf({ ...rows, public: { ...rows.public, split: "test" } })).not.toBe(hash);
  });

  it("refuse a judgement that is not one", () => {
    const rows = toRows(sampleInstance("editing"), environment, context);
    expect(() => fromRows(rows.public, { ...rows.private, judgement_json: '{"kind":"vibes"}' })).toThrow();
  });
});

describe("the fix", () => {
  it("is the diff from the defective to the healthy text", () => {
    expect(fixPatch({ "src/add.ts": defective }, (path) => healthy[path] ?? null)).toBe(
      [
        "--- a/src/add.ts",
        "+++ b/src/add.ts",
        "@@ -1,3 +1,3 @@",
        " export function add(a: number, b: number): number {",
        "-  return a - b;",
        "+  return a + b;",
        " }",
        "",
      ].join("\n"),
    );
  });

  it("creates a file that the defective tree lacks and removes one that only it has", () => {
    const patch = fixPatch({ "a.ts": null, "b.ts": "x\n" }, (path) => (path === "a.ts" ? "y\n" : null));
    expect(patch).toContain("--- /dev/null\n+++ b/a.ts\n");
    expect(patch).toContain("--- a/b.ts\n+++ /dev/null\n");
  });
});

describe("a repository's group", () => {
  it.each([
    ["https://github.com/Acme/Calc.git", "acme/calc"],
    ["git@github.com:acme/calc.git", "acme/calc"],
    ["ssh://git@github.com/acme/calc/", "acme/calc"],
    ["local", "my-folder"],
  ])("of %s is %s", (origin, group) => {
    expect(repoGroupOf({ name: "My-Folder", origin })).toBe(group);
  });
});
