import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { BrokenRecord, RetryLater, StopRun } from "../../lib/errors.ts";
import { shortId } from "../../lib/hash.ts";
import type { Bench } from "../../pipeline/bench.ts";
import type { Stage } from "../../pipeline/contract.ts";
import { type DriveOptions, drive, type Item, remembered } from "../../pipeline/drive.ts";
import { Ledger } from "../../pipeline/ledger.ts";
import { createLog } from "../../pipeline/log.ts";
import { Store } from "../../pipeline/store.ts";
import { Width } from "../../sandbox/width.ts";
import { configSchema } from "../../schemas/config.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";

let folder = "";
let seen = 0;
/** Every look finds all that went by idle. */
const idleMachine = { processors: 2, processorTime: () => ({ idle: ++seen, all: seen }), freeMemory: () => 2 ** 40 };
let ledger: Ledger;
let store: Store;
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-drive-"));
  ledger = new Ledger(join(folder, "ledger.sqlite"), { write: true });
  store = new Store(join(folder, "store"));
  said = [];
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const benchWith = (config: Readonly<Record<string, unknown>> = {}): Bench => {
  const log = createLog({ json: false, terminal: false, write: (text) => said.push(text), now: () => 0 });
  // The driver asks a bench for these three alone.
  return { config: configSchema.parse(config), store, log } as unknown as Bench;
};

type Work = (input: number) => Promise<Outcome<{ value: number }>> | Outcome<{ value: number }>;
/** A stage over numbers that notes what it was asked to do. */
function stageOf(work: Work, more: Partial<Stage<number, { value: number }>> = {}) {
  const worked: number[] = [];
  const stage: Stage<number, { value: number }> = {
    name: "prove",
    version: 1,
    resource: "sandbox",
    output: z.object({ value: z.number() }),
    settings: ["repeats"],
    async *work([input]) {
      if (input === undefined) return;
      worked.push(input);
      yield { id: `n${input}`, parent: null, outcome: await work(input) };
    },
    ...more,
  };
  return { stage, worked };
}
const items = (...numbers: number[]): Item<number>[] =>
  numbers.map((number) => ({ id: `n${number}`, sha: shortId(number), load: () => number }));
const going = (more: Partial<DriveOptions<number>> = {}): DriveOptions<number> => ({
  ledger,
  width: new Width([3, 3]),
  mode: "go-on",
  ...more,
});
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("the driver", () => {
  it("gives what was kept in the order of the inputs, whatever ends first", async () => {
    const { stage } = stageOf(async (input) => {
      await later(30 - input * 10);
      return keep({ value: input });
    });
    const { kept } = await drive(stage, items(0, 1, 2), benchWith(), going());
    expect(kept.map((item) => [item.id, item.from.id, item.load().value])).toEqual([
      ["n0", "n0", 0],
      ["n1", "n1", 1],
      ["n2", "n2", 2],
    ]);
  });

  it("works on nothing twice, and counts what it knew like what it did", async () => {
    const { stage, worked } = stageOf((input) => (input === 1 ? drop("prove/odd", "1") : keep({ value: input })));
    const first = await drive(stage, items(0, 1, 2), benchWith(), going());
    const second = await drive(stage, items(0, 1, 2), benchWith(), going());
    expect(worked).toEqual([0, 1, 2]);
    expect(second.tally).toEqual(first.tally);
    expect(second.kept.map(({ sha }) => sha)).toEqual(first.kept.map(({ sha }) => sha));
    expect([...second.tally.dropped]).toEqual([["prove/odd", 1]]);
  });

  it("works again when a setting that the stage reads has changed, and not for another", async () => {
    const { stage, worked } = stageOf((input) => keep({ value: input }));
    await drive(stage, items(0), benchWith({ repeats: 2 }), going());
    await drive(stage, items(0), benchWith({ repeats: 2, mutants: 7 }), going());
    expect(worked).toEqual([0]);
    await drive(stage, items(0), benchWith({ repeats: 3 }), going());
    expect(worked).toEqual([0, 0]);
  });

  it("works again for a newer version of the stage or another content of the input", async () => {
    const { stage, worked } = stageOf((input) => keep({ value: input }));
    await drive(stage, items(0), benchWith(), going());
    await drive({ ...stage, version: 2 }, items(0), benchWith(), going());
    await drive(stage, [{ id: "n0", sha: "other", load: () => 0 }], benchWith(), going());
    expect(worked).toEqual([0, 0, 0]);
  });

  it("tries again what says so, and goes on when it works", async () => {
    let tries = 0;
    const { stage } = stageOf((input) => {
      tries += 1;
      if (tries < 3) throw new RetryLater("not now");
      return keep({ value: input });
    });
    const { kept, tally } = await drive(stage, items(5), benchWith(), going());
    expect([kept.length, tally.retried, tally.failed, tries]).toEqual([1, 2, 0, 3]);
  });

  it("leaves no verdict where trouble remains, names it, and tries it again the next time", async () => {
    let broken = true;
    const { stage, worked } = stageOf((input) => {
      if (input === 1 && broken) throw new BrokenRecord("cannot be read");
      return keep({ value: input });
    });
    const first = await drive(stage, items(0, 1, 2), benchWith(), going());
    expect([first.tally.failed, first.kept.length, first.outcomes[1]?.told]).toEqual([1, 2, null]);
    expect(ledger.troubles()).toEqual([{ stage: "prove", id: "n1", message: "cannot be read" }]);
    expect(said.join("")).toContain("n1: cannot be read");
    broken = false;
    const second = await drive(stage, items(0, 1, 2), benchWith(), going());
    expect([second.tally.failed, second.kept.length]).toEqual([0, 3]);
    expect([worked, ledger.troubles()]).toEqual([[0, 1, 2, 1], []]);
  });

  it("records what is already running before it stops", async () => {
    const { stage } = stageOf(async (input) => {
      if (input === 1) throw new StopRun("the disk is full", { next: "make room" });
      await later(30);
      return keep({ value: input });
    });
    await expect(drive(stage, items(0, 1, 2), benchWith(), going())).rejects.toThrow("the disk is full");
    const again = stageOf((input) => keep({ value: input }));
    await drive(again.stage, items(0, 1, 2), benchWith(), going());
    expect(again.worked).not.toContain(0);
    expect(again.worked).toContain(1);
  });

  it("never runs more batches side by side than it may", async () => {
    let [now, most] = [0, 0];
    const { stage } = stageOf(async (input) => {
      most = Math.max(most, ++now);
      await later(5);
      now -= 1;
      return keep({ value: input });
    });
    await drive(stage, items(...Array(20).keys()), benchWith(), going({ width: new Width([4, 4]) }));
    expect(most).toBe(4);
  });

  it("starts a batch that waits as soon as more may run, though none has ended", async () => {
    const width = new Width([1, 2], idleMachine, 5);
    const started = Promise.withResolvers<void>();
    const { stage } = stageOf(async (input) => {
      // The first ends only when the second has begun.
      await width.during(() => (input === 0 ? started.promise : Promise.resolve(started.resolve())));
      return keep({ value: input });
    });
    const { kept } = await drive(stage, items(0, 1), benchWith(), going({ width }));
    expect(kept.map(({ id }) => id)).toEqual(["n0", "n1"]);
  });

  it("makes anew what the ledger knows and the store has lost", async () => {
    const { stage, worked } = stageOf((input) => keep({ value: input }));
    const { kept } = await drive(stage, items(0, 1), benchWith(), going());
    const sha = kept[1]?.sha ?? "";
    rmSync(join(folder, "store", sha.slice(0, 2), sha.slice(2)));
    const again = await drive(stage, items(0, 1), benchWith(), going());
    expect(worked).toEqual([0, 1, 1]);
    expect(again.kept[1]?.load()).toEqual({ value: 1 });
  });

  it("makes anew what names a blob that is gone", async () => {
    const { stage, worked } = stageOf(
      (input) => {
        store.put(`archive ${input}`);
        return keep({ value: input });
      },
      { blobs: ({ value }) => [new Store(join(folder, "other")).put(`archive ${value}`)] },
    );
    await drive(stage, items(0), benchWith(), going());
    await drive(stage, items(0), benchWith(), going());
    expect(worked).toEqual([0]);
    for (const shelf of readdirSync(join(folder, "store"))) rmSync(join(folder, "store", shelf), { recursive: true });
    await drive(stage, items(0), benchWith(), going());
    expect(worked).toEqual([0, 0]);
  });

  it("does everything anew when asked to, and nothing at all when only what is stored is wanted", async () => {
    const { stage, worked } = stageOf((input) => keep({ value: input }));
    const nothing = await drive(stage, items(0, 1), benchWith(), going({ mode: "stored" }));
    expect([nothing.kept.length, worked.length]).toEqual([0, 0]);
    await drive(stage, items(0), benchWith(), going());
    const stored = await drive(stage, items(0, 1), benchWith(), going({ mode: "stored" }));
    expect(stored.kept.map(({ id }) => id)).toEqual(["n0"]);
    await drive(stage, items(0), benchWith(), going({ mode: "fresh" }));
    expect(worked).toEqual([0, 0]);
  });
});

describe("a quota", () => {
  const quota = { quota: () => 2 };
  const byParity = { quotaKey: ({ id }: Item<number>): string => String(Number(id.slice(1)) % 2) };

  it.each([1, 3, 8])("keeps the first successes of each key in input order, with %i side by side", async (side) => {
    const { stage } = stageOf(async (input) => {
      await later((input * 7) % 11);
      return input === 2 ? drop("prove/no", "") : keep({ value: input });
    }, quota);
    const { kept, tally } = await drive(
      stage,
      items(...Array(10).keys()),
      benchWith(),
      going({ width: new Width([side, side]), ...byParity }),
    );
    expect(kept.map(({ id }) => id).sort()).toEqual(["n0", "n1", "n3", "n4"]);
    expect(tally.dropped.get("prove/over-limit")).toBe(5);
  });

  it("uses what was done for a smaller quota and does only the rest for a larger one", async () => {
    const { stage, worked } = stageOf((input) => keep({ value: input }), quota);
    await drive(stage, items(0, 2, 4, 6), benchWith(), going(byParity));
    expect(worked).toEqual([0, 2]);
    const { kept } = await drive({ ...stage, quota: () => 3 }, items(0, 2, 4, 6), benchWith(), going(byParity));
    expect([worked, kept.map(({ id }) => id)]).toEqual([
      [0, 2, 4],
      ["n0", "n2", "n4"],
    ]);
  });
});

describe("what was said of a record", () => {
  const asked = ({ said: of }: { said: (id: string) => { reason: string | null } | undefined }, ...ids: string[]) =>
    ids.map((id) => of(id)?.reason);

  it("is told from the ledger, of the batches of this drive", async () => {
    const { stage } = stageOf((input) => (input === 1 ? drop("prove/odd", "why") : keep({ value: input })));
    const all = await drive(stage, items(0, 1), benchWith(), going());
    expect(asked(all, "n0", "n1", "n2")).toEqual([null, "prove/odd", undefined]);
    expect(all.outcomes.map(({ verdicts }) => verdicts().map(({ detail }) => detail))).toEqual([[""], ["why"]]);
    const some = await drive(stage, items(0), benchWith(), going());
    expect(asked(some, "n0", "n1")).toEqual([null, undefined]);
  });

  it("is nothing where our own trouble left no verdict, whatever was said before", async () => {
    const { stage } = stageOf((input) => keep({ value: input }));
    await drive(stage, items(0), benchWith(), going());
    const broken = stageOf(() => {
      throw new BrokenRecord("no");
    });
    const again = await drive(broken.stage, items(0), benchWith(), going({ mode: "fresh" }));
    expect([asked(again, "n0"), again.outcomes.map(({ told, verdicts }) => [told, verdicts()])]).toEqual([[undefined], [[null, []]]]);
  });

  it("is that its quota is full where it is now, whatever was said when it was larger", async () => {
    const { stage } = stageOf((input) => keep({ value: input }));
    await drive({ ...stage, quota: () => 2 }, items(0, 1), benchWith(), going());
    const smaller = await drive({ ...stage, quota: () => 1 }, items(0, 1), benchWith(), going());
    expect(asked(smaller, "n0", "n1")).toEqual([null, "prove/over-limit"]);
  });
});

describe("a remembered item", () => {
  it("reads its value once while somebody holds it", () => {
    let reads = 0;
    const item = remembered({
      id: "a",
      sha: "b",
      load: () => {
        reads += 1;
        return { value: 1 };
      },
    });
    const held = item.load();
    expect(item.load()).toBe(held);
    expect(reads).toBe(1);
  });
});
