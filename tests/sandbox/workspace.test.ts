import { describe, expect, it } from "vitest";
import { look } from "../../pipeline/environment/look.ts";
import { fewestTogether } from "../../pipeline/environment/together.ts";
import { defective, environmentOf, type Script, standOf } from "../grading/stand.ts";

/** The tests of both files, as they are where `add` is right or not. */
const behaves = (text: (path: string) => string | null, files: readonly string[]): Script => {
  const adds = text("src/add.js")?.includes("a + b") ? "+adds" : "-adds";
  const all: Record<string, readonly string[]> = { "test/add.test.js": [adds, "+keeps zero"], "test/sub.test.js": ["+subtracts"] };
  return { files: Object.fromEntries(files.map((file) => [file, all[file] ?? []])) };
};
const layer = { "src/add.js": defective };
const [add, sub] = ["test/add.test.js", "test/sub.test.js"];

describe("a workspace in which nothing is made faster", () => {
  it("runs the whole suite each time, and tells of the files that were asked for", async () => {
    const { workspace, asked } = standOf(behaves, { plain: true });
    const run = async () => workspace.run({ layer, files: [sub], shared: true }, 0);
    const [first, second] = [await run(), await run()];
    expect(asked.map(({ files }) => files)).toEqual([
      [add, sub],
      [add, sub],
    ]);
    expect([first, second].map(({ ended, report }) => [ended, report.tests.map(({ id }) => id)])).toEqual([
      [{ kind: "finished", exitCode: 0, failedCommand: null }, [`${sub} > subtracts`]],
      [{ kind: "finished", exitCode: 0, failedCommand: null }, [`${sub} > subtracts`]],
    ]);
  });

  it("runs them alone where something of the suite belongs to no test", async () => {
    const stray = (text: (path: string) => string | null, files: readonly string[]): Script =>
      files.includes(add) ? { files: { ...behaves(text, files).files, [add]: ["stray"] } } : behaves(text, files);
    const { workspace, asked } = standOf(stray, { plain: true });
    const run = await workspace.run({ layer, files: [sub], shared: false }, 0);
    expect(asked.map(({ files }) => files)).toEqual([[add, sub], [sub]]);
    expect(run.report.tests.map(({ id }) => id)).toEqual([`${sub} > subtracts`]);
  });

  it("has no files share a process in a look", async () => {
    const files = Array.from({ length: fewestTogether }, (_, at) => `test/${at}.test.js`);
    const environment = environmentOf({
      testFiles: files.map((file) => ({ file, standalone: true, together: true, covers: {} })),
      tests: files.map((file) => ({ id: `${file} > works`, file, standing: "stable" as const, killedBy: [] })),
    });
    const passes = (_: unknown, asked: readonly string[]): Script => ({
      files: Object.fromEntries(asked.map((file) => [file, ["+works"]])),
    });
    const manners = [];
    for (const plain of [false, true]) {
      const { workspace } = standOf(passes, { plain, environment });
      manners.push((await look(layer, environment, files, workspace)).manner);
    }
    expect(manners).toEqual(["together", "apart"]);
  });
});

it("elsewhere runs what is asked for alone, and the same once", async () => {
  const { workspace, asked } = standOf(behaves);
  for (let at = 0; at < 2; at++) await workspace.run({ layer, files: [sub], shared: true }, 0);
  expect(asked.map(({ files }) => files)).toEqual([[sub]]);
});
