/** The same rows as JSON lines, for tools without a Parquet reader: `jsonl/<config>/<split>.jsonl`. Binary cells are base64. */
import { join } from "node:path";
import { z } from "zod";
import { columnsOf } from "../schemas/row.ts";
import { checkSets } from "./check-rows.ts";
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
  const counts = await checkSets(sets);
  const written: WrittenFile[] = [];
  for (const [index, set] of sets.entries()) {
    const rows = counts[index] ?? 0;
    if (rows > 0) written.push(await writeSet(folder, set, rows));
  }
  return written;
}

async function writeSet(folder: string, set: RowSet, count: number): Promise<WrittenFile> {
  const { config, split, rows } = set;
  const name = `jsonl/${config}/${stemOf(set)}.jsonl`;
  const names = Object.keys(columnsOf(config));
  const file = new PendingFile(join(folder, name));
  try {
    for await (const row of rows()) {
      const ordered = Object.fromEntries(names.map((column) => [column, cell(row[column])]));
      file.write(Buffer.from(`${JSON.stringify(ordered)}\n`));
    }
    const sha256 = file.commit(join(folder, name));
    return { config, split, format: "jsonl", file: name, rows: count, bytes: file.bytes, sha256 };
  } finally {
    file.abandon();
  }
}

const cell = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value);
