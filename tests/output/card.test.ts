import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema, type SchemaTree } from "hyparquet";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { hubLicense, toCard, toLicenseFile } from "../../output/card.ts";
import type { HubFeature } from "../../output/columns.ts";
import type { WrittenFile } from "../../output/contract.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { figuresOf } from "../../output/figures.ts";
import { toRows } from "../../output/rows.ts";
import { StatisticsOf } from "../../output/statistics.ts";
import { context, datasetInput, environment, sampleInstance, summary } from "./samples.ts";

interface HubMetadata {
  readonly license: string[];
  readonly configs: { config_name: string; default?: boolean; data_files: { split: string; path: string }[] }[];
  readonly dataset_info: { config_name: string; features: HubFeature[]; splits: { name: string; num_examples: number }[] }[];
}

const metadataOf = (card: string): HubMetadata => parse(/^---\n([\s\S]*?)\n---\n/.exec(card)?.[1] ?? "") as HubMetadata;
const file = (overrides: Partial<WrittenFile>): WrittenFile => ({
  config: "editing",
  split: "train",
  format: "parquet",
  file: "editing/train-00000-of-00001.parquet",
  rows: 3,
  bytes: 100,
  sha256: "0".repeat(64),
  ...overrides,
});
const statistics = (() => {
  const all = new StatisticsOf();
  for (const id of ["1", "2", "3"]) all.add(toRows(sampleInstance("editing", { id: id.repeat(16) }), environment, context));
  return all.finish();
})();
const card = (overrides: Partial<Parameters<typeof toCard>[0]> = {}): string =>
  toCard({
    title: "Calc skills",
    contact: "takedown@example.org",
    summary,
    files: [file({})],
    rows: [{ skill: "editing", split: "train", rows: 3 }],
    statistics,
    remarked: 0,
    figures: figuresOf(statistics, [{ skill: "editing", split: "train", rows: 3 }], summary),
    baselines: [],
    solveRates: [],
    rowHashes: "e".repeat(64),
    ...overrides,
  });

/** A feature as the file's own schema says it. */
function featureOf(node: SchemaTree): HubFeature {
  const { name, type, converted_type } = node.element;
  if (converted_type === "LIST") {
    const item = node.children[0]?.children[0];
    if (item === undefined) throw new Error(`list ${name} has no element`);
    const feature = featureOf(item);
    return { name, list: "struct" in feature ? feature.struct : "dtype" in feature ? feature.dtype : [] };
  }
  if (type === undefined) return { name, struct: node.children.map(featureOf) };
  const dtype = converted_type === "UTF8" ? "string" : { BYTE_ARRAY: "binary", INT32: "int32", DOUBLE: "float64" }[type as string];
  return { name, dtype: dtype ?? type };
}

describe("the card", () => {
  it("declares the features that the files have", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kihon-card-"));
    try {
      await writeDataset(datasetInput(folder));
      const { dataset_info } = metadataOf(readFileSync(join(folder, "README.md"), "utf8"));
      const { manifest } = await openDataset(folder);
      expect(dataset_info.map(({ config_name }) => config_name)).toEqual(manifest.configs.map(({ name }) => name));
      for (const { name, file: path } of manifest.configs) {
        const tree = parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(join(folder, path))));
        expect(dataset_info.find(({ config_name }) => config_name === name)?.features, name).toEqual(tree.children.map(featureOf));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("names each config once, the first as default, with a glob for each split", () => {
    const files = [
      file({}),
      file({ split: "test", rows: 2 }),
      file({ config: "editing-private" }),
      file({ format: "jsonl", file: "jsonl/x" }),
    ];
    const { configs, dataset_info } = metadataOf(card({ files }));
    expect(configs).toEqual([
      {
        config_name: "editing",
        default: true,
        data_files: [
          { split: "train", path: "editing/train-*.parquet" },
          { split: "test", path: "editing/test-*.parquet" },
        ],
      },
      { config_name: "editing-private", data_files: [{ split: "train", path: "editing-private/train-*.parquet" }] },
    ]);
    expect(dataset_info[0]?.splits).toEqual([
      { name: "train", num_examples: 3 },
      { name: "test", num_examples: 2 },
    ]);
  });

  it("tells apart the rows that are there and those that only lie in the files", () => {
    const row = {
      kind: "row",
      instance_id: "a",
      skill: "editing",
      content_hash: "b",
      edition: 2,
      reason: "takedown/asked",
      detail: "",
    } as const;
    const withdrawn = { file: "withdrawn-e0002.jsonl", records: 1, sha256: "0".repeat(64) };
    const refreshed = { edition: 2, withdrawn, left: [row] };
    const text = card({ rows: [{ skill: "editing", split: "train", rows: 2 }], refreshed });
    expect(text).toMatch(/^\| `editing` \|.*\| 2 \| 2 \|$/m);
    expect(metadataOf(text).dataset_info[0]?.splits).toEqual([{ name: "train", num_examples: 3 }]);
    expect(text).toMatch(/edition 2.*`takedown\/asked` 1; `withdrawn-e0002.jsonl` names each\. \*\*1 of them still lie/);
    expect(card({ files: [file({ rows: 2 })], rows: [{ skill: "editing", split: "train", rows: 2 }], refreshed })).not.toContain(
      "still lie",
    );
    expect(card()).not.toContain("## Editions");
  });

  it("survives a title and repositories that are markup themselves", () => {
    const [repository] = summary.repositories;
    if (repository === undefined) throw new Error("the sample has a repository");
    const hostile = { ...repository, name: "a/b | c\n# <img src=x>", license: 'MIT" | `x`' };
    const text = card({ title: 'Calc: "skills"\n---\nevil: true', summary: { ...summary, repositories: [hostile] } });
    expect(metadataOf(text)).toMatchObject({ pretty_name: 'Calc: "skills"\n---\nevil: true', license: ["other"] });
    expect(text).toContain("| a/b \\| c \\# \\<img src=x\\> |");
    expect(text).not.toMatch(/^evil: true$/m);
  });

  it("tells how many were dropped and why, the most frequent reason first", () => {
    expect(card()).toContain("| prove | 9 | 5 | 4 | `prove/decoy-passed` 3, `prove/gold-failed` 1 |");
  });

  it("says which lists of evaluation sets were in force, by version and hash, and what each dropped", () => {
    const list = { name: "our-evals", version: "2 | b", source: "", sha256: "f".repeat(64), entries: 12, dropped: 3 };
    const facts = { bundled: true, allowed: ["acme/calc"], lists: [list] };
    const text = card({ summary: { ...summary, contamination: facts } });
    expect(text).toContain(`| our-evals | 2 \\| b | 12 | 3 | ${"f".repeat(64)} |`);
    expect(text).toContain("Used although a list may name it: acme/calc.");
    expect(text).not.toContain("--no-evaluation-sets");
    const off = card({ summary: { ...summary, contamination: { bundled: false, allowed: [], lists: [] } } });
    expect(off).toMatch(/No list was in force\.\n\nThe bundled lists .* were not in force \(--no-evaluation-sets\)/);
    expect(card()).toContain("Which lists of evaluation sets were in force is not kept");
    expect(text).toMatch(/SWE-bench-Live.*Terminal-Bench.*on none of the bundled lists/);
  });

  it("tells where the changes of each skill come from, and in which languages they are", () => {
    const [editing] = Object.values(statistics.skills);
    if (editing === undefined) throw new Error("the sample has a skill");
    const more = { ...editing, sources: { injected: 3, commit: 2, mirrored: 1 }, pullRequests: 1 };
    const text = card({ statistics: { ...statistics, rows: 6, skills: { editing: more }, languages: { typescript: 4, javascript: 2 } } });
    expect(text).toContain("| `editing` | 3 | 2 | 1 | 1 |");
    expect(text).toContain("| typescript | 4 | 66.7 % |");
    expect(text).toContain("50.0 % of the 6 rows are about injected defects.");
    expect(card({ statistics: { ...statistics, skills: { editing: { ...more, pullRequests: null } } } })).toContain("| not looked at |");
  });

  it("says what the dataset is not: one repository, one file, one split, no real defect, no audit", () => {
    expect(card({ summary: { ...summary, isolated: false } })).toContain(
      "run on the machine itself, with its network and without a sandbox",
    );
    const narrow = card({ summary: { ...summary, audit: null } });
    for (const line of [
      "- All rows are of one repository, acme/calc: they say nothing of how a model does elsewhere.",
      "- Every change edits one and the same source file, acme/calc: src/add.ts.",
      "- Every defect was injected: there is no real defect in this dataset",
      "- All rows are in the split `train`: nothing is held out.",
      "- No verdict was computed a second time.",
      "- Injected defects are small and local",
    ])
      expect(narrow).toContain(line);
    const [editing] = Object.values(statistics.skills);
    if (editing === undefined) throw new Error("the sample has a skill");
    const wide = card({
      rows: ["train", "test"].map((split) => ({ skill: "editing" as const, split, rows: 2 })),
      statistics: {
        ...statistics,
        rows: 4,
        skills: { editing: { ...editing, sources: { commit: 4 } } },
        repositories: { "a/b": { editing: 2 }, "c/d": { editing: 2 } },
        files: { "a/b: x.js": 1, "a/b: y.js": 3 },
      },
    });
    expect(wide).toContain("- The rows are of 2 repositories.");
    expect(wide).toContain("- The changes edit 2 source files; the one that most rows edit, a/b: y.js, is in 75.0 % of the 4 rows.");
    expect(wide).toContain("- No defect was injected: every change is of the history.");
    expect(wide).not.toMatch(/in the split|second time\.\n|Injected defects are small/);
  });

  it("says what lay open and what is left unsaid, in shares of the rows that were looked at", () => {
    const all = new StatisticsOf();
    const scan = { scanned: ["files"], noted: [] } as const;
    const label = (name: "exact-message" | "hidden-name") => ({ label: name, evidence: "x" });
    for (const [id, verdict, labels] of [
      ["1", "clean", []],
      ["2", "noted", [label("exact-message"), label("exact-message"), label("hidden-name")]],
      ["3", null, null],
    ] as const) {
      const { draft, ...rest } = sampleInstance("editing", { id: id.repeat(16) });
      const told = verdict === null ? {} : { leakScan: { ...scan, verdict, scanned: [...scan.scanned], noted: [] } };
      all.add(toRows({ ...rest, ...told, draft: labels === null ? draft : { ...draft, specification: labels } }, environment, context));
    }
    const found = all.finish();
    expect(found.skills["editing"]).toMatchObject({
      leakScans: { clean: 1, noted: 1, "not scanned": 1 },
      specified: 2,
      labels: { "exact-message": 1, "hidden-name": 1 },
    });
    expect(card({ statistics: found })).toContain("| `editing` | 1 | 1 | 1 | 1 (50.0 %) | 1 (50.0 %) | 0 (0.0 %) |");
    expect(card()).toContain("| `editing` | 0 | 0 | 3 | not looked at | not looked at | not looked at |");
  });

  it("says how many answers were graded to prove a row", () => {
    expect(card()).toContain("| answers graded to prove a row |");
    expect(card()).toMatch(/^\| editing \| 3 \| .* \| 6 \/ 6 \/ 6 \| 2 \/ 2 \/ 2 \|$/m);
  });

  it("names the package whose command it tells of, and the Node that it needs", () => {
    const { name, engines } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
      name: string;
      engines: { node: string };
    };
    expect(card()).toContain(`\`kihon\` is the command of the package \`${name}\`, version 0.1.0`);
    expect(card()).toContain(`Node ${engines.node.replace(">=", "")} or later`);
  });

  it("is cited with author and year where they are known, and without them where not", () => {
    const cited = card({ summary: { ...summary, citation: { author: "Lovelace, Ada and {Hopper}", year: 2026 } } });
    expect(cited).toContain("  author = {Lovelace, Ada and Hopper},\n  title = {Calc skills},\n  year = {2026},\n");
    expect(card()).not.toMatch(/author = |year = /);
  });

  describe("licences", () => {
    const [repository] = summary.repositories;
    if (repository === undefined) throw new Error("the sample has a repository");
    const facts = (...some: readonly Partial<typeof repository>[]) => ({
      ...summary,
      repositories: some.map((more) => ({ ...repository, ...more })),
    });
    const rows = [{ skill: "bug-fix" as const, split: "test", rows: 2 }];

    it("say that a licence file is in each tree only where there is one", () => {
      const both = card({ summary: facts({ licenseFrom: ["package.json", "LICENSE"] }) });
      expect(both).toContain("Each tree in `environments` has the repository's own licence file in it.");
      const mixed = card({
        summary: facts(
          { name: "a/whole", licenseFrom: ["LICENSE"] },
          { name: "a/bare", licenseFrom: ["packages/one/package.json"] },
          { name: "a/none", license: null, licenseFrom: [] },
        ),
      });
      expect(mixed).toContain("In `environments` each tree of a/whole has the repository's own licence file in it.");
      expect(mixed).toContain("The manifest alone names a licence of a/bare: no file with its text was found.");
      expect(mixed).toContain("No licence was found of a/none");
      expect(card()).not.toContain("licence file in it");
    });

    it("stand with address, commit, files and holders in LICENSE.md", () => {
      const text = toLicenseFile({
        summary: facts({
          licenseFrom: ["package.json", "LICENSE"],
          address: "https://github.com/acme/calc",
          copyright: ["Copyright (c) 2020 *Ada*"],
        }),
        rows: [],
        remarked: 0,
      });
      expect(text).toContain(`| acme/calc | <https://github.com/acme/calc> | \`${"c".repeat(40)}\` | MIT | package.json, LICENSE |`);
      expect(text).toContain("acme/calc, in LICENSE:\n\n- Copyright (c) 2020 \\*Ada\\*\n");
      expect(toLicenseFile({ summary, rows: [], remarked: 0 })).toContain("| acme/calc | none known |");
      expect(text).not.toContain("Not under these licences");
    });

    it("do not claim reports and remarks, which are texts of others", () => {
      for (const text of [toLicenseFile({ summary, rows, remarked: 3 }), card({ rows, remarked: 3 })]) {
        expect(text).toMatch(
          /Not under these licences: the reports that 2 rows of `bug-fix` ask from, and what reviewers said, in `human_findings_json` of 3 rows\./,
        );
      }
      expect(card()).not.toContain("Not under these licences");
    });
  });

  it("gives the figures that exist and says where there are none", () => {
    expect(card()).toContain("accuracy 52.0 % on 40 rows");
    expect(card({ summary: { ...summary, reviewCue: null, audit: null } })).toContain("None was made in this run.");
  });

  it.each([
    ["MIT", "mit"],
    ["Apache-2.0", "apache-2.0"],
    ["GPL-3.0-or-later", "gpl-3.0"],
    ["(MIT OR Apache-2.0)", "other"],
    [null, "unknown"],
  ])("calls the licence %s on the Hub %s", (spdx, name) => {
    expect(hubLicense(spdx)).toBe(name);
  });
});
