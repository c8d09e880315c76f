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

/**
 * Before rows told of the tests that no trial asks for, of what lies open to a solver and of what a question does not say, and environments how often a test passed and under which conditions; when what reviewers
 * said of lines that stand to the end was a finding too, and what they said of a commit that is not shown was none.
 */
const third: RowTables = {
  ...current,
  private: {
    ...without(privateColumns, "odd_tests_json", "leak_scan_json", "specification_json"),
    human_findings_json: column(
      string,
      "JSON list of what reviewers of the pull request said of lines that the diff shows: file, line, body, resolved; of an attempt's diff also whether a defect lies at the line; evidence, no label",
    ),
  },
  environment: without(environmentColumns, "baseline_runs", "quarantine"),
};

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
  [rowSchemaVersion]: current,
};

/** Null for a version that this Kihon never heard of. */
export const tablesOf = (version: string): RowTables | null => (Object.hasOwn(rowTables, version) ? (rowTables[version] ?? null) : null);

export function columnsIn({ public: plain, private: hidden, environment }: RowTables, config: ConfigName): ColumnTable {
  if (config === "environments") return environment;
  return config.endsWith("-private") ? hidden : plain;
}
