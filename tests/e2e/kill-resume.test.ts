import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { killAndResume } from "../../bench/kill-resume.ts";
import { cache, scratch, small, threeModules } from "./stand.ts";

describe("a run that is killed again and again", () => {
  it.each([
    ["a shared cache", 2, () => cache],
    ["a cache of its own, filled while it is killed", 3, (folder: string) => join(folder, "cache")],
  ])("gives the same bytes and leaves nothing behind, with %s", async (_, kills, cacheOf) => {
    const { path, remove } = scratch();
    using repository = await threeModules();
    try {
      const result = await killAndResume({ repo: repository.work, words: small, kills, seed: "e2e", cache: cacheOf(path), folder: path });
      expect(result.kills.filter(({ processes }) => processes > 0).length).toBeGreaterThanOrEqual(kills - 1);
      expect(result.different).toEqual([]);
      expect(result.leftOver).toEqual([]);
    } finally {
      remove();
    }
  });
});
