import { describe, expect, it } from "vitest";
import { initLanguages, languages } from "../../../languages/index.ts";
import { openRepository } from "../../../lib/git.ts";
import type { Bench } from "../../../pipeline/bench.ts";
import { mineStage, type Source } from "../../../pipeline/stages/1-mine.ts";
import { configSchema } from "../../../schemas/config.ts";
import { ScratchRepository } from "../../lib/scratch-repository.ts";

await initLanguages();

const manifest = '{"name":"a","scripts":{"test":"mocha"}}';

async function mined(scratch: ScratchRepository, also: readonly string[], history: number): Promise<string[]> {
  const repository = await openRepository(scratch.work, scratch.cache, { name: "owner/name" });
  const { commit } = await repository.resolve();
  const source: Source = { name: "owner/name", commit, also };
  const bench = { config: configSchema.parse({ history }), repository: () => repository, language: () => languages[0], outside: undefined };
  const said: string[] = [];
  for await (const { outcome } of mineStage.work([source], bench as unknown as Bench)) {
    if (!outcome.kept) said.push(outcome.reason);
    else if (outcome.value.kind === "revision") said.push(`revision ${outcome.value.revision.commit}`);
    else said.push(outcome.value.commit.subject);
  }
  return said;
}

describe("mine", () => {
  it("gives every revision that is asked for once, and the history of the first alone", async () => {
    using scratch = await ScratchRepository.make();
    const old = await scratch.commit("Start", { "package.json": manifest, "a.js": "1\n", "test/a.test.js": "1\n" });
    const first = await scratch.commit("Fix", { "a.js": "2\n", "test/a.test.js": "2\n" });
    const head = await scratch.commit("Fix again", { "a.js": "3\n", "test/a.test.js": "3\n" });
    expect(await mined(scratch, [first, head, first], 9)).toEqual([`revision ${head}`, "Fix again", "Fix", `revision ${first}`]);
    expect(await mined(scratch, [old], 0)).toEqual([`revision ${head}`, `revision ${old}`]);
  });

  it("says of each revision without a package that it has none", async () => {
    using scratch = await ScratchRepository.make();
    const bare = await scratch.commit("Start", { "a.js": "1\n" });
    expect(await mined(scratch, [], 0)).toEqual(["mine/no-package"]);
    const head = await scratch.commit("Package", { "package.json": manifest });
    expect(await mined(scratch, [bare], 0)).toEqual(["mine/no-package", `revision ${head}`]);
  });
});
