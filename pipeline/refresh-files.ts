/** An edition as files: what comes beside what stays, or all of it anew. */
import type { Dataset } from "../output/dataset-reader.ts";
import { type DatasetInput, type PairSet, type Standing, writeDataset } from "../output/dataset-writer.ts";
import { writtenFiles } from "../output/manifest.ts";
import { environmentHashOf, toEnvironmentRow } from "../output/rows.ts";
import type { Environment } from "../schemas/environment.ts";
import { type Instance, skills } from "../schemas/instance.ts";
import type { EnvironmentRow, RowPair } from "../schemas/row.ts";
import { splits } from "../schemas/selection.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import type { Item } from "./drive.ts";
import { type Plan, superseded } from "./refresh-plan.ts";
import type { RowSubject, StoredRow } from "./stored-rows.ts";

export interface FreshRow extends RowSubject {
  readonly item: Item<Instance>;
  readonly group: string;
}

/** An environment of the run, and its tree. */
interface RunEnvironment {
  readonly item: Item<Environment>;
  readonly archive: () => Uint8Array;
}

export interface Edition extends Pick<DatasetInput, "summary" | "title" | "contact" | "compression" | "formats"> {
  readonly data: Dataset;
  readonly edition: number;
  readonly plan: Plan<FreshRow>;
  readonly takedowns: readonly Withdrawal[];
  readonly stored: readonly StoredRow[];
  /** No file of an earlier edition stays, so what left is gone from the disk. */
  readonly compact: boolean;
  readonly pairOf: (row: FreshRow) => Promise<RowPair>;
  readonly environments: readonly RunEnvironment[];
}

const noBytes = new Uint8Array();

/** Of every environment that the files of the dataset hold: the hash of the row that counts. */
async function storedEnvironments({ data }: Edition): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const id of await data.environmentIds({ withdrawn: true })) {
    hashes.set(id, environmentHashOf(toEnvironmentRow(await data.environment(id), noBytes)));
  }
  return hashes;
}

/** Environments by what happens to them. */
interface Trees {
  /** In the run, needed, and not stored as they are now. */
  readonly come: readonly RunEnvironment[];
  /** Stored and needed as they are. */
  readonly stay: readonly string[];
  /** Stored, and needed by no row. */
  readonly idle: readonly string[];
  readonly hashes: ReadonlyMap<string, string>;
}

async function treesOf(edition: Edition): Promise<Trees> {
  const { plan, environments } = edition;
  const hashes = await storedEnvironments(edition);
  const needed = new Set([...plan.live, ...plan.add].map(({ environmentId }) => environmentId));
  const come = environments.filter(
    ({ item }) => needed.has(item.id) && hashes.get(item.id) !== environmentHashOf(toEnvironmentRow(item.load(), noBytes)),
  );
  const coming = new Set(come.map(({ item }) => item.id));
  const stored = [...hashes.keys()];
  return {
    come: [...come].sort((a, b) => (a.item.id < b.item.id ? -1 : 1)),
    stay: stored.filter((id) => needed.has(id) && !coming.has(id)).sort(),
    idle: stored.filter((id) => !needed.has(id)),
    hashes,
  };
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

/** Sets of what comes alone. */
function comingSets({ plan, pairOf }: Edition): PairSet[] {
  return skills.flatMap((skill) =>
    splits.flatMap((split) => {
      const own = plan.add.filter((row) => row.skill === skill && row.split === split).sort(byId);
      return own.length === 0 ? [] : [{ skill, split, pairs: () => pairsOf(own, pairOf) }];
    }),
  );
}

async function* pairsOf(rows: readonly FreshRow[], pairOf: Edition["pairOf"]): AsyncGenerator<RowPair> {
  for (const row of rows) yield pairOf(row);
}

/** Is this stored row in the dataset afterwards? */
function staysOf({ plan }: Edition): (pair: RowPair) => boolean {
  const live = new Set(plan.live.map(({ id, contentHash }) => `${id} ${contentHash}`));
  return (pair) => live.has(`${pair.public.instance_id} ${pair.private.provenance.content_hash}`);
}

/** Sets of all that is in the dataset afterwards: rows that stay are read from the files as they are. */
function wholeSets(edition: Edition): PairSet[] {
  const { data, plan, pairOf } = edition;
  const stays = staysOf(edition);
  return skills.flatMap((skill) =>
    splits.flatMap((split) => {
      const coming = plan.add.filter((row) => row.skill === skill && row.split === split).sort(byId);
      if (coming.length === 0 && !plan.live.some((row) => row.skill === skill && row.split === split)) return [];
      async function* pairs(): AsyncGenerator<RowPair> {
        const next = coming.values();
        let fresh = next.next();
        for await (const pair of data.pairs({ skill, split, withdrawn: true })) {
          const id = pair.public.instance_id;
          for (; !fresh.done && fresh.value.id < id; fresh = next.next()) yield await pairOf(fresh.value);
          if (stays(pair)) yield pair;
        }
        for (; !fresh.done; fresh = next.next()) yield await pairOf(fresh.value);
      }
      return [{ skill, split, pairs }];
    }),
  );
}

async function* environmentRows({ data, compact }: Edition, { come, stay }: Trees): AsyncGenerator<EnvironmentRow> {
  const fresh = come.map(({ item, archive }) => ({ id: item.id, row: async () => toEnvironmentRow(item.load(), archive()) }));
  const kept = stay.map((id) => ({ id, row: async () => toEnvironmentRow(await data.environment(id), await data.archive(id)) }));
  for (const { row } of [...fresh, ...(compact ? kept : [])].sort(byId)) yield await row();
}

/** Records of rows and environments that the files still hold, or that must not come back. */
function withdrawnOf({ data, plan, takedowns, compact, edition }: Edition, { idle }: Trees): Withdrawal[] {
  const rows = compact ? plan.records.filter(({ reason }) => reason !== superseded) : plan.records;
  const before = data.withdrawn.filter((one) => one.kind === "environment");
  const environments = idle.map(
    (id): Withdrawal =>
      before.find((one) => one.environment_id === id) ?? { kind: "environment", environment_id: id, edition, reason: "refresh/no-rows" },
  );
  return [...takedowns, ...rows, ...(compact ? [] : environments)];
}

function standingOf(edition: Edition, trees: Trees): Standing {
  const { data, plan, compact } = edition;
  const withdrawn = withdrawnOf(edition, trees);
  if (compact) return { edition: edition.edition, files: [], hashes: [], rows: [], pairs: () => [], withdrawn };
  const stays = staysOf(edition);
  const counts = Map.groupBy(plan.live, ({ skill, split }) => `${skill} ${split}`);
  return {
    edition: edition.edition,
    files: writtenFiles(data.manifest),
    hashes: [...plan.live.map(({ contentHash }) => contentHash), ...trees.stay.map((id) => trees.hashes.get(id) ?? "")],
    rows: [...counts.values()].flatMap((rows) => rows.slice(0, 1).map(({ skill, split }) => ({ skill, split, rows: rows.length }))),
    pairs: async function* () {
      for await (const pair of data.pairs({ withdrawn: true })) if (stays(pair)) yield pair;
    },
    withdrawn,
  };
}

/** Killed before its last step, it leaves the dataset as it was. */
export async function writeEdition(edition: Edition): Promise<void> {
  const { data, summary, title, contact, compression, formats, compact } = edition;
  const trees = await treesOf(edition);
  await writeDataset({
    folder: data.folder,
    sets: compact ? wholeSets(edition) : comingSets(edition),
    environments: () => environmentRows(edition, trees),
    summary,
    title,
    contact,
    compression,
    formats,
    standing: standingOf(edition, trees),
  });
}
