/** Rows as Parquet, in the layout that the Hugging Face Hub reads: `<config>/<split>-00000-of-00001.parquet`; what a later edition adds is `<split>-e0002-00000-of-00001.parquet`. */
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { z } from "zod";
import { type ColumnTable, columnsOf, type Row } from "../schemas/row.ts";
import { checkedRows, checkNames, sizeOf } from "./check-rows.ts";
import { parquetSchemaOf } from "./columns.ts";
import { type Exporter, type RowSet, stemOf, type WrittenFile } from "./contract.ts";
import { PendingFile } from "./pending-file.ts";

export const parquetOptionsSchema = z.object({
  /** Snappy is read everywhere; zstd files are about a third smaller. */
  compression: z.enum(["snappy", "zstd"]).default("snappy"),
  /** Uncompressed bytes of a row group; one larger row still gets a group of its own. `datasets` cuts at 100 MB, the Hub's viewer scans up to 300 MB at once. */
  rowGroupBytes: z
    .int()
    .positive()
    .default(32 * 2 ** 20),
  /** Bytes of a file; one larger row still gets a file of its own. The Hub's tools cut at 500 MB. */
  shardBytes: z
    .int()
    .positive()
    .default(450 * 10 ** 6),
});
export type ParquetOptions = z.infer<typeof parquetOptionsSchema>;

// 1 MiB: the page size of Arrow and of the writer.
const pageSize = 2 ** 20;

export const parquet = {
  name: "parquet",
  version: 2,
  about: "Parquet files, one config a folder, read by datasets, DuckDB, pandas and the Hub's viewer",
  options: parquetOptionsSchema,
  write: writeParquet,
} as const satisfies Exporter;

export async function writeParquet(folder: string, sets: readonly RowSet[], options: unknown): Promise<WrittenFile[]> {
  const parsed = parquetOptionsSchema.parse(options);
  checkNames(sets);
  const drafts = sets.map((set) => ({ set, shards: [] as Shard[] }));
  try {
    for (const { set, shards } of drafts) await fill(shards, folder, set, parsed);
    return drafts.flatMap(({ set, shards }) => commit(shards, folder, set));
  } finally {
    for (const { file } of drafts.flatMap(({ shards }) => shards).reverse()) file.abandon();
  }
}

async function fill(shards: Shard[], folder: string, set: RowSet, options: ParquetOptions): Promise<void> {
  for await (const { rows, bytes } of groupsOf(checkedRows(set), options.rowGroupBytes)) {
    let shard = shards.at(-1);
    if (shard === undefined || shard.file.bytes + bytes > options.shardBytes) {
      shard?.finish();
      shard = new Shard(join(folder, set.config, `${stemOf(set)}-${shards.length}`), columnsOf(set.config), options);
      shards.push(shard);
    }
    shard.add(rows, bytes);
  }
  shards.at(-1)?.finish();
}

const commit = (shards: readonly Shard[], folder: string, set: RowSet): WrittenFile[] =>
  shards.map((shard, index) => {
    const file = `${set.config}/${stemOf(set)}-${fiveDigits(index)}-of-${fiveDigits(shards.length)}.parquet`;
    const sha256 = shard.file.commit(join(folder, file));
    const { rows, rawBytes } = shard;
    return { config: set.config, split: set.split, format: "parquet", file, rows, bytes: shard.file.bytes, rawBytes, sha256 };
  });

const fiveDigits = (count: number): string => String(count).padStart(5, "0");

/** Rows of any table as one file, which has its final name only when it is whole. Gives the number of rows; a table without rows gives no file. */
export async function writeTable(path: string, columns: ColumnTable, rows: AsyncIterable<Row>): Promise<number> {
  const options = parquetOptionsSchema.parse({});
  let shard: Shard | undefined;
  try {
    for await (const group of groupsOf(rows, options.rowGroupBytes)) {
      shard ??= new Shard(path, columns, options);
      shard.add(group.rows, group.bytes);
    }
    shard?.finish();
    shard?.file.commit(path);
    return shard?.rows ?? 0;
  } finally {
    shard?.file.abandon();
  }
}

async function* groupsOf(source: Iterable<Row> | AsyncIterable<Row>, limit: number): AsyncGenerator<{ rows: Row[]; bytes: number }> {
  let rows: Row[] = [];
  let bytes = 0;
  for await (const row of source) {
    const size = sizeOf(row);
    if (rows.length > 0 && bytes + size > limit) {
      yield { rows, bytes };
      rows = [];
      bytes = 0;
    }
    rows.push(row);
    bytes += size;
  }
  if (rows.length > 0) yield { rows, bytes };
}

/** One Parquet file in the making; each `add` is a row group and goes to the disk at once. */
class Shard {
  readonly file: PendingFile;
  rows = 0;
  rawBytes = 0;
  readonly #writer: ParquetWriter;
  readonly #columns: ColumnTable;

  constructor(path: string, columns: ColumnTable, { compression }: ParquetOptions) {
    this.file = new PendingFile(path);
    this.#columns = columns;
    const buffer = new ByteWriter(pageSize);
    const flush = (): void => {
      this.file.write(buffer.getBytes());
      buffer.index = 0;
    };
    this.#writer = new ParquetWriter({
      writer: Object.assign(buffer, { flush, finish: flush }),
      schema: parquetSchemaOf(columns),
      codec: compression === "zstd" ? "ZSTD" : "SNAPPY",
      compressors: { ZSTD: (input) => zstdCompressSync(input) },
      createdBy: "kihon",
    });
  }

  add(rows: readonly Row[], bytes: number): void {
    const columnData = Object.entries(this.#columns).map(([name, { type }]): ColumnSource => {
      const data = rows.map((row) => row[name]);
      // Binary cells are gzip archives: neither a dictionary, a second compression nor their first bytes as statistics are of use.
      if (type.kind === "binary") return { name, data, encoding: "PLAIN", codec: "UNCOMPRESSED", statistics: false };
      return { name, data, columnIndex: true };
    });
    this.#writer.write({ columnData, rowGroupSize: rows.length, pageSize });
    this.rows += rows.length;
    this.rawBytes += bytes;
  }

  finish(): void {
    indexLonePages(this.#writer);
    this.#writer.finish();
  }
}

/**
 * The writer gives chunks of more than one page an offset index, and the others none. The reader of the Hub's viewer (the `parquet` crate of Rust) uses
 * the indexes of a file only where every chunk has one, so those of a single page get theirs here: an `OffsetIndex` of one `PageLocation` (parquet.thrift).
 */
function indexLonePages({ writer, pendingIndexes }: ParquetWriter): void {
  for (const { chunk, offsetIndex } of pendingIndexes) {
    if (offsetIndex !== undefined || chunk.meta_data === undefined) continue;
    const { data_page_offset, dictionary_page_offset, total_compressed_size } = chunk.meta_data;
    const size = Number(total_compressed_size - (data_page_offset - (dictionary_page_offset ?? data_page_offset)));
    const from = writer.offset;
    serializeTCompactProtocol(writer, { field_1: [{ field_1: data_page_offset, field_2: size, field_3: 0n }] });
    chunk.offset_index_offset = BigInt(from);
    chunk.offset_index_length = writer.offset - from;
  }
}
