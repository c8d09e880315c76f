import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packTree } from "../../lib/archive.ts";
import type { Bench } from "../../pipeline/bench.ts";
import type { Driven } from "../../pipeline/drive.ts";
import { nothingExported, Summary } from "../../pipeline/summary.ts";
import { configSchema } from "../../schemas/config.ts";
import { contaminationSchema } from "../../schemas/contamination.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { subjectOf } from "../filters/subject.ts";
import { environment } from "../output/samples.ts";

let cache = "";
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "kihon-summary-"));
});
afterAll(() => rmSync(cache, { recursive: true }));

const benchOf = (settings: object): Bench =>
  ({
    config: configSchema.parse(settings),
    place: { cache },
    provider: { name: "none", version: 1, examine: async () => [] },
    jobs: { usage: () => ({ cpuMs: 0, peakMemoryBytes: 0 }) },
  }) as unknown as Bench;

const noTime = { cpuMs: 0, tookMs: 0 };

/** A screen that dropped changes with these details, and kept one. */
function screened(...dropped: readonly { readonly reason: string; readonly detail: string }[]): Driven<unknown, unknown> {
  const value = { kind: "commit", commit: subjectOf({}).commit };
  const item = { id: "a", sha: "b", load: () => value };
  const verdicts = [null, ...dropped];
  return {
    kept: [],
    tally: { in: verdicts.length, kept: 1, retried: 0, failed: 0, wallMs: 0, dropped: new Map() },
    outcomes: verdicts.map((one) => ({
      inputs: [item],
      told: { kept: one === null ? [{ id: "a", parent: "a", blob: "b" }] : [], dropped: [], wallMs: 0 },
      verdicts: () => [{ id: "a", parent: "a", blob: null, reason: one?.reason ?? null, detail: one?.detail ?? "" }],
    })),
    said: () => undefined,
  } as unknown as Driven<unknown, unknown>;
}

async function listsAfter(contamination: object, driven: Driven<unknown, unknown>): Promise<NonNullable<RunSummary["contamination"]>> {
  const summary = new Summary(benchOf({ contamination }));
  summary.note("screen", driven, noTime);
  const { contamination: facts } = await summary.finish(nothingExported);
  if (facts === undefined) throw new Error("a run tells of its lists");
  return facts;
}

it("a target of the takedown list for which something was dropped did mean something", () => {
  const summary = new Summary(benchOf({ takedown: { targets: ["acme/calc", "acme/other", "00000000000000a1"] } }));
  summary.note("screen", screened({ reason: "takedown/repository", detail: "acme/calc" }), noTime);
  expect(summary.unmatched(["00000000000000a1"])).toEqual(["acme/other"]);
});

describe("a repository in a summary", () => {
  it("has its public address and the copyright lines of its licence files, from the tree itself", async () => {
    const file = (path: string, text: string) => ({
      path,
      kind: "file" as const,
      executable: false,
      bytes: new TextEncoder().encode(text),
    });
    const tree = packTree([
      file("LICENSE", "MIT License\n\nCopyright (c) 2020 Ada\n"),
      file("package.json", '{"author":"Copyright 2020 Eve"}'),
    ]);
    const { revision } = environment;
    const told = async (origin: string, licenseFrom: readonly string[]) => {
      const repository = { ...revision.repository, origin, licenseFrom };
      const prepared = { ...environment, revision: { ...revision, repository } };
      const bench = { ...benchOf({}), store: { get: () => tree } } as unknown as Bench;
      const summary = new Summary(bench);
      summary.note(
        "prepare",
        { ...screened(), kept: [{ id: "e", sha: "", load: () => prepared }], outcomes: [] } as unknown as Driven<unknown, unknown>,
        noTime,
      );
      return (await summary.finish(nothingExported)).repositories[0];
    };
    expect(await told("https://github.com/acme/calc.git", ["package.json", "LICENSE"])).toMatchObject({
      address: "https://github.com/acme/calc",
      copyright: ["Copyright (c) 2020 Ada"],
    });
    const bare = await told("local", ["package.json"]);
    expect([bare?.address, bare?.copyright]).toEqual([undefined, undefined]);
  });
});

describe("the lists of evaluation sets in a summary", () => {
  it("count what each dropped, and nothing that another reason dropped", async () => {
    const { bundled, lists } = await listsAfter(
      {},
      screened(
        { reason: "contamination/repository", detail: "swe-polybench 2026-11-20 has mrdoob/three.js" },
        { reason: "contamination/commit", detail: "swe-polybench 2026-11-20 has the commit 1" },
        { reason: "permissive/other-license", detail: "swe-bench 2026-11-21 has nothing to do with it" },
      ),
    );
    expect(bundled).toBe(true);
    expect(Object.fromEntries(lists.map(({ name, dropped }) => [name, dropped]))).toEqual({
      "swe-bench": 0,
      "swe-bench-multilingual": 0,
      "swe-bench-multimodal": 0,
      "multi-swe-bench": 0,
      "swe-polybench": 2,
    });
  });

  it("have a hash over what they name, whatever they are called, and the number of their entries", async () => {
    const own = (name: string, ...repositories: string[]) => ({
      ...{ name, version: "1", source: "", repositories },
      ...{ numbers: ["a/b#1"], commits: [], patches: [], texts: [] },
    });
    const lists = [own("one", "a/b"), own("two", "a/b"), own("three", "a/c")];
    const facts = await listsAfter(contaminationSchema.parse({ bundled: false, lists }), screened());
    const [one, two, three] = facts.lists.map(({ sha256 }) => sha256);
    expect(one).toBe(two);
    expect(one).not.toBe(three);
    expect(facts).toMatchObject({ bundled: false, lists: [{ entries: 2 }, { entries: 2 }, { entries: 2 }] });
  });
});
