/**
 * The one loop. It takes a stage's inputs in order, skips what the ledger knows, works on the rest side by side, records what ends, and
 * gives the kept records in the order of the inputs. Restarting is reading the ledger and going on.
 */
import { BrokenRecord, RetryLater } from "../lib/errors.ts";
import { shortId } from "../lib/hash.ts";
import type { Dropped } from "../schemas/outcome.ts";
import type { Bench } from "./bench.ts";
import type { Stage } from "./contract.ts";
import type { Ledger, Verdict, WorkKey } from "./ledger.ts";

const maxTries = 3;

/** A record between stages: its value stays on the disk until somebody needs it. */
export interface Item<T> {
  readonly id: string;
  /** Over the value. */
  readonly sha: string;
  readonly load: () => T;
}

export interface Tally {
  in: number;
  kept: number;
  retried: number;
  /** Our own trouble: no verdict. */
  failed: number;
  wallMs: number;
  readonly dropped: Map<string, number>;
}

interface Batch<In> {
  readonly key: WorkKey;
  readonly items: readonly Item<In>[];
}

const settingsOf = <In, Out>(stage: Stage<In, Out>, { config }: Bench): string => shortId(stage.settings.map((name) => [name, config[name]]));
const overLimit = (verdicts: readonly Verdict[]): boolean => verdicts.some(({ reason }) => reason?.endsWith("/over-limit") ?? false);

function batchesOf<In, Out>(stage: Stage<In, Out>, items: readonly Item<In>[], bench: Bench, keyOf: (item: Item<In>) => string): Batch<In>[] {
  const settings = settingsOf(stage, bench);
  const groups = new Map<string, Item<In>[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()].map((group) => ({
    key: { stage: stage.name, version: stage.version, input: shortId(group.map(({ id, sha }) => [id, sha])), settings },
    items: group,
  }));
}

async function workOn<In, Out>(stage: Stage<In, Out>, batch: Batch<In>, bench: Bench): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const inputs = batch.items.map((item) => item.load());
  for await (const { id, parent, outcome } of stage.work(inputs, bench)) {
    const blob = outcome.kept ? bench.store.putJson(stage.output.parse(outcome.value)) : null;
    const { reason, detail } = outcome.kept ? { reason: null, detail: "" } : (outcome as Dropped);
    verdicts.push({ id, parent, blob, reason, detail });
  }
  return verdicts;
}

/** Tries again what says so; null when our own trouble remains, which is written down and is no verdict. */
async function attempt<In, Out>(stage: Stage<In, Out>, batch: Batch<In>, bench: Bench, ledger: Ledger, tally: Tally): Promise<Verdict[] | null> {
  for (let tries = 1; ; tries++) {
    const started = performance.now();
    try {
      const verdicts = await workOn(stage, batch, bench);
      const wallMs = performance.now() - started;
      ledger.record(batch.key, verdicts, { wallMs, tries });
      tally.wallMs += wallMs;
      return verdicts;
    } catch (error) {
      const again = error instanceof RetryLater && tries < maxTries;
      if (!again && !(error instanceof RetryLater) && !(error instanceof BrokenRecord)) throw error;
      if (again) {
        tally.retried += 1;
        continue;
      }
      const message = error instanceof Error ? error.message : String(error);
      for (const { id } of batch.items) ledger.recordTrouble(stage.name, id, message);
      bench.log.warn(`${stage.name}: ${batch.items[0]?.id}: ${message}`);
      tally.failed += batch.items.length;
      return null;
    }
  }
}

/** First successes in input order, at most `limit` a key: a batch starts only when no earlier one still running could fill the quota. */
class Quotas {
  readonly #kept = new Map<string, number>();
  readonly #running = new Map<string, number>();

  ask(key: string, limit: number): "start" | "wait" | "full" {
    const kept = this.#kept.get(key) ?? 0;
    if (kept >= limit) return "full";
    return kept + (this.#running.get(key) ?? 0) < limit ? "start" : "wait";
  }
  start(key: string): void {
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
  }
  end(key: string, kept: number): void {
    this.#running.set(key, (this.#running.get(key) ?? 0) - 1);
    this.#kept.set(key, (this.#kept.get(key) ?? 0) + kept);
  }
}

export interface DriveOptions<In> {
  readonly ledger: Ledger;
  readonly concurrency: number;
  /** Works on everything anew, whatever the ledger knows. */
  readonly fresh: boolean;
  /** The batch key of an item, where it can be had without loading it. */
  readonly keyOf?: (item: Item<In>) => string;
}

export interface Driven<In, Out> {
  readonly kept: Item<Out>[];
  readonly tally: Tally;
  /** Per batch, in order: what went in and what was said; null where our own trouble left no verdict. */
  readonly outcomes: readonly { readonly inputs: readonly Item<In>[]; readonly verdicts: readonly Verdict[] | null }[];
}

export async function drive<In, Out>(stage: Stage<In, Out>, items: readonly Item<In>[], bench: Bench, options: DriveOptions<In>): Promise<Driven<In, Out>> {
  const { ledger, concurrency, fresh } = options;
  const batches = batchesOf(stage, items, bench, options.keyOf ?? ((item) => item.id));
  const results: (readonly Verdict[] | null)[] = new Array(batches.length).fill(null);
  const tally: Tally = { in: items.length, kept: 0, retried: 0, failed: 0, wallMs: 0, dropped: new Map() };
  const quotas = new Quotas();
  const running = new Set<Promise<void>>();
  let done = 0;
  const finish = (at: number, verdicts: readonly Verdict[] | null): void => {
    results[at] = verdicts;
    done += 1;
    bench.log.progress(`${stage.name} ${done}/${batches.length}`);
  };
  for (const [at, batch] of batches.entries()) {
    const first = batch.items[0];
    const quota = stage.quota && first ? stage.quota(first.load(), bench) : null;
    while (quota && quotas.ask(quota.key, quota.limit) === "wait") await Promise.race(running);
    const known = fresh ? null : ledger.lookup(batch.key);
    if (quota && quotas.ask(quota.key, quota.limit) === "full") {
      const verdicts = batch.items.map(({ id }) => ({ id, parent: id, blob: null, reason: `${stage.name}/over-limit`, detail: `${quota.limit} are proven` }));
      if (!known) ledger.record(batch.key, verdicts, { wallMs: 0, tries: 0 });
      finish(at, verdicts);
      continue;
    }
    if (quota) quotas.start(quota.key);
    const settle = (verdicts: readonly Verdict[] | null): void => {
      if (quota) quotas.end(quota.key, verdicts?.filter(({ blob }) => blob !== null).length ?? 0);
      finish(at, verdicts);
    };
    if (known && !overLimit(known)) {
      settle(known);
      continue;
    }
    while (running.size >= concurrency) await Promise.race(running);
    const work = attempt(stage, batch, bench, ledger, tally).then(settle);
    const tracked: Promise<void> = work.finally(() => running.delete(tracked));
    tracked.catch(() => undefined); // awaited below; this only keeps an early failure from being unhandled
    running.add(tracked);
  }
  await Promise.all(running);
  const outcomes = batches.map((batch, at) => ({ inputs: batch.items, verdicts: results[at] ?? null }));
  return { kept: keptOf(stage, results, bench, tally), tally, outcomes };
}

function keptOf<In, Out>(stage: Stage<In, Out>, results: readonly (readonly Verdict[] | null)[], bench: Bench, tally: Tally): Item<Out>[] {
  const kept: Item<Out>[] = [];
  for (const { id, blob, reason } of results.flatMap((verdicts) => verdicts ?? [])) {
    if (blob === null) {
      tally.dropped.set(reason ?? "", (tally.dropped.get(reason ?? "") ?? 0) + 1);
      continue;
    }
    kept.push({ id, sha: blob, load: () => bench.store.getJson(blob, stage.output) });
  }
  tally.kept = kept.length;
  return kept;
}
