/** `kihon migrate`: a dataset of an earlier row schema, written anew in the current one. Nothing is run: all that is needed is in the rows. */
import { existsSync, readdirSync } from "node:fs";
import { StopRun } from "../lib/errors.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { type PairSet, writeDataset } from "../output/dataset-writer.ts";
import { migratePair } from "../output/migrations.ts";
import { toEnvironmentRow } from "../output/rows.ts";
import { configSchema } from "../schemas/config.ts";
import { skills } from "../schemas/instance.ts";
import { type EnvironmentRow, type RowPair, rowSchemaVersion } from "../schemas/row.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import { titleOf } from "./stages/10-export.ts";

export interface Migrated {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly environments: number;
  /** Records of rows that left: a row's new hash is told where the row still lay in the files. */
  readonly withdrawn: number;
  /** Those of rows that no file holds any more: they keep the hash that the row had. */
  readonly unmatched: number;
}

/** Throws `StopRun` where the dataset is current already, or the new folder is not empty. Rows that were withdrawn are left out. */
export async function migrate(folder: string, out: string): Promise<Migrated> {
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new StopRun(`${out} is not empty`, { next: "give a new folder: the old dataset stays as it is" });
  }
  const data = await openDataset(folder, { asStored: true });
  const { schema_version: from, about, edition, configs } = data.manifest;
  if (from === rowSchemaVersion) throw new StopRun(`${folder} has row schema ${from} already`, { next: "use it as it is", exitCode: 1 });
  const environments = [...(await data.environmentIds())].sort();
  const { records, unmatched } = await withdrawalsOf(data, from);
  const summary = about?.facts ?? (await factsOf(data, environments));
  const manifest = await writeDataset({
    folder: out,
    sets: setsOf(data, from),
    environments: () => environmentRows(data, environments),
    summary,
    title: about?.title ?? titleOf(summary.repositories.map(({ name }) => name)),
    contact: about?.contact ?? configSchema.parse({}).takedownContact,
    compression: about?.compression ?? "snappy",
    formats: [...new Set(configs.map(({ format }) => format))],
    ...(edition === 1 ? {} : { standing: { edition, files: [], hashes: [], rows: [], pairs: () => [], withdrawn: records } }),
  });
  const rows = manifest.configs.filter(({ format, name }) => format === "parquet" && (skills as readonly string[]).includes(name));
  return {
    from,
    to: rowSchemaVersion,
    rows: rows.reduce((total, entry) => total + entry.rows, 0),
    environments: environments.length,
    withdrawn: records.length,
    unmatched,
  };
}

function setsOf(data: Dataset, from: string): PairSet[] {
  return skills.flatMap((skill) => {
    const splits = new Set(data.manifest.configs.filter(({ name }) => name === skill).map(({ split }) => split));
    return [...splits].map((split) => ({ skill, split, pairs: () => migrated(data.pairs({ skill, split }), from) }));
  });
}

async function* migrated(pairs: AsyncIterable<RowPair>, from: string): AsyncGenerator<RowPair> {
  for await (const pair of pairs) yield migratePair(pair, from);
}

async function* environmentRows(data: Dataset, ids: readonly string[]): AsyncGenerator<EnvironmentRow> {
  for (const id of ids) yield toEnvironmentRow(await data.environment(id), await data.archive(id));
}

/** A record names a row by its hash, which the migration changes. */
async function withdrawalsOf(data: Dataset, from: string): Promise<{ records: Withdrawal[]; unmatched: number }> {
  if (data.withdrawn.length === 0) return { records: [], unmatched: 0 };
  const hashes = new Map<string, string>();
  for await (const pair of data.pairs({ withdrawn: true })) {
    hashes.set(pair.private.provenance.content_hash, migratePair(pair, from).private.provenance.content_hash);
  }
  const rows = data.withdrawn.filter((one) => one.kind === "row");
  return {
    // Environments that are left out by now need no record.
    records: data.withdrawn.flatMap((one) => {
      if (one.kind === "environment") return [];
      return [one.kind === "row" ? { ...one, content_hash: hashes.get(one.content_hash) ?? one.content_hash } : one];
    }),
    unmatched: rows.filter((one) => !hashes.has(one.content_hash)).length,
  };
}

/** What the dataset itself still says of its run: datasets of before the manifest told it have no funnel. */
async function factsOf({ manifest, environment }: Dataset, ids: readonly string[]): Promise<RunFacts> {
  const repositories = new Map<string, RunFacts["repositories"][number]>();
  for (const id of ids) {
    const { revision, tests } = await environment(id);
    const { name, license } = revision.repository;
    const one = repositories.get(name) ?? { name, commit: revision.commit, license, environments: [] };
    const quarantined = tests.filter(({ standing }) => standing === "quarantined").length;
    repositories.set(name, { ...one, environments: [...one.environments, { id, tests: tests.length, quarantined }] });
  }
  return {
    tool: manifest.tool,
    toolVersion: manifest.tool_version,
    seed: manifest.seed,
    configHash: manifest.config_hash,
    repositories: [...repositories.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    stages: [],
    reviewCue: null,
    audit: null,
    infrastructureFailures: 0,
  };
}
