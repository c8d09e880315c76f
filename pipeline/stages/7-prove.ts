/** The draft's own trials on its known answers. What passes is an instance. */
import { prove, proveVersion } from "../../grading/prove.ts";
import { rngFor } from "../../lib/rng.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, instanceSchema } from "../../schemas/instance.ts";
import { keep } from "../../schemas/outcome.ts";
import type { Stage } from "../contract.ts";
import type { PosedRecord } from "./6-pose.ts";

export interface Provable extends PosedRecord {
  readonly environment: Environment;
}

/** Drafts in the order in which they are proven: changes random by seed and in the same order for every skill, so that the runs they share are near. */
export const proofOrder = (seed: string, { draft }: PosedRecord): string => {
  const key = Math.floor(rngFor(seed, draft.changeId, "prove/order").next() * 2 ** 40);
  return `${draft.environmentId} ${draft.skill} ${key.toString(16).padStart(10, "0")} ${draft.id}`;
};

/** At most `perSkill` are proven for each of these. */
export const proofQuota = ({ draft }: PosedRecord): string => `${draft.environmentId} ${draft.skill}`;

export const proveStage: Stage<Provable, Instance> = {
  name: "prove",
  version: proveVersion,
  resource: "sandbox",
  output: instanceSchema,
  settings: ["repeats", "runTimeoutMs"],
  quota: ({ perSkill }) => perSkill,
  async *work([provable], bench) {
    if (!provable) return;
    const { draft, candidate, environment } = provable;
    const proven = await prove(draft, await bench.workspace(environment), { repeats: bench.config.repeats, quarantine: true });
    yield { id: draft.id, parent: draft.id, outcome: proven.kept ? keep({ ...proven.value, candidate }) : proven };
  },
};
