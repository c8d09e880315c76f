/** A process that crawls a scripted repository, to be killed: `crawler.ts API CACHE` prints the numbers that came. */
import { setTimeout } from "node:timers/promises";
import type { Outside } from "../../../miners/contract.ts";
import { crawl } from "../../../miners/github/crawl.ts";
import { clientOf, shelfOf } from "../../../miners/github/open.ts";

const [api = "", cacheDir = ""] = process.argv.slice(2);
const quiet = (): void => {};
const outside: Outside = {
  cacheDir,
  environment: process.env,
  log: { info: quiet, warn: quiet, progress: quiet },
  clock: { now: Date.now, sleep: async (ms) => setTimeout(ms) },
};
const client = clientOf(api, outside, { retryMs: 1, paced: false });
const options = { repositoryId: "R_7", snapshot: "s", limit: 10_000, since: null, until: null };
const numbers: (number | null)[] = [];
for await (const item of crawl(options, { shelf: shelfOf(api, outside), client: () => client, progress: quiet })) {
  numbers.push("pullRequest" in item ? item.pullRequest.number : null);
}
process.stdout.write(JSON.stringify(numbers));
