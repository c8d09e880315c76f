/** What the tests of the GitHub miner stand on: a folder for its cache, a clock that nobody waits for, and ears for what it says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outside } from "../../../miners/contract.ts";
import { GithubClient } from "../../../miners/github/client.ts";
import { type CrawlOptions, crawl } from "../../../miners/github/crawl.ts";
import { credentialsFrom } from "../../../miners/github/credentials.ts";
import { shelfOf } from "../../../miners/github/open.ts";
import type { Crawled, Vanished } from "../../../miners/github/pages.ts";

export class Stand implements Disposable {
  readonly cacheDir = mkdtempSync(join(tmpdir(), "kihon-github-"));
  readonly said: string[] = [];
  readonly countdown: string[] = [];
  readonly slept: number[] = [];
  /** Of crawls that ended since the repository was gone. */
  readonly vanished: Vanished[] = [];
  #now = Date.UTC(2025, 5, 1);
  readonly outside: Outside;

  constructor(tokens = "ghp_one") {
    const say = (text: string): void => void this.said.push(text);
    this.outside = {
      cacheDir: this.cacheDir,
      environment: { KIHON_GITHUB_TOKEN: tokens },
      log: { info: say, warn: say, progress: (text) => void this.countdown.push(text) },
      clock: {
        now: () => this.#now,
        sleep: async (ms) => {
          this.slept.push(ms);
          this.#now += ms;
        },
      },
    };
  }
  /** Time goes by, and nobody waits for it. */
  passes(ms: number): void {
    this.#now += ms;
  }
  get now(): () => number {
    return this.outside.clock.now;
  }
  /** Milliseconds that were waited in all. */
  get waitedMs(): number {
    return this.slept.reduce((sum, ms) => sum + ms, 0);
  }
  client(api: string, more: { paced?: boolean } = {}): GithubClient {
    return new GithubClient({
      api,
      credentials: credentialsFrom(this.outside.environment),
      outside: this.outside,
      retryMs: 1,
      paced: false,
      ...more,
    });
  }
  async crawl(api: string, more: Partial<CrawlOptions> = {}, client = this.client(api)): Promise<Crawled[]> {
    const options = { repositoryId: "R_7", snapshot: "s", limit: 10_000, since: null, until: null, ...more };
    const tools = { shelf: shelfOf(api, this.outside), client: () => client, progress: this.outside.log.progress };
    const items: Crawled[] = [];
    for await (const item of crawl(options, tools)) {
      if ("vanished" in item) this.vanished.push(item.vanished);
      else items.push(item);
    }
    return items;
  }
  [Symbol.dispose](): void {
    rmSync(this.cacheDir, { recursive: true, force: true });
  }
}

/** Which pull requests came, each by its number, or by its number and why it was passed over. */
export const told = (items: readonly Crawled[]): (number | string)[] =>
  items.map((item) => ("gap" in item ? `${item.gap.number} ${item.gap.reason}` : item.pullRequest.number));
