/** What two readers that share no code with the writer make of the documented types. */
import type { CellType } from "../../schemas/row.ts";

const plainNames = { string: "VARCHAR", int32: "INTEGER", double: "DOUBLE", binary: "BLOB" } as const;

/** A documented type as DuckDB's `describe` names it, without the quotes that it sets only around some names. */
export function duckType(type: CellType): string {
  if (type.kind === "list") return `${duckType(type.of)}[]`;
  if (type.kind !== "struct") return plainNames[type.kind];
  return `STRUCT(${Object.entries(type.fields)
    .map(([name, field]) => `${name} ${duckType(field)}`)
    .join(", ")})`;
}

/** A cell as DuckDB's `describe` names its type, in the form of `duckType`. */
export const unquoted = (type: string): string => type.replaceAll('"', "");

/** A value as DuckDB gives it, with bytes as plain bytes. */
export const fromDuckdb = (value: unknown): unknown => (value instanceof Uint8Array ? new Uint8Array(value) : value);

/** A value of parquetjs, which shows a three-level list as `{list: [{element}]}`, and leaves nulls out. */
export function fromParquetjs(value: unknown, type: CellType): unknown {
  if (value === undefined || value === null) return type.kind === "list" ? [] : null;
  if (type.kind === "binary") return new Uint8Array(value as Buffer);
  if (type.kind === "list") {
    const { list } = value as { list?: { element: unknown }[] | null };
    return (list ?? []).map(({ element }) => fromParquetjs(element, type.of));
  }
  if (type.kind !== "struct") return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, fromParquetjs(fields[name], field)]));
}
