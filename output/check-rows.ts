/** What every exporter asks of its rows on their way into files that have no final name yet. */
import { BrokenRecord } from "../lib/errors.ts";
import { keyOf, type Row, rowSchemaOf } from "../schemas/row.ts";
import type { RowSet } from "./contract.ts";

// UTF-8 has no form for half a surrogate pair: an encoder would put U+FFFD there, and the stored text would no longer have the row's hash.
const loneSurrogate = /\p{Surrogate}/u;

/** Throws where two sets would come into the same files. */
export function checkNames(sets: readonly RowSet[]): void {
  const names = sets.map(({ config, split }) => `${config}/${split}`);
  const odd = sets.find(({ split }) => !/^\w+$/.test(split))?.split ?? names.find((name, index) => names.indexOf(name) !== index);
  if (odd !== undefined) throw new TypeError(`a split is a word and comes once a config: ${odd}`);
}

/** The rows of a set, each once it was checked; throws a `BrokenRecord` that names the row and the cell. */
export async function* checkedRows({ config, split, rows }: RowSet): AsyncGenerator<Row> {
  const schema = rowSchemaOf(config);
  const key = keyOf(config);
  let previous: string | null = null;
  for await (const row of rows()) {
    const id = String(row[key]);
    const where = `${config}/${split} row ${id}`;
    const parsed = schema.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new BrokenRecord(`${where} does not obey its column table: ${issue?.path.join(".")}: ${issue?.message}`, {
        cause: parsed.error,
      });
    }
    const broken = findLoneSurrogate(row, "");
    if (broken !== null) throw new BrokenRecord(`${where} holds half a surrogate pair in ${broken}: that text has no UTF-8 form`);
    if (previous !== null && id <= previous)
      throw new BrokenRecord(`${where} comes after ${previous}: rows are given once each and in the order of ${key}`);
    previous = id;
    yield row;
  }
}

/** Path of the first text with half a surrogate pair, or null. */
function findLoneSurrogate(value: unknown, path: string): string | null {
  if (typeof value === "string") return loneSurrogate.test(value) ? path : null;
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return null;
  for (const [name, member] of Object.entries(value)) {
    const found = findLoneSurrogate(member, path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** Bytes of a row's values, near enough to plan row groups with. */
export function sizeOf(value: Row | unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 4;
  if (value instanceof Uint8Array) return value.length + 4;
  if (value === null || typeof value !== "object") return 8;
  let size = 0;
  for (const member of Object.values(value)) size += sizeOf(member);
  return size;
}
