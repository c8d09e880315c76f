import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { initLanguages, languages, runnerNamed } from "../../../languages/index.ts";
import { rngFor } from "../../../lib/rng.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { type ObservedRecord, observeStage } from "../../../pipeline/stages/6-observe.ts";
import type { SandboxProvider } from "../../../sandbox/contract.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { Workspace } from "../../../sandbox/workspace.ts";
import type { Mutant } from "../../../schemas/candidate.ts";
import type { Environment } from "../../../schemas/environment.ts";
import type { PoseContext } from "../../../skills/contract.ts";
import { localization } from "../../../skills/localization.ts";
import { reproduction } from "../../../skills/reproduction.ts";
import { environmentOf } from "../../grading/stand.ts";
import { nodeFolder, readTree, scratch, treeFor } from "../../sandbox/stand.ts";

const place = scratch();
afterAll(() => place.remove());

/** Tests in the manner of validator.js: a table of inputs, and an error that names none of the package's functions. */
const tree: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "valid", "type": "module", "scripts": { "test": "node --test" } }\n',
  "src/is-short.js": `export default function isShort(text, options = {}) {
  const limit = options.limit ?? 3;
  return text.length <= limit && Date.now() > 0;
}
export const told = () => "gives a wrong result: expected true, received false, as was seen in this repository";
`,
  "src/stamp.js": "export const stamp = () => Math.random();\n",
  "src/index.js": 'import isShort from "./is-short.js";\nimport { stamp } from "./stamp.js";\nexport default { isShort, stamp };\n',
  "test/check.js": `import valid from "../src/index.js";
export function check({ validator, args = [], accepts, refuses }) {
  valid.stamp();
  for (const text of accepts) if (!valid[validator](text, ...args)) throw new Error("failed but should have passed");
  for (const text of refuses) if (valid[validator](text, ...args)) throw new Error("passed but should have failed");
}
`,
  "test/valid.test.js": `import { test } from "node:test";
import { check } from "./check.js";
test("short by default", () => check({ validator: "isShort", accepts: ["a", "abc"], refuses: ["abcd"] }));
test("as short as asked for", () => check({ validator: "isShort", args: [{ limit: 1 }], accepts: [""], refuses: ["ab"] }));
`,
};
const clean = tree["src/is-short.js"] ?? "";
const start = clean.indexOf("<=");
const site = { file: "src/is-short.js", symbol: "isShort", startLine: 3, endLine: 3 };
const base = environmentOf();
const mutant: Mutant = {
  kind: "mutant",
  id: "0123456789abcdef",
  revision: base.revision,
  before: { "src/is-short.js": clean.replace("<=", "<") },
  edits: [site],
  sites: [{ ...site, start, end: start + 2, original: "<=", replacement: "<", operator: "boundary" }],
};

const titles = ["short by default", "as short as asked for"];
const environment: Environment = {
  ...base,
  recipe: { ...base.recipe, nodeVersion: process.versions.node },
  sourceFiles: ["src/index.js", "src/is-short.js", "src/stamp.js"],
  tests: titles.map((title) => ({ id: `test/valid.test.js > ${title}`, file: "test/valid.test.js", standing: "stable" as const })),
  testFiles: [{ file: "test/valid.test.js", standalone: true, covers: { "src/is-short.js": [1, 2, 3] } }],
};

let provider: SandboxProvider;
let workspace: Workspace;
const [language] = languages;
const runner = runnerNamed("node-test");
if (!language || !runner) throw new Error("the language or the runner is not listed");
beforeAll(async () => {
  await initLanguages();
  provider = await chooseProvider({ trusted: true });
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
});

async function observed(): Promise<ObservedRecord> {
  const bench = { workspace: async () => workspace } as unknown as Bench;
  for await (const { outcome } of observeStage.work([{ candidate: mutant, environment }], bench)) {
    if (!outcome.kept) throw new Error(`${outcome.reason}: ${outcome.detail}`);
    return outcome.value;
  }
  throw new Error("nothing was observed");
}

it("where failures say nothing of inputs, the changed calls are recorded, and questions are asked with them", async () => {
  const record = await observed();
  expect(record.observation.calls).toEqual([
    {
      file: "src/is-short.js",
      symbol: "isShort",
      call: 'isShort("abc")',
      selfContained: true,
      expected: "true",
      actual: "false",
      error: null,
    },
  ]);
  const context: PoseContext = {
    environment,
    all: [record],
    language,
    runner,
    text: (path) => tree[path] ?? null,
    paths: () => workspace.paths(),
    copies: () => [],
    rng: (item, use) => rngFor("1", item, use),
  };
  const prompts = [reproduction, localization].map((skill) =>
    [...skill.pose(context)].map(({ outcome }) => (outcome.kept ? outcome.value.prompt : outcome.reason)).join(),
  );
  expect(prompts[0]).toContain('- `isShort("abc")` gives a wrong result. Expected: `true`. Received: `false`.');
  expect(prompts[1]).toContain('- `FN("abc")` gives a wrong result. Expected: `true`. Received: `false`.');
});
