import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { BrokenRecord, StopRun } from "../../lib/errors.ts";
import { sha256 } from "../../lib/hash.ts";
import { Store } from "../../pipeline/store.ts";
import { onSmallDisk } from "../small-disk.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kihon-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (sha: string): string => join(folder, sha.slice(0, 2), sha.slice(2));

function thrownBy(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("a store", () => {
  it("gives back bytes and texts by their sha256", () => {
    const store = new Store(folder);
    const bytes = Buffer.from([0, 255, 10, 13]);
    expect(store.put(bytes)).toBe(sha256(bytes));
    expect(store.get(sha256(bytes))).toEqual(bytes);
    expect(store.get(store.put("é漢😀")).toString("utf8")).toBe("é漢😀");
    expect(store.get(store.put(""))).toEqual(Buffer.alloc(0));
  });

  it("keeps one file for the same content and no working files", () => {
    const store = new Store(folder);
    const sha = store.put("same");
    const written = readFileSync(fileOf(sha));
    expect(store.put("same")).toBe(sha);
    expect(readFileSync(fileOf(sha))).toEqual(written);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([sha.slice(0, 2), join(sha.slice(0, 2), sha.slice(2))]);
  });

  it("removes what killed writers left half written, and nothing else", () => {
    const store = new Store(folder);
    const sha = store.put("whole");
    writeFileSync(`${fileOf(sha)}.0a1b2c3d`, "half");
    store.sweep();
    expect(readdirSync(dirname(fileOf(sha)))).toEqual([sha.slice(2)]);
  });

  it("stores JSON in one form and checks it by a schema", () => {
    const store = new Store(folder);
    const sha = store.putJson({ b: 1, a: [2] });
    expect(store.putJson({ a: [2], b: 1 })).toBe(sha);
    expect(store.getJson(sha, z.object({ a: z.array(z.number()), b: z.number() }))).toEqual({ a: [2], b: 1 });
    expect(() => store.getJson(sha, z.object({ c: z.string() }))).toThrow(/has another form/);
  });

  it.each([
    ["missing", (file: string) => rmSync(file), /is missing/],
    ["cut short", (file: string) => truncateSync(file, 10), /is damaged/],
    ["emptied", (file: string) => truncateSync(file, 0), /is damaged/],
    ["altered", (file: string) => writeFileSync(file, gzipSync("other content")), /was altered/],
  ])("says that a blob is broken when it is %s", (_, damage, message) => {
    const store = new Store(folder);
    const sha = store.put("content");
    damage(fileOf(sha));
    const error = thrownBy(() => store.get(sha));
    expect(error).toBeInstanceOf(BrokenRecord);
    expect((error as BrokenRecord).message).toMatch(message);
    expect(store.has(sha), "so that the next run makes it anew").toBe(false);
  });

  it.skipIf(process.getuid?.() === 0)("stops where the folder cannot be written", () => {
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0o500);
    expect(() => new Store(join(folder, "locked")).put("x")).toThrow(StopRun);
  });

  it("stops with a next step on a full disk, and everything put before is whole", async (context) => {
    const script = fileURLToPath(new URL("./store-filler.ts", import.meta.url));
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const result = await onSmallDisk(disk, "size=1m", [process.execPath, script, disk]);
    if (result === null) return context.skip("this machine lets nobody mount a small disk");
    expect(result.stderr).toBe("");
    const said = JSON.parse(result.stdout) as { message: string; next: string; kept: number };
    expect(said.message).toMatch(/cannot be written \(ENOSPC\)/);
    expect(said.next).toMatch(/make room/);
    expect(said.kept).toBeGreaterThan(10);
    expect(existsSync(disk)).toBe(true);
  });
});
