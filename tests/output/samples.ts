/** Five instances of one change and their environment, by hand. */
import { sha256 } from "../../lib/hash.ts";
import type { DatasetInput } from "../../output/dataset-writer.ts";
import { type RowContext, toEnvironmentRow, toRows } from "../../output/rows.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, instanceSchema, type SkillName, skills } from "../../schemas/instance.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";

export const healthy: Readonly<Record<string, string>> = {
  "src/add.ts": "export function add(a: number, b: number): number {\n  return a + b;\n}\n",
};
export const defective = "export function add(a: number, b: number): number {\n  return a - b;\n}\n";
export const archive = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 255, 254, 0xc3, 0x28, 0]);

export const environment: Environment = {
  id: "00000000000000e1",
  revision: {
    repository: { name: "acme/calc", origin: "https://github.com/Acme/Calc.git", license: "MIT" },
    commit: "c".repeat(40),
    committedAt: "2025-03-01T10:00:00Z",
    packageDir: ".",
  },
  recipe: {
    nodeVersion: "22.1.0",
    nodeReason: ".nvmrc: 22",
    packageManager: "npm",
    packageManagerVersion: "10.0.0",
    lockFile: "package-lock.json",
    registryAsOf: null,
    directVersions: "newest",
    registryReason: "",
    install: [["npm", "ci"]],
    installEnv: {},
    scriptsAllowed: [],
    build: [],
    runner: "vitest",
    runnerVersion: "3.0.0",
    runnerArgs: [],
    env: { TZ: "UTC" },
  },
  sourceFiles: ["src/add.ts"],
  tests: [{ id: "tests/add.test.ts > add > sums", file: "tests/add.test.ts", standing: "stable" }],
  steadiness: {
    runs: [[], ["order=1", "TZ=Pacific/Chatham"], ["order=2", "load=1"]],
    quarantine: [
      { id: "tests/add.test.ts > add > by chance", seen: 3, passed: 2, under: [] },
      { id: "tests/add.test.ts > add > today", seen: 2, passed: 1, under: ["order=1", "TZ=Pacific/Chatham"] },
    ],
  },
  testFiles: [{ file: "tests/add.test.ts", standalone: true, covers: { "src/add.ts": [1, 2] } }],
  archive: sha256(archive),
  frozenLock: { file: "package-lock.json", text: '{"lockfileVersion":3}\n' },
  missing: [],
};

const edits = [{ file: "src/add.ts", symbol: "add", startLine: 2, endLine: 2 }];
export const mutant: Candidate = {
  kind: "mutant",
  id: "00000000000000c1",
  revision: environment.revision,
  before: { "src/add.ts": defective },
  edits,
  sites: [
    {
      file: "src/add.ts",
      symbol: "add",
      start: 62,
      end: 63,
      startLine: 2,
      endLine: 2,
      original: "+",
      replacement: "-",
      operator: "arithmetic",
    },
  ],
};

const forms = {
  localization: "locations",
  editing: "patch",
  "unit-tests": "test-file",
  reproduction: "test-file",
  review: "review",
  "bug-fix": "patch",
} as const;
const runs = [
  {
    name: "fixed",
    layer: { "tests/hidden.test.ts": null, "src/add.ts": healthy["src/add.ts"] ?? null },
    answer: "patch" as const,
    files: ["tests/add.test.ts"],
    expect: { kind: "tests" as const, pass: ["tests/add.test.ts > add > sums"], fail: [] },
  },
];

const judgements = {
  localization: { kind: "locations", gold: [{ file: "src/add.ts", symbol: "add" }] },
  editing: { kind: "trials" },
  "unit-tests": { kind: "trials" },
  reproduction: { kind: "trials" },
  "bug-fix": { kind: "trials" },
  review: { kind: "review", verdict: "request_changes", defects: [{ file: "src/add.ts", startLine: 2, endLine: 2, category: "logic" }] },
} as const;

export function sampleInstance(skill: SkillName, overrides: { readonly id?: string; readonly prompt?: string } = {}): Instance {
  return instanceSchema.parse({
    candidate: mutant,
    draft: {
      id: overrides.id ?? `00000000000000a${skills.indexOf(skill)}`,
      skill,
      changeId: mutant.id,
      pairId: skill === "review" ? "00000000000000f1" : null,
      environmentId: environment.id,
      prompt: overrides.prompt ?? `add(1, 2) gives -1. Ünïcode 🙂, "quotes", \\ and\nlines. (${skill})`,
      visible: { "src/add.ts": defective, "tests/add.test.ts": null },
      answerForm: forms[skill],
      answerPath: forms[skill] === "test-file" ? "tests/answer.test.ts" : null,
      interface: skill === "editing" ? ["add"] : [],
      facts: { operator: "arithmetic", lines: 1, ratio: 0.1, digits: "42" },
      judgement: judgements[skill],
      premises: runs.map((run) => ({ ...run, name: "premise", answer: "none" })),
      trials: judgements[skill].kind === "trials" ? runs : [],
      answers: [
        { role: "gold", name: "gold", text: "the gold text" },
        { role: "blank", name: "blank", text: "" },
        { role: "decoy", name: "decoy-one", text: "wrong" },
        { role: "probe", name: "probe-exit", text: "process.exit(0)" },
      ],
      failToPass: ["tests/add.test.ts > add > sums"],
      passToPass: [],
    },
    proof: {
      repeats: 3,
      premisesHeld: 3,
      gold: [1, 1, 1],
      blank: 0,
      decoys: [{ name: "decoy-one", reward: 0, reason: "tests-failed" }],
      probes: [{ name: "probe-exit", reward: 0, reason: null }],
      goldComponents: { f2p: 1, p2p: 1 },
      quarantined: [],
    },
  });
}

export const context: RowContext = {
  split: "train",
  group: "acme/calc",
  healthyText: (path) => healthy[path] ?? null,
  protectedPaths: ["package.json", "vitest.config.*"],
  verifierVersion: "1",
  network: "none",
  provenance: { tool: "kihon", toolVersion: "0.1.0", configHash: "d".repeat(64) },
};

export const summary: RunSummary = {
  tool: "kihon",
  toolVersion: "0.1.0",
  seed: "7",
  configHash: "d".repeat(64),
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T01:02:03Z",
  repositories: [
    {
      name: "acme/calc",
      commit: "c".repeat(40),
      license: "MIT",
      environments: [
        {
          id: environment.id,
          runner: "vitest",
          runnerVersion: "3.0.0",
          nodeVersion: "22.1.0",
          tests: 8,
          quarantined: 2,
          files: 1,
          unsteady: [...(environment.steadiness?.quarantine ?? [])],
        },
      ],
      mutants: { generated: 20, covered: 12, sampled: 8, observed: 8, killed: 5 },
      instances: { localization: 1, editing: 1, "unit-tests": 1, reproduction: 1, review: 1 },
      wallMs: 61_000,
      cpuMs: 40_000,
      peakMemoryBytes: 3 * 2 ** 28,
    },
  ],
  flakiness: { tests: 8, quarantined: 2, share: 0.25, under: { nothing: 1, order: 1, TZ: 1 } },
  stages: [
    {
      name: "prove",
      in: 9,
      kept: 5,
      dropped: [
        { reason: "prove/gold-failed", count: 1 },
        { reason: "prove/decoy-passed", count: 3 },
      ],
      retried: 2,
      tookMs: 900,
      wallMs: 1234,
      cpuMs: null,
    },
  ],
  sifts: [
    { repository: "acme/calc", environmentId: environment.id, mutants: 8, survived: 2, endless: 1, killed: 4, unsure: 1, nothing: null },
    {
      repository: "acme/calc",
      environmentId: "e".repeat(16),
      mutants: 9,
      survived: 0,
      endless: 0,
      killed: 0,
      unsure: 9,
      nothing: "a sift <died>",
    },
  ],
  sandbox: { provider: "namespaces", promises: [{ name: "no network", holds: true, detail: "connect to 203.0.113.1: unreachable" }] },
  reviewCue: { accuracy: 0.52, rows: 40 },
  audit: { recomputed: 3, disagreed: 0 },
  infrastructureFailures: 0,
};

/** Everything that `writeDataset` asks for: one instance a skill, in one split. */
export const datasetInput = (folder: string, overrides: Partial<DatasetInput> = {}): DatasetInput => ({
  folder,
  sets: skills.map((skill) => ({ skill, split: "train", pairs: () => [toRows(sampleInstance(skill), environment, context)] })),
  environments: () => [toEnvironmentRow(environment, archive)],
  summary,
  title: "Calc skills",
  contact: "takedown@example.org",
  compression: "snappy",
  formats: [],
  ...overrides,
});
