/** `kihon inspect`: rows of a dataset, from a folder, an address, or one of its Parquet files. */
import { isAddress } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { type Dataset, openDataset, openLoneFile } from "../output/dataset-reader.ts";
import { type Instance, type SkillName, skills } from "../schemas/instance.ts";
import { type ConfigName, columnsOf, configNames, keyOf, type Row } from "../schemas/row.ts";
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

function show({ draft, proof, candidate }: Instance, hidden: boolean): Inspected {
  const { skill, id, environmentId, changeId, prompt, answerForm, answerPath, facts } = draft;
  const gold = draft.answers.find((answer) => answer.role === "gold")?.text ?? "";
  const open = {
    instance_id: id,
    skill,
    change_id: changeId,
    environment_id: environmentId,
    answer_form: answerForm,
    answer_path: answerPath,
    facts,
    prompt,
  };
  const closed = {
    gold,
    proof,
    judgement: draft.judgement,
    trials: draft.trials.map((trial) => trial.name),
    fail_to_pass: draft.failToPass,
    candidate: candidate.kind,
  };
  const measured = `gold ${proof.gold.join(" ")}, blank ${proof.blank}, ${proof.decoys.length} decoys and ${proof.probes.length} probes at 0`;
  const head = `${skill}  ${id}  (${Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")})\nmeasured: ${measured}`;
  const body = printableLines(prompt)
    .split("\n")
    .map((line) => `  | ${line}`)
    .join("\n");
  const answer = hidden
    ? `\ngold answer:\n${printableLines(gold)
        .split("\n")
        .map((line) => `  > ${line}`)
        .join("\n")}`
    : "";
  return { json: hidden ? { ...open, ...closed } : open, text: `${head}\n${body}${answer}` };
}

/** The first rows of each skill in turn, so that three rows show three skills; of a single file its first rows. */
export async function inspect(where: string, options: InspectOptions): Promise<Inspected[]> {
  if (isLoneFile(where)) return inspectFile(where, options);
  const data = await openDataset(isAddress(where) ? filesAt(where) : where);
  if (options.id !== undefined) {
    const one = await data.instance(options.id);
    if (one === null)
      throw new StopRun(`the dataset has no instance ${options.id}`, { next: "list ids with: kihon inspect DATASET --json", exitCode: 1 });
    return [show(one, options.hidden)];
  }
  const wanted = options.skill === undefined ? skills : [options.skill].flat();
  const bySkill: Instance[][] = [];
  for (const skill of wanted) {
    const rows: Instance[] = [];
    for await (const instance of data.instances({ skill })) {
      rows.push(instance);
      if (rows.length >= options.rows) break;
    }
    bySkill.push(rows);
  }
  if (bySkill.every((rows) => rows.length === 0)) throw noRows(options.skill, skillsIn(data));
  const turns = Array.from({ length: options.rows }, (_, at) => bySkill.flatMap((rows) => rows[at] ?? []));
  return turns
    .flat()
    .slice(0, options.rows)
    .map((instance) => show(instance, options.hidden));
}

const skillsIn = ({ manifest }: Dataset): readonly SkillName[] =>
  skills.filter((skill) => manifest.configs.some(({ name }) => name === skill));

function noRows(skill: InspectOptions["skill"], there: readonly string[], where = "the dataset"): StopRun {
  if (skill === undefined) return new StopRun(`${where} has no rows`, { next: "see how it came about in its README.md", exitCode: 1 });
  const next = there.length === 0 ? "it has no rows at all" : `choose with --skill among: ${there.join(", ")}`;
  return new StopRun(`${where} has no rows of ${[skill].flat().join(", ")}`, { next, exitCode: 1 });
}

/** Cells as they are, of whatever config: half of a row is no instance. Without `hidden` a file of a private config is not shown. */
async function inspectFile(where: string, { rows: wanted, hidden, id, skill }: InspectOptions): Promise<Inspected[]> {
  const { columns, rows } = await openLoneFile(await openFile(where), where);
  const config = configOf(columns);
  if (config === null)
    throw new StopRun(`${where} is no file of a dataset: its columns are others`, { next: "give a file of a dataset's config" });
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
    if ((id !== undefined && row[keyOf(config)] !== id) || (skill !== undefined && ![skill].flat().some((name) => name === row["skill"])))
      continue;
    shown.push({ json: row, text: cellsText(config === "environments" ? shortened(row) : row) });
    if (id !== undefined || shown.length >= wanted) break;
  }
  if (id !== undefined && shown.length === 0)
    throw new StopRun(`${where} has no row ${id}`, { next: "list ids with: kihon inspect FILE --json", exitCode: 1 });
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
