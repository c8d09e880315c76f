/** What lies open is held against the answer, then the draft's own trials are run on its known answers. What passes is an instance. */
import { prove, proveVersion } from "../../grading/prove.ts";
import { rngFor } from "../../lib/rng.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Instance, instanceSchema } from "../../schemas/instance.ts";
import { keep } from "../../schemas/outcome.ts";
import type { Stage } from "../contract.ts";
import { confirmed } from "../exact-messages.ts";
import { leakScanVersion, scanLeaks } from "../leak-scan/scan.ts";
import type { PosedRecord } from "./8-pose.ts";

export interface Provable extends PosedRecord {
  readonly environment: Environment;
}

/** What must be known of a draft to say when it is proven. */
export interface Ranked {
  readonly id: string;
  readonly skill: string;
  readonly environmentId: string;
  readonly changeId: string;
  readonly edits: PosedRecord["candidate"]["edits"];
}

export const rankedOf = ({ draft, candidate }: PosedRecord): Ranked => ({
  id: draft.id,
  skill: draft.skill,
  environmentId: draft.environmentId,
  changeId: draft.changeId,
  edits: candidate.edits,
});

/** Counts of what was met before, by name. */
class Met {
  readonly #counts = new Map<string, number>();
  /** How often the most frequent of these names was met before now. */
  add(names: readonly string[]): number {
    const before = Math.max(0, ...names.map((name) => this.#counts.get(name) ?? 0));
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return before;
  }
}

/** Lines that a change edits. Long runs of lines are cut: nothing else is like them. */
const linesOf = (edits: Ranked["edits"]): string[] => [
  ...new Set(
    edits.flatMap(({ file, startLine, endLine }) =>
      Array.from({ length: Math.min(endLine, startLine + 200) - startLine + 1 }, (_, at) => `${file}:${startLine + at}`),
    ),
  ),
];
const symbolsOf = (edits: Ranked["edits"]): string[] => [...new Set(edits.map(({ file, symbol }) => `${file}#${symbol ?? ""}`))];

/**
 * The order in which drafts are proven, by environment and skill: spread before depth. Changes are random by seed, in the same order for every
 * skill, so that the runs they share are near. Of these, one that edits a line which an earlier one edits comes after all that do not, a
 * third after all second ones; before that counts, so does its symbol. So a quota takes a place twice only when there is no other place.
 */
export function proofOrder(seed: string, drafts: readonly Ranked[]): Ranked[] {
  const keys = new Map(drafts.map(({ changeId }) => [changeId, rngFor(seed, changeId, "prove/order").next()]));
  const keyOf = ({ changeId }: Ranked): number => keys.get(changeId) ?? 0;
  const groups = Map.groupBy(drafts, ({ environmentId, skill }) => `${environmentId} ${skill}`);
  return [...groups.keys()].sort().flatMap((name) => {
    const own = (groups.get(name) ?? []).sort((a, b) => keyOf(a) - keyOf(b) || (a.id < b.id ? -1 : 1));
    const depths = new Map<string, readonly [number, number]>();
    const [lines, symbols] = [new Met(), new Met()];
    for (const { changeId, edits } of own) {
      if (!depths.has(changeId)) depths.set(changeId, [lines.add(linesOf(edits)), symbols.add(symbolsOf(edits))]);
    }
    const depthOf = ({ changeId }: Ranked): readonly [number, number] => depths.get(changeId) ?? [0, 0];
    return own
      .map((draft, at) => ({ draft, at, depth: depthOf(draft) }))
      .sort((a, b) => a.depth[0] - b.depth[0] || a.depth[1] - b.depth[1] || a.at - b.at)
      .map(({ draft }) => draft);
  });
}

/** At most `perSkill` are proven for each of these. */
export const proofQuota = ({ environmentId, skill }: Ranked): string => `${environmentId} ${skill}`;

export const proveStage: Stage<Provable, Instance> = {
  name: "prove",
  version: proveVersion + leakScanVersion,
  resource: "sandbox",
  output: instanceSchema,
  settings: ["repeats", "runTimeoutMs"],
  quota: ({ perSkill }) => perSkill,
  async *work([provable], bench) {
    if (!provable) return;
    const { draft, candidate, environment, doubted } = provable;
    const workspace = await bench.workspace(environment);
    const scan = await scanLeaks(draft, candidate, workspace);
    if (!scan.kept) return yield { id: draft.id, parent: draft.id, outcome: scan };
    const proven = await prove(draft, workspace, { repeats: bench.config.repeats, quarantine: true });
    if (!proven.kept) return yield { id: draft.id, parent: draft.id, outcome: proven };
    const proof = { ...proven.value.proof, quarantined: [...new Set([...proven.value.proof.quarantined, ...doubted])] };
    const labelled = await confirmed(proven.value.draft, candidate, workspace);
    yield { id: draft.id, parent: draft.id, outcome: keep({ draft: labelled, proof, candidate, leakScan: scan.value }) };
  },
};
