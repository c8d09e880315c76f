/**
 * `kihon split`: a dataset's rows in other splits, as a new dataset. Nothing is run and nothing is proven again: rows are read, chosen among and
 * written. What was withdrawn stays out, and what was asked to be taken down stays on the list.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { StopRun } from "../lib/errors.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { type DatasetInput, type PairSet, writeDataset } from "../output/dataset-writer.ts";
import { contentHashOf, fromRows, toEnvironmentRow } from "../output/rows.ts";
import { skills } from "../schemas/instance.ts";
import type { EnvironmentRow, RowPair } from "../schemas/row.ts";
import type { RunFacts } from "../schemas/run-summary.ts";
import {
  type Selection,
  type SplitProof,
  type SplitRatio,
  selectionSchema,
  splitRatioSchema,
  splitSchema,
  splits,
} from "../schemas/selection.ts";
import type { Log } from "./log.ts";
import { ensureFolder } from "./place.ts";
import { type Choice, Choosing, countsOf } from "./selection/choose.ts";
import { rowTeller } from "./selection/of-dataset.ts";

export interface SplitOptions {
  readonly log: Log;
  readonly out: string;
  readonly ratio: SplitRatio;
  readonly selection: Selection;
}

export interface SplitResult {
  readonly rows: number;
  readonly leftOut: Readonly<Record<string, number>>;
  readonly proof: SplitProof;
}

/** As the command is given them: `a:b:c`, `repository=split`, `repository=repository`. */
const wordsSchema = z.object({
  ratio: z.string().default("8:1:1"),
  pin: z.array(z.string()).default([]),
  same: z.array(z.string()).default([]),
});

/** The last `=` parts: an address may have one in it. */
function halves(text: string, option: string, next: string): readonly [string, string] {
  const at = text.lastIndexOf("=");
  if (at <= 0 || at === text.length - 1) throw new StopRun(`${option} ${text} cannot be read`, { next });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Throws `StopRun` that names the word which cannot be read. */
export function splitSettings(words: Readonly<Record<string, unknown>>): Pick<SplitOptions, "ratio" | "selection"> {
  const { ratio, pin, same } = wordsSchema.parse(words);
  const shares = ratio.split(":").map(Number);
  const [train, validation, test] = shares;
  const ratioParsed = splitRatioSchema.safeParse({ train, validation, test });
  if (shares.length !== 3 || !ratioParsed.success || shares.some(Number.isNaN))
    throw new StopRun(`--ratio ${ratio} cannot be read`, { next: "write train:validation:test, such as 8:1:1" });
  const pins = pin.map((text) => {
    const [name, split] = halves(text, "--pin", `write OWNER/NAME=SPLIT, the split one of ${splits.join(", ")}`);
    const parsed = splitSchema.safeParse(split);
    if (!parsed.success) throw new StopRun(`--pin ${text}: there is no split ${split}`, { next: `choose among ${splits.join(", ")}` });
    return [name, parsed.data] as const;
  });
  const sameGroup = same.map((text) => [...halves(text, "--same", "write OWNER/NAME=OWNER/NAME")]);
  const { cutoff, perRepository, perOperator, perFile, perDifficulty, nearDuplicates } = words;
  const given = { cutoff, perRepository, perOperator, perFile, perDifficulty, nearDuplicates };
  const selection = selectionSchema.safeParse({
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    pins: Object.fromEntries(pins),
    sameGroup,
  });
  if (!selection.success)
    throw new StopRun(`the settings cannot be used: ${z.prettifyError(selection.error)}`, { next: "kihon split --help lists the options" });
  return { ratio: ratioParsed.data, selection: selection.data };
}

async function choiceOf(
  data: Dataset,
  { ratio, selection }: SplitOptions,
): Promise<Choice & { readonly repositories: ReadonlyMap<string, string> }> {
  const scratch = mkdtempSync(join(tmpdir(), "kihon-split-"));
  const choosing = new Choosing(selection, ratio, join(scratch, "near-duplicates"));
  try {
    const tell = await rowTeller();
    const repositories = new Map<string, string>();
    for await (const pair of data.pairs()) {
      const instance = fromRows(pair.public, pair.private);
      tell(choosing, pair, instance, false);
      repositories.set(instance.draft.id, instance.candidate.revision.repository.name);
    }
    return { ...choosing.choose(), repositories };
  } finally {
    choosing.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The pair in its new place; what the hash covers has changed with it. */
function placedAt(pair: RowPair, { split, group }: { readonly split: string; readonly group: string }): RowPair {
  const placed = { ...pair, public: { ...pair.public, split, repo_group: group } };
  const provenance = { ...pair.private.provenance, content_hash: contentHashOf(placed) };
  return { ...placed, private: { ...pair.private, provenance } };
}

function setsOf(data: Dataset, { placed }: Choice): PairSet[] {
  return skills.flatMap((skill) =>
    splits.map((split) => ({
      skill,
      split,
      pairs: async function* (): AsyncGenerator<RowPair> {
        // By id, whatever split and edition they were of.
        for await (const pair of data.pairs({ skill })) {
          const place = placed.get(pair.public.instance_id);
          if (place?.split === split) yield placedAt(pair, place);
        }
      },
    })),
  );
}

async function* environmentsOf(data: Dataset, needed: ReadonlySet<string>): AsyncGenerator<EnvironmentRow> {
  for (const id of [...needed].sort()) yield toEnvironmentRow(await data.environment(id), await data.archive(id));
}

function factsOf(facts: RunFacts, { leftOut, placed, proof, repositories }: Awaited<ReturnType<typeof choiceOf>>): RunFacts {
  const names = new Set([...placed.keys()].map((id) => repositories.get(id)));
  const dropped = [...countsOf(leftOut)].map(([reason, count]) => ({ reason, count }));
  const stage = { name: "split", in: placed.size + leftOut.length, kept: placed.size, dropped };
  return {
    ...facts,
    repositories: facts.repositories.filter(({ name }) => names.has(name)),
    stages: [...facts.stages.filter(({ name }) => name !== "split"), stage],
    splitProof: proof(),
  };
}

/** Throws `StopRun` where the new folder is not empty, or the dataset cannot be read. */
export async function split(folder: string, options: SplitOptions): Promise<SplitResult> {
  const { out, log } = options;
  const data = await openDataset(folder);
  const { about } = data.manifest;
  if (about === null) {
    throw new StopRun(`the manifest of ${folder} does not tell what its card is written from: an earlier Kihon made it`, {
      next: "refresh it once, or make it anew",
    });
  }
  ensureFolder(out, "--out");
  if (resolve(out) === resolve(folder) || readdirSync(out).length > 0)
    throw new StopRun(`${out} is not empty: the new dataset is written whole`, { next: "name a new folder with --out" });
  const choice = await choiceOf(data, options);
  const needed = new Set<string>();
  for await (const { public: row } of data.pairs()) if (choice.placed.has(row.instance_id)) needed.add(row.environment_id);
  const takedowns = data.withdrawn.filter(({ kind }) => kind === "takedown");
  const input: DatasetInput = {
    ...about,
    folder: out,
    sets: setsOf(data, choice),
    environments: () => environmentsOf(data, needed),
    summary: factsOf(about.facts, choice),
    formats: [...new Set(data.manifest.configs.map(({ format }) => format))].filter((name) => name !== "parquet"),
    ...(takedowns.length === 0 ? {} : { standing: { edition: 1, files: [], hashes: [], rows: [], pairs: () => [], withdrawn: takedowns } }),
  };
  await writeDataset(input);
  log.info(`split: ${choice.placed.size} rows in ${out}`);
  return { rows: choice.placed.size, leftOut: Object.fromEntries(countsOf(choice.leftOut)), proof: choice.proof() };
}

export function splitText({ rows, leftOut, proof }: SplitResult, out: string): string {
  const lines = proof.splits.map(
    ({ split: name, groups, rows: own, target }) =>
      `  ${name.padEnd(10)} ${own} rows of ${groups} repository groups; asked for ${(target * 100).toFixed(1)} %`,
  );
  const dropped = Object.entries(leftOut).map(([reason, count]) => `  left out: ${reason} ${count}`);
  return [`${rows} rows in ${out}`, ...lines, ...dropped].join("\n");
}
