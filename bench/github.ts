/**
 * What it costs to crawl GitHub: `node bench/github.ts [--pulls 1000] [--no-pace] [--no-kills]`.
 *
 * A scripted GitHub on this machine, which answers GraphQL over GitHub's own schema and counts points as GitHub does, holds so many merged
 * pull requests. They are crawled, and crawled again when nothing is new: first without a pause, where the time is that of this machine and
 * of its scripted GitHub (no network lies between), then at the product's own pace, a second from question to question. Then crawls are
 * killed with SIGKILL, each when it asks for one page more than the one before. Prints requests and points per pull request and wall times.
 *
 * Exits 1 where the first crawl takes 0.2 requests a pull request or more, where the second asks anything but conditional questions, costs a
 * point or, at the product's pace, takes 2% of the time of the first or more, or where the killed crawls lose, repeat or ask again for anything
 * but the page that was on its way.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { exec } from "../lib/exec.ts";
import type { Outside } from "../miners/contract.ts";
import type { Spent } from "../miners/github/client.ts";
import { crawl } from "../miners/github/crawl.ts";
import { clientOf, openGithub, shelfOf } from "../miners/github/open.ts";
import type { Crawled } from "../miners/github/pages.ts";
import { pull, ScriptedGithub } from "../tests/miners/github/scripted-github.ts";

const crawler = join(import.meta.dirname, "../tests/miners/github/crawler.ts");

export interface Crawl {
  readonly items: readonly Crawled[];
  readonly spent: Spent;
  readonly wallMs: number;
}

/** As a run does it: opens, and reads to the end. */
export async function crawlOnce(api: string, cacheDir: string, paced: boolean): Promise<Crawl> {
  const quiet = (): void => {};
  const outside: Outside = {
    cacheDir,
    environment: { KIHON_GITHUB_TOKEN: "ghp_bench" },
    log: { info: quiet, warn: quiet, progress: quiet },
    clock: { now: Date.now, sleep: async (ms) => setTimeout(ms) },
  };
  const began = performance.now();
  const client = clientOf(api, outside, { paced });
  const { repositoryId, snapshot } = await openGithub({ api, name: "owner/name", pinned: null }, outside, () => client);
  const options = { repositoryId, snapshot, limit: 1e6, since: null, until: null };
  const items: Crawled[] = [];
  for await (const item of crawl(options, { shelf: shelfOf(api, outside), client: () => client, progress: quiet })) {
    if ("vanished" in item) throw item.vanished;
    items.push(item);
  }
  return { items, spent: { ...client.spent }, wallMs: performance.now() - began };
}

export interface Killed {
  readonly kills: number;
  /** Of the crawl that came to its end: the number of each pull request that it gave. */
  readonly numbers: readonly (number | null)[];
  /** Cursors of the pages that were asked for, in their order, over all crawls. */
  readonly cursors: readonly unknown[];
}

/** Crawls in processes of their own; each is killed when it asks for the page after the one at which the last was killed. */
export async function crawlKilled(github: ScriptedGithub, cacheDir: string): Promise<Killed> {
  const before = github.asked.length;
  const cursorsSince = (): unknown[] =>
    github.asked.slice(before).flatMap(({ query, variables }) => (query === "" ? [] : [variables["after"]]));
  const known = new Set<unknown>();
  let pid = 0;
  const isNew = (after: unknown): boolean => !known.has(after) && known.add(after).size > 0;
  github.fail(
    () => void process.kill(pid, "SIGKILL"),
    Number.POSITIVE_INFINITY,
    ({ query, variables }) => query !== "" && isNew(variables["after"]),
  );
  for (let kills = 0; ; kills++) {
    const { ended, stdout, stderr } = await exec({
      argv: [process.execPath, crawler, github.api, cacheDir],
      env: { PATH: process.env["PATH"] ?? "", KIHON_GITHUB_TOKEN: "ghp_bench" },
      timeoutMs: 600_000,
      outputBytes: 1e7,
      onStart: (own) => {
        pid = own;
      },
    });
    if (ended.kind === "signalled" && ended.signal === "SIGKILL") continue;
    if (ended.kind !== "exited" || ended.code !== 0) throw new Error(`a crawl failed by itself: ${stderr}`);
    return { kills, numbers: JSON.parse(stdout) as (number | null)[], cursors: cursorsSince() };
  }
}

/** What is wrong with what the killed crawls gave: null where each came once, and only what was on its way was asked for again. */
export function wrongWithKilled({ kills, numbers, cursors }: Killed, count: number): string | null {
  const wanted = Array.from({ length: count }, (_, at) => count - at);
  if (JSON.stringify(numbers) !== JSON.stringify(wanted))
    return `${new Set(numbers).size} of ${count} pull requests came, ${numbers.length} in all`;
  if (kills !== new Set(cursors).size || cursors.length !== 2 * kills)
    return `${cursors.length} questions for ${kills} pages that were killed once each`;
  return null;
}

const scripted = async (count: number): Promise<ScriptedGithub> => {
  const github = await ScriptedGithub.listen();
  github.pulls = Array.from({ length: count }, (_, at) => pull(at + 1));
  return github;
};
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** Both crawls, told; what is wrong with them. */
async function crawlTwice(github: ScriptedGithub, folder: string, paced: boolean): Promise<string[]> {
  const how = paced ? "at the product's pace" : "without a pause";
  const count = github.pulls.length;
  const first = await crawlOnce(github.api, folder, paced);
  const points = github.points;
  const second = await crawlOnce(github.api, folder, paced);
  const each = first.spent.requests / count;
  const share = second.wallMs / first.wallMs;
  const { requests, notModified } = second.spent;
  say(
    `first crawl, ${how}: ${seconds(first.wallMs)}, ${first.spent.requests} requests (${each.toFixed(3)} a pull request), ` +
      `${first.spent.points} points (${(first.spent.points / count).toFixed(2)} a pull request)`,
  );
  say(
    `second crawl, ${how}: ${seconds(second.wallMs)}, ${(100 * share).toFixed(2)}% of the first; ${requests} requests, ` +
      `${notModified} of them not modified, ${github.points - points} points`,
  );
  return [
    ...(first.items.length === count ? [] : [`${first.items.length} of ${count} pull requests came`]),
    ...(JSON.stringify(second.items) === JSON.stringify(first.items) ? [] : ["the second crawl gave something else"]),
    ...(each < 0.2 ? [] : ["0.2 requests a pull request or more"]),
    ...(requests === notModified && github.points === points ? [] : ["the second crawl asked more than conditional questions"]),
    ...(share < 0.02 || !paced ? [] : ["the second crawl took 2% of the time of the first, or more"]),
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { pulls: { type: "string", default: "1000" }, "no-pace": { type: "boolean" }, "no-kills": { type: "boolean" } },
  });
  const count = Number(values.pulls);
  say(`Node ${process.version}, ${availableParallelism()} processors, ${count} merged pull requests, a scripted GitHub on this machine`);
  const wrong: string[] = [];
  const inFolder = async (work: (folder: string, github: ScriptedGithub) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), "kihon-bench-"));
    const github = await scripted(count);
    try {
      await work(folder, github);
    } finally {
      await github.close();
      rmSync(folder, { recursive: true, force: true });
    }
  };
  // The first question of all pays for what the scripted server reads then.
  await inFolder(async (folder, github) => void (await crawlOnce(github.api, folder, false)));
  for (const paced of values["no-pace"] ? [false] : [false, true])
    await inFolder(async (folder, github) => void wrong.push(...(await crawlTwice(github, folder, paced))));
  if (!values["no-kills"])
    await inFolder(async (folder, github) => {
      const killed = await crawlKilled(github, folder);
      const found = wrongWithKilled(killed, count);
      const { kills, cursors, numbers } = killed;
      say(
        `killed at each of ${kills} pages: ${new Set(numbers).size} pull requests, ${cursors.length} questions for pages; ${found ?? "none lost, none twice"}`,
      );
      if (found !== null) wrong.push(found);
    });
  for (const one of wrong) process.stderr.write(`${one}\n`);
  return wrong.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
