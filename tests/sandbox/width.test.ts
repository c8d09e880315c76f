import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Machine, nextWidth, queueAs, sideBySide, thisMachine, Width } from "../../sandbox/width.ts";

const free = 2 ** 40;
const waiting = { busy: true, idleProcessors: 1.9, freeMemory: free };

describe("the next width", () => {
  it.each([
    ["grows by one where every place is taken and a processor is idle", 2, waiting, 3],
    ["never passes the most", 8, waiting, 8],
    ["stays where places are free", 2, { ...waiting, busy: false }, 2],
    ["stays where the processors are neither idle nor full", 4, { ...waiting, idleProcessors: 0.5 }, 4],
    ["shrinks where the processors are full", 4, { ...waiting, idleProcessors: 0.1 }, 3],
    ["shrinks where memory runs short, idle as the processors may be", 4, { ...waiting, freeMemory: 2 ** 30 }, 3],
    ["never falls below the least", 2, { ...waiting, idleProcessors: 0 }, 2],
  ])("%s", (_, now, seen, next) => {
    expect(nextWidth(now, seen, [2, 8])).toBe(next);
  });
});

describe("a width", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** Between two looks 200 units pass, of which `idle` are idle. */
  function machine(idle: number[]): Machine & { readonly looks: () => number } {
    let [looks, sum] = [0, 0];
    return {
      processors: 2,
      processorTime() {
        if (looks > 0) sum += idle[looks - 1] ?? 0;
        return { idle: sum, all: 200 * looks++ };
      },
      freeMemory: () => free,
      looks: () => looks,
    };
  }
  const jobs = (width: Width, count: number) => {
    const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
    const all = ends.map(({ promise }) => width.during(() => promise));
    const end = (): void => {
      for (const { resolve } of ends) resolve();
    };
    return { end, all: Promise.all(all) };
  };

  it("follows what the processors do while jobs run, and tells who follows it", async () => {
    const width = new Width([2, 4], machine([200, 200, 200, 0]), 10);
    const told: number[] = [];
    const unfollow = width.follow((now) => told.push(now));
    const { end, all } = jobs(width, 4);
    await vi.advanceTimersByTimeAsync(40);
    expect(told).toEqual([3, 4, 3]);
    unfollow();
    await vi.advanceTimersByTimeAsync(10);
    expect([told.length, width.now]).toEqual([3, 2]);
    end();
    await all;
  });

  it("looks at the machine only while jobs run, failed ones too", async () => {
    const seen = machine([]);
    const width = new Width([2, 4], seen, 10);
    await vi.advanceTimersByTimeAsync(50);
    expect(seen.looks()).toBe(0);
    await expect(width.during(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(50);
    expect(seen.looks()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("of one number never changes and never looks", async () => {
    const seen = machine([200, 200]);
    const width = new Width([2, 2], seen, 10);
    const { end, all } = jobs(width, 2);
    await vi.advanceTimersByTimeAsync(50);
    expect([width.now, seen.looks()]).toEqual([2, 0]);
    end();
    await all;
  });

  it("stays as it is where the machine's idle time cannot be told", async () => {
    const width = new Width([2, 4], { processors: 2, processorTime: () => null, freeMemory: () => free }, 10);
    const { end, all } = jobs(width, 2);
    await vi.advanceTimersByTimeAsync(50);
    expect(width.now).toBe(2);
    end();
    await all;
  });

  it("gives a queue its places", async () => {
    const width = new Width([1, 3], machine([200, 200]), 10);
    const queue = queueAs(width);
    const ends = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const work = ends.map(({ promise }) => queue.add(() => width.during(() => promise)));
    await vi.advanceTimersByTimeAsync(0);
    expect(queue.pending).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(queue.pending).toBe(3);
    for (const { resolve } of ends) resolve();
    await Promise.all(work);
  });
});

describe("work side by side", () => {
  const width = new Width([2, 2]);
  /** Says how many were asked for. */
  async function* counted(many: number, asked: { count: number }, endsBadly = false): AsyncGenerator<number> {
    for (let at = 0; at < many; at++) {
      asked.count += 1;
      yield at;
    }
    if (endsBadly) throw new Error("the source broke");
  }
  const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

  it("is done on each, so many at once, and few are read ahead", async () => {
    const [asked, done] = [{ count: 0 }, [] as number[]];
    let [now, most, ahead] = [0, 0, 0];
    await sideBySide(counted(40, asked), width, async (one) => {
      most = Math.max(most, ++now);
      ahead = Math.max(ahead, asked.count - done.length);
      await later();
      now -= 1;
      done.push(one);
    });
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
    expect(most).toBe(2);
    expect(ahead).toBeLessThan(14);
  });
  it("begins no other after a failure, waits for what runs and throws the first", async () => {
    const [asked, done] = [{ count: 0 }, [] as number[]];
    const work = sideBySide(counted(1000, asked), width, async (one) => {
      await later();
      if (one === 3) throw new Error("the third");
      done.push(one);
    });
    await expect(work).rejects.toThrow("the third");
    expect(done.length).toBeLessThan(6);
    expect(asked.count).toBeLessThan(20);
  });
  it("is done on all that came before the source broke", async () => {
    const done: number[] = [];
    const work = sideBySide(counted(9, { count: 0 }, true), width, async (one) => {
      await later();
      done.push(one);
    });
    await expect(work).rejects.toThrow("the source broke");
    expect(done).toHaveLength(9);
  });
});

it("this machine tells its idle time, which only grows", () => {
  const [first, second] = [thisMachine.processorTime(), thisMachine.processorTime()];
  if (first === null || second === null) return expect(thisMachine.processors).toBeGreaterThan(0);
  expect(second.all).toBeGreaterThanOrEqual(first.all);
  expect(first.all).toBeGreaterThan(first.idle);
  expect(thisMachine.freeMemory()).toBeGreaterThan(0);
});
