/**
 * Cheap judgements on what was mined: nothing is run. Every filter is asked about every commit, and those that judge revisions about these. Of a
 * commit that passes it is told which lines and units it edits.
 */
import { z } from "zod";
import { filters } from "../../filters/index.ts";
import type { MinedItem } from "../../miners/contract.ts";
import { commitSchema, type MinedCommit, type Revision, revisionSchema } from "../../schemas/candidate.ts";
import type { Config } from "../../schemas/config.ts";
import { keep, type Outcome } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { editsOf } from "../injection/edits.ts";
import { revisionId } from "./3-prepare.ts";

export const screenedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("revision"), revision: revisionSchema }),
  z.object({ kind: z.literal("commit"), commit: commitSchema }),
]);
export type ScreenedItem = z.infer<typeof screenedSchema>;

const parsed = new WeakMap<Config, Map<string, unknown>>();

/** A filter that has settings finds them under its own name. They are the same object for every record of a run, so what a filter makes of them it makes once. */
function optionsOf({ name, options }: (typeof filters)[number], config: Config): never {
  const known = parsed.get(config) ?? new Map<string, unknown>();
  parsed.set(config, known);
  if (!known.has(name)) known.set(name, options.parse(Object.hasOwn(config, name) ? config[name as keyof Config] : {}));
  return known.get(name) as never;
}

function screenRevision(revision: Revision, { config }: Bench): Outcome<ScreenedItem> {
  for (const filter of filters) {
    const outcome = "judgeRevision" in filter ? filter.judgeRevision(revision, optionsOf(filter, config)) : keep(revision);
    if (!outcome.kept) return outcome;
  }
  return keep({ kind: "revision", revision });
}

async function screen(commit: MinedCommit, bench: Bench): Promise<Outcome<ScreenedItem>> {
  const repository = bench.repository(commit.revision.repository.name);
  const { entries } = await repository.treeOf(commit.revision.commit);
  const texts = await repository.readTexts(entries.filter((entry) => Object.hasOwn(commit.before, entry.path)));
  const language = bench.language("javascript");
  const after = (path: string): string | null => texts.get(path) ?? null;
  // The miner gives commits of one parent only.
  const subject = { commit, parents: 1, after, emitsDifferently: language.emitsDifferently };
  for (const filter of filters) {
    const outcome = filter.judge(subject, optionsOf(filter, bench.config));
    if (!outcome.kept) return outcome;
  }
  return keep({ kind: "commit", commit: { ...commit, edits: editsOf(commit.before, after, language) } });
}

export const screenStage: Stage<MinedItem, ScreenedItem> = {
  name: "screen",
  version: 4,
  resource: "cpu",
  output: screenedSchema,
  settings: ["contamination", "permissive", "takedown"],
  async *work([item], bench) {
    if (!item) return;
    const id = item.kind === "revision" ? revisionId(item.revision) : item.commit.id;
    yield { id, parent: id, outcome: item.kind === "revision" ? screenRevision(item.revision, bench) : await screen(item.commit, bench) };
  },
};
