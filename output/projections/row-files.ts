/** Formats of one file a split, a row an instance: `<split>.jsonl` or `<split>.parquet`. */
import { join } from "node:path";
import { type ColumnTable, column, int32, list, type Row, type RowPair, string, struct } from "../../schemas/row.ts";
import { writeTable } from "../parquet.ts";
import { PendingFile } from "../pending-file.ts";
import type { ProjectionInput } from "./contract.ts";

/** How the solver's answer becomes a reward, in words of the command line; `grade` reads lines of `instance_id` and `answer`. */
export const graderCommand = "kihon grade DATASET --answers -";

/** Chat messages, as every trainer here takes them. */
export const chat = list(struct({ role: string, content: string }));

/** What trainers may read of an instance beside its prompt. It is public: trainers hand these to environments and logs. */
export const publicFacts = ({ public: row, private: hidden }: RowPair) => ({
  instance_id: row.instance_id,
  content_hash: hidden.provenance.content_hash,
  skill: row.skill,
  answer_form: row.answer_form,
  answer_path: row.answer_path ?? "",
  repo: row.repo,
  base_commit: row.base_commit,
  license_spdx: row.license_spdx ?? "",
  source_kind: row.source_kind,
  change_id: row.change_id,
  pair_id: row.pair_id ?? "",
  environment_id: row.environment_id,
  grader: graderCommand,
});

/** The types of these; a null is written as an empty text, since readers infer one type for a column of all files. */
export const factFields = {
  instance_id: string,
  content_hash: string,
  skill: string,
  answer_form: string,
  answer_path: string,
  repo: string,
  base_commit: string,
  license_spdx: string,
  source_kind: string,
  change_id: string,
  pair_id: string,
  environment_id: string,
  grader: string,
} as const;

export const factColumns: ColumnTable = Object.fromEntries(Object.entries(factFields).map(([name, type]) => [name, column(type, name)]));
export const indexField = int32;

/** In the order of rows, each split once. */
async function splitsOf(input: ProjectionInput): Promise<readonly string[]> {
  const splits = new Set<string>();
  for await (const { public: row } of input.pairs()) splits.add(row.split);
  return [...splits];
}

/** `index` counts within the split. */
async function* rowsOf(input: ProjectionInput, split: string, row: (pair: RowPair, index: number) => Row): AsyncGenerator<Row> {
  let index = 0;
  for await (const pair of input.pairs()) {
    if (pair.public.split !== split) continue;
    yield row(pair, index++);
    input.tell(pair.public.instance_id);
  }
}

export async function writeParquetRows(
  input: ProjectionInput,
  folder: string,
  columns: ColumnTable,
  row: (pair: RowPair, index: number) => Row,
): Promise<void> {
  for (const split of await splitsOf(input)) await writeTable(join(folder, `${split}.parquet`), columns, rowsOf(input, split, row));
}

export async function writeJsonRows(input: ProjectionInput, folder: string, row: (pair: RowPair, index: number) => Row): Promise<void> {
  for (const split of await splitsOf(input)) {
    const path = join(folder, `${split}.jsonl`);
    const file = new PendingFile(path);
    try {
      for await (const each of rowsOf(input, split, row)) file.write(Buffer.from(`${JSON.stringify(each)}\n`));
      file.commit(path);
    } finally {
      file.abandon();
    }
  }
}
