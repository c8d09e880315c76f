/** Instances → dataset: pairs completed or left out, splits assigned by repository group, rows written. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { protectedPatterns } from "../../grading/protected.ts";
import { proveVersion } from "../../grading/prove.ts";
import { StopRun } from "../../lib/errors.ts";
import { canonical, sha256, shortId } from "../../lib/hash.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { repoGroupOf, toEnvironmentRow, toRows } from "../../output/rows.ts";
import type { Config } from "../../schemas/config.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, isComposite, type SkillName, skills } from "../../schemas/instance.ts";
import type { Reason } from "../../schemas/outcome.ts";
import { type RowPair, rowSchemaVersion } from "../../schemas/row.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import type { Bench } from "../bench.ts";
import type { Item } from "../drive.ts";
import { tool } from "../identity.ts";
import type { Ledger, Verdict } from "../ledger.ts";
import { reviewCue } from "../review-cue.ts";
import type { Summary } from "../summary.ts";

export const splits = ["train", "validation", "test"] as const;

/** A repository group's split: its place on [0, 1) by hash, cut by the ratios. Adding repositories moves none. */
export function splitOf(group: string, ratio: Config["splitRatio"]): (typeof splits)[number] {
  const place = createHash("sha256").update(`split\0${group}`).digest().readUInt32BE(0) / 2 ** 32;
  const total = ratio.train + ratio.validation + ratio.test;
  if (place < ratio.train / total) return "train";
  return place < (ratio.train + ratio.validation) / total ? "validation" : "test";
}

/** A composite task is held out from what is trained on: where its repository group is of `train`, it stands in `test`. */
export const splitFor = (skill: SkillName, groupSplit: (typeof splits)[number]): (typeof splits)[number] =>
  isComposite(skill) && groupSplit === "train" ? "test" : groupSplit;

/** Composite tasks of repository groups that have atomic questions in `train`. */
export function trainedOn<T extends { readonly skill: SkillName; readonly group: string }>(
  entries: readonly T[],
  splitOfGroup: (group: string) => (typeof splits)[number],
): T[] {
  const trained = new Set(entries.flatMap(({ skill, group }) => (!isComposite(skill) && splitOfGroup(group) === "train" ? [group] : [])));
  return entries.filter(({ skill, group }) => isComposite(skill) && trained.has(group));
}

export interface ExportJob {
  readonly bench: Bench;
  readonly ledger: Ledger;
  readonly environments: readonly Item<Environment>[];
  readonly instances: readonly Item<Instance>[];
  readonly summary: Summary;
}

/** What must be known of every instance at once; the rest of it stays on the disk. */
interface Entry {
  readonly item: Item<Instance>;
  readonly skill: SkillName;
  readonly pairId: string | null;
  readonly environmentId: string;
  readonly repository: string;
  readonly group: string;
}

function entryOf(item: Item<Instance>): Entry {
  const { draft, candidate } = item.load();
  return {
    item,
    skill: draft.skill,
    pairId: draft.pairId,
    environmentId: draft.environmentId,
    repository: candidate.revision.repository.name,
    group: repoGroupOf(candidate.revision.repository),
  };
}

/** Why a proven instance is left out, by its own name. */
interface LeftOut {
  readonly name: "lone-arm" | "trained-on";
  readonly detail: string;
  readonly entries: readonly Entry[];
}

/** Review arms whose other arm was not proven teach nothing. */
function loneArms(entries: readonly Entry[]): LeftOut {
  const arms = new Map<string, number>();
  for (const { pairId } of entries) if (pairId !== null) arms.set(pairId, (arms.get(pairId) ?? 0) + 1);
  const lone = entries.filter(({ pairId }) => pairId !== null && arms.get(pairId) !== 2);
  return { name: "lone-arm", detail: "the other arm of the pair was not proven", entries: lone };
}

/** Without what is left out; it is written down in the ledger, once. */
function without(entries: readonly Entry[], all: readonly LeftOut[], ledger: Ledger): { kept: Entry[]; dropped: Map<Reason, number> } {
  const gone = new Set<Entry>();
  const dropped = new Map<Reason, number>();
  for (const { name, detail, entries: left } of all) {
    const work = { stage: "export", version: 1, input: `${name}s`, settings: "" };
    const reason: Reason = `export/${name}`;
    const verdicts = left.map(({ item: { id } }): Verdict => ({ id, parent: id, blob: null, reason, detail }));
    if (canonical(ledger.lookup(work) ?? []) !== canonical(verdicts)) ledger.record(work, verdicts, { wallMs: 0, tries: 1 });
    for (const entry of left) gone.add(entry);
    if (left.length > 0) dropped.set(reason, left.length);
  }
  return { kept: entries.filter((entry) => !gone.has(entry)), dropped };
}

/** Whether the folder holds what an export of this key wrote, whole. */
async function isWritten(folder: string, ledger: Ledger, key: string): Promise<boolean> {
  const [written, manifest] = (ledger.meta("export") ?? "").split(" ");
  const files = ["manifest.json", "README.md", "report.html"].map((name) => join(folder, name));
  if (written !== key || !files.every((path) => existsSync(path)) || manifestHash(folder) !== manifest) return false;
  try {
    await openDataset(folder);
    return true;
  } catch (error) {
    if (error instanceof StopRun) return false; // a file is gone or altered: all are written again
    throw error;
  }
}

const manifestHash = (folder: string): string => sha256(readFileSync(join(folder, "manifest.json")));

/** Everything that the files say, but for the report's times. */
function exportKey({ bench: { config }, summary }: ExportJob, kept: readonly Entry[], used: readonly Item<Environment>[]): string {
  const { splitRatio, codec, jsonl, takedownContact } = config;
  const rows = kept.map(({ item: { id, sha } }) => [id, sha]).sort();
  const trees = used.map(({ id, sha }) => [id, sha]);
  return shortId([rows, trees, { splitRatio, codec, jsonl, takedownContact }, summary.funnel, tool, rowSchemaVersion, proveVersion]);
}

/** Gives the rows of an instance, read from the disk each time. */
export async function rowMaker(
  { bench }: Pick<ExportJob, "bench">,
  used: readonly Item<Environment>[],
  { configHash }: Pick<RunSummary, "configHash">,
): Promise<(entry: Pick<Entry, "item" | "skill" | "group" | "environmentId">) => RowPair> {
  const texts = new Map<string, (path: string) => string | null>();
  for (const item of used) {
    const workspace = await bench.workspace(item.load());
    texts.set(item.id, (path) => workspace.text(path));
  }
  const byId = new Map(used.map((item) => [item.id, item]));
  return ({ item, skill, group, environmentId }) => {
    const environment = (byId.get(environmentId) as Item<Environment>).load();
    return toRows(item.load(), environment, {
      split: splitFor(skill, splitOf(group, bench.config.splitRatio)),
      language: "javascript",
      healthyText: texts.get(environmentId) ?? (() => null),
      protectedPaths: protectedPatterns(bench.runner(environment.recipe.runner).configFiles),
      verifierVersion: String(proveVersion),
      provenance: { tool: tool.name, toolVersion: tool.version, configHash },
    });
  };
}

export const titleOf = (repositories: readonly string[]): string => `Kihon dataset of ${repositories.join(", ") || "no repository"}`;

/** Entries by skill and split, in the order of their ids. */
function* setsOf(kept: readonly Entry[], splitOfGroup: (group: string) => (typeof splits)[number]) {
  for (const skill of skills) {
    for (const split of splits) {
      const own = kept.filter((entry) => entry.skill === skill && splitFor(skill, splitOfGroup(entry.group)) === split);
      if (own.length > 0) yield { skill, split, entries: own.sort((a, b) => (a.item.id < b.item.id ? -1 : 1)) };
    }
  }
}

/** Writes the dataset, unless it lies there already just as it would be written. */
export async function exportDataset(job: ExportJob): Promise<RunSummary> {
  const { bench, ledger } = job;
  const { config, place } = bench;
  const entries = job.instances.map(entryOf);
  const splitOfGroup = (group: string) => splitOf(group, config.splitRatio);
  const held = { name: "trained-on", detail: "its repository has questions in train", entries: trainedOn(entries, splitOfGroup) } as const;
  const { kept, dropped } = without(entries, [loneArms(entries), held], ledger);
  job.summary.noteExport(job.instances.length, dropped);
  const needed = new Set(kept.map(({ environmentId }) => environmentId));
  const used = job.environments.filter(({ id }) => needed.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const reviews = kept.filter(({ skill }) => skill === "review").values();
  const summary = await job.summary.finish({ instances: kept, reviewCue: reviewCue(reviews.map(({ item }) => item.load())) });
  const key = exportKey(job, kept, used);
  if (await isWritten(place.out, ledger, key)) {
    bench.log.info(`export: nothing has changed in ${place.out}`);
    return summary;
  }
  const pairOf = await rowMaker(job, used, summary);
  const sets = [...setsOf(kept, splitOfGroup)].map(({ skill, split, entries }) => ({
    skill,
    split,
    pairs: () => entries.values().map(pairOf),
  }));
  await writeDataset({
    folder: place.out,
    sets,
    environments: () => used.values().map((item) => toEnvironmentRow(item.load(), bench.store.get(item.load().archive))),
    summary,
    title: titleOf(summary.repositories.map(({ name }) => name)),
    contact: config.takedownContact,
    compression: config.codec,
    formats: config.jsonl ? ["jsonl"] : [],
  });
  ledger.setMeta("export", `${key} ${manifestHash(place.out)}`);
  bench.log.info(`export: ${kept.length} instances in ${place.out}`);
  return summary;
}
