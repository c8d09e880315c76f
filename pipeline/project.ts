/** `kihon project`: a dataset in a format that trainers load, from its files alone, and whole or not at all. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { readTree } from "../lib/archive.ts";
import { StopRun } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { plural } from "../lib/plural.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { writeWhole, writing } from "../output/pending-file.ts";
import type { Projection, ProjectionInput } from "../output/projections/contract.ts";
import { projections } from "../output/projections/index.ts";
import { ownerIsAlive } from "../sandbox/run-folder.ts";
import type { SkillName } from "../schemas/instance.ts";
import type { RowPair } from "../schemas/row.ts";
import { installInputs } from "./environment/inputs.ts";
import { tool } from "./identity.ts";
import type { Log } from "./log.ts";
import { packOwnSource } from "./own-source.ts";

export interface ProjectOptions {
  readonly log: Log;
  /** Name of a projection. */
  readonly to: string;
  /** Folder that is made, or one that an earlier projection made. */
  readonly out: string;
  readonly skills?: readonly SkillName[];
  readonly split?: string;
  /** Rows of each skill, at most, refused ones not counted. */
  readonly limit?: number;
}

export interface ProjectResult {
  readonly format: string;
  /** What a solver must have beside the rows; null where they hold it. */
  readonly needs: string | null;
  readonly out: string;
  /** By skill and split. */
  readonly rows: Readonly<Record<string, number>>;
  /** Why rows have no place in the format: `<skill>/<code>`, how many, and the reason in words. */
  readonly refused: Readonly<Record<string, { readonly rows: number; readonly why: string }>>;
}

/** What a folder of ours is known by; written last. */
const listFile = "projection.json";
const listSchema = z.looseObject({ tool: z.literal(tool.name), format: z.string() });

function projectionNamed(name: string): Projection {
  const found = projections.find((projection) => projection.name === name);
  if (found !== undefined) return found;
  const next = `choose with --to among: ${projections.map((projection) => projection.name).join(", ")}`;
  throw new StopRun(`there is no format ${name}`, { next });
}

/** Throws where the folder holds something that this command did not write. */
function checkTarget(out: string): void {
  if (!existsSync(out)) return;
  const stop = (what: string): StopRun =>
    new StopRun(`${out} ${what}`, { next: "name a folder that does not exist, or one that an earlier projection made, with --out" });
  let names: string[];
  try {
    names = readdirSync(out);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOTDIR") throw stop("is a file");
    throw cause;
  }
  if (names.length === 0) return;
  const list = names.includes(listFile) ? readJson(readFileSync(join(out, listFile), "utf8"), listSchema) : null;
  if (list === null) throw stop("holds something that is not a projection");
}

/** Throws where the dataset has no such split. */
function checkSplit({ manifest }: Dataset, split: string | undefined): void {
  const there = [...new Set(manifest.configs.flatMap((entry) => (entry.name === "environments" ? [] : [entry.split])))];
  if (split === undefined || there.includes(split)) return;
  throw new StopRun(`the dataset has no split ${split}`, {
    next: there.length === 0 ? "it has no rows at all" : `choose with --split among: ${there.join(", ")}`,
  });
}

const workName = (out: string): string => `.${basename(out)}.kihon-`;

/** Removes what killed projections into the same folder left beside it. */
function removeLeft(out: string): void {
  const prefix = workName(out);
  for (const name of readdirSync(dirname(out))) {
    if (name.startsWith(prefix) && !ownerIsAlive(name.slice(prefix.length)))
      rmSync(join(dirname(out), name), { recursive: true, force: true });
  }
}

/** The rows that are asked for, and the counts, taken at the first reading. */
function choose(data: Dataset, projection: Projection, { skills, split, limit }: ProjectOptions) {
  const filters = (skills ?? [undefined]).map((skill) => ({ ...(skill ? { skill } : {}), ...(split === undefined ? {} : { split }) }));
  const rows: Record<string, number> = {};
  const refused: Record<string, { rows: number; why: string }> = {};
  async function* pairs(
    note: (pair: RowPair, refusal: ReturnType<Projection["refuses"]>) => void = () => undefined,
  ): AsyncGenerator<RowPair> {
    const taken = new Map<string, number>();
    for (const filter of filters) {
      for await (const pair of data.pairs(filter)) {
        const { skill } = pair.public;
        const refusal = projection.refuses(pair);
        const count = taken.get(skill) ?? 0;
        if (refusal === null && limit !== undefined && count >= limit) continue;
        note(pair, refusal);
        if (refusal !== null) continue;
        taken.set(skill, count + 1);
        yield pair;
      }
    }
  }
  async function count(): Promise<void> {
    const note = ({ public: { skill, split: part } }: RowPair, refusal: ReturnType<Projection["refuses"]>): void => {
      if (refusal === null) rows[`${skill}/${part}`] = (rows[`${skill}/${part}`] ?? 0) + 1;
      else refused[`${skill}/${refusal.code}`] = { rows: (refused[`${skill}/${refusal.code}`]?.rows ?? 0) + 1, why: refusal.why };
    };
    for await (const _ of pairs(note)) {
      // Only counted.
    }
  }
  return { pairs: () => pairs(), count, rows, refused };
}

const total = (rows: Readonly<Record<string, number>>): number => Object.values(rows).reduce((sum, each) => sum + each, 0);

function nothingLeft(projection: Projection, refused: ProjectResult["refused"]): StopRun {
  const [first] = Object.values(refused);
  if (first === undefined)
    return new StopRun("the dataset has no such row", { next: "see what it has with: kihon stats DATASET", exitCode: 1 });
  return new StopRun(`no row has a place in the format ${projection.name}: ${first.why}`, {
    next: "choose other skills or another format",
    exitCode: 1,
  });
}

export async function project(dataset: string, options: ProjectOptions): Promise<ProjectResult> {
  const projection = projectionNamed(options.to);
  const out = resolve(options.out);
  checkTarget(out);
  const data = await openDataset(dataset);
  checkSplit(data, options.split);
  const chosen = choose(data, projection, options);
  await chosen.count();
  const all = total(chosen.rows);
  if (all === 0) throw nothingLeft(projection, chosen.refused);
  writing(out, () => makeFolder(dirname(out)));
  removeLeft(out);
  const work = join(dirname(out), `${workName(out)}${process.pid}-new`);
  writing(out, () => mkdirSync(work));
  try {
    let done = 0;
    const input: ProjectionInput = {
      title: data.manifest.about?.title ?? basename(resolve(dataset)),
      toolVersion: tool.version,
      pairs: chosen.pairs,
      environment: data.environment,
      archive: data.archive,
      installInputs: (archive) => installInputs(readTree(archive)),
      grader: () => packOwnSource("pipeline/task-grader"),
      tell: () => {
        done += 1;
        options.log.progress(`${projection.name} ${done}/${all}`);
      },
    };
    await projection.write(input, work);
    writeList(work, data, projection, chosen);
    replace(work, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  if (projection.holdsAnswers) warnOfTest(projection, chosen.rows, options.log);
  return { format: projection.name, needs: needsOf(projection), out, rows: chosen.rows, refused: chosen.refused };
}

/** What is trained on such rows can no longer be measured on them. */
function warnOfTest({ name }: Projection, rows: ProjectResult["rows"], log: Log): void {
  const held = total(Object.fromEntries(Object.entries(rows).filter(([key]) => key.endsWith("/test"))));
  if (held === 0) return;
  log.warn(
    `${plural(held, "row")} of the split test as ${name}, with answers and hidden tests in them: keep these from solvers and from training`,
  );
}

/** What a solver must have beside the rows; null where they hold it. */
const needsOf = ({ holdsTree }: Projection): string | null =>
  holdsTree
    ? null
    : "A row is the question alone: it holds no file of the repository. A review can be answered from its diff; every other question, localization above all, is about code that the solver must be given, or must be able to read with tools. That tree is in the dataset: unpack `archive` of the row's `environment_id` in the config `environments`, and lay `visible_layer_json` of the row's `instance_id` over it. The formats harbor and swe-bench bring it along.";

function writeList(
  folder: string,
  { manifest }: Dataset,
  projection: Projection,
  { rows, refused }: Pick<ProjectResult, "rows" | "refused">,
): void {
  const { name: format, version: format_version, about, source } = projection;
  const { schema_version, config_hash, edition, row_hashes } = manifest;
  const list = {
    tool: tool.name,
    tool_version: tool.version,
    format,
    format_version,
    about,
    source,
    needs: needsOf(projection),
    dataset: { schema_version, tool_version: manifest.tool_version, config_hash, edition, row_hashes },
    rows,
    refused,
  };
  writeWhole(join(folder, listFile), `${JSON.stringify(list, null, 2)}\n`);
}

/** An earlier projection goes only when the new one is whole. */
function replace(work: string, out: string): void {
  const old = `${work}-old`;
  writing(out, () => {
    if (existsSync(out)) renameSync(out, old);
    renameSync(work, out);
    rmSync(old, { recursive: true, force: true });
  });
}

export function projectText({ format, needs, out, rows, refused }: ProjectResult): string {
  const lines = Object.entries(rows).map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`);
  const left = Object.entries(refused).map(([name, { rows: count, why }]) => `  ${String(count).padStart(6)}  ${name}: ${why}`);
  return [
    `${plural(total(rows), "row")} as ${format} in ${out}`,
    ...lines,
    ...(left.length === 0 ? [] : ["left out:", ...left]),
    ...(needs === null ? [] : [needs]),
  ].join("\n");
}
