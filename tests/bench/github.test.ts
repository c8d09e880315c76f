import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crawlKilled, crawlOnce, type Killed, wrongWithKilled } from "../../bench/github.ts";
import { pull, ScriptedGithub } from "../miners/github/scripted-github.ts";
import { told } from "../miners/github/stand.ts";

let folder = "";
let github: ScriptedGithub;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kihon-bench-"));
  github = await ScriptedGithub.listen();
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await github.close();
});
const newestFirst = (count: number): number[] => Array.from({ length: count }, (_, at) => count - at);
const script = (count: number): void => {
  github.pulls = newestFirst(count).map((number) => pull(number));
};

it("a thousand pull requests come with few requests and points, and again with two conditional questions", async () => {
  script(1000);
  const first = await crawlOnce(github.api, folder, false);
  expect(told(first.items)).toEqual(newestFirst(1000));
  expect(first.spent).toEqual({ requests: 42, notModified: 0, points: 360 });
  const points = github.points;
  const second = await crawlOnce(github.api, folder, false);
  expect(second.items).toEqual(first.items);
  expect(second.spent).toEqual({ requests: 2, notModified: 2, points: 0 });
  expect(github.points).toBe(points);
});

describe("crawls that are killed at each page", () => {
  it("lose and repeat nothing, and ask again only for the page that was on its way", { timeout: 120_000 }, async () => {
    script(90);
    const killed = await crawlKilled(github, folder);
    expect(killed.numbers).toEqual(newestFirst(90));
    expect(killed.cursors).toEqual([null, null, "after 66", "after 66", "after 41", "after 41", "after 16", "after 16"]);
    expect([killed.kills, wrongWithKilled(killed, 90)]).toEqual([4, null]);
  });

  const good: Killed = { kills: 2, numbers: [3, 2, 1], cursors: [null, null, "after 2", "after 2"] };
  it.each<[string, Partial<Killed>, RegExp]>([
    ["loses one", { numbers: [3, 1] }, /^2 of 3 pull requests came/],
    ["repeats one", { numbers: [3, 2, 2, 1] }, /4 in all$/],
    ["asks for a page that it has", { cursors: [...good.cursors, null] }, /^5 questions for 2 pages/],
    ["is not killed at each page", { kills: 1 }, /^4 questions for 1 pages/],
  ])("are found out where one %s", (_, more, said) => {
    expect(wrongWithKilled(good, 3)).toBeNull();
    expect(wrongWithKilled({ ...good, ...more }, 3)).toMatch(said);
  });
});
