/** `kihon stats`: a dataset in figures, from a folder, an address, or one of its Parquet files. */
import { existsSync } from "node:fs";
import { type AsyncBuffer, asyncBufferFromFile } from "hyparquet";
import { isAddress } from "../lib/address.ts";
import { duration } from "../lib/duration.ts";
import { StopRun } from "../lib/errors.ts";
import { plural } from "../lib/plural.ts";
import { type DatasetFiles, filesIn } from "../output/dataset-files.ts";
import { type Dataset, openDataset, openLoneFile } from "../output/dataset-reader.ts";
import { flakinessText } from "../output/flakiness.ts";
import {
  type Counts,
  privateLater,
  privateNeeds,
  publicNeeds,
  type Rewarded,
  type Spread,
  type Statistics,
  StatisticsOf,
  type Subject,
} from "../output/statistics.ts";
import { timingsIn } from "../output/timings.ts";
import type { Flakiness, RunFacts, Timings } from "../schemas/run-summary.ts";
import { printableLines } from "./log.ts";
import { filesAt, openAt } from "./remote-files.ts";

export interface EnvironmentFlakiness extends Pick<Flakiness, "tests" | "quarantined" | "share"> {
  readonly repository: string;
  readonly id: string;
}

export interface Stats extends Statistics {
  /** What the dataset is as a whole; null where a single file was read. */
  readonly dataset: {
    readonly schemaVersion: string;
    readonly tool: string;
    readonly edition: number;
    readonly environments: number;
    /** Of the run that wrote it, and of each of its environments; null in datasets of before that was kept. */
    readonly flakiness: (Flakiness & { readonly byEnvironment: readonly EnvironmentFlakiness[] }) | null;
    /** Rows that are withdrawn: they are in no figure. */
    readonly withdrawn: number;
    /** Of the data files. */
    readonly bytes: number;
    /** What each stage made of what it was given; null in datasets of before that was kept. */
    readonly yields: RunFacts["stages"] | null;
    /** What the run that wrote it took; null where that is not known. */
    readonly timings: Timings | null;
  } | null;
}

/** Not a dataset but one file of it. What an address asks of its server (`?download=true`) is no part of the file's name. */
export const isLoneFile = (where: string): boolean =>
  (isAddress(where) && URL.canParse(where) ? new URL(where).pathname : where).endsWith(".parquet");

/** An address or a path; a folder of a dataset, or a Parquet file. */
export async function stats(where: string): Promise<Stats> {
  if (isLoneFile(where)) return { ...(await ofFile(await openFile(where), where)), dataset: null };
  const files = isAddress(where) ? filesAt(where) : filesIn(where);
  const data = await openDataset(isAddress(where) ? files : where);
  const statistics = new StatisticsOf();
  for await (const subject of data.subjects()) statistics.add(subject);
  return { ...statistics.finish(), dataset: await aboutOf(data, files) };
}

/** Throws `StopRun` where it is not there. */
export async function openFile(where: string): Promise<AsyncBuffer> {
  if (isAddress(where)) return openAt(where);
  if (!existsSync(where))
    throw new StopRun(`there is no file ${where}`, { next: "give a dataset's folder, one of its Parquet files, or an address" });
  return asyncBufferFromFile(where);
}

async function ofFile(file: AsyncBuffer, where: string): Promise<Statistics> {
  const { columns, rows } = await openLoneFile(file, where);
  const has = (needs: readonly string[]): boolean => needs.every((name) => columns.includes(name));
  const side = has(publicNeeds) ? "public" : has(privateNeeds) ? "private" : null;
  if (side === null) {
    throw new StopRun(`${where} holds no questions: of a dataset's files those of the skills do, plain and private`, {
      next: "give one of these, or the dataset's folder",
    });
  }
  const statistics = new StatisticsOf();
  const needs = side === "public" ? publicNeeds : [...privateNeeds, ...privateLater.filter((name) => columns.includes(name))];
  for await (const row of rows(needs)) statistics.add({ [side]: row } as Subject);
  return statistics.finish();
}

function flakinessIn({ flakiness, repositories }: RunFacts): NonNullable<Stats["dataset"]>["flakiness"] {
  if (flakiness === undefined) return null;
  const byEnvironment = repositories.flatMap(({ name, environments }) =>
    environments.map(({ id = "", tests = 0, quarantined }) => ({
      ...{ repository: name, id, tests, quarantined },
      share: tests === 0 ? 0 : quarantined / tests,
    })),
  );
  return { ...flakiness, byEnvironment };
}

async function aboutOf(data: Dataset, files: DatasetFiles): Promise<NonNullable<Stats["dataset"]>> {
  const { schema_version, tool, tool_version, edition, about, configs } = data.manifest;
  return {
    schemaVersion: schema_version,
    tool: `${tool} ${tool_version}`,
    edition,
    environments: (await data.environmentIds()).length,
    flakiness: about === null ? null : flakinessIn(about.facts),
    withdrawn: data.withdrawn.filter(({ kind }) => kind === "row").length,
    bytes: configs.reduce((total, { bytes }) => total + bytes, 0),
    yields: about?.facts.stages ?? null,
    timings: await timingsIn(files),
  };
}

const percent = (part: number, whole: number): string => (whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`);
const three = (numbers: Spread | null): string => (numbers === null ? "-" : `${numbers.min}/${numbers.median}/${numbers.max}`);
const sum = (counts: Counts): number => Object.values(counts).reduce((total, each) => total + each, 0);

/** Columns as wide as their widest cell; numbers to the right. */
function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const text = String(cell);
        return typeof cell === "number" ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** The most frequent first, twenty at most, with their share of the whole. */
function list(title: string, counts: Counts, whole = sum(counts)): string[] {
  const all = Object.entries(counts).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
  if (all.length === 0) return [];
  const shown = all.slice(0, 20).map(([name, count]) => ["", count, percent(count, whole), name]);
  return ["", title, ...table(shown), ...(all.length > 20 ? [`  and ${all.length - 20} more`] : [])];
}

function rewardLines(found: Stats): string[] {
  const rows = Object.entries(found.skills).flatMap(([skill, { rewards }]) =>
    rewards.map((one) => [skill, one.role, one.name, one.rows, scores(one), reasons(one)]),
  );
  return rows.length === 0
    ? []
    : ["", "what the known answers scored", ...table([["skill", "role", "answer", "rows", "reward", "why"], ...rows])];
}

const scores = ({ least, greatest }: Rewarded): string => (least === greatest ? String(least) : `${least} to ${greatest}`);
const reasons = (one: Rewarded): string =>
  Object.entries(one.reasons)
    .map(([name, count]) => (count === one.rows ? name : `${name} ${count}`))
    .join(", ");

function yieldLines({ dataset }: Stats): string[] {
  const stages = dataset?.yields ?? [];
  if (stages.length === 0) return [];
  const rows = stages.map(({ name, in: given, kept, dropped }) => {
    const most = [...dropped].sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)).slice(0, 3);
    return [name, given, kept, most.map(({ reason, count }) => `${reason} ${count}`).join(", ")];
  });
  return ["", "what came of each stage", ...table([["stage", "in", "kept", "most often dropped for"], ...rows])];
}

/** Environments with quarantined tests, those with most first, twenty at most. */
function flakyLines({ dataset }: Stats): string[] {
  if (dataset?.flakiness == null) return [];
  const { byEnvironment, ...whole } = dataset.flakiness;
  const some = byEnvironment.filter(({ quarantined }) => quarantined > 0).sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1));
  const shown = some.slice(0, 20).map((one) => [one.repository, one.id, one.quarantined, percent(one.quarantined, one.tests)]);
  return [
    "",
    `tests that did not agree with themselves are quarantined: ${flakinessText(whole)}`,
    ...(shown.length === 0 ? [] : table([["repository", "environment", "quarantined", "share"], ...shown])),
    ...(some.length > 20 ? [`  and ${some.length - 20} more`] : []),
  ];
}

function timeLines({ dataset }: Stats): string[] {
  if (dataset === null) return [];
  const { timings } = dataset;
  if (timings === null) return ["", "what the run took is not known: the dataset holds no timings.json"];
  const { startedAt, finishedAt, stages } = timings;
  const rows = stages.map(({ name, tookMs, workMs, cpuMs }) => [name, duration(tookMs), duration(workMs), duration(cpuMs)]);
  return [
    "",
    `the run took ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}; its stages (work is summed over jobs side by side and earlier starts)`,
    ...table([["stage", "took", "work", "processor"], ...rows]),
  ];
}

export function statsText(found: Stats): string {
  const { dataset } = found;
  const skills = Object.entries(found.skills);
  const names = skills.map(([name]) => name);
  const lines = [
    `${plural(found.rows, "row")} about ${plural(found.changes, "change")}${dataset === null ? "" : `, ${plural(dataset.environments, "environment")}, edition ${dataset.edition}, ${plural(dataset.bytes, "byte")}`}`,
    ...(dataset !== null && dataset.withdrawn > 0 ? [`${plural(dataset.withdrawn, "row is", "rows are")} withdrawn and not counted`] : []),
    "",
    ...table([
      ["skill", "rows", "splits", "characters of the question", "answers graded to prove a row", "test files in its premises and trials"],
      ...skills.map(([name, own]) => [
        name,
        own.rows,
        Object.entries(own.splits)
          .map(([split, count]) => `${split} ${count}`)
          .join(", "),
        three(own.prompt),
        three(own.gradings),
        three(own.testFiles),
      ]),
    ]),
  ];
  const facts = skills.flatMap(([name, own]) =>
    Object.entries(own.facts).map(([fact, numbers]) => [name, fact, numbers.count, three(numbers)]),
  );
  if (facts.length > 0)
    lines.push("", "how hard, as far as it is counted (least/median/greatest)", ...table([["skill", "fact", "rows", ""], ...facts]));
  const repositories = Object.entries(found.repositories).map(([name, counts]) => [
    name,
    ...names.map((skill) => counts[skill] ?? 0),
    sum(counts),
  ]);
  if (repositories.length > 0) lines.push("", ...table([["repository", ...names, "all"], ...repositories]));
  lines.push(
    ...list("languages", found.languages),
    ...list("licences", found.licenses),
    ...list("rows of injected defects, by operator", found.operators),
    ...list("rows that edit a file (of all rows; some edit several)", found.files, found.rows),
  );
  return printableLines([...lines, ...rewardLines(found), ...yieldLines(found), ...flakyLines(found), ...timeLines(found)].join("\n"));
}
