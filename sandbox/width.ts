/**
 * How many jobs run at once. Tests that compute fill a processor each; tests that wait (for timers, retries, sockets) leave it idle, and
 * more of them fit side by side.
 */
import { availableParallelism, cpus, freemem } from "node:os";
import PQueue from "p-queue";

/** Milliseconds of all processors since the machine started. */
export interface ProcessorTime {
  readonly idle: number;
  readonly all: number;
}

/** What the machine says of itself; a test gives its own. */
export interface Machine {
  readonly processors: number;
  /** Null where the machine's idle time says nothing of this process: it may use fewer processors than there are. */
  processorTime(): ProcessorTime | null;
  /** Bytes that could be used without swapping. */
  freeMemory(): number;
}

export const thisMachine: Machine = {
  processors: availableParallelism(),
  processorTime() {
    const all = cpus();
    if (all.length !== availableParallelism()) return null;
    const times = all.map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((sum, part) => sum + part, 0) }));
    return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all: times.reduce((sum, { all }) => sum + all, 0) };
  },
  freeMemory: () => freemem(),
};

/** Of memory, what must stay free for one more job to start beside the others. */
const SPARE_BYTES = 2 * 2 ** 30;
/** One more where at least so many processors were idle, one fewer where fewer than that. */
const [ROOM, FULL] = [0.8, 0.15];

/**
 * The next width. It grows only where every place is taken, for idle processors say nothing where there is no work, and by one, so that
 * each new job is seen before the next.
 */
export function nextWidth(
  now: number,
  seen: { busy: boolean; idleProcessors: number; freeMemory: number },
  [least, most]: readonly [number, number],
): number {
  if (seen.freeMemory < SPARE_BYTES || seen.idleProcessors < FULL) return Math.max(least, now - 1);
  return seen.busy && seen.idleProcessors >= ROOM ? Math.min(most, now + 1) : now;
}

const LOOK_MS = 2000;

export class Width {
  readonly #between: readonly [least: number, most: number];
  readonly #machine: Machine;
  readonly #lookMs: number;
  readonly #followers = new Set<(now: number) => void>();
  #now: number;
  #running = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `between`: the width at the start, and the largest; the same number twice is a width that never changes. */
  constructor(between: readonly [least: number, most: number], machine = thisMachine, lookMs = LOOK_MS) {
    this.#between = between;
    this.#machine = machine;
    this.#lookMs = lookMs;
    this.#now = between[0];
  }

  get now(): number {
    return this.#now;
  }

  /** Calls back with each new width, until the function that it gives is called. */
  follow(follower: (now: number) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Counts a job from its start to its end; the machine is looked at only while there are any. */
  async during<T>(job: () => Promise<T>): Promise<T> {
    this.#running += 1;
    if (this.#timer === null && this.#between[0] < this.#between[1]) this.#watch();
    try {
      return await job();
    } finally {
      this.#running -= 1;
      if (this.#running === 0 && this.#timer !== null) {
        clearInterval(this.#timer);
        this.#timer = null;
      }
    }
  }

  #watch(): void {
    let before = this.#machine.processorTime();
    this.#timer = setInterval(() => {
      const after = this.#machine.processorTime();
      if (before !== null && after !== null) this.#look(before, after);
      before = after;
    }, this.#lookMs);
    this.#timer.unref();
  }

  #look(before: ProcessorTime, after: ProcessorTime): void {
    const { processors } = this.#machine;
    const idleProcessors = ((after.idle - before.idle) / Math.max(1, after.all - before.all)) * processors;
    const seen = { busy: this.#running >= this.#now, idleProcessors, freeMemory: this.#machine.freeMemory() };
    const next = nextWidth(this.#now, seen, this.#between);
    if (next === this.#now) return;
    this.#now = next;
    for (const follower of this.#followers) follower(next);
  }
}

/** A queue that runs as many side by side as the width says. */
export function queueAs(width: Width): PQueue {
  const queue = new PQueue({ concurrency: width.now });
  width.follow((now) => {
    queue.concurrency = now;
  });
  return queue;
}

/** Read ahead for each that runs. */
const AHEAD = 4;

/**
 * Works on each as it comes, as many side by side as the width says. After a failure, of the source too, no other is begun; what runs is waited
 * for, and the first failure is thrown.
 */
export async function sideBySide<T>(source: AsyncIterable<T>, width: Width, work: (one: T) => Promise<void>): Promise<void> {
  const queue = queueAs(width);
  const failures: unknown[] = [];
  try {
    for await (const one of source) {
      await queue.onSizeLessThan(AHEAD * width.now);
      if (failures.length > 0) break;
      queue.add(() => (failures.length > 0 ? Promise.resolve() : work(one))).catch((error: unknown) => failures.push(error));
    }
  } finally {
    await queue.onIdle();
  }
  if (failures.length > 0) throw failures[0];
}
