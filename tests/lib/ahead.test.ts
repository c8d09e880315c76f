import { describe, expect, it } from "vitest";
import { ahead } from "../../lib/ahead.ts";

async function* upTo(most: number, seen: number[] = []): AsyncGenerator<number> {
  for (let at = 1; at <= most; at++) {
    seen.push(at);
    yield at;
  }
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("ahead", () => {
  it("keeps the order, whoever is first done, with so many under way and no more", async () => {
    let [now, most] = [0, 0];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++now);
      await soon(10 - item);
      now -= 1;
      return item * 10;
    };
    expect(await all(ahead(upTo(7), 3, work))).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(most).toBe(3);
    expect(await all(ahead(upTo(0), 3, work))).toEqual([]);
  });

  it("takes no more than it may from a caller that stops, and leaves nothing running", async () => {
    const [seen, ended]: [number[], number[]] = [[], []];
    const work = async (item: number): Promise<number> => {
      await soon(item);
      ended.push(item);
      return item;
    };
    for await (const item of ahead(upTo(100, seen), 3, work)) if (item === 2) break;
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(ended).toEqual(seen);
  });

  it("fails where the first of them that fails has its turn", async () => {
    const got: number[] = [];
    const run = async (): Promise<void> => {
      const work = async (item: number): Promise<number> => {
        if (item > 2) throw new Error(`no ${item}`);
        return item;
      };
      for await (const item of ahead(upTo(9), 4, work)) got.push(item);
    };
    await expect(run()).rejects.toThrow("no 3");
    expect(got).toEqual([1, 2]);
  });
});
