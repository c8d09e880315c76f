import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prove } from "../../../grading/prove.ts";
import { initLanguages, languages, runnerNamed } from "../../../languages/index.ts";
import { rngFor } from "../../../lib/rng.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { type ObservedRecord, observeStage } from "../../../pipeline/stages/6-observe.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { Workspace } from "../../../sandbox/workspace.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import { configSchema } from "../../../schemas/config.ts";
import type { Environment } from "../../../schemas/environment.ts";
import type { Draft } from "../../../schemas/instance.ts";
import { allSkills } from "../../../skills/index.ts";
import { environmentOf } from "../../grading/stand.ts";
import { nodeFolder, readTree, scratch, treeFor } from "../../sandbox/stand.ts";

const place = scratch();
afterAll(() => place.remove());

/** The fix has two changes, far apart, with a test of its own each; there is one source file beside the index. */
const tree: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "prices", "type": "module", "scripts": { "test": "node --test" } }\n',
  "src/price.js": `/** Cents of a price such as "1.50". */
export function cents(text) {
  const [whole, part = ""] = text.split(".");
  return Number(whole) * 100 + Number(part.padEnd(2, "0"));
}

/** The price after so many percent less. */
export function reduced(price, percent) {
  return Math.max(0, price - Math.round((price * percent) / 100));
}
`,
  "src/index.js": 'export { cents, reduced } from "./price.js";\n',
  "test/price.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { cents, reduced } from "../src/index.js";
test("reads a price", () => {
  assert.equal(cents("2.25"), 225);
});
test("reads a price with one digit", () => {
  assert.equal(cents("1.5"), 150);
});
test("takes some percent off", () => {
  assert.equal(reduced(200, 10), 180);
});
test("takes no more than all off", () => {
  assert.equal(reduced(200, 150), 0);
});
`,
};
const fixedText = tree["src/price.js"] ?? "";
const withoutPad = fixedText.replace('part.padEnd(2, "0")', "part");
const withoutFloor = fixedText.replace(
  "Math.max(0, price - Math.round((price * percent) / 100))",
  "price - Math.round((price * percent) / 100)",
);
const digit = "test/price.test.js > reads a price with one digit";
const all = "test/price.test.js > takes no more than all off";
/** What somebody pushed first: the digit comes to stand in the wrong place. */
const padStart = fixedText.replace("padEnd", "padStart");
/** It was right before already, in other words; and it only said something else. */
const otherWords = fixedText.replace('part.padEnd(2, "0")', 'part.concat("00").slice(0, 2)');
const otherComment = fixedText.replace("The price after", "What is left after");
const attemptOf = (digit: string, text: string) => ({
  commits: [digit.repeat(40)],
  kind: "commit" as const,
  layer: { "src/price.js": text },
  merged: [],
});
const base = environmentOf();
const environment: Environment = {
  ...base,
  recipe: { ...base.recipe, nodeVersion: process.versions.node },
  sourceFiles: ["src/index.js", "src/price.js"],
  tests: ["reads a price", "reads a price with one digit", "takes some percent off", "takes no more than all off"].map((title) => ({
    id: `test/price.test.js > ${title}`,
    file: "test/price.test.js",
    standing: "stable" as const,
  })),
  testFiles: [{ file: "test/price.test.js", standalone: true, covers: { "src/price.js": [2, 3, 4, 5, 8, 9, 10] } }],
};
const commit: Commit = {
  kind: "commit",
  id: "0123456789abcdef",
  revision: environment.revision,
  before: { "src/price.js": withoutPad.replace(fixedText.split("\n")[8] ?? "", withoutFloor.split("\n")[8] ?? "") },
  edits: [
    { file: "src/price.js", symbol: "cents", startLine: 4, endLine: 4 },
    { file: "src/price.js", symbol: "reduced", startLine: 9, endLine: 9 },
  ],
  subject: "Read prices with one digit, and never go below nothing",
  body: "",
  testFiles: ["test/price.test.js"],
  attempts: [attemptOf("a", otherWords), attemptOf("b", otherComment), attemptOf("c", padStart)],
};

let workspace: Workspace;
let record: ObservedRecord;
const [language] = languages;
const runner = runnerNamed("node-test");
if (!language || !runner) throw new Error("the language or the runner is not listed");
beforeAll(async () => {
  await initLanguages();
  const provider = await chooseProvider({ trusted: true });
  const folder = await treeFor(provider, place.path, tree);
  const harness = await treeFor(provider, place.path, readTree(resolve(import.meta.dirname, "../../../languages/javascript/harness")));
  const installed = { folders: [folder], node: nodeFolder, harness, builds: null };
  const text = (path: string): string | null => tree[path] ?? null;
  const paths = (): readonly string[] => Object.keys(tree).sort();
  workspace = new Workspace(environment, installed, {
    runner,
    language,
    jobs: provider,
    text,
    paths,
    copies: () => [],
    limits: { wallMs: 30_000 },
  });
  const bench = { workspace: async () => workspace, config: configSchema.parse({}), scratch: place.path } as unknown as Bench;
  for await (const { outcome } of observeStage.work([{ candidate: commit, environment }], bench)) {
    if (!outcome.kept) throw new Error(`${outcome.reason}: ${outcome.detail}`);
    record = outcome.value;
  }
}, 60_000);

const variantsOf = (role: string) => (record.observation.variants ?? []).filter((variant) => variant.role === role);

it("a fix is seen without each of its changes, and each is missed by its own test", () => {
  expect(variantsOf("hunk").map(({ mutant, observation }) => [mutant.before["src/price.js"], observation.failToPass])).toEqual([
    [withoutPad, [digit]],
    [withoutFloor, [all]],
  ]);
});

it("slips in its lines that a test shows are found, and no others kept", () => {
  expect(variantsOf("slip").length).toBeGreaterThan(0);
  for (const { mutant, observation } of variantsOf("slip")) {
    expect([4, 9]).toContain(mutant.sites[0]?.startLine);
    expect(observation.failToPass.length).toBeGreaterThan(0);
  }
});

it("of its attempts those are kept on which a test fails", () => {
  const seen = variantsOf("attempt").map(({ mutant, observation }) => [mutant.before, observation.failToPass]);
  expect(seen).toEqual([[{ "src/price.js": padStart }, [digit]]]);
});

it("a test of it asks for the opposite and fails on the fixed tree", () => {
  const [variant] = variantsOf("test");
  expect(Object.keys(variant?.mutant.before ?? {})).toEqual(["test/price.test.js"]);
  expect([[digit], [all]]).toContainEqual(variant?.observation.failToPass);
});

const drafted = (): Draft[] => {
  const text = (path: string): string | null => tree[path] ?? null;
  const rng = (item: string, use: string) => rngFor("1", item, use);
  const context = { environment, all: [record], language, runner, text, paths: () => workspace.paths(), copies: () => [], rng };
  return allSkills.flatMap((skill) => [...skill.pose(context)].flatMap(({ outcome }): Draft[] => (outcome.kept ? [outcome.value] : [])));
};

it("a review sets the attempt against the fix, and both arms are proven", async () => {
  const arms = drafted().filter(({ skill }) => skill === "review");
  expect(arms.map(({ facts }) => facts["rival"])).toEqual(["attempt", "attempt"]);
  expect(arms.map(({ judgement }) => judgement)).toEqual([
    { kind: "review", verdict: "approve", defects: [] },
    {
      kind: "review",
      verdict: "request_changes",
      defects: [{ file: "src/price.js", startLine: 4, endLine: 4, category: "defect" }],
    },
  ]);
  for (const arm of arms) {
    expect(arm.prompt).toContain('`cents("1.5")`');
    const proven = await prove(arm, workspace, { repeats: 2, quarantine: true });
    expect(proven.kept ? [proven.value.proof.premisesHeld, proven.value.proof.gold] : proven).toEqual([6, [1, 1]]);
  }
});

it("all five skills are asked of it, and its editing holds in every one of its trials", async () => {
  const drafts = drafted();
  expect([...new Set(drafts.map(({ skill }) => skill))].sort()).toEqual([
    "editing",
    "localization",
    "reproduction",
    "review",
    "unit-tests",
  ]);
  const editing = drafts.find(({ skill }) => skill === "editing");
  if (!editing) throw new Error("nothing is to be edited");
  expect(editing.trials.map(({ name }) => name)).toContain("asks-the-opposite");
  const proven = await prove(editing, workspace, { repeats: 1, quarantine: true });
  expect(proven.kept ? proven.value.proof.decoys.map(({ name, reward }) => [name, reward]) : proven).toEqual([
    ["hunk-left-1", 0],
    ["hunk-left-2", 0],
    ["slip", 0],
    ["empty-body", 0],
  ]);
});
