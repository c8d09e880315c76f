/** `kihon inspect`: rows of a dataset, from a folder, an address, or one of its Parquet files. */
import { isAddress } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { plural } from "../lib/plural.ts";
import { type Dataset, openDataset, openLoneFile } from "../output/dataset-reader.ts";
import { fromRows } from "../output/rows.ts";
import { type Draft, type SkillName, skills, type Trial } from "../schemas/instance.ts";
import { type ConfigName, columnsOf, configNames, keyOf, type Row, type RowPair } from "../schemas/row.ts";
import { printableLines } from "./log.ts";
import { filesAt } from "./remote-files.ts";
import { isLoneFile, openFile } from "./stats.ts";

export interface InspectOptions {
  readonly rows: number;
  readonly hidden: boolean;
  readonly id?: string;
  readonly skill?: SkillName | readonly SkillName[];
}

export interface Inspected {
  readonly json: unknown;
  readonly text: string;
}

/** What a run of an answer must give; of long lists of tests their number. */
function expected({ expect }: Trial): string {
  const named = (ids: readonly string[]): string => (ids.length <= 3 ? ids.join("; ") : plural(ids.length, "test"));
  switch (expect.kind) {
    case "tests":
      return [
        ...(expect.pass.length > 0 ? [`pass: ${named(expect.pass)}`] : []),
        ...(expect.fail.length > 0 ? [`fail: ${named(expect.fail)}`] : []),
      ].join("; must ");
    case "some-fail":
      return `fail, at least one: ${named(expect.among)}`;
    case "answer-passes":
      return "pass: the answer";
    case "answer-fails":
      return "fail: the answer";
  }
}

function trialText(trial: Trial): string {
  const { name, files, layer } = trial;
  const laid = Object.entries(layer).map(([path, text]) => (text === null ? `${path} (removed)` : path));
  return `${name}: runs ${files.join(", ")}${laid.length > 0 ? ` with ${laid.join(", ")} laid over` : ""}; must ${expected(trial)}`;
}

const quoted = (text: string, mark: string): string =>
  printableLines(text)
    .split("\n")
    .map((line) => `  ${mark} ${line}`)
    .join("\n");

function closedText({ judgement, trials, answers }: Draft): string {
  const gold = answers.find((answer) => answer.role === "gold")?.text ?? "";
  const runs = trials.length > 0 ? `trials:\n${quoted(trials.map(trialText).join("\n"), "*")}` : "";
  const compared = judgement.kind === "trials" ? "" : `compared with:\n${quoted(JSON.stringify(judgement), "*")}`;
  return [`gold answer:\n${quoted(gold, ">")}`, compared, runs].filter((part) => part !== "").join("\n");
}

function show({ public: open, private: closed }: RowPair, hidden: boolean): Inspected {
  const { draft, proof } = fromRows(open, closed);
  const measured = `gold ${proof.gold.join(" ")}, blank ${proof.blank}, ${proof.decoys.length} decoys and ${proof.probes.length} probes at 0`;
  const head = `${draft.skill}  ${draft.id}  (${Object.entries(draft.facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")})\nmeasured: ${measured}`;
  const text = `${head}\n${quoted(draft.prompt, "|")}${hidden ? `\n${closedText(draft)}` : ""}`;
  return { json: hidden ? { ...open, ...closed } : open, text };
}

/** The first rows of each skill in turn, so that three rows show three skills; of a single file its first rows. */
export async function inspect(where: string, options: InspectOptions): Promise<Inspected[]> {
  if (isLoneFile(where)) return inspectFile(where, options);
  const data = await openDataset(isAddress(where) ? filesAt(where) : where);
  if (options.id !== undefined) {
    const one = await data.pair(options.id);
    if (one === null)
      throw new StopRun(`the dataset has no instance ${options.id}`, {
        next: "list its ids with: kihon inspect DATASET --ids",
        exitCode: 1,
      });
    return [show(one, options.hidden)];
  }
  const wanted = options.skill === undefined ? skills : [options.skill].flat();
  const bySkill: RowPair[][] = [];
  for (const skill of wanted) {
    const rows: RowPair[] = [];
    for await (const pair of data.pairs({ skill })) {
      rows.push(pair);
      if (rows.length >= options.rows) break;
    }
    bySkill.push(rows);
  }
  if (bySkill.every((rows) => rows.length === 0)) throw noRows(options.skill, skillsIn(data));
  const turns = Array.from({ length: options.rows }, (_, at) => bySkill.flatMap((rows) => rows[at] ?? []));
  return turns
    .flat()
    .slice(0, options.rows)
    .map((pair) => show(pair, options.hidden));
}

/** An id, and what else a row is found by. */
export interface RowName {
  readonly id: string;
  readonly skill?: string;
  readonly split?: string;
}

/** Every row's name, read without the rows. */
export async function rowNames(where: string, skill?: InspectOptions["skill"]): Promise<RowName[]> {
  if (isLoneFile(where)) return namesInFile(where, skill);
  const data = await openDataset(isAddress(where) ? filesAt(where) : where);
  const names: RowName[] = [];
  for await (const { instance_id: id, skill: own, split } of data.names(skill === undefined ? {} : { skill }))
    names.push({ id, skill: own, split });
  if (names.length === 0) throw noRows(skill, skillsIn(data));
  return names;
}

const isWanted = (skill: unknown, wanted: InspectOptions["skill"]): boolean =>
  wanted === undefined || [wanted].flat().some((name) => name === skill);

const skillsIn = ({ manifest }: Dataset): readonly SkillName[] =>
  skills.filter((skill) => manifest.configs.some(({ name }) => name === skill));

function noRows(skill: InspectOptions["skill"], there: readonly string[], where = "the dataset"): StopRun {
  if (skill === undefined) return new StopRun(`${where} has no rows`, { next: "see how it came about in its README.md", exitCode: 1 });
  const next = there.length === 0 ? "it has no rows at all" : `choose with --skill among: ${there.join(", ")}`;
  return new StopRun(`${where} has no rows of ${[skill].flat().join(", ")}`, { next, exitCode: 1 });
}

async function namesInFile(where: string, wanted: InspectOptions["skill"]): Promise<RowName[]> {
  const { columns, rows, config } = await openConfigFile(where);
  const names: RowName[] = [];
  const seen = new Set<string>();
  for await (const row of rows(columns.filter((name) => [keyOf(config), "skill", "split"].includes(name)))) {
    const { skill, split } = row as { skill?: string; split?: string };
    if (skill !== undefined) seen.add(skill);
    if (isWanted(skill, wanted)) names.push({ id: String(row[keyOf(config)]), ...(skill && { skill }), ...(split && { split }) });
  }
  if (names.length === 0) throw noRows(wanted, [...seen].sort(), where);
  return names;
}

/** A file of a dataset by itself. */
async function openConfigFile(where: string) {
  const file = await openLoneFile(await openFile(where), where);
  const config = configOf(file.columns);
  if (config === null)
    throw new StopRun(`${where} is no file of a dataset: its columns are others`, { next: "give a file of a dataset's config" });
  return { ...file, config };
}

/** Cells as they are, of whatever config: half of a row is no instance. Without `hidden` a file of a private config is not shown. */
async function inspectFile(where: string, { rows: wanted, hidden, id, skill }: InspectOptions): Promise<Inspected[]> {
  const { columns, rows, config } = await openConfigFile(where);
  if (config.endsWith("-private") && !hidden) {
    throw new StopRun(`${where} holds the answers`, { next: "add --private to read them" });
  }
  if (!config.endsWith("-private") && hidden) {
    throw new StopRun(`${where} holds no answers: they are in the files of the -private configs`, {
      next: "give one of these or the dataset's folder with --private, or this file without it",
    });
  }
  const seen = new Set<string>();
  const shown: Inspected[] = [];
  for await (const row of rows(columns.filter((name) => name !== "archive"))) {
    if (typeof row["skill"] === "string") seen.add(row["skill"]);
    if ((id !== undefined && row[keyOf(config)] !== id) || !isWanted(row["skill"], skill)) continue;
    shown.push({ json: row, text: cellsText(config === "environments" ? shortened(row) : row) });
    if (id !== undefined || shown.length >= wanted) break;
  }
  if (id !== undefined && shown.length === 0)
    throw new StopRun(`${where} has no row ${id}`, { next: "list ids with: kihon inspect FILE --ids", exitCode: 1 });
  if (shown.length === 0) throw noRows(skill, [...seen].sort(), where);
  return shown;
}

/** Of configs with one table the first: which it is, is not asked. Files of earlier schemas lack columns. */
function configOf(columns: readonly string[]): ConfigName | null {
  return configNames.find((config) => columns.includes(keyOf(config)) && columns.every((name) => name in columnsOf(config))) ?? null;
}

const longestCell = 500;

/** Of an environment the coverage map, the lock file and the list of its tests are for machines. */
const shortened = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const left = text.length - longestCell;
      return [name, left <= 0 ? value : `${text.slice(0, longestCell)}… and ${left} characters more, which --json shows`];
    }),
  );

const cellsText = (row: Row): string =>
  Object.entries(row)
    .map(
      ([name, value]) =>
        `${name}: ${printableLines(typeof value === "string" ? value : JSON.stringify(value))
          .split("\n")
          .join("\n  | ")}`,
    )
    .join("\n");
