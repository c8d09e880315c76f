/** Instances → dataset: pairs completed or left out, splits assigned by repository group, rows written. */
import { createHash } from "node:crypto";
import { protectedPatterns } from "../../grading/protected.ts";
import { proveVersion } from "../../grading/prove.ts";
import { writeDataset } from "../../output/dataset-writer.ts";
import { repoGroupOf, toEnvironmentRow, toRows } from "../../output/rows.ts";
import type { Config } from "../../schemas/config.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, skills } from "../../schemas/instance.ts";
import type { Reason } from "../../schemas/outcome.ts";
import type { RowPair } from "../../schemas/row.ts";
import type { RunSummary } from "../../schemas/run-summary.ts";
import type { Bench } from "../bench.ts";
import type { Item } from "../drive.ts";
import { tool } from "../identity.ts";
import type { Ledger } from "../ledger.ts";
import type { Summary } from "../summary.ts";

export const splits = ["train", "validation", "test"] as const;

/** A repository group's split: its place on [0, 1) by hash, cut by the ratios. Adding repositories moves none. */
export function splitOf(group: string, ratio: Config["splitRatio"]): (typeof splits)[number] {
  const place = createHash("sha256").update(`split\0${group}`).digest().readUInt32BE(0) / 2 ** 32;
  const total = ratio.train + ratio.validation + ratio.test;
  if (place < ratio.train / total) return "train";
  return place < (ratio.train + ratio.validation) / total ? "validation" : "test";
}

interface ExportJob {
  readonly bench: Bench;
  readonly ledger: Ledger;
  readonly environments: readonly Item<Environment>[];
  readonly instances: readonly Item<Instance>[];
  readonly summary: Summary;
}

/** Review arms whose other arm was not proven teach nothing: they are left out, by name. */
function withoutLoneArms({ instances, ledger }: ExportJob): { kept: Item<Instance>[]; dropped: Map<Reason, number> } {
  const arms = new Map<string, number>();
  for (const item of instances) {
    const { pairId } = item.load().draft;
    if (pairId !== null) arms.set(pairId, (arms.get(pairId) ?? 0) + 1);
  }
  const kept: Item<Instance>[] = [];
  const lone: Item<Instance>[] = [];
  for (const item of instances) {
    const { pairId } = item.load().draft;
    (pairId !== null && arms.get(pairId) !== 2 ? lone : kept).push(item);
  }
  for (const { id, sha } of lone) {
    const verdict = { id, parent: id, blob: null, reason: "export/lone-arm", detail: "the other arm of the pair was not proven" };
    ledger.record({ stage: "export", version: 1, input: sha.slice(0, 16), settings: "" }, [verdict], { wallMs: 0, tries: 1 });
  }
  return { kept, dropped: lone.length > 0 ? new Map([["export/lone-arm", lone.length]]) : new Map() };
}

export async function exportDataset(job: ExportJob): Promise<RunSummary> {
  const { bench, environments } = job;
  const { config } = bench;
  const { kept, dropped } = withoutLoneArms(job);
  job.summary.noteExport(job.instances.length, dropped);
  const loaded = kept.map((item) => item.load());
  const summary = job.summary.finish(loaded);
  const byId = new Map(environments.map((item) => [item.id, item.load()]));
  const used = [...byId.values()].filter(({ id }) => loaded.some(({ draft }) => draft.environmentId === id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const splitFor = (environment: Environment): string => splitOf(repoGroupOf(environment.revision.repository), config.splitRatio);
  const texts = new Map<string, (path: string) => string | null>();
  for (const environment of used) {
    const workspace = await bench.workspace(environment);
    texts.set(environment.id, (path) => workspace.text(path));
  }
  const pairOf = (instance: Instance): RowPair => {
    const environment = byId.get(instance.draft.environmentId) as Environment;
    return toRows(instance, environment, {
      split: splitFor(environment),
      language: "javascript",
      healthyText: texts.get(environment.id) ?? (() => null),
      protectedPaths: protectedPatterns(bench.runner(environment.recipe.runner).configFiles),
      verifierVersion: String(proveVersion),
      provenance: { tool: tool.name, toolVersion: tool.version, configHash: summary.configHash },
    });
  };
  const sets = skills.flatMap((skill) =>
    splits.flatMap((split) => {
      const own = loaded
        .filter(({ draft }) => draft.skill === skill && splitFor(byId.get(draft.environmentId) as Environment) === split)
        .sort((a, b) => (a.draft.id < b.draft.id ? -1 : 1));
      return own.length === 0 ? [] : [{ skill, split, pairs: () => own.values().map(pairOf) }];
    }),
  );
  await writeDataset({
    folder: bench.place.out,
    sets,
    environments: () => used.values().map((environment) => toEnvironmentRow(environment, bench.store.get(environment.archive))),
    summary,
    title: `Kihon dataset of ${summary.repositories.map(({ name }) => name).join(", ") || "no repository"}`,
    contact: config.takedownContact,
    compression: config.codec,
    formats: config.jsonl ? ["jsonl"] : [],
  });
  bench.log.info(`export: ${loaded.length} instances in ${bench.place.out}`);
  return summary;
}
