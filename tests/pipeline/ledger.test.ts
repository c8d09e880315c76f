import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StopRun } from "../../lib/errors.ts";
import { exec } from "../../lib/exec.ts";
import { sha256 } from "../../lib/hash.ts";
import { Ledger, toldOf, type Verdict } from "../../pipeline/ledger.ts";
import { Store } from "../../pipeline/store.ts";

let folder = "";
const path = (): string => join(folder, "ledger.sqlite");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-ledger-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = (input: string, stage = "pose") => ({ stage, version: 1, input, settings: "s" });
const cost = { wallMs: 1.5, tries: 1 };
const kept = (id: string, parent: string | null = null): Verdict => ({ id, parent, blob: "b".repeat(64), reason: null, detail: "" });
const dropped = (id: string, parent: string | null = null): Verdict => ({ id, parent, blob: null, reason: "pose/no-gold", detail: "why" });

/** Runs `use` on a ledger that is open for writing, and closes it. */
function writing<T>(use: (ledger: Ledger) => T): T {
  const ledger = new Ledger(path(), { write: true });
  try {
    return use(ledger);
  } finally {
    ledger.close();
  }
}

describe("a ledger", () => {
  it("gives back what was recorded, in its order, after it is opened again", () => {
    writing((ledger) => ledger.record(key("a"), [kept("2"), dropped("1")], cost));
    writing((ledger) => {
      expect(ledger.verdicts(key("a"))).toEqual([kept("2"), dropped("1")]);
      expect(ledger.lookup(key("b"))).toBeNull();
    });
  });

  it("tells work without verdicts from work that was not done", () => {
    writing((ledger) => {
      ledger.record(key("none"), [], cost);
      expect(ledger.lookup(key("none"))).toEqual({ kept: [], dropped: [], wallMs: 1.5 });
      expect(ledger.lookup(key("other"))).toBeNull();
    });
  });

  it.each([1, 10, 400])("tells what was kept, and counts the rest by reason and parent (%i of each)", (each) => {
    const verdicts = Array.from({ length: each }, (_, at) => [
      dropped(`d${at}`, "one"),
      kept(`k${at}`, "one"),
      { ...dropped(`e${at}`), reason: "inject/uncovered" },
      dropped(`f${at}`, "other"),
    ]).flat();
    writing((ledger) => {
      ledger.record(key("a"), verdicts, cost);
      ledger.record(key("b"), [dropped("d0")], cost);
      const told = ledger.lookup(key("a"));
      expect(told).toEqual({ ...toldOf(verdicts, 1.5), dropped: expect.anything() });
      expect(told?.kept.map(({ id, parent }) => [id, parent])).toEqual(Array.from({ length: each }, (_, at) => [`k${at}`, "one"]));
      expect(told?.dropped.map(({ reason, parent, count }) => [reason, parent, count])).toEqual([
        ["pose/no-gold", "one", each],
        ["inject/uncovered", null, each],
        ["pose/no-gold", "other", each],
      ]);
      expect(ledger.said(key(""), "d0").map(({ input, reason, detail }) => [input, reason, detail])).toEqual([
        ["a", "pose/no-gold", "why"],
        ["b", "pose/no-gold", "why"],
      ]);
    });
  });

  it.each([
    ["stage", { ...key("a"), stage: "prove" }],
    ["version", { ...key("a"), version: 2 }],
    ["input", { ...key("a"), input: "b" }],
    ["settings", { ...key("a"), settings: "t" }],
  ])("does not know work of another %s", (_, other) => {
    writing((ledger) => {
      ledger.record(key("a"), [kept("1")], cost);
      expect(ledger.lookup(other)).toBeNull();
    });
  });

  it("replaces the verdicts of work that is done anew", () => {
    writing((ledger) => {
      ledger.record(key("a"), [kept("1"), kept("2")], cost);
      ledger.record(key("a"), [dropped("1")], cost);
      expect(ledger.verdicts(key("a"))).toEqual([dropped("1")]);
    });
  });

  it("records all of a piece of work or nothing of it", () => {
    writing((ledger) => {
      ledger.record(key("a"), [kept("1")], cost);
      const bad = { ...kept("2"), id: null as unknown as string };
      expect(() => ledger.record(key("a"), [kept("3"), bad], cost)).toThrow(/NOT NULL/);
      expect(ledger.verdicts(key("a"))).toEqual([kept("1")]);
    });
  });

  it("forgets a trouble once there is a verdict", () => {
    writing((ledger) => {
      ledger.recordTrouble("pose", "1", "out of memory");
      expect(ledger.troubles()).toEqual([{ stage: "pose", id: "1", message: "out of memory" }]);
      ledger.record(key("a"), [kept("1")], cost);
      expect(ledger.troubles()).toEqual([]);
    });
  });

  it("explains a record from its forebears to what was made of it", () => {
    writing((ledger) => {
      ledger.record(key("r", "mine"), [kept("revision")], cost);
      ledger.record(key("c", "inject"), [kept("mutant", "revision"), dropped("other", "revision")], cost);
      ledger.record(key("d", "pose"), [dropped("draft", "mutant")], cost);
      expect(ledger.explain("mutant").map(({ stage, id }) => [stage, id])).toEqual([
        ["mine", "revision"],
        ["inject", "mutant"],
        ["pose", "draft"],
      ]);
      expect(ledger.explain("unheard-of")).toEqual([]);
    });
  });

  it("writes nothing but its own lines when it is opened and closed", () => {
    writing((ledger) => ledger.record(key("a"), [kept("1")], cost));
    const before = sha256(readFileSync(path()));
    const reader = new Ledger(path(), { write: false });
    expect(reader.verdicts(key("a"))).toEqual([kept("1")]);
    reader.close();
    expect(sha256(readFileSync(path()))).toBe(before);
  });
});

describe("one writer at a time", () => {
  it("refuses a second writer and says who holds it, but lets readers in", () => {
    writing((ledger) => {
      ledger.record(key("a"), [kept("1")], cost);
      expect(() => new Ledger(path(), { write: true })).toThrow(new RegExp(`process ${process.pid} \\(since .*Z\\) is writing`));
      const reader = new Ledger(path(), { write: false });
      expect(reader.verdicts(key("a"))).toEqual([kept("1")]);
      reader.close();
    });
    writing((ledger) => expect(ledger.verdicts(key("a"))).toEqual([kept("1")]));
  });

  it("refuses a writer in another process, and takes over once that process was killed", async () => {
    const { pid, ended } = await startWriter(0);
    expect(() => new Ledger(path(), { write: true })).toThrow(new RegExp(`process ${pid} .* is writing`));
    process.kill(pid, "SIGKILL");
    await ended;
    writing((ledger) => expect(ledger.verdicts({ stage: "test", version: 1, input: "0", settings: "s" })).toHaveLength(3));
  });
});

/** Starts the writing child; resolves once it has recorded its first batch. `ended` gives the last number that it said. */
function startWriter(from: number): Promise<{ readonly pid: number; readonly ended: Promise<number> }> {
  const script = fileURLToPath(new URL("./ledger-writer.ts", import.meta.url));
  return new Promise((resolve) => {
    let pid = 0;
    const channels = [{ kind: "read" as const, maxBytes: 10_000_000, onBytes: () => resolve({ pid, ended }) }];
    const argv = ["/bin/sh", "-c", 'exec "$0" "$@" >&3', process.execPath, script, folder, String(from)];
    const run = exec({
      argv,
      env: { PATH: process.env["PATH"] ?? "" },
      timeoutMs: 60_000,
      outputBytes: 1_000_000,
      channels,
      onStart: (started) => {
        pid = started;
      },
    });
    const ended = run.then((result) => {
      const said = result.channels[0]?.toString().split("\n").slice(0, -1).at(-1);
      if (said === undefined) throw new Error(`the writer said nothing: ${result.stderr}`);
      return Number(said);
    });
  });
}

describe("kill -9", () => {
  it("loses nothing that was said to be recorded, and leaves no half batch and no missing blob", { timeout: 120_000 }, async () => {
    let from = 0;
    for (let round = 0; round < 6; round++) {
      const { pid, ended } = await startWriter(from);
      await new Promise((resolve) => setTimeout(resolve, 40 + round * 37));
      process.kill(pid, "SIGKILL");
      const last = await ended;
      const store = new Store(join(folder, "store"));
      from = writing((ledger) => {
        let at = 0;
        for (; ; at++) {
          const work = { stage: "test", version: 1, input: String(at), settings: "s" };
          if (ledger.lookup(work) === null) return at;
          const verdicts = ledger.verdicts(work);
          expect(verdicts.map(({ id }) => id)).toEqual([`${at}.0`, `${at}.1`, `${at}.2`]);
          for (const { blob, id } of verdicts) expect(store.get(blob ?? "").toString()).toContain(`blob ${id} `);
        }
      });
      expect(from).toBeGreaterThan(last);
    }
  });
});

describe("a damaged ledger stops the run and is left as it is", () => {
  const make = (): void =>
    writing((ledger) => {
      for (let at = 0; at < 200; at++) ledger.record(key(`input ${at}`), [kept(`id ${at}`), dropped(`other ${at}`)], cost);
    });

  it.each([
    ["empty", () => truncateSync(path(), 0)],
    ["cut short", () => truncateSync(path(), 20_000)],
    ["cut within its header", () => truncateSync(path(), 50)],
    [
      "overwritten in the middle",
      () =>
        writeFileSync(
          path(),
          Buffer.concat([readFileSync(path()).subarray(0, 20_000), Buffer.alloc(12_000, 0x5a), readFileSync(path()).subarray(32_000)]),
        ),
    ],
    ["some other file", () => writeFileSync(path(), "this is no database, whatever its name says\n".repeat(100))],
  ])("%s", (_, damage) => {
    make();
    damage();
    const before = readFileSync(path());
    for (const write of [true, false]) {
      const open = (): Ledger => new Ledger(path(), { write });
      expect(open).toThrow(StopRun);
      expect(open).toThrow(/is damaged/);
    }
    expect(readFileSync(path())).toEqual(before);
  });

  it("says so for another schema", () => {
    writing((ledger) => ledger.setMeta("schema", "99"));
    expect(() => new Ledger(path(), { write: true })).toThrow(/schema 99/);
    expect(() => new Ledger(path(), { write: true })).toThrow(/schema 99/);
  });

  it("says so where there is none to read, and makes none", () => {
    expect(() => new Ledger(path(), { write: false })).toThrow(/there is no ledger/);
    expect(existsSync(path())).toBe(false);
  });

  it("opens again once a copy is restored", () => {
    make();
    copyFileSync(path(), `${path()}.copy`);
    truncateSync(path(), 100);
    expect(() => new Ledger(path(), { write: true })).toThrow(StopRun);
    copyFileSync(`${path()}.copy`, path());
    writing((ledger) => expect(ledger.verdicts(key("input 199"))).toHaveLength(2));
  });
});
