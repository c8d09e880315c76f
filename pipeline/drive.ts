/**
 * The one loop. It takes a stage's inputs in order, skips what the ledger knows, works on the rest side by side, records what ends, and
 * gives the kept records in the order of the inputs. Restarting is reading the ledger and going on.
 */
import { setTimeout } from "node:timers/promises";
import { BrokenRecord, RetryLater } from "../lib/errors.ts";
import { shortId } from "../lib/hash.ts";
import type { Width } from "../sandbox/width.ts";
import type { Dropped } from "../schemas/outcome.ts";
import type { Bench } from "./bench.ts";
import type { Stage } from "./contract.ts";
import { type Ledger, type Said, type Told, toldOf, type Verdict, type WorkKey } from "./ledger.ts";
import type { Store } from "./store.ts";

const maxTries = 3;
/** Before the second try; four times as long before the third. */
const retryAfterMs = 500;

/** A record between stages: its value stays on the disk until somebody needs it. */
export interface Item<T> {
  readonly id: string;
  /** Over the value. */
  readonly sha: string;
  readonly load: () => T;
}

/** A kept record, and what it was made from. */
export interface KeptItem<In, Out> extends Item<Out> {
  readonly from: Item<In>;
}

/** An item whose value is asked for again and again: it is read once for as long as somebody holds it. */
export function remembered<T extends object>(item: Item<T>): Item<T> {
  let held: WeakRef<T> | null = null;
  const load = (): T => {
    const known = held?.deref();
    if (known) return known;
    const value = item.load();
    held = new WeakRef(value);
    return value;
  };
  return { id: item.id, sha: item.sha, load };
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

const settingsOf = <In, Out>(stage: Stage<In, Out>, { config }: Bench): string =>
  shortId(stage.settings.map((name) => [name, config[name]]));
const overLimit = ({ dropped }: Told): boolean => dropped.some(({ reason }) => reason.endsWith("/over-limit"));

function batchesOf<In, Out>(
  stage: Stage<In, Out>,
  items: readonly Item<In>[],
  bench: Bench,
  keyOf: (item: Item<In>) => string,
): Batch<In>[] {
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
async function attempt<In, Out>(stage: Stage<In, Out>, batch: Batch<In>, bench: Bench, ledger: Ledger, tally: Tally): Promise<Told | null> {
  for (let tries = 1; ; tries++) {
    const started = performance.now();
    try {
      const verdicts = await workOn(stage, batch, bench);
      const wallMs = performance.now() - started;
      ledger.record(batch.key, verdicts, { wallMs, tries });
      return toldOf(verdicts, wallMs);
    } catch (error) {
      if (!(error instanceof RetryLater) && !(error instanceof BrokenRecord)) throw error;
      if (error instanceof RetryLater && tries < maxTries) {
        tally.retried += 1;
        await setTimeout(retryAfterMs * 4 ** (tries - 1));
        continue;
      }
      for (const { id } of batch.items) ledger.recordTrouble(stage.name, id, error.message);
      bench.log.warn(`${stage.name}: ${batch.items[0]?.id}: ${error.message}`);
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
  readonly width: Width;
  /** go-on: what the ledger knows is not done again; fresh: everything is; stored: nothing is done, what is not known is left out. */
  readonly mode: "go-on" | "fresh" | "stored";
  /** The batch key of an item, where it can be had without loading it. */
  readonly keyOf?: (item: Item<In>) => string;
  /** Whose quota an item counts for, in stages that have one. */
  readonly quotaKey?: (item: Item<In>) => string;
}

export interface Driven<In, Out> {
  readonly kept: readonly KeptItem<In, Out>[];
  readonly tally: Tally;
  /** Per batch, in order. */
  readonly outcomes: readonly BatchOutcome<In>[];
  /** What was said of a record; undefined where nothing was. Reads the ledger. */
  readonly said: (id: string) => Said | undefined;
}

export interface BatchOutcome<In> {
  readonly inputs: readonly Item<In>[];
  /** Null where our own trouble left no verdict. */
  readonly told: Told | null;
  /** Every verdict by itself. Reads the ledger. */
  readonly verdicts: () => readonly Verdict[];
}

/** What the ledger knows of a batch; null where it must be done: never done, dropped for a quota that may have room now, or its blobs are gone. */
function knownOf<In, Out>(stage: Stage<In, Out>, key: WorkKey, { store, log }: Bench, ledger: Ledger): Told | null {
  const known = ledger.lookup(key);
  if (known === null || overLimit(known)) return null;
  const lost = known.kept.find(({ blob }) => !isWhole(stage, blob, store));
  if (lost === undefined) return known;
  log.warn(`${stage.name}: what was stored for ${lost.id} is gone; it is made anew`);
  return null;
}

function isWhole<In, Out>(stage: Stage<In, Out>, blob: string, store: Store): boolean {
  if (!store.has(blob)) return false;
  if (!stage.blobs) return true;
  try {
    return stage.blobs(store.getJson(blob, stage.output)).every((sha) => store.has(sha));
  } catch (error) {
    if (error instanceof BrokenRecord) return false;
    throw error;
  }
}

export async function drive<In, Out>(
  stage: Stage<In, Out>,
  items: readonly Item<In>[],
  bench: Bench,
  options: DriveOptions<In>,
): Promise<Driven<In, Out>> {
  const batches = batchesOf(stage, items, bench, options.keyOf ?? ((item) => item.id));
  const tally: Tally = { in: items.length, kept: 0, retried: 0, failed: 0, wallMs: 0, dropped: new Map() };
  const running = new Set<Promise<void>>();
  try {
    const outcomes = await passAll({ stage, batches, bench, options, tally, running });
    await Promise.all(running);
    const said = saidIn(batches, outcomes, options.ledger);
    return { kept: keptOf(stage, outcomes, bench, tally), tally, outcomes, said };
  } finally {
    // After a failure too: what is already running is earned, and nothing may write once the ledger is closed.
    await Promise.allSettled(running);
  }
}

interface Passing<In, Out> {
  readonly stage: Stage<In, Out>;
  readonly batches: readonly Batch<In>[];
  readonly bench: Bench;
  readonly options: DriveOptions<In>;
  readonly tally: Tally;
  /** Filled while it goes: the last of them may end after the last was started. */
  readonly running: Set<Promise<void>>;
}

/** Until one of those that run has ended, or more may run. */
async function room(running: ReadonlySet<Promise<void>>, width: Width): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unfollow = width.follow(() => resolve());
  try {
    await Promise.race([...running, promise]);
  } finally {
    unfollow();
  }
}

/** An outcome whose batch is still at work. */
type Unsettled<In> = { -readonly [K in keyof BatchOutcome<In>]: BatchOutcome<In>[K] };

/** Starts every batch in order, as many side by side as may be; gives the list into which what they say comes. */
async function passAll<In, Out>({
  stage,
  batches,
  bench,
  options,
  tally,
  running,
}: Passing<In, Out>): Promise<readonly BatchOutcome<In>[]> {
  const { ledger, width, mode } = options;
  const outcomes = batches.map(({ items, key }): Unsettled<In> => ({ inputs: items, told: null, verdicts: () => ledger.verdicts(key) }));
  const limit = stage.quota?.(bench.config) ?? Number.POSITIVE_INFINITY;
  const quotas = new Quotas();
  let done = 0;
  for (const [at, batch] of batches.entries()) {
    const outcome = outcomes[at] as Unsettled<In>;
    const quotaKey = batch.items[0] && options.quotaKey ? options.quotaKey(batch.items[0]) : "";
    while (quotas.ask(quotaKey, limit) === "wait") await Promise.race(running);
    const full = quotas.ask(quotaKey, limit) === "full";
    if (!full) quotas.start(quotaKey);
    const settle = (told: Told | null): void => {
      if (!full) quotas.end(quotaKey, told?.kept.length ?? 0);
      outcome.told = told;
      if (told === null) outcome.verdicts = () => [];
      tally.wallMs += told?.wallMs ?? 0;
      done += 1;
      bench.log.progress(`${stage.name} ${done}/${batches.length}`);
    };
    if (full) {
      const verdicts = batch.items.map(({ id }) => ({
        id,
        parent: id,
        blob: null,
        reason: `${stage.name}/over-limit`,
        detail: `${limit} are kept`,
      }));
      if (mode !== "stored" && ledger.lookup(batch.key) === null) ledger.record(batch.key, verdicts, { wallMs: 0, tries: 0 });
      settle(toldOf(verdicts, 0));
      outcome.verdicts = () => verdicts;
      continue;
    }
    const known = mode === "fresh" ? null : knownOf(stage, batch.key, bench, ledger);
    if (known !== null || mode === "stored") {
      settle(known);
      continue;
    }
    while (running.size >= width.now) await room(running, width);
    const work = attempt(stage, batch, bench, ledger, tally).then(settle);
    const tracked: Promise<void> = work.finally(() => running.delete(tracked));
    tracked.catch(() => undefined); // awaited by the caller; this only keeps an early failure from being unhandled
    running.add(tracked);
  }
  return outcomes;
}

/** What the batches of this drive said of a record: the last of them that spoke of it. */
function saidIn<In>(batches: readonly Batch<In>[], outcomes: readonly BatchOutcome<In>[], ledger: Ledger): Driven<In, unknown>["said"] {
  const [first] = batches;
  if (first === undefined) return () => undefined;
  let places: ReadonlyMap<string, number> | null = null;
  return (id) => {
    places ??= new Map(batches.map(({ key }, at) => [key.input, at]));
    let [last, found]: [number, Said | undefined] = [-1, undefined];
    for (const { input, ...said } of ledger.said(first.key, id)) {
      const at = places.get(input) ?? -1;
      const outcome = outcomes[at];
      if (at < last || !outcome?.told) continue;
      last = at;
      // A quota is full in this run, whatever an earlier one said.
      found = overLimit(outcome.told) ? outcome.verdicts().find((its) => its.id === id) : said;
    }
    return found;
  };
}

function keptOf<In, Out>(
  stage: Stage<In, Out>,
  outcomes: Driven<In, Out>["outcomes"],
  { store }: Bench,
  tally: Tally,
): KeptItem<In, Out>[] {
  const kept: KeptItem<In, Out>[] = [];
  for (const { inputs, told } of outcomes) {
    const [from] = inputs;
    if (told === null || from === undefined) continue;
    for (const { id, blob } of told.kept) kept.push({ id, sha: blob, from, load: () => store.getJson(blob, stage.output) });
    for (const { reason, count } of told.dropped) tally.dropped.set(reason, (tally.dropped.get(reason) ?? 0) + count);
  }
  tally.kept = kept.length;
  return kept;
}
