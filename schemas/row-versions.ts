/** The row tables of every schema version that was ever exported: what a migration reads, and what the published JSON Schemas are made of. */
import { type ColumnTable, type ConfigName, environmentColumns, privateColumns, publicColumns, rowSchemaVersion } from "./row.ts";

export interface RowTables {
  readonly public: ColumnTable;
  readonly private: ColumnTable;
  readonly environment: ColumnTable;
}

const without = (table: ColumnTable, name: string): ColumnTable =>
  Object.fromEntries(Object.entries(table).filter(([own]) => own !== name));

const current: RowTables = { public: publicColumns, private: privateColumns, environment: environmentColumns };

/** By version. A table that changes leaves its former self here, with the version it had. */
export const rowTables: Readonly<Record<string, RowTables>> = {
  // Before reviewers' findings were kept.
  "1": { ...current, private: without(privateColumns, "human_findings_json") },
  [rowSchemaVersion]: current,
};

/** Null for a version that this Kihon never heard of. */
export const tablesOf = (version: string): RowTables | null => (Object.hasOwn(rowTables, version) ? (rowTables[version] ?? null) : null);

export function columnsIn({ public: plain, private: hidden, environment }: RowTables, config: ConfigName): ColumnTable {
  if (config === "environments") return environment;
  return config.endsWith("-private") ? hidden : plain;
}
