/**
 * `kihon split`: a dataset's rows in other splits, as a new dataset. Nothing is run and nothing is proven again: rows are read, chosen among and
 * written. What was withdrawn stays out, and what was asked to be taken down stays on the list.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { groupOfAddress, repoGroupOf } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { type DatasetInput, type PairSet, writeDataset } from "../output/dataset-writer.ts";
import { contentHashOf, fromRows, toEnvironmentRow } from "../output/rows.ts";
import { emptyText, splitLines } from "../output/split-proof.ts";
import { settingsKept } from "../output/split-settings.ts";
import { isComposite, type SkillName, skills } from "../schemas/instance.ts";
import type { EnvironmentRow, RowPair } from "../schemas/row.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import { type Selection, type SplitProof, type SplitSettings, splits } from "../schemas/selection.ts";
import { tool } from "./identity.ts";
import type { Log } from "./log.ts";
import { ensureFolder } from "./place.ts";
import { type Choice, Choosing, countsOf } from "./selection/choose.ts";
import { memberOf } from "./selection/member.ts";
import { placeOf, rowTeller } from "./selection/of-dataset.ts";
import type { Placed } from "./selection/proof.ts";
import { checkNames, type Dealing } from "./split-settings.ts";

export interface SplitOptions extends Dealing {
  readonly log: Log;
  readonly out: string;
  /** Folder of an earlier split of the dataset: what stands in it keeps its place. */
  readonly like?: string;
}

export interface SplitResult {
  readonly rows: number;
  readonly leftOut: Readonly<Record<string, number>>;
  /** Rows that stand where they stood in the earlier split. */
  readonly stood: number;
  readonly proof: SplitProof;
  readonly warnings: readonly string[];
}

/** Where rows lie in an earlier split, by id, and where their repositories do, by address. */
interface Earlier {
  /** The hash over its rows. */
  readonly hash: string;
  readonly rows: ReadonlyMap<string, Placed>;
  readonly repositories: ReadonlyMap<string, Placed>;
}

async function earlierIn(folder: string): Promise<Earlier> {
  const rows = new Map<string, Placed>();
  const repositories = new Map<string, Placed>();
  const data = await openDataset(folder);
  for await (const pair of data.pairs()) {
    const place = placeOf(pair);
    const { address } = memberOf(fromRows(pair.public, pair.private));
    rows.set(pair.public.instance_id, place);
    if (!repositories.has(address)) repositories.set(address, place);
  }
  return { hash: data.manifest.row_hashes, rows, repositories };
}

interface Told extends Choice {
  /** By id. */
  readonly repositories: ReadonlyMap<string, string>;
  /** Rows that stand where they stood in the earlier split. */
  readonly stood: number;
  /** Rows that lie in another split than the dataset has them in. */
  readonly moved: number;
  /** Of the earlier split. */
  readonly like: string | undefined;
}

interface Row {
  readonly name: string;
  readonly address: string;
  readonly skill: SkillName;
  /** In the dataset that is dealt. */
  readonly split: string;
}

/** What stands goes before a pin, so a pin that it does not leave room for is refused. */
function checkPins({ pins }: Selection, placed: readonly (Row & { readonly now: string })[], like: string): void {
  for (const [name, split] of Object.entries(pins)) {
    const elsewhere = placed.find((row) => row.address === groupOfAddress(name) && !isComposite(row.skill) && row.now !== split);
    if (elsewhere !== undefined)
      throw new StopRun(`${name} is pinned to ${split}, and its group stands in ${elsewhere.now} in ${like}`, {
        next: "leave the pin out, or deal anew without --like",
      });
  }
}

async function choiceOf(data: Dataset, folder: string, { ratio, selection, like }: SplitOptions): Promise<Told> {
  const earlier = like === undefined ? null : await earlierIn(like);
  const scratch = mkdtempSync(join(tmpdir(), "kihon-split-"));
  const choosing = new Choosing(selection, ratio, join(scratch, "near-duplicates"), earlier?.repositories);
  try {
    const tell = await rowTeller();
    const rows = new Map<string, Row>();
    for await (const pair of data.pairs()) {
      const instance = fromRows(pair.public, pair.private);
      const { id, skill } = instance.draft;
      const { repository } = instance.candidate.revision;
      tell(choosing, pair, instance, earlier?.rows.get(id) ?? null);
      rows.set(id, { name: repository.name, address: repoGroupOf(repository), split: pair.public.split, skill });
    }
    checkNames(selection, new Set([...rows.values()].map(({ address }) => address)), folder);
    const stood = earlier === null ? 0 : [...rows.keys()].filter((id) => earlier.rows.has(id)).length;
    if (earlier !== null && stood === 0)
      throw new StopRun(`${like} holds none of the rows of ${folder}`, { next: "name an earlier split of the same dataset with --like" });
    const choice = choosing.choose();
    const placed = [...choice.placed].flatMap(([id, { split }]) => {
      const row = rows.get(id);
      return row === undefined ? [] : [{ ...row, now: split }];
    });
    if (like !== undefined) checkPins(selection, placed, like);
    const repositories = new Map([...rows].map(([id, { name }]) => [id, name]));
    return { ...choice, repositories, stood, moved: placed.filter((row) => row.now !== row.split).length, like: earlier?.hash };
  } finally {
    choosing.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The pair in its new place; what the hash covers has changed with it. */
function placedAt(pair: RowPair, { split, group }: { readonly split: string; readonly group: string }): RowPair {
  const placed = { ...pair, public: { ...pair.public, split, repo_group: group } };
  const provenance = { ...pair.private.provenance, content_hash: contentHashOf(placed) };
  return { ...placed, private: { ...pair.private, provenance } };
}

function setsOf(data: Dataset, { placed }: Choice): PairSet[] {
  return skills.flatMap((skill) =>
    splits.map((split) => ({
      skill,
      split,
      pairs: async function* (): AsyncGenerator<RowPair> {
        // By id, whatever split and edition they were of.
        for await (const pair of data.pairs({ skill })) {
          const place = placed.get(pair.public.instance_id);
          if (place?.split === split) yield placedAt(pair, place);
        }
      },
    })),
  );
}

async function* environmentsOf(data: Dataset, needed: ReadonlySet<string>): AsyncGenerator<EnvironmentRow> {
  for (const id of [...needed].sort()) yield toEnvironmentRow(await data.environment(id), await data.archive(id));
}

function factsOf(facts: RunFacts, { leftOut, placed, proof, repositories }: Told, settings: SplitSettings): RunFacts {
  const names = new Set([...placed.keys()].map((id) => repositories.get(id)));
  const dropped = [...countsOf(leftOut)].map(([reason, count]) => ({ reason, count }));
  const stage = { name: "split", in: placed.size + leftOut.length, kept: placed.size, dropped };
  return {
    ...facts,
    repositories: facts.repositories.filter(({ name }) => names.has(name)),
    stages: [...facts.stages.filter(({ name }) => name !== "split"), stage],
    splitProof: proof(),
    splitSettings: settings,
  };
}

/** Throws `StopRun` where the new folder is not empty, or the dataset cannot be read. */
export async function split(folder: string, options: SplitOptions): Promise<SplitResult> {
  const { out, log } = options;
  const data = await openDataset(folder);
  const { about } = data.manifest;
  if (about === null) {
    throw new StopRun(`the manifest of ${folder} does not tell what its card is written from: an earlier Kihon made it`, {
      next: "refresh it once, or make it anew",
    });
  }
  ensureFolder(out, "--out");
  if (resolve(out) === resolve(folder) || readdirSync(out).length > 0)
    throw new StopRun(`${out} is not empty: the new dataset is written whole`, { next: "name a new folder with --out" });
  const choice = await choiceOf(data, folder, options);
  const { ratio, selection } = options;
  const settings = settingsKept({ toolVersion: tool.version, ratio, selection, of: data.manifest.row_hashes, like: choice.like });
  const needed = new Set<string>();
  for await (const { public: row } of data.pairs()) if (choice.placed.has(row.instance_id)) needed.add(row.environment_id);
  const takedowns = data.withdrawn.filter(({ kind }) => kind === "takedown");
  const input: DatasetInput = {
    ...about,
    folder: out,
    sets: setsOf(data, choice),
    environments: () => environmentsOf(data, needed),
    summary: factsOf(about.facts, choice, settings),
    formats: [...new Set(data.manifest.configs.map(({ format }) => format))].filter((name) => name !== "parquet"),
    ...(takedowns.length === 0 ? {} : { standing: { edition: 1, files: [], hashes: [], rows: [], pairs: () => [], withdrawn: takedowns } }),
  };
  await writeDataset(input);
  log.info(`split: ${choice.placed.size} rows in ${out}`);
  const { stood, moved } = choice;
  const proof = choice.proof();
  const isSplit = data.manifest.configs.some((one) => one.split !== "train");
  const warnings = [
    ...(isSplit && options.like === undefined && moved > 0
      ? [`${folder} is split already, and ${moved} rows lie in another split now: --like ${folder} keeps them where they are`]
      : []),
    ...emptyText(proof),
  ];
  return { rows: choice.placed.size, leftOut: Object.fromEntries(countsOf(choice.leftOut)), stood, proof, warnings };
}

export function splitText({ rows, leftOut, stood, proof, warnings }: SplitResult, out: string): string {
  const dropped = Object.entries(leftOut).map(([reason, count]) => `  left out: ${reason} ${count}`);
  const kept = stood === 0 ? [] : [`  ${stood} rows stand where they stood before`];
  return [`${rows} rows in ${out}`, ...splitLines(proof), ...dropped, ...kept, ...warnings.map((one) => `warning: ${one}`)].join("\n");
}
