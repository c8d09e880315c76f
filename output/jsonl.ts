/** The same rows as JSON lines, for tools without a Parquet reader: `jsonl/<config>/<split>.jsonl`. Binary cells are base64. */
import { join } from "node:path";
import { z } from "zod";
import { columnsOf } from "../schemas/row.ts";
import { checkedRows, checkNames } from "./check-rows.ts";
import { type Exporter, type RowSet, stemOf, type WrittenFile } from "./contract.ts";
import { PendingFile } from "./pending-file.ts";

export const jsonl = {
  name: "jsonl",
  version: 1,
  about: "JSON lines with the columns in table order; binary cells in base64",
  options: z.object({}),
  write: writeJsonl,
} as const satisfies Exporter;

export async function writeJsonl(folder: string, sets: readonly RowSet[]): Promise<WrittenFile[]> {
  checkNames(sets);
  const drafts: Draft[] = [];
  try {
    for (const set of sets) await fill(drafts, folder, set);
    return drafts.map(({ set: { config, split }, name, file, rows }) => {
      const sha256 = file.commit(join(folder, name));
      return { config, split, format: "jsonl", file: name, rows, bytes: file.bytes, sha256 };
    });
  } finally {
    for (const { file } of drafts.reverse()) file.abandon();
  }
}

interface Draft {
  readonly set: RowSet;
  readonly name: string;
  readonly file: PendingFile;
  rows: number;
}

/** A set without rows gives none. */
async function fill(drafts: Draft[], folder: string, set: RowSet): Promise<void> {
  const name = `jsonl/${set.config}/${stemOf(set)}.jsonl`;
  const names = Object.keys(columnsOf(set.config));
  let draft: Draft | undefined;
  for await (const row of checkedRows(set)) {
    if (draft === undefined) {
      draft = { set, name, file: new PendingFile(join(folder, name)), rows: 0 };
      drafts.push(draft);
    }
    const ordered = Object.fromEntries(names.map((column) => [column, cell(row[column])]));
    draft.file.write(Buffer.from(`${JSON.stringify(ordered)}\n`));
    draft.rows += 1;
  }
}

const cell = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value);
