import { expect, it } from "vitest";
import { initLanguages, languages } from "../../../languages/index.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { injectStage } from "../../../pipeline/stages/4-inject.ts";
import { configSchema } from "../../../schemas/config.ts";
import type { Environment } from "../../../schemas/environment.ts";
import { environment as sample } from "../../output/samples.ts";

await initLanguages();
const [language] = languages;

const sum = "export const sum = (a, b) => a + b;\n";
const texts: Readonly<Record<string, string>> = {
  "src/own.js": sum,
  "src/taken.js": `// SPDX-License-Identifier: Apache-2.0\n${sum}`,
};
const covers = Object.fromEntries(Object.keys(texts).map((path) => [path, [1, 2]]));
const environment: Environment = {
  ...sample,
  sourceFiles: Object.keys(texts),
  testFiles: [{ file: "tests/sum.test.js", standalone: true, covers }],
};
const workspace = { environment, language, text: (path: string) => texts[path] ?? null, paths: () => Object.keys(texts) };

async function injected(license: string | null) {
  const repository = { ...environment.revision.repository, license };
  const its = { ...environment, revision: { ...environment.revision, repository } };
  const bench = {
    config: configSchema.parse({ typeCheck: false }),
    workspace: async () => ({ ...workspace, environment: its }),
    repository: () => null,
    scratch: "/nowhere",
  } as unknown as Bench;
  const [kept, dropped] = [new Set<string>(), new Map<string, string>()];
  for await (const { outcome } of injectStage.work([{ environment: its, changes: [] }], bench)) {
    if (outcome.kept) for (const path of Object.keys(outcome.value.before)) kept.add(path);
    else dropped.set(outcome.reason, outcome.detail);
  }
  return { kept: [...kept].sort(), dropped };
}

it("mutates no source whose head names another licence than the repository's, and says so", async () => {
  const { kept, dropped } = await injected("MIT");
  expect(kept).toEqual(["src/own.js"]);
  expect(dropped.get("permissive/file-license")).toBe("src/taken.js: Apache-2.0, the repository: MIT");
});

it("mutates it where the repository is under that licence", async () => {
  const { kept, dropped } = await injected("Apache-2.0");
  expect(kept).toEqual(["src/own.js", "src/taken.js"]);
  expect(dropped.has("permissive/file-license")).toBe(false);
});
