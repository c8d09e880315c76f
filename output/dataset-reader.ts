/** An exported dataset, read back: every file checked against the manifest first, then instances one by one and environments by id. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { StopRun } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Environment } from "../schemas/environment.ts";
import { type Instance, type SkillName, skills } from "../schemas/instance.ts";
import type { ColumnTable, ConfigName, EnvironmentRow, PrivateRow, PublicRow, Row, RowPair } from "../schemas/row.ts";
import { columnsIn, tablesOf } from "../schemas/row-versions.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import { type DatasetFiles, filesIn } from "./dataset-files.ts";
import { type Manifest, manifestName, parseManifest } from "./manifest.ts";
import { contentHashOf, fromEnvironmentRow, fromRows } from "./rows.ts";
import { privateLater, privateNeeds, publicNeeds, type Subject } from "./statistics.ts";
import { hiddenBy, readWithdrawn } from "./withdrawn.ts";

export interface InstanceFilter {
  readonly skill?: SkillName | readonly SkillName[];
  readonly split?: string;
  /** Rows that were withdrawn and still lie in a shard are given too. */
  readonly withdrawn?: boolean;
}

export interface Dataset {
  /** The folder, or the address. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly withdrawn: readonly Withdrawal[];
  /** By skill and id, over all splits and editions. Both rows of each are joined, and checked against their content hash. What was withdrawn is not there. */
  pairs(filter?: InstanceFilter): AsyncGenerator<RowPair>;
  /** The cells that figures are made of and no others: over a network a small part of the bytes. Not checked against the content hash. */
  subjects(filter?: InstanceFilter): AsyncGenerator<Subject>;
  /** The cells by which rows are named, and no others. */
  names(filter?: InstanceFilter): AsyncGenerator<Pick<PublicRow, "instance_id" | "skill" | "split">>;
  instances(filter?: InstanceFilter): AsyncGenerator<Instance>;
  /** Null where the dataset has no such instance. */
  pair(id: string): Promise<RowPair | null>;
  environmentIds(filter?: Pick<InstanceFilter, "withdrawn">): Promise<readonly string[]>;
  /** Without the archive's bytes, which stay on the disk. Throws `StopRun` for an id that the dataset does not have. */
  environment(id: string): Promise<Environment>;
  /** The tar.gz of the environment's tree, checked against `archive_sha256`. */
  archive(id: string): Promise<Uint8Array>;
}

export interface OpenOptions {
  /** Of a folder every byte is read once, to compare it with the manifest. */
  readonly verifyFiles?: boolean;
  /** Rows of an earlier schema are given as they are: for a migration. */
  readonly asStored?: boolean;
}

/** Throws `StopRun` where a file is missing, cut short or altered, or of a schema that this version does not read. */
export async function openDataset(
  from: string | DatasetFiles,
  { verifyFiles = true, asStored = false }: OpenOptions = {},
): Promise<Dataset> {
  const source = typeof from === "string" ? filesIn(from) : from;
  const manifest = parseManifest(await source.text(manifestName), source.name, { asStored });
  if (verifyFiles && typeof from === "string") for (const entry of manifest.configs) await verifyFile(from, entry);
  const files = manifest.configs.filter(({ format }) => format === "parquet");
  const named = manifest.withdrawn;
  const withdrawn = named === null ? [] : readWithdrawn(await source.text(named.file), named);
  const gone = hiddenBy(withdrawn);
  const tables = tablesOf(manifest.schema_version);
  if (tables === null) throw new TypeError("a manifest that was read is of a known schema");
  const shards = new ShardCache(source, (config) => columnsIn(tables, config));
  /** The files of each edition and split, one after the other: within these the ids rise. */
  const editionsOf = (config: ConfigName, split: string | undefined): string[][] => {
    const own = files.filter((entry) => entry.name === config && (split === undefined || split === entry.split));
    const runs = Map.groupBy(own, ({ file }) => file.replace(/-\d{5}-of-\d{5}\.parquet$/, ""));
    return [...runs.values()].map((run) => run.map(({ file }) => file));
  };

  /** With the named columns alone, or all. */
  async function* joined({ skill, split, withdrawn: all = false }: InstanceFilter = {}, open?: string[], hidden?: string[]) {
    for (const name of skills) {
      if (skill !== undefined && ![skill].flat().includes(name)) continue;
      const side = (config: ConfigName, columns: string[] | undefined): AsyncGenerator<Row> =>
        inOrder(editionsOf(config, split).map((names) => shards.rows(names, config, columns)));
      for await (const pair of join2(side(name, open), side(`${name}-private`, hidden))) {
        if (all || !gone.row(pair.public.instance_id, pair.private.provenance.content_hash)) yield pair;
      }
    }
  }
  async function* pairs(filter?: InstanceFilter): AsyncGenerator<RowPair> {
    for await (const pair of joined(filter)) yield checked(pair);
  }
  async function* instances(filter?: InstanceFilter): AsyncGenerator<Instance> {
    for await (const pair of pairs(filter)) yield fromRows(pair.public, pair.private);
  }
  const environments = new EnvironmentIndex(
    source.name,
    shards,
    files.filter(({ name }) => name === "environments").map(({ file }) => file),
    Object.keys(tables.environment).filter((name) => name !== "archive"),
  );
  return {
    folder: source.name,
    manifest,
    withdrawn,
    pairs,
    subjects: (filter) => joined(filter, [...publicNeeds], [...privateNeeds, ...privateLater, "provenance"]),
    async *names(filter) {
      for await (const pair of joined(filter, ["instance_id", "skill", "split"], ["instance_id", "provenance"])) yield pair.public;
    },
    instances,
    async pair(id) {
      for await (const pair of pairs()) if (pair.public.instance_id === id) return pair;
      return null;
    },
    environmentIds: async (filter) => (await environments.ids()).filter((id) => filter?.withdrawn === true || !gone.environment(id)),
    environment: (id) => environments.environment(id),
    archive: (id) => environments.archive(id),
  };
}

async function verifyFile(folder: string, entry: Manifest["configs"][number]): Promise<void> {
  const path = join(folder, entry.file);
  const broken = (what: string, cause?: unknown): StopRun =>
    new StopRun(`${entry.file} ${what}`, {
      next: `Export the dataset again, or fetch ${entry.file} anew: it is not the file that the manifest names.`,
      exitCode: 1,
      cause,
    });
  const size = await stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
        throw broken("is missing", error);
      throw error;
    },
  );
  if (size !== entry.bytes) throw broken(`has ${size} bytes, the manifest says ${entry.bytes}`);
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(path)) digest.update(chunk);
  if (digest.digest("hex") !== entry.sha256) throw broken("was altered: its sha256 is not the manifest's");
}

/** Public and private rows come in the same order of ids; anything else means that the files do not belong together. */
async function* join2(open: AsyncGenerator<Row>, hidden: AsyncGenerator<Row>): AsyncGenerator<RowPair> {
  for (;;) {
    const [left, right] = [await open.next(), await hidden.next()];
    if (left.done && right.done) return;
    const pair = { public: left.value as PublicRow, private: right.value as PrivateRow };
    const id = pair.public?.instance_id;
    if (left.done || right.done || id !== pair.private.instance_id) {
      throw mismatch(`the public and private rows do not belong together at ${id ?? pair.private?.instance_id}`);
    }
    yield pair;
  }
}

function checked(pair: RowPair): RowPair {
  if (contentHashOf(pair) === pair.private.provenance.content_hash) return pair;
  throw mismatch(`the rows of ${pair.public.instance_id} are not what their content hash says`);
}

/** Several runs of rows, each in the order of ids, as one; equal ids in the order of the runs. Of each, one row group is in memory. */
async function* inOrder(runs: readonly AsyncGenerator<Row>[]): AsyncGenerator<Row> {
  const idOf = ({ value }: IteratorResult<Row>): string => String((value as Row)["instance_id"]);
  const heads = await Promise.all(runs.map(async (run) => ({ run, next: await run.next() })));
  for (;;) {
    const open = heads.filter(({ next }) => !next.done);
    if (open.length === 0) return;
    const least = open.reduce((best, head) => (idOf(head.next) < idOf(best.next) ? head : best));
    yield least.next.value as Row;
    least.next = await least.run.next();
  }
}

const mismatch = (message: string): StopRun => new StopRun(message, { next: "Export the dataset again.", exitCode: 1 });

interface OpenShard {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** Footers are read once a file; rows are read one row group at a time. */
class ShardCache {
  readonly #files: DatasetFiles;
  readonly #columnsOf: (config: ConfigName) => ColumnTable;
  readonly #open = new Map<string, Promise<OpenShard>>();

  constructor(files: DatasetFiles, columnsOf: (config: ConfigName) => ColumnTable) {
    this.#files = files;
    this.#columnsOf = columnsOf;
  }

  shard(name: string): Promise<OpenShard> {
    let shard = this.#open.get(name);
    if (shard === undefined) {
      shard = openShard(this.#files, name);
      this.#open.set(name, shard);
    }
    return shard;
  }

  async *rows(names: readonly string[], config: ConfigName, columns = Object.keys(this.#columnsOf(config))): AsyncGenerator<Row> {
    for (const name of names) yield* rowsOf(await this.shard(name), columns);
  }

  async read(name: string, columns: readonly string[], rowStart: number, rowEnd: number): Promise<Row[]> {
    return readRows(await this.shard(name), columns, rowStart, rowEnd);
  }
}

async function openShard(files: DatasetFiles, name: string): Promise<OpenShard> {
  const file = await files.open(name);
  return { file, metadata: await readingParquet(name, () => parquetMetadataAsync(file)) };
}

/** A file that is by itself, and the columns that it has. Throws `StopRun` where it is no Parquet file. */
export async function openLoneFile(
  file: AsyncBuffer,
  name: string,
): Promise<{ columns: string[]; rows: (columns: readonly string[]) => AsyncGenerator<Row> }> {
  const metadata = await readingParquet(name, () => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  return { columns, rows: (wanted) => rowsOf({ file, metadata }, wanted) };
}

/** One row group after another. */
async function* rowsOf(shard: OpenShard, columns: readonly string[]): AsyncGenerator<Row> {
  let from = 0;
  for (const group of shard.metadata.row_groups) {
    const to = from + Number(group.num_rows);
    yield* await readRows(shard, columns, from, to);
    from = to;
  }
}

const readRows = ({ file, metadata }: OpenShard, columns: readonly string[], rowStart: number, rowEnd: number): Promise<Row[]> =>
  parquetReadObjects({
    file,
    metadata,
    columns: [...columns],
    rowStart,
    rowEnd,
    // Texts are declared as such; what is left are bytes.
    utf8: false,
    compressors: { ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(length, 1) }) },
  });

/** What the reader says of a footer that is none. What a source throws itself is of the house and goes up as it is. */
async function readingParquet<T>(name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    // Of a file shorter than a footer it says that an offset lies outside.
    if (!(error instanceof RangeError) && !(error instanceof Error && /^parquet /.test(error.message))) throw error;
    throw new StopRun(`${name} is not a whole Parquet file: ${error.message}`, {
      next: "Fetch that file anew, or export the dataset again.",
      exitCode: 1,
      cause: error,
    });
  }
}

class EnvironmentIndex {
  readonly #folder: string;
  readonly #shards: ShardCache;
  readonly #files: readonly string[];
  readonly #withoutArchive: readonly string[];
  #places: Promise<ReadonlyMap<string, { readonly file: string; readonly row: number }>> | null = null;

  constructor(folder: string, shards: ShardCache, files: readonly string[], withoutArchive: readonly string[]) {
    this.#folder = folder;
    this.#withoutArchive = withoutArchive;
    this.#shards = shards;
    this.#files = files;
  }

  async ids(): Promise<readonly string[]> {
    return [...(await this.#index()).keys()];
  }

  async environment(id: string): Promise<Environment> {
    return fromEnvironmentRow((await this.#cells(id, this.#withoutArchive)) as Omit<EnvironmentRow, "archive">);
  }

  async archive(id: string): Promise<Uint8Array> {
    const { archive, archive_sha256 } = (await this.#cells(id, ["archive", "archive_sha256"])) as EnvironmentRow;
    if (sha256(archive) !== archive_sha256) throw mismatch(`the archive of environment ${id} is not what archive_sha256 says`);
    return archive;
  }

  async #cells(id: string, columns: readonly string[]): Promise<Row> {
    const place = (await this.#index()).get(id);
    const row = place && (await this.#shards.read(place.file, columns, place.row, place.row + 1))[0];
    if (row === undefined) throw mismatch(`${this.#folder} has no environment ${id}`);
    return row;
  }

  #index(): Promise<ReadonlyMap<string, { readonly file: string; readonly row: number }>> {
    this.#places ??= this.#buildIndex();
    return this.#places;
  }

  async #buildIndex(): Promise<ReadonlyMap<string, { readonly file: string; readonly row: number }>> {
    const places = new Map<string, { file: string; row: number }>();
    for (const file of this.#files) {
      let row = 0;
      for await (const { environment_id } of this.#shards.rows([file], "environments", ["environment_id"])) {
        // A later edition's row of the same environment is the one that holds.
        places.set(String(environment_id), { file, row: row++ });
      }
    }
    return places;
  }
}
