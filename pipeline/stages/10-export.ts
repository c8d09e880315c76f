/** Instances → dataset: what asks the same once only, splits by repository group, rows written. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { protectedPatterns } from "../../grading/protected.ts";
import { proveVersion } from "../../grading/prove.ts";
import { StopRun } from "../../lib/errors.ts";
import { canonical, sha256, shortId } from "../../lib/hash.ts";
import { openDataset } from "../../output/dataset-reader.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { earlierIn, manifestName } from "../../output/manifest.ts";
import { toEnvironmentRow, toRows } from "../../output/rows.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, type SkillName, skills } from "../../schemas/instance.ts";
import type { Reason } from "../../schemas/outcome.ts";
import { type RowPair, rowSchemaVersion } from "../../schemas/row.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import { splits } from "../../schemas/selection.ts";
import type { Bench } from "../bench.ts";
import type { Item } from "../drive.ts";
import { tool } from "../identity.ts";
import type { Ledger, Verdict } from "../ledger.ts";
import { reviewCue } from "../review-cue.ts";
import { type Choice, Choosing, countsOf, type LeftOut, leftOutReasons } from "../selection/choose.ts";
import { tellerOf } from "../selection/of-run.ts";
import type { Placed } from "../selection/proof.ts";
import type { Summary } from "../summary.ts";

export interface ExportJob {
  readonly bench: Bench;
  readonly ledger: Ledger;
  readonly environments: readonly Item<Environment>[];
  readonly instances: readonly Item<Instance>[];
  readonly summary: Summary;
}

/** An instance that the dataset holds; the rest of it stays on the disk. */
interface Entry extends Placed {
  readonly item: Item<Instance>;
  readonly skill: SkillName;
  readonly environmentId: string;
  readonly repository: string;
}

interface Chosen {
  readonly entries: readonly Entry[];
  readonly choice: Choice;
}

/** What the choice says of a proven instance, and where it goes if it stays. */
function chosen({ bench, environments }: ExportJob, instances: ExportJob["instances"]): Chosen {
  const choosing = new Choosing(bench.config.selection, bench.config.splitRatio, join(bench.scratch, "near-duplicates"));
  try {
    const tell = tellerOf(bench, environments);
    const told = instances.map((item) => {
      const instance = item.load();
      tell(choosing, instance);
      const { skill, environmentId } = instance.draft;
      return { item, skill, environmentId, repository: instance.candidate.revision.repository.name };
    });
    const choice = choosing.choose();
    const entries = told.flatMap((one) => {
      const place = choice.placed.get(one.item.id);
      return place === undefined ? [] : [{ ...one, ...place }];
    });
    return { entries, choice };
  } finally {
    choosing.close();
  }
}

/** Of instances that were asked by their ids not to be used. */
const takenDown: Reason = "takedown/instance";

/** What is left out is written down in the ledger, once. */
function noteLeftOut(leftOut: readonly LeftOut[], down: readonly string[], ledger: Ledger): void {
  const note = (input: string, verdicts: readonly Verdict[]): void => {
    const work = { stage: "export", version: 1, input, settings: "" };
    if (canonical(ledger.verdicts(work)) !== canonical(verdicts)) ledger.record(work, verdicts, { wallMs: 0, tries: 1 });
  };
  const verdictOf = (id: string, reason: Reason, detail: string): Verdict => ({ id, parent: id, blob: null, reason, detail });
  for (const name of leftOutReasons) {
    const own = leftOut.filter((one) => one.reason === name);
    note(
      `${name}s`,
      own.map(({ id, detail }) => verdictOf(id, `export/${name}`, detail)),
    );
  }
  note(
    "taken-down",
    down.map((id) => verdictOf(id, takenDown, id)),
  );
}

/** Whether the folder holds what an export of this key wrote, whole. */
async function isWritten(folder: string, ledger: Ledger, key: string): Promise<boolean> {
  const [written] = notedIn(ledger);
  const files = [manifestName, "README.md", "report.html"].map((name) => join(folder, name));
  if (written !== key || !files.every((path) => existsSync(path)) || !isOwnExport(folder, ledger)) return false;
  try {
    await openDataset(folder);
    return true;
  } catch (error) {
    if (error instanceof StopRun) return false; // a file is gone or altered: all are written again
    throw error;
  }
}

export const manifestHash = (folder: string): string => sha256(readFileSync(join(folder, manifestName)));

/** Key and manifest of the last export that was finished. */
const notedIn = (ledger: Ledger): readonly string[] => (ledger.meta("export") ?? "").split(" ");

/** Whether the manifest in the folder is the one that the last export of this ledger wrote. */
export const isOwnExport = (folder: string, ledger: Ledger): boolean => notedIn(ledger)[1] === manifestHash(folder);

/** Everything that the files say, but for the report's times. */
function exportKey(
  { bench: { config }, summary }: ExportJob,
  { contamination }: RunSummary,
  kept: readonly Entry[],
  used: readonly Item<Environment>[],
): string {
  const { codec, jsonl, takedownContact, author, year, splitRatio, selection } = config;
  const rows = kept.map(({ item: { id, sha }, split, group }) => [id, sha, split, group]).sort();
  const trees = used.map(({ id, sha }) => [id, sha]);
  const settings = { codec, jsonl, takedownContact, author, year, splitRatio, selection, contamination };
  return shortId([rows, trees, settings, summary.funnel, tool, rowSchemaVersion, proveVersion]);
}

/** Gives the rows of an instance, read from the disk each time. */
export async function rowMaker(
  { bench }: Pick<ExportJob, "bench">,
  used: readonly Item<Environment>[],
  { configHash }: Pick<RunSummary, "configHash">,
): Promise<(entry: Pick<Entry, "item" | "environmentId"> & { readonly split: string; readonly group: string }) => RowPair> {
  const texts = new Map<string, (path: string) => string | null>();
  for (const item of used) {
    const workspace = await bench.workspace(item.load());
    texts.set(item.id, (path) => workspace.text(path));
  }
  const byId = new Map(used.map((item) => [item.id, item]));
  return ({ item, split, group, environmentId }) => {
    const environment = (byId.get(environmentId) as Item<Environment>).load();
    return toRows(item.load(), environment, {
      split,
      group,
      healthyText: texts.get(environmentId) ?? (() => null),
      protectedPaths: protectedPatterns(bench.runner(environment.recipe.runner).configFiles),
      verifierVersion: String(proveVersion),
      network: bench.provider.isolates ? "none" : "open",
      provenance: { tool: tool.name, toolVersion: tool.version, configHash },
    });
  };
}

export const titleOf = (repositories: readonly string[]): string => `Kihon dataset of ${repositories.join(", ") || "no repository"}`;

/** Entries by skill and split, in the order of their ids. */
function* setsOf(kept: readonly Entry[]) {
  for (const skill of skills) {
    for (const split of splits) {
      const own = kept.filter((entry) => entry.skill === skill && entry.split === split);
      if (own.length > 0) yield { skill, split, entries: own.sort((a, b) => (a.item.id < b.item.id ? -1 : 1)) };
    }
  }
}

/** Writes the dataset, unless it lies there already just as it would be written, or rows lie there and none would come in their place. */
export async function exportDataset(job: ExportJob): Promise<RunSummary> {
  const { bench, ledger } = job;
  const { config, place } = bench;
  const asked = new Set(config.takedown.targets);
  const { down = [], stay = [] } = Object.groupBy(job.instances, ({ id }) => (asked.has(id) ? "down" : "stay"));
  const { entries: kept, choice } = chosen(job, stay);
  const downIds = down.map(({ id }) => id);
  noteLeftOut(choice.leftOut, downIds, ledger);
  const counts = countsOf(choice.leftOut);
  if (down.length > 0) counts.set(takenDown, down.length);
  job.summary.noteExport(job.instances.length, counts);
  const needed = new Set(kept.map(({ environmentId }) => environmentId));
  const used = job.environments.filter(({ id }) => needed.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const reviews = kept.filter(({ skill }) => skill === "review").values();
  const finished = await job.summary.finish({
    instances: kept,
    reviewCue: reviewCue(reviews.map(({ item }) => item.load())),
    splitProof: choice.proof(),
  });
  const summary: RunSummary = { ...finished, unmatched: job.summary.unmatched(downIds) };
  const key = exportKey(job, summary, kept, used);
  if (await isWritten(place.out, ledger, key)) {
    bench.log.info(`export: nothing has changed in ${place.out}`);
    return summary;
  }
  if (kept.length === 0 && (earlierIn(place.out)?.files ?? []).length > 0) {
    bench.log.warn(`export: no instance was proven; the rows in ${place.out} stay as they are`);
    return { ...summary, stands: true };
  }
  const pairOf = await rowMaker(job, used, summary);
  const sets = [...setsOf(kept)].map(({ skill, split, entries }) => ({
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
