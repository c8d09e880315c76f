/** `kihon verify`: every row proven again, on this machine, from the Parquet files alone. */
import { prove } from "../grading/prove.ts";
import { BrokenRecord, RetryLater } from "../lib/errors.ts";
import { sideBySide } from "../sandbox/width.ts";
import type { Place } from "../schemas/config.ts";
import type { Instance, SkillName } from "../schemas/instance.ts";
import { type Choice, chooseRows } from "./choose-rows.ts";
import { openFromDataset } from "./from-dataset.ts";
import { scanLeaks } from "./leak-scan/scan.ts";
import type { Log } from "./log.ts";

export interface VerifyOptions extends Choice {
  readonly log: Log;
  readonly skill?: SkillName | readonly SkillName[];
  /** Repeats of premises and gold; as stored in the row where it is not given. */
  readonly repeats?: number;
}

export interface VerifyResult {
  readonly rows: number;
  readonly proven: number;
  readonly failures: readonly { readonly id: string; readonly skill: SkillName; readonly reason: string; readonly detail: string }[];
  /** Rows that could not be tried for trouble of the machine: no verdict on them. */
  readonly infrastructure: number;
}

export async function verify(dataset: string, place: Place, options: VerifyOptions): Promise<VerifyResult> {
  const { data, bench, openWorkspace, close } = await openFromDataset(dataset, place, options.log);
  const failures: VerifyResult["failures"][number][] = [];
  let [rows, proven, infrastructure] = [0, 0, 0];

  async function verifyOne({ draft, proof, candidate }: Instance): Promise<void> {
    rows += 1;
    try {
      const workspace = await openWorkspace(draft);
      const scan = await scanLeaks(draft, candidate, workspace);
      const outcome = scan.kept ? await prove(draft, workspace, { repeats: options.repeats ?? proof.repeats, quarantine: false }) : scan;
      if (outcome.kept) proven += 1;
      else failures.push({ id: draft.id, skill: draft.skill, reason: outcome.reason, detail: outcome.detail });
    } catch (error) {
      if (!(error instanceof RetryLater) && !(error instanceof BrokenRecord)) throw error;
      infrastructure += 1;
      options.log.warn(`${draft.skill} ${draft.id}: ${error.message}`);
    }
    options.log.progress(`verified ${proven + failures.length + infrastructure}/${rows}`);
  }

  try {
    const instances = data.instances(options.skill ? { skill: options.skill } : {});
    await sideBySide(chooseRows(instances, options), bench.jobs.width, verifyOne);
  } finally {
    close();
  }
  return { rows, proven, failures: failures.sort((a, b) => (a.id < b.id ? -1 : 1)), infrastructure };
}
