/** Every skill that applies poses its drafts, over all observed changes of one environment at once. Pure, but where a language model may reword them. */
import { join } from "node:path";
import { z } from "zod";
import { rngFor } from "../../lib/rng.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import { candidateSchema } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { draftSchema } from "../../schemas/instance.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { PoseContext } from "../../skills/contract.ts";
import { allSkills } from "../../skills/index.ts";
import type { Bench } from "../bench.ts";
import type { Result, Stage } from "../contract.ts";
import { rewriteAll } from "../rewrite.ts";
import type { ObservedRecord } from "./6-observe.ts";
import { withoutTests } from "./7-audit.ts";

export const posedSchema = z.object({ draft: draftSchema, candidate: candidateSchema }).readonly();
export type PosedRecord = z.infer<typeof posedSchema>;
/** All observed changes of one environment. */
export interface Posable {
  readonly environment: Environment;
  readonly observed: readonly ObservedRecord[];
  /** Tests that an audit saw do something else than was said: nothing is asked with them. */
  readonly doubted: ReadonlySet<string>;
}

const quarantined = (environment: Environment, doubted: ReadonlySet<string>): Environment => ({
  ...environment,
  tests: environment.tests.map((test) => (doubted.has(test.id) ? { ...test, standing: "quarantined" } : test)),
});

function* posed(posable: Posable, workspace: Workspace, { config }: Bench): Generator<Result<PosedRecord>> {
  const all = posable.observed
    .map((record) => withoutTests(record, posable.doubted))
    .sort((a, b) => (a.candidate.id < b.candidate.id ? -1 : 1));
  const candidates = new Map(all.map(({ candidate }) => [candidate.id, candidate]));
  const context: PoseContext = {
    environment: quarantined(posable.environment, posable.doubted),
    all,
    language: workspace.language,
    runner: workspace.runner,
    text: (path) => workspace.text(path),
    paths: () => workspace.paths(),
    rng: (item, use) => rngFor(config.seed, item, use),
  };
  for (const skill of allSkills) {
    if (!config.skills.includes(skill.name)) continue;
    for (const { subject, outcome } of skill.pose(context)) {
      if (!outcome.kept) {
        yield { id: `${skill.name}:${subject}`, parent: subject.split("/")[0] ?? subject, outcome };
        continue;
      }
      const candidate = candidates.get(outcome.value.changeId);
      if (holdsHalfPair(outcome.value)) {
        yield {
          id: outcome.value.id,
          parent: outcome.value.changeId,
          outcome: drop("pose/not-text", "half a surrogate pair has no UTF-8 form"),
        };
        continue;
      }
      yield {
        id: outcome.value.id,
        parent: outcome.value.changeId,
        outcome: candidate ? keep({ draft: outcome.value, candidate }) : drop("pose/no-candidate", outcome.value.changeId),
      };
    }
  }
}

/** JSON writes half of a surrogate pair as an escape, and a whole pair as it is. */
const holdsHalfPair = (draft: PosedRecord["draft"]): boolean => /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/.test(JSON.stringify(draft));

/** The same results, each kept question reworded where its new words may stand. */
async function reworded(results: readonly Result<PosedRecord>[], bench: Bench): Promise<readonly Result<PosedRecord>[]> {
  const { llm: settings, seed } = bench.config;
  if (settings === null) return results;
  const questions = results.flatMap(({ outcome }) => (outcome.kept ? [outcome.value] : []));
  const rewriter = { settings, seed, key: bench.llmKey, shelf: join(bench.place.cache, "llm-answers") };
  const records = await rewriteAll(questions, rewriter);
  const verdicts = Map.groupBy(records, ({ draft }) => String(draft.facts["llm"]));
  const counts = [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([verdict, { length }]) => `${length} ${verdict}`);
  bench.log.info(`pose: ${records.length} prompts were given to a language model: ${counts.join(", ") || "none"}`);
  const next = records.values();
  return results.map((result) => (result.outcome.kept ? { ...result, outcome: keep(next.next().value as PosedRecord) } : result));
}

export const poseStage: Stage<Posable, PosedRecord> = {
  name: "pose",
  // Rises with the version of any skill, so that the ledger's earlier drafts are not taken for today's.
  version: allSkills.reduce((sum, skill) => sum + skill.version, 0),
  resource: "cpu",
  output: posedSchema,
  settings: ["seed", "skills", "llm"],
  async *work([posable], bench) {
    if (!posable) return;
    const workspace = await bench.workspace(posable.environment);
    yield* await reworded([...posed(posable, workspace, bench)], bench);
  },
};
