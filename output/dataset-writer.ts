/** A whole dataset, or an edition of one: data files, then the list of what left, the card and the report, and last the manifest that vouches for them. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import type { SkillName } from "../schemas/instance.ts";
import { configNames, type EnvironmentRow, type PublicRow, type Row, type RowPair } from "../schemas/row.ts";
import { type RunFacts, type RunSummary, runFactsSchema } from "../schemas/run-summary.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import { baselinesFile, baselinesOf, readBaselines } from "./baselines.ts";
import { licenseFile, toCard, toLicenseFile } from "./card.ts";
import type { Exporter, RowCount, RowSet, WrittenFile } from "./contract.ts";
import { figureFiles, figuresOf } from "./figures.ts";
import { exporters } from "./index.ts";
import { earlierIn, type Manifest, toManifest, writeManifest } from "./manifest.ts";
import { parquet } from "./parquet.ts";
import { writeWhole, writing } from "./pending-file.ts";
import { toReport } from "./report.ts";
import { environmentHashOf } from "./rows.ts";
import { readSolveRates, solveRatesFile, solveRatesOf } from "./solve-rates.ts";
import { type Statistics, StatisticsOf } from "./statistics.ts";
import { timingsFile, timingsText } from "./timings.ts";
import { writeWithdrawn } from "./withdrawn.ts";

export interface PairSet {
  readonly skill: SkillName;
  readonly split: string;
  /** Sorted by instance id. Called several times; gives the same pairs each time. */
  readonly pairs: () => Iterable<RowPair> | AsyncIterable<RowPair>;
}

/** What an edition stands on. Its files stay as they are, to the byte. */
export interface Standing {
  /** Of the edition that is written: one more than the one before. */
  readonly edition: number;
  readonly files: readonly WrittenFile[];
  /** Of the rows and environments in these files that are not withdrawn. */
  readonly hashes: readonly string[];
  readonly rows: readonly RowCount[];
  /** The same rows, whole: read once, for the card's figures. */
  readonly pairs: () => Iterable<RowPair> | AsyncIterable<RowPair>;
  /** All that ever left, this edition's included. */
  readonly withdrawn: readonly Withdrawal[];
}

const nothing: Standing = { edition: 1, files: [], hashes: [], rows: [], pairs: () => [], withdrawn: [] };

export interface DatasetInput {
  readonly folder: string;
  /** At most one for each skill and split. */
  readonly sets: readonly PairSet[];
  /** Sorted by environment id. Called several times. */
  readonly environments: () => Iterable<EnvironmentRow> | AsyncIterable<EnvironmentRow>;
  /** Without times where there was no run: then there is no report either. */
  readonly summary: RunSummary | RunFacts;
  readonly title: string;
  readonly contact: string;
  readonly compression: "snappy" | "zstd";
  /** Names of further exporters, beside Parquet, which is always written: `["jsonl"]`. */
  readonly formats: readonly string[];
  /** Absent where the dataset is made in one go. */
  readonly standing?: Standing;
}

/** Throws `StopRun` where the folder cannot be written, `BrokenRecord` where a row is not what its table says; both before a file has changed its content. */
export async function writeDataset(input: DatasetInput): Promise<Manifest> {
  const { folder, summary, title, contact, compression, standing = nothing } = input;
  const earlier = earlierIn(folder)?.files ?? [];
  const [recorded, rated] = [readBaselines(folder), readSolveRates(folder)];
  const sets = rowSetsOf(input, standing.edition);
  const further = input.formats.filter((name) => name !== parquet.name).map(exporterNamed);
  const added: WrittenFile[] = await parquet.write(folder, sets, { compression });
  for (const exporter of further) added.push(...(await exporter.write(folder, sets, exporter.options.parse({}))));
  const files = [...standing.files, ...added];
  const { hashes, samples, counts, statistics, remarked } = await survey(input);
  const rows = [...standing.rows, ...counts];
  const about = { title, contact, compression, facts: runFactsSchema.parse(summary) };
  const withdrawn = writeWithdrawn(folder, standing.edition, standing.withdrawn);
  const rowHashes = [...standing.hashes, ...hashes];
  const manifest = toManifest({ about, files, rowHashes, edition: standing.edition, withdrawn });
  const baselines = baselinesOf(manifest, recorded);
  const solveRates = solveRatesOf(manifest, rated);
  const refreshed = standing === nothing ? {} : { refreshed: { edition: standing.edition, withdrawn, left: standing.withdrawn } };
  const figures = figuresOf(statistics, rows, about.facts);
  for (const { file, svg } of figures) writeWhole(join(folder, file), svg);
  const rowHash = manifest.row_hashes;
  writeWhole(
    join(folder, "README.md"),
    toCard({
      title,
      contact,
      summary: about.facts,
      files,
      rows,
      statistics,
      remarked,
      figures,
      baselines,
      solveRates,
      rowHashes: rowHash,
      ...refreshed,
    }),
  );
  writeWhole(join(folder, licenseFile), toLicenseFile({ summary: about.facts, rows, remarked }));
  if ("startedAt" in summary) {
    writeWhole(join(folder, "report.html"), toReport({ title, summary, rows, samples, baselines }));
    writeWhole(join(folder, timingsFile), timingsText(summary));
  }
  writeManifest(folder, manifest);
  const stale = [
    ...earlier,
    ...figureFiles,
    baselinesFile,
    solveRatesFile,
    ...("startedAt" in summary ? [] : ["report.html", timingsFile]),
  ];
  const current = [...files, ...figures, ...(withdrawn === null ? [] : [withdrawn])].map(({ file }) => file);
  const measured = [...(baselines.length === 0 ? [] : [baselinesFile]), ...(solveRates.length === 0 ? [] : [solveRatesFile])];
  removeStale(folder, stale, [...current, ...measured]);
  return manifest;
}

function exporterNamed(name: string): Exporter {
  const exporter = exporters.find((each) => each.name === name);
  if (exporter !== undefined) return exporter;
  throw new StopRun(`there is no output format ${name}`, { next: `Choose among ${exporters.map((each) => each.name).join(", ")}.` });
}

/** In the order of `configNames`, splits as given. */
function rowSetsOf({ sets, environments }: DatasetInput, edition: number): RowSet[] {
  return configNames.flatMap((config): RowSet[] => {
    if (config === "environments") return [{ config, split: "train", edition, rows: environments }];
    const side = config.endsWith("-private") ? "private" : "public";
    return sets
      .filter(({ skill }) => config === (side === "public" ? skill : `${skill}-private`))
      .map(({ split, pairs }) => ({ config, split, edition, rows: () => oneSide(pairs, side) }));
  });
}

async function* oneSide(pairs: PairSet["pairs"], side: keyof RowPair): AsyncGenerator<Row> {
  for await (const pair of pairs()) yield pair[side];
}

interface Survey {
  /** Content hashes of the rows that come. */
  readonly hashes: string[];
  /** The first that comes of each skill. */
  readonly samples: PublicRow[];
  readonly counts: RowCount[];
  /** Of these and of those that stand already. */
  readonly statistics: Statistics;
  /** Rows with what reviewers said, likewise. */
  readonly remarked: number;
}

async function survey({ sets, environments, standing = nothing }: DatasetInput): Promise<Survey> {
  const hashes: string[] = [];
  const counts: RowCount[] = [];
  const samples = new Map<SkillName, PublicRow>();
  const statistics = new StatisticsOf();
  let remarked = 0;
  const count = (pair: RowPair): void => {
    statistics.add(pair);
    if (pair.private.human_findings_json !== "[]") remarked += 1;
  };
  for await (const pair of standing.pairs()) count(pair);
  for (const { skill, split, pairs } of sets) {
    let rows = 0;
    for await (const pair of pairs()) {
      hashes.push(pair.private.provenance.content_hash);
      count(pair);
      if (!samples.has(skill)) samples.set(skill, pair.public);
      rows += 1;
    }
    counts.push({ skill, split, rows });
  }
  for await (const row of environments()) hashes.push(environmentHashOf(row));
  return { hashes, counts, samples: [...samples.values()], statistics: statistics.finish(), remarked };
}

/** Files that an earlier export into this folder made and this one did not: the card's globs would pick them up. */
function removeStale(folder: string, earlier: readonly string[], current: readonly string[]): void {
  const kept = new Set(current);
  for (const file of earlier) {
    const path = join(folder, file);
    if (!kept.has(file)) writing(path, () => rmSync(path, { force: true }));
  }
}

const ours = /-\d{5}-of-\d{5}\.parquet$|-e\d{4,}\.jsonl(?:\.part)?$|-e\d{4,}-\d+\.part$/;

/**
 * Removes what an edition left that was killed: before its manifest its own files, after it those that it replaced. No manifest names them, but
 * globs would pick them up. Only where nobody else writes.
 */
export function sweepStrays(folder: string, manifest: Manifest): void {
  const known = new Set([...manifest.configs.map(({ file }) => file), manifest.withdrawn?.file ?? ""]);
  for (const shelf of [".", ...configNames, ...configNames.map((name) => `jsonl/${name}`)]) {
    const names = existsSync(join(folder, shelf)) ? readdirSync(join(folder, shelf)) : [];
    for (const name of names) {
      const file = shelf === "." ? name : `${shelf}/${name}`;
      if (ours.test(name) && !known.has(file)) writing(join(folder, file), () => rmSync(join(folder, file), { force: true }));
    }
  }
}
