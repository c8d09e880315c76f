/** An exported dataset, read back: every file checked against the manifest first, then instances one by one and environments by id. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { StopRun } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Environment } from "../schemas/environment.ts";
import { type Instance, type SkillName, skills } from "../schemas/instance.ts";
import {
  type ConfigName,
  columnsOf,
  type EnvironmentRow,
  environmentColumns,
  type PrivateRow,
  type PublicRow,
  type Row,
  type RowPair,
} from "../schemas/row.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { contentHashOf, fromEnvironmentRow, fromRows } from "./rows.ts";
import { hiddenBy, readWithdrawn } from "./withdrawn.ts";

export interface InstanceFilter {
  readonly skill?: SkillName;
  readonly split?: string;
  /** Rows that were withdrawn and still lie in a shard are given too. */
  readonly withdrawn?: boolean;
}

export interface Dataset {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly withdrawn: readonly Withdrawal[];
  /** By skill and id, over all splits and editions. Both rows of each are joined, and checked against their content hash. What was withdrawn is not there. */
  pairs(filter?: InstanceFilter): AsyncGenerator<RowPair>;
  instances(filter?: InstanceFilter): AsyncGenerator<Instance>;
  /** Null where the dataset has no such instance. */
  instance(id: string): Promise<Instance | null>;
  environmentIds(filter?: Pick<InstanceFilter, "withdrawn">): Promise<readonly string[]>;
  /** Without the archive's bytes, which stay on the disk. Throws `StopRun` for an id that the dataset does not have. */
  environment(id: string): Promise<Environment>;
  /** The tar.gz of the environment's tree, checked against `archive_sha256`. */
  archive(id: string): Promise<Uint8Array>;
}

/** Throws `StopRun` where a file is missing, cut short or altered. `verifyFiles: false` skips that reading of every byte. */
export async function openDataset(folder: string, { verifyFiles = true }: { readonly verifyFiles?: boolean } = {}): Promise<Dataset> {
  const manifest = readManifest(folder);
  if (verifyFiles) for (const entry of manifest.configs) await verifyFile(folder, entry);
  const files = manifest.configs.filter(({ format }) => format === "parquet");
  const withdrawn = readWithdrawn(folder, manifest.withdrawn);
  const gone = hiddenBy(withdrawn);
  const shards = new ShardCache(folder);
  /** The files of each edition and split, one after the other: within these the ids rise. */
  const editionsOf = (config: ConfigName, split: string | undefined): string[][] => {
    const own = files.filter((entry) => entry.name === config && (split === undefined || split === entry.split));
    const runs = Map.groupBy(own, ({ file }) => file.replace(/-\d{5}-of-\d{5}\.parquet$/, ""));
    return [...runs.values()].map((run) => run.map(({ file }) => file));
  };

  async function* pairs({ skill, split, withdrawn: all = false }: InstanceFilter = {}): AsyncGenerator<RowPair> {
    for (const name of skills) {
      if (skill !== undefined && skill !== name) continue;
      const side = (config: ConfigName): AsyncGenerator<Row> =>
        inOrder(editionsOf(config, split).map((names) => shards.rows(names, config)));
      for await (const pair of join2(side(name), side(`${name}-private`))) {
        if (all || !gone.row(pair.public.instance_id, pair.private.provenance.content_hash)) yield pair;
      }
    }
  }
  async function* instances(filter?: InstanceFilter): AsyncGenerator<Instance> {
    for await (const pair of pairs(filter)) yield fromRows(pair.public, pair.private);
  }
  const environments = new EnvironmentIndex(
    folder,
    shards,
    files.filter(({ name }) => name === "environments").map(({ file }) => file),
  );
  return {
    folder,
    manifest,
    withdrawn,
    pairs,
    instances,
    async instance(id) {
      for await (const pair of pairs()) if (pair.public.instance_id === id) return fromRows(pair.public, pair.private);
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
    yield checked(pair, id);
  }
}

function checked(pair: RowPair, id: string): RowPair {
  if (contentHashOf(pair) === pair.private.provenance.content_hash) return pair;
  throw mismatch(`the rows of ${id} are not what their content hash says`);
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
  readonly #folder: string;
  readonly #open = new Map<string, Promise<OpenShard>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  shard(name: string): Promise<OpenShard> {
    let shard = this.#open.get(name);
    if (shard === undefined) {
      shard = openShard(join(this.#folder, name));
      this.#open.set(name, shard);
    }
    return shard;
  }

  async *rows(names: readonly string[], config: ConfigName, columns = Object.keys(columnsOf(config))): AsyncGenerator<Row> {
    for (const name of names) {
      const { metadata } = await this.shard(name);
      let from = 0;
      for (const group of metadata.row_groups) {
        const to = from + Number(group.num_rows);
        yield* await this.read(name, columns, from, to);
        from = to;
      }
    }
  }

  async read(name: string, columns: readonly string[], rowStart: number, rowEnd: number): Promise<Row[]> {
    const { file, metadata } = await this.shard(name);
    return parquetReadObjects({
      file,
      metadata,
      columns: [...columns],
      rowStart,
      rowEnd,
      // Texts are declared as such; what is left are bytes.
      utf8: false,
      compressors: { ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(length, 1) }) },
    });
  }
}

async function openShard(path: string): Promise<OpenShard> {
  const file = await asyncBufferFromFile(path);
  return { file, metadata: await parquetMetadataAsync(file) };
}

const withoutArchive = Object.keys(environmentColumns).filter((name) => name !== "archive");

class EnvironmentIndex {
  readonly #folder: string;
  readonly #shards: ShardCache;
  readonly #files: readonly string[];
  #places: Promise<ReadonlyMap<string, { readonly file: string; readonly row: number }>> | null = null;

  constructor(folder: string, shards: ShardCache, files: readonly string[]) {
    this.#folder = folder;
    this.#shards = shards;
    this.#files = files;
  }

  async ids(): Promise<readonly string[]> {
    return [...(await this.#index()).keys()];
  }

  async environment(id: string): Promise<Environment> {
    return fromEnvironmentRow((await this.#cells(id, withoutArchive)) as Omit<EnvironmentRow, "archive">);
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
