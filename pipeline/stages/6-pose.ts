/** Every skill that applies poses its drafts, over all observed changes of one environment at once. Pure. */
import { z } from "zod";
import { rngFor } from "../../lib/rng.ts";
import { candidateSchema } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { draftSchema } from "../../schemas/instance.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { PoseContext } from "../../skills/contract.ts";
import { allSkills } from "../../skills/index.ts";
import type { Stage } from "../contract.ts";
import type { ObservedRecord } from "./5-observe.ts";

export const posedSchema = z.object({ draft: draftSchema, candidate: candidateSchema }).readonly();
export type PosedRecord = z.infer<typeof posedSchema>;
/** All observed changes of one environment. */
export interface Posable {
  readonly environment: Environment;
  readonly observed: readonly ObservedRecord[];
}

export const poseStage: Stage<Posable, PosedRecord> = {
  name: "pose",
  version: 1,
  resource: "cpu",
  output: posedSchema,
  settings: ["seed", "skills"],
  async *work([posable], bench) {
    if (!posable) return;
    const workspace = await bench.workspace(posable.environment);
    const { config } = bench;
    const all = [...posable.observed].sort((a, b) => (a.candidate.id < b.candidate.id ? -1 : 1));
    const candidates = new Map(all.map(({ candidate }) => [candidate.id, candidate]));
    const context: PoseContext = {
      environment: posable.environment,
      all,
      language: workspace.language,
      runner: workspace.runner,
      text: (path) => workspace.text(path),
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
        yield {
          id: outcome.value.id,
          parent: outcome.value.changeId,
          outcome: candidate ? keep({ draft: outcome.value, candidate }) : drop("pose/no-candidate", outcome.value.changeId),
        };
      }
    }
  },
};
