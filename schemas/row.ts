/**
 * Rows: instances and environments as they leave the house.
 *
 * One table a config. The zod schema is made of it here; the Parquet schema, the Hub's feature list and the documented table are made of it in `output/columns.ts`.
 * The columns that a solver may see and those that only a grader may see are separate configs, so that a trainer which hands every column to its
 * environment cannot hand over the gold. Rows hold no durations and no times of day: the same run gives the same bytes.
 */
import { z } from "zod";
import { type SkillName, skills } from "./instance.ts";

/** Raised when a column is added, removed or changes its meaning. */
export const rowSchemaVersion = "4";

/** The shape of a cell. `T` is the value in TypeScript; nothing of that type is stored. */
export type CellType<T = unknown> = { readonly nullable: boolean; readonly value?: T } & (
  | { readonly kind: "string" | "int32" | "double" | "binary" }
  | { readonly kind: "list"; readonly of: CellType }
  | { readonly kind: "struct"; readonly fields: Readonly<Record<string, CellType>> }
);
export interface Column<T = unknown> {
  readonly type: CellType<T>;
  /** One line for the documentation. */
  readonly about: string;
}
export type ColumnTable = Readonly<Record<string, Column>>;
type ValueOf<C> = C extends CellType<infer T> ? T : never;
type RowOf<T extends ColumnTable> = { readonly [K in keyof T]: ValueOf<T[K]["type"]> };

export const string: CellType<string> = { kind: "string", nullable: false };
export const int32: CellType<number> = { kind: "int32", nullable: false };
const double: CellType<number> = { kind: "double", nullable: false };
const binary: CellType<Uint8Array> = { kind: "binary", nullable: false };
const nullable = <T>(type: CellType<T>): CellType<T | null> => ({ ...type, nullable: true }) as CellType<T | null>;
export const list = <T>(of: CellType<T>): CellType<readonly T[]> => ({ kind: "list", nullable: false, of });
export const struct = <F extends Readonly<Record<string, CellType>>>(fields: F): CellType<{ readonly [K in keyof F]: ValueOf<F[K]> }> => ({
  kind: "struct",
  nullable: false,
  fields,
});
export const column = <T>(type: CellType<T>, about: string): Column<T> => ({ type, about });

const scored = list(struct({ name: string, reward: double, reason: nullable(string) }));

/** What a solver may see. */
export const publicColumns = {
  instance_id: column(string, "16 hex digits, stable across runs"),
  skill: column(string, "localization, editing, unit-tests, reproduction or review; or the composite task bug-fix"),
  schema_version: column(string, "version of this table"),
  repo: column(string, "`owner/name`, or the folder's name"),
  repo_group: column(
    string,
    "one name for a repository under all spellings of its address, and for its forks, mirrors and copies; splits never cut through a group",
  ),
  language: column(
    string,
    "`typescript` or `javascript`, by the paths of the files that the change edits; of a change over both, the one with more edited lines",
  ),
  license_spdx: column(nullable(string), "licence of the repository at this commit; null when none was found"),
  base_commit: column(string, "commit of the healthy tree"),
  committed_at: column(string, "committer date of that commit, ISO 8601 in UTC"),
  source_kind: column(
    string,
    "`injected` (a mutant), `commit` (from history) or `mirrored` (a change of the history taken back in a later tree)",
  ),
  change_id: column(string, "the change behind the question: all questions about one change share it"),
  pair_id: column(nullable(string), "shared by the two arms of a matched pair; null for the others"),
  environment_id: column(string, "row of the config `environments`"),
  prompt: column(list(struct({ role: string, content: string })), "one user message with the whole question"),
  problem_statement: column(string, "the same question as plain text"),
  interface: column(list(string), "names that hidden tests rely on and the text does not otherwise give"),
  answer_form: column(string, "`locations`, `patch`, `test-file` or `review`"),
  answer_path: column(nullable(string), "where a test-file answer goes; null for the other forms"),
  visible_layer_json: column(
    string,
    "JSON object, path → whole text or null (removed): laid over the environment's tree it gives the solver's tree",
  ),
  workdir: column(string, "where the solver's tree is mounted"),
  split: column(string, "`train`, `validation` or `test`; all questions of a repository group share it"),
  facts: column(list(struct({ name: string, value: string })), "public figures about the question"),
  difficulty: column(
    nullable(string),
    "`easy`, `medium` or `hard`, by a rule for each skill over one of the `facts`; null where the question does not have it",
  ),
  natural_language: column(
    nullable(string),
    "language of the words of people in the question: `en`, or `und` where it is another; null where the question has none",
  ),
} satisfies ColumnTable;

/** What only a grader may see. */
export const privateColumns = {
  instance_id: column(string, "the row of the public config that this completes"),
  skill: column(string, "as in the public row"),
  schema_version: column(string, "version of this table"),
  change_id: column(string, "as in the public row"),
  environment_id: column(string, "as in the public row"),
  candidate_json: column(string, "the change: revision, defective layer, edited places"),
  judgement_json: column(string, "what an answer is compared with, or that only runs decide"),
  human_findings_json: column(
    string,
    "JSON list of what reviewers of the pull request said of lines that later commits of it changed: commit, file, line, body, what the lines were and became; in a review of that commit's diff also whether a defect lies there; of `review` and `bug-fix`; evidence, no label",
  ),
  premises_json: column(string, "runs without an answer that prove the labels"),
  trials_json: column(string, "runs with the answer; each must hold for reward 1"),
  answers: column(
    list(struct({ role: string, name: string, text: string })),
    "answers whose verdict is known: gold, blank, decoys, probes",
  ),
  gold: column(string, "text of the gold answer"),
  patch: column(string, "the fix as a unified diff, from the defective to the healthy tree"),
  test_patch: column(string, "empty: the hidden tests are files of the environment's own tree"),
  FAIL_TO_PASS: column(list(string), "tests that fail in the defective tree and pass in the healthy one"),
  PASS_TO_PASS: column(
    list(string),
    "tests that pass in both, of the test files that the trials run; an answer that changes more has to pass what reaches that as well",
  ),
  odd_tests_json: column(
    string,
    "JSON object: tests of the files that were run which no trial asks for, as lists of ids: `absentToPass` and `skippedToPass` (in the defective tree, and passing in the healthy one), `passToFail` (passing in the defective tree alone), `failToFail`, `flaky`; and `atBase`, of a commit's FAIL_TO_PASS tests id → what it did in the parent's tree, before the commit and its tests: absent, passed, failed or skipped. `null` where the question is of several changes (unit-tests), and in rows of before schema 4",
  ),
  leak_scan_json: column(
    string,
    "JSON object: all that a solver can open was held against the repair, the hidden tests and the commits before the row was proven. `verdict` is `clean`, or `noted` where something of them stands where it stood all along (in another source, a document) and `noted` says what (`kind`) and where (`surface`, `path`); `scanned` lists `prompt`, `files` (the tree), `environment` (what is installed) and `caches`. What gives an answer away is no row. `null` in rows of before schema 4",
  ),
  specification_json: column(
    string,
    "JSON list: where the question says less than its judgement asks, each a `label` with its `evidence`. `hidden-name`: hidden tests use a name that nothing visible gives, and the evidence says whether the question's list states it; `exact-message`: hidden tests were seen to fail where a text of the repair, which nothing visible gives, is worded otherwise (both of questions for patches); `ambiguous-location`: another observed defect at another place fails the same tests in the same way (of localization and bug-fix). `null` for other skills, and in rows of before schema 4",
  ),
  validation: column(
    struct({
      repeats: int32,
      premises_held: int32,
      gold_rewards: list(double),
      blank_reward: double,
      decoys: scored,
      probes: scored,
      gold_components: list(struct({ name: string, value: double })),
      quarantined: list(string),
    }),
    "what the known answers scored when the instance was proven",
  ),
  verifier: column(struct({ kind: string, version: string }), "how it is graded, and by which version of the grader"),
  guards: column(
    struct({ network: string, protected_paths: list(string), probes_passed: list(string) }),
    "what held while grading: the network (none; open where nothing isolated the trials), the paths that were restored, the tamper probes that scored 0",
  ),
  provenance: column(
    struct({ tool: string, tool_version: string, config_hash: string, content_hash: string }),
    "who made the row; `content_hash` covers both rows except this column",
  ),
  difficulty_figures: column(
    struct({
      failing_tests: int32,
      changed_lines: int32,
      changed_files: int32,
      source_files: nullable(int32),
      frame_distance: nullable(int32),
    }),
    "how hard it is, in figures that need no model: tests that fail; lines and files of the change; source files to look in; calls between where a failure shows and where the defect lies. Null where it is not known",
  ),
  extra_json: column(string, "JSON object for what has no column of its own"),
} satisfies ColumnTable;

/** The trees, and how they are run. For the machinery, not for the solver: the bare tree is the healthy one, with all its tests. */
export const environmentColumns = {
  environment_id: column(string, "16 hex digits over tree, recipe and dependencies"),
  repo: column(string, "`owner/name`, or the folder's name"),
  repo_group: column(string, "one name for all spellings of the repository's address; groups of several are told in the public configs"),
  origin: column(string, "address of the repository, or `local`"),
  base_commit: column(string, "commit of the tree"),
  committed_at: column(string, "committer date, ISO 8601 in UTC"),
  package_dir: column(string, "package folder in the repository; `.` for the root"),
  license_spdx: column(nullable(string), "licence at this commit; null when none was found"),
  recipe_json: column(string, "Node, package manager, install, build and test runner, with versions; the image, where it was one"),
  source_files: column(list(string), "sorted paths of the sources"),
  tests: column(list(struct({ id: string, file: string, standing: string })), "every test and how it stands when nothing is wrong"),
  baseline_runs: column(
    list(string),
    "for each run of the baseline what its conditions were beside the usual ones, as `name=value` with spaces between: `order`, `TZ`, `LANG`, `workers` (files at a time), `clock`, `load`; empty list in rows of before it was kept",
  ),
  quarantine: column(
    list(struct({ id: string, seen: int32, passed: int32, under: list(string) })),
    "tests that did not agree with themselves over these runs: runs that told of the test, those in which it passed, and the conditions of the runs in which it came out otherwise than in the first (none: nothing that was changed). A stable test passed in all runs, a failing one in none",
  ),
  test_files_json: column(string, "for each test file: whether it stands alone, whether it may share a process, and the lines it reaches"),
  frozen_lock_file: column(nullable(string), "path of the lock file below; null when there is none"),
  frozen_lock_text: column(nullable(string), "text that reproduces the dependencies"),
  archive: column(binary, "the tree as tar.gz"),
  archive_sha256: column(string, "sha256 of `archive`"),
  missing: column(list(string), "tracked paths that could not be had"),
  schema_version: column(string, "version of this table"),
} satisfies ColumnTable;

export type PublicRow = RowOf<typeof publicColumns>;
export type PrivateRow = RowOf<typeof privateColumns>;
export type EnvironmentRow = RowOf<typeof environmentColumns>;
export type Row = Readonly<Record<string, unknown>>;
export interface RowPair {
  readonly public: PublicRow;
  readonly private: PrivateRow;
}

export type ConfigName = SkillName | `${SkillName}-private` | "environments";
/** Every config of a dataset, in the order in which card and manifest name them. */
export const configNames: readonly ConfigName[] = [...skills, ...skills.map((skill) => `${skill}-private` as const), "environments"];

export const columnsOf = (config: ConfigName): ColumnTable => {
  if (config === "environments") return environmentColumns;
  return config.endsWith("-private") ? privateColumns : publicColumns;
};
/** The column by which a config's rows are sorted and found. */
export const keyOf = (config: ConfigName): "instance_id" | "environment_id" =>
  config === "environments" ? "environment_id" : "instance_id";

function cellSchema(type: CellType): z.ZodType {
  const bare = bareSchema(type);
  return type.nullable ? bare.nullable() : bare;
}

function bareSchema(type: CellType): z.ZodType {
  switch (type.kind) {
    case "string":
      return z.string();
    case "int32":
      return z.int32();
    case "double":
      return z.number();
    case "binary":
      return z.instanceof(Uint8Array);
    case "list":
      return z.array(cellSchema(type.of));
    case "struct":
      return z.strictObject(Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, cellSchema(field)])));
  }
}

/** Also of a table of an earlier version. */
export const rowSchemaOfTable = <T extends ColumnTable>(table: T): z.ZodType<RowOf<T>> =>
  z.strictObject(Object.fromEntries(Object.entries(table).map(([name, { type }]) => [name, cellSchema(type)]))) as unknown as z.ZodType<
    RowOf<T>
  >;

export const publicRowSchema = rowSchemaOfTable(publicColumns);
export const privateRowSchema = rowSchemaOfTable(privateColumns);
export const environmentRowSchema = rowSchemaOfTable(environmentColumns);
export const rowSchemaOf = (config: ConfigName): z.ZodType<Row> => {
  if (config === "environments") return environmentRowSchema;
  return config.endsWith("-private") ? privateRowSchema : publicRowSchema;
};
