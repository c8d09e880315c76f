/** What a refresh does to the rows: which stay, which leave and why, which come. It reads and writes nothing. */
import type { Takedowns } from "../filters/takedown.ts";
import type { Reason } from "../schemas/outcome.ts";
import type { StageName } from "../schemas/stages.ts";
import type { RowWithdrawal, Withdrawal } from "../schemas/withdrawal.ts";
import type { Said } from "./ledger.ts";
import type { RowSubject, StoredRow } from "./stored-rows.ts";

/** Why a row must not be in the dataset. */
export interface Cause {
  readonly reason: Reason;
  readonly detail: string;
}

export interface PlanInput<Fresh extends RowSubject> {
  /** Of the dataset that is planned. */
  readonly edition: number;
  /** All that lies in the shards, what was withdrawn included. */
  readonly stored: readonly StoredRow[];
  /** All that the run has proven, what is stored already included. */
  readonly fresh: readonly Fresh[];
  readonly withdrawn: readonly Withdrawal[];
  readonly takedowns: Takedowns;
  /** By the licence of the repository's newest revision; undefined where that was not looked at. */
  readonly licence: (row: RowSubject) => Cause | null | undefined;
  /** Stored rows that were verified again and failed, by id. */
  readonly failed: ReadonlyMap<string, Cause>;
  /** What the run says of a stored row that it no longer gives; null leaves it. */
  readonly fate: (row: StoredRow) => Cause | null;
  /** The content hash of the row that would be written. */
  readonly hashOf: (fresh: Fresh) => Promise<string>;
}

export interface Plan<Fresh> {
  readonly live: readonly StoredRow[];
  readonly add: readonly Fresh[];
  /** Leaving now. */
  readonly left: readonly RowWithdrawal[];
  /** Stored rows that were withdrawn for a cause that is gone. */
  readonly returned: readonly StoredRow[];
  /** Of every row that ever left and did not return. */
  readonly records: readonly RowWithdrawal[];
  readonly notAdded: ReadonlyMap<Reason, number>;
}

export const superseded = "refresh/superseded";
const loneArm: Cause = { reason: "export/lone-arm", detail: "the other arm of the pair is not in the dataset" };
const keyOf = (id: string, contentHash: string): string => `${id} ${contentHash}`;

class Planner<Fresh extends RowSubject> {
  readonly #input: PlanInput<Fresh>;
  readonly #records = new Map<string, RowWithdrawal>();
  readonly #live = new Map<string, StoredRow>();
  readonly #add = new Map<string, Fresh>();
  readonly #left: RowWithdrawal[] = [];
  readonly #returned: StoredRow[] = [];
  readonly #notAdded = new Map<Reason, number>();

  constructor(input: PlanInput<Fresh>) {
    this.#input = input;
    for (const one of input.withdrawn) if (one.kind === "row") this.#records.set(keyOf(one.instance_id, one.content_hash), one);
  }

  async plan(): Promise<Plan<Fresh>> {
    for (const row of this.#input.stored) this.#judge(row);
    for (const fresh of this.#input.fresh) await this.#consider(fresh);
    this.#dropLoneArms();
    return {
      live: [...this.#live.values()],
      add: [...this.#add.values()],
      left: this.#left,
      returned: this.#returned,
      records: [...this.#records.values()],
      notAdded: this.#notAdded,
    };
  }

  /** Whether the cause for which it left is gone. Only a licence comes back by itself. */
  #isLifted(record: RowWithdrawal, row: RowSubject): boolean {
    return record.reason.startsWith("license/") && this.#input.licence(row) === null && this.#takedown(row) === null;
  }

  #takedown(row: RowSubject): Cause | null {
    const detail = this.#input.takedowns.match(row);
    return detail === null ? null : { reason: "takedown/asked", detail };
  }

  #leave({ id, skill, contentHash }: StoredRow, { reason, detail }: Cause): void {
    const record: RowWithdrawal = {
      kind: "row",
      instance_id: id,
      skill,
      content_hash: contentHash,
      edition: this.#input.edition,
      reason,
      detail,
    };
    this.#live.delete(id);
    this.#records.set(keyOf(id, contentHash), record);
    this.#left.push(record);
  }

  #come(row: StoredRow): void {
    this.#records.delete(keyOf(row.id, row.contentHash));
    this.#returned.push(row);
    this.#live.set(row.id, row);
  }

  #judge(row: StoredRow): void {
    const record = this.#records.get(keyOf(row.id, row.contentHash));
    if (record !== undefined) {
      if (this.#isLifted(record, row)) this.#come(row);
      return;
    }
    const { licence, failed, fate } = this.#input;
    this.#live.set(row.id, row);
    const verdict = this.#takedown(row) ?? licence(row) ?? failed.get(row.id) ?? fate(row);
    if (verdict) this.#leave(row, verdict);
  }

  #refuse(reason: Reason): void {
    this.#notAdded.set(reason, (this.#notAdded.get(reason) ?? 0) + 1);
  }

  async #consider(fresh: Fresh): Promise<void> {
    const refused = this.#takedown(fresh) ?? this.#input.licence(fresh);
    if (refused) return this.#refuse(refused.reason);
    const now = this.#live.get(fresh.id);
    if (now?.instance === fresh.instance && now.verifier === fresh.verifier) return;
    const contentHash = await this.#input.hashOf(fresh);
    if (now?.contentHash === contentHash) return;
    const key = keyOf(fresh.id, contentHash);
    const record = this.#records.get(key);
    if (record !== undefined && record.reason !== superseded && !this.#isLifted(record, fresh))
      return this.#refuse(record.reason as Reason);
    if (now !== undefined) this.#leave(now, { reason: superseded, detail: whatChanged(now, fresh) });
    const lying = record && this.#input.stored.find((row) => keyOf(row.id, row.contentHash) === key);
    if (lying !== undefined) return this.#come(lying);
    this.#records.delete(key);
    this.#add.set(fresh.id, fresh);
  }

  /** A review arm without its other arm teaches nothing, whichever way the other one went. */
  #dropLoneArms(): void {
    const arms = Map.groupBy([...this.#live.values(), ...this.#add.values()], ({ pairId }) => pairId);
    const isLone = ({ pairId }: RowSubject): boolean => pairId !== null && arms.get(pairId)?.length !== 2;
    for (const row of [...this.#live.values()].filter(isLone)) this.#leave(row, loneArm);
    for (const { id } of [...this.#add.values()].filter(isLone)) {
      this.#add.delete(id);
      this.#refuse(loneArm.reason);
    }
  }
}

function whatChanged(before: RowSubject, after: RowSubject): string {
  const parts: string[] = [];
  if (before.verifier !== after.verifier) parts.push(`proven by verifier ${after.verifier}, was ${before.verifier}`);
  if (before.environmentId !== after.environmentId) parts.push(`environment ${after.environmentId}, was ${before.environmentId}`);
  return parts.join("; ") || "posed or proven anew";
}

export const planRefresh = <Fresh extends RowSubject>(input: PlanInput<Fresh>): Promise<Plan<Fresh>> => new Planner(input).plan();

/** What keeps a record from being worked on, and says nothing of it. */
const isSelection = (reason: string): boolean => /\/over-(?:limit|budget)$/.test(reason);

/** What a run said, stage by stage, of rows that it no longer gives. What it did not come to, or could not do, stays. */
export function fateIn(
  said: (stage: StageName, id: string) => Said | undefined,
  troubled: ReadonlySet<string>,
  skills: readonly string[],
): (row: StoredRow) => Cause | null {
  const dropped = (stage: StageName, id: string): Cause | null => {
    const { reason, detail } = said(stage, id) ?? { reason: null, detail: "" };
    return reason === null || isSelection(reason) ? null : { reason: reason as Reason, detail };
  };
  return ({ id, skill, changeId, environmentId }) => {
    for (const [stage, subject] of [
      ["screen", changeId],
      ["inject", changeId],
      ["observe", changeId],
      ["audit", changeId],
      ["pose", changeId],
      ["pose", environmentId],
    ] as const) {
      const verdict = dropped(stage, subject);
      if (verdict !== null) return verdict;
    }
    if (said("observe", changeId)?.reason !== null || !skills.includes(skill)) return null;
    if (said("pose", id)) return dropped("pose", id) ?? dropped("prove", id);
    return troubled.has("pose") ? null : { reason: "refresh/not-posed", detail: "its skill no longer poses it" };
  };
}
