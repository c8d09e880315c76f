import { describe, expect, it } from "vitest";
import { type Figure, isGood, tableOf } from "../../bench/corpus.ts";

const figure = (over: Partial<Figure> = {}): Figure => ({
  name: "slugs",
  commit: "0123456789abcdef",
  summary: {
    tool: "kihon",
    toolVersion: "0.1.0",
    seed: "1",
    configHash: "c",
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:10:00.000Z",
    repositories: [
      {
        name: "slugs",
        commit: "f".repeat(40),
        license: "MIT",
        environments: [{ id: "e", runner: "mocha", runnerVersion: "11.0.0", nodeVersion: "24.0.0", tests: 9, quarantined: 0, files: 2 }],
        mutants: { generated: 300, covered: 280, sampled: 200, observed: 200, killed: 150 },
        instances: { localization: 22, editing: 21, "unit-tests": 20, review: 22 },
        wallMs: 600_000,
        cpuMs: 900_000,
        peakMemoryBytes: 150 * 2 ** 20,
      },
    ],
    stages: [
      { name: "observe", in: 200, kept: 150, dropped: [{ reason: "observe/survived", count: 50 }], retried: 0, wallMs: 1, cpuMs: 1 },
      { name: "inject", in: 1, kept: 200, dropped: [{ reason: "inject/over-budget", count: 80 }], retried: 0, wallMs: 1, cpuMs: 1 },
    ],
    sandbox: { provider: "bubblewrap", promises: [] },
    reviewCue: null,
    audit: null,
    infrastructureFailures: 0,
  },
  runSeconds: 630,
  verified: { rows: 85, proven: 85, failures: [], infrastructure: 0 },
  verifySeconds: 300,
  broken: 0,
  ...over,
});

describe("the table of a corpus", () => {
  it("has a row for each repository and every reason with its count, the commonest first", () => {
    const lines = tableOf([figure()]).split("\n");
    expect(lines[2]).toBe(
      "| slugs | mocha 11.0.0 | 300 | 280 | 200 | 150 | 22 | 21 | 20 | 0 | 22 | 10.5 | 15.0 | 150 | 85 of 85 | 5.0 | 0 | 0123456 |",
    );
    expect(lines.at(-1)).toBe("- slugs: inject/over-budget 80, observe/survived 50");
  });
  it("leaves open what the machine did not give", () => {
    const { summary } = figure();
    const [one] = summary.repositories;
    const blind = { ...summary, repositories: one ? [{ ...one, cpuMs: null, peakMemoryBytes: null }] : [] };
    expect(tableOf([figure({ summary: blind })]).split("\n")[2]).toContain("| 10.5 |  |  | 85 of 85 |");
  });
});

describe("a figure", () => {
  it.each<[string, Partial<Figure>, boolean]>([
    ["with every row proven again and no promise broken is good", {}, true],
    ["with a row that was not proven again is not", { verified: { rows: 85, proven: 84, failures: [{}], infrastructure: 0 } }, false],
    ["without rows is not", { verified: { rows: 0, proven: 0, failures: [], infrastructure: 0 } }, false],
    ["with a broken promise is not", { broken: 1 }, false],
  ])("%s", (_, over, good) => {
    expect(isGood(figure(over))).toBe(good);
  });
});
