import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rngFor } from "../../lib/rng.ts";
import { hashText, likeness, Sketches, shinglesOf, signatureOf } from "../../lib/sketches.ts";

const scratch = mkdtempSync(join(tmpdir(), "kihon-sketches-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const rng = rngFor("sketches", "test", "sets");
const set = (size: number): Uint32Array => Uint32Array.from({ length: size }, () => rng.below(2 ** 32));
/** Shares so many words of `size` with another. */
const sharing = (other: Uint32Array, shared: number): Uint32Array =>
  Uint32Array.from([...other.slice(0, shared), ...set(other.length - shared)]);
const opened = (name: string): Sketches => new Sketches(join(scratch, name));

describe("a signature", () => {
  it("tells how much two sets share, within three standard errors", () => {
    for (const shared of [0, 30, 60, 120, 180, 200]) {
      const errors = Array.from({ length: 20 }, () => {
        const one = set(200);
        return likeness(signatureOf(one), signatureOf(sharing(one, shared))) - shared / (400 - shared);
      });
      for (const error of errors) expect(Math.abs(error)).toBeLessThan(3.5 * 0.045);
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(0.04);
    }
  });

  it("does not depend on order or repetition", () => {
    const one = set(50);
    expect(signatureOf(Uint32Array.from([...one, ...one].reverse()))).toEqual(signatureOf(one));
  });
});

describe("shingles", () => {
  it("are runs of words, one of a text that is shorter, none of no text", () => {
    const words = ["a", "b", "c", "d"].map(hashText);
    expect(shinglesOf(words, 3)).toHaveLength(2);
    expect(shinglesOf(words, 9)).toHaveLength(1);
    expect(shinglesOf([], 3)).toHaveLength(0);
    expect(shinglesOf(words.slice(0, 3), 3)[0]).toBe(shinglesOf(words, 3)[0]);
    expect(shinglesOf([...words].reverse(), 3)[1]).not.toBe(shinglesOf(words, 3)[0]);
  });
});

describe("sketches", () => {
  it("give each alike pair of one block once, over the edges of their pages", () => {
    const sketches = opened("pairs");
    const wanted: string[] = [];
    let last = set(60);
    for (let at = 0; at < 9000; at++) {
      const isCopy = at % 10 === 9;
      last = isCopy ? sharing(last, 54) : set(60);
      // A copy in another block is none.
      const number = sketches.add(at % 20 === 19 ? 2 : 1, last);
      if (isCopy && at % 20 !== 19) wanted.push(`${number - 1} ${number}`);
    }
    const pairs = [...sketches.pairs(0.5)].map((pair) => pair.join(" "));
    sketches.close();
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(pairs.sort()).toEqual(wanted.sort());
  });

  it("look at those alone that are wanted", () => {
    const sketches = opened("wanted");
    const one = set(40);
    for (let at = 0; at < 5; at++) sketches.add(1, one);
    expect([...sketches.pairs(0.9, (number) => number !== 2)]).toHaveLength(6);
    sketches.close();
  });

  it("keep a record with each, of any length", () => {
    const sketches = opened("records");
    const records = [0, 1, 5000, 400_000, 3].map(set);
    for (const record of records) sketches.add(1, set(5), record);
    for (const [at, record] of records.entries()) expect(sketches.record(at)).toEqual(record);
    sketches.close();
  });

  it("do not compare everybody with everybody in a crowd", () => {
    const sketches = opened("crowd");
    const one = set(40);
    for (let at = 0; at < 3000; at++) sketches.add(1, one);
    expect([...sketches.pairs(0.9)]).toHaveLength(2999);
    sketches.close();
  });

  it("leave nothing behind", () => {
    const sketches = opened("gone");
    sketches.add(1, set(3));
    sketches.close();
    expect(existsSync(join(scratch, "gone"))).toBe(false);
  });
});
