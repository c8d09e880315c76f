/** The row tables of every schema version that was ever exported: what a migration reads, and what the published JSON Schemas are made of. */
import {
  type ColumnTable,
  type ConfigName,
  column,
  environmentColumns,
  privateColumns,
  publicColumns,
  rowSchemaVersion,
  string,
} from "./row.ts";

export interface RowTables {
  readonly public: ColumnTable;
  readonly private: ColumnTable;
  readonly environment: ColumnTable;
}

const without = (table: ColumnTable, ...names: readonly string[]): ColumnTable =>
  Object.fromEntries(Object.entries(table).filter(([own]) => !names.includes(own)));

const current: RowTables = { public: publicColumns, private: privateColumns, environment: environmentColumns };

/** Before rows told what was found open to their solvers, and where questions say less than is asked. */
const fourth: RowTables = { ...current, private: without(privateColumns, "leak_scan_json", "specification_json") };

/** Before rows told of the tests that no trial asks for. */
const third: RowTables = { ...fourth, private: without(fourth.private, "odd_tests_json") };

/** Before rows told how hard they are, of when, and in whose words. Their language was that of all rows. */
const second: RowTables = {
  public: {
    ...without(third.public, "committed_at", "difficulty", "natural_language"),
    language: column(string, "language of the files that the change edits"),
  },
  private: without(third.private, "difficulty_figures"),
  environment: third.environment,
};

/** By version. A table that changes leaves its former self here, with the version it had. */
export const rowTables: Readonly<Record<string, RowTables>> = {
  // Before reviewers' findings were kept.
  "1": { ...second, private: without(second.private, "human_findings_json") },
  "2": second,
  "3": third,
  "4": fourth,
  [rowSchemaVersion]: current,
};

/** Null for a version that this Kihon never heard of. */
export const tablesOf = (version: string): RowTables | null => (Object.hasOwn(rowTables, version) ? (rowTables[version] ?? null) : null);

export function columnsIn({ public: plain, private: hidden, environment }: RowTables, config: ConfigName): ColumnTable {
  if (config === "environments") return environment;
  return config.endsWith("-private") ? hidden : plain;
}
