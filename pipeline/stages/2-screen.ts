/** Cheap judgements on what was mined: nothing is run. Revisions pass; every filter is asked about every commit. */
import { filters } from "../../filters/index.ts";
import type { MinedItem } from "../../miners/contract.ts";
import type { Commit } from "../../schemas/candidate.ts";
import { keep, type Outcome } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { minedSchema } from "./1-mine.ts";
import { revisionId } from "./3-prepare.ts";

async function screen(commit: Commit, bench: Bench): Promise<Outcome<MinedItem>> {
  const repository = bench.repository(commit.revision.repository.name);
  const { entries } = await repository.treeOf(commit.revision.commit);
  const texts = await repository.readTexts(entries.filter((entry) => Object.hasOwn(commit.before, entry.path)));
  const { emitsDifferently } = bench.language("javascript");
  // The miner gives commits of one parent only.
  const subject = { commit, parents: 1, after: (path: string) => texts.get(path) ?? null, emitsDifferently };
  for (const filter of filters) {
    const outcome = filter.judge(subject, filter.options.parse({}) as never);
    if (!outcome.kept) return outcome;
  }
  return keep({ kind: "commit", commit });
}

export const screenStage: Stage<MinedItem, MinedItem> = {
  name: "screen",
  version: 1,
  resource: "cpu",
  output: minedSchema,
  settings: [],
  async *work([item], bench) {
    if (!item) return;
    const id = item.kind === "revision" ? revisionId(item.revision) : item.commit.id;
    yield { id, parent: id, outcome: item.kind === "revision" ? keep(item) : await screen(item.commit, bench) };
  },
};
