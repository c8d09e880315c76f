/** A whole dataset in one call: data files, then the card and the report, and last the manifest that vouches for the data. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import type { SkillName } from "../schemas/instance.ts";
import { configNames, type EnvironmentRow, type PublicRow, type Row, type RowPair } from "../schemas/row.ts";
import type { RunSummary } from "../schemas/run-summary.ts";
import { toCard } from "./card.ts";
import type { Exporter, RowSet, WrittenFile } from "./contract.ts";
import { exporters } from "./index.ts";
import { filesOfEarlier, type Manifest, toManifest, writeManifest } from "./manifest.ts";
import { parquet } from "./parquet.ts";
import { writeWhole, writing } from "./pending-file.ts";
import { toReport } from "./report.ts";
import { environmentHashOf } from "./rows.ts";

export interface PairSet {
  readonly skill: SkillName;
  readonly split: string;
  /** Sorted by instance id. Called several times; gives the same pairs each time. */
  readonly pairs: () => Iterable<RowPair> | AsyncIterable<RowPair>;
}

export interface DatasetInput {
  readonly folder: string;
  /** At most one for each skill and split. */
  readonly sets: readonly PairSet[];
  /** Sorted by environment id. Called several times. */
  readonly environments: () => Iterable<EnvironmentRow> | AsyncIterable<EnvironmentRow>;
  readonly summary: RunSummary;
  readonly title: string;
  readonly contact: string;
  readonly compression: "snappy" | "zstd";
  /** Names of further exporters, beside Parquet, which is always written: `["jsonl"]`. */
  readonly formats: readonly string[];
}

/** Throws `StopRun` where the folder cannot be written, `BrokenRecord` where a row is not what its table says; both before a file has changed its content. */
export async function writeDataset(input: DatasetInput): Promise<Manifest> {
  const { folder, summary } = input;
  const earlier = filesOfEarlier(folder);
  const sets = rowSetsOf(input);
  const further = input.formats.filter((name) => name !== parquet.name).map(exporterNamed);
  const files: WrittenFile[] = await parquet.write(folder, sets, { compression: input.compression });
  for (const exporter of further) files.push(...(await exporter.write(folder, sets, exporter.options.parse({}))));
  const { hashes, samples } = await survey(input);
  const manifest = toManifest(summary, files, hashes);
  writeWhole(join(folder, "README.md"), toCard({ title: input.title, contact: input.contact, summary, files }));
  writeWhole(join(folder, "report.html"), toReport({ title: input.title, summary, files, samples }));
  writeManifest(folder, manifest);
  removeStale(folder, earlier, files);
  return manifest;
}

function exporterNamed(name: string): Exporter {
  const exporter = exporters.find((each) => each.name === name);
  if (exporter !== undefined) return exporter;
  throw new StopRun(`there is no output format ${name}`, { next: `Choose among ${exporters.map((each) => each.name).join(", ")}.` });
}

/** In the order of `configNames`, splits as given. */
function rowSetsOf({ sets, environments }: DatasetInput): RowSet[] {
  return configNames.flatMap((config): RowSet[] => {
    if (config === "environments") return [{ config, split: "train", rows: environments }];
    const side = config.endsWith("-private") ? "private" : "public";
    return sets
      .filter(({ skill }) => config === (side === "public" ? skill : `${skill}-private`))
      .map(({ split, pairs }) => ({ config, split, rows: () => oneSide(pairs, side) }));
  });
}

async function* oneSide(pairs: PairSet["pairs"], side: keyof RowPair): AsyncGenerator<Row> {
  for await (const pair of pairs()) yield pair[side];
}

/** Content hashes of all rows, and the first row of each set as a sample. */
async function survey({ sets, environments }: DatasetInput): Promise<{ hashes: string[]; samples: PublicRow[] }> {
  const hashes: string[] = [];
  const samples = new Map<SkillName, PublicRow>();
  for (const { skill, pairs } of sets) {
    for await (const pair of pairs()) {
      hashes.push(pair.private.provenance.content_hash);
      if (!samples.has(skill)) samples.set(skill, pair.public);
    }
  }
  for await (const row of environments()) hashes.push(environmentHashOf(row));
  return { hashes, samples: [...samples.values()] };
}

/** Data files that an earlier export into this folder made and this one did not: the card's globs would pick them up. */
function removeStale(folder: string, earlier: readonly string[], files: readonly WrittenFile[]): void {
  const current = new Set(files.map(({ file }) => file));
  for (const file of earlier) {
    const path = join(folder, file);
    if (!current.has(file)) writing(path, () => rmSync(path, { force: true }));
  }
}
