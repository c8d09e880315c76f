import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initLanguages } from "../../../languages/index.ts";
import { type Glimpsed, glimpse } from "../../../pipeline/environment/glimpse.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import { scratch } from "../../sandbox/stand.ts";
import { sitesIn } from "./stand.ts";

await initLanguages();
const place = scratch();
afterAll(() => place.remove());
let siteOf: Awaited<ReturnType<typeof sitesIn>>;
beforeAll(async () => {
  siteOf = await sitesIn(place.path);
});

const testOf = (...lines: string[]): string =>
  [
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    'import { add, less } from "../add.js";',
    ...lines,
    "",
  ].join("\n");

/** The newer tree adds and takes away; the older one adds as `before` says. */
async function glimpsed(tests: Readonly<Record<string, string>>, testFiles: readonly string[], before: string): Promise<Glimpsed> {
  const rest = "export const less = (a, b) => a - b;\n";
  const tree = {
    "package.json": '{ "name": "small", "type": "module" }',
    "add.js": `export const add = (a, b) => a + b;\n${rest}`,
    ...tests,
  };
  return glimpse(await siteOf(tree, 1), { testFiles, before: { "add.js": `${before}\n${rest}` } } as unknown as Commit);
}
const wrong = "export const add = (a, b) => a * b;";
const adds = testOf('it("adds", () => assert.equal(add(1, 2), 3));');
const takes = testOf('it("takes", () => assert.equal(less(3, 2), 1));');

describe("a glimpse", () => {
  it("runs the files of the change alone where they tell all", async () => {
    const hangs = testOf('it("hangs", () => new Promise((done) => setTimeout(done, 60_000)));');
    const both = { "test/a.test.js": adds, "test/b.test.js": hangs };
    expect(await glimpsed(both, ["test/a.test.js"], wrong)).toEqual({ no: null, healthy: null });
    const otherwise = "export const add = (b, a) => b + a;";
    expect(await glimpsed(both, ["test/a.test.js"], otherwise)).toMatchObject({ no: { reason: "glimpse/no-fail-to-pass" }, healthy: null });
  });

  it("runs all of them where the change touched what tests read, and keeps that run", async () => {
    const read = testOf(
      'import { readFileSync } from "node:fs";',
      'it("adds", () => assert.equal(add(1, 2), Number(readFileSync("test/sum.json", "utf8"))));',
    );
    const tree = { "test/a.test.js": read, "test/b.test.js": takes, "test/sum.json": "3" };
    const { no, healthy } = await glimpsed(tree, ["test/b.test.js", "test/sum.json"], wrong);
    expect(no).toBeNull();
    expect(healthy?.report.tests.map(({ file, status }) => `${file} ${status}`).sort()).toEqual([
      "test/a.test.js passed",
      "test/b.test.js passed",
    ]);
  });

  it("says what keeps the whole suite from running, where the files of the change pass nothing", async () => {
    const stops = testOf("if (process.argv.length > 0) process.exit(1);");
    const { no } = await glimpsed({ "test/a.test.js": stops }, ["test/a.test.js"], wrong);
    expect(no?.reason).toBe("prepare/no-tests");
  });

  it("asks no other file where the change's own one fails with the change", async () => {
    const fails = testOf('it("is wrong", () => assert.equal(add(1, 2), 4));');
    const { no, healthy } = await glimpsed({ "test/a.test.js": fails, "test/b.test.js": takes }, ["test/a.test.js"], wrong);
    expect(no?.reason).toBe("glimpse/fails-with-the-change");
    expect(healthy).not.toBeNull();
  });
});
