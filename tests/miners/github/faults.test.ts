/**
 * What can go wrong between GitHub and us, against every kind of question that it can strike. In each cell every scripted pull request comes
 * to one end, a candidate or a named reason, from the very record that GitHub tells when nothing goes wrong.
 */
import { generateKeyPairSync } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../../languages/contract.ts";
import { RetryLater, StopRun } from "../../../lib/errors.ts";
import { openRepository } from "../../../lib/git.ts";
import type { Mined } from "../../../miners/contract.ts";
import { GithubClient } from "../../../miners/github/client.ts";
import { credentialsFrom } from "../../../miners/github/credentials.ts";
import { openGithub } from "../../../miners/github/open.ts";
import type { Crawled } from "../../../miners/github/pages.ts";
import { github as miner } from "../../../miners/github.ts";
import { type Asked, type Fault, faults, ScriptedGithub, type ScriptedPull } from "./scripted-github.ts";
import { ScriptedRemote } from "./scripted-remote.ts";
import { Stand, told } from "./stand.ts";

const minute = 60_000;
const hour = 60 * minute;
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const app = { KIHON_GITHUB_APP_ID: "12", KIHON_GITHUB_APP_PRIVATE_KEY: key, KIHON_GITHUB_APP_INSTALLATION_ID: "34" };
const roleOf = (path: string): Role => (/\btest\b/.test(path) ? "test" : path.endsWith(".js") ? "source" : "other");
const fix = (number: number): Record<string, string> => ({ "sum.js": `${number}\n`, "test/sum.js": `// ${number}\n` });

let github: ScriptedGithub;
let stand: Stand;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  stand = new Stand();
});
afterEach(async () => {
  stand[Symbol.dispose]();
  await github.close();
  expect(github.unmet).toBe(0);
});

/** As runs and their user do it: tries again what is to be tried later, and does what a stop asks for. */
async function patiently<T>(work: (stopped: boolean) => Promise<T>): Promise<{ done: T; tries: number; stops: readonly string[] }> {
  const stops: string[] = [];
  for (let tries = 1; ; tries++) {
    try {
      return { done: await work(stops.length > 0), tries, stops };
    } catch (error) {
      if (tries === 6 || !(error instanceof StopRun || error instanceof RetryLater)) throw error;
      if (error instanceof RetryLater) continue;
      stops.push(error.message);
      github.show();
    }
  }
}

/** The whole road to candidates, on from the last that is there. */
async function mine(into: Mined[], onOpen = (): void => {}, own = stand): Promise<void> {
  const { outside } = own;
  const options = { api: github.api, name: github.name, pinned: null };
  const { cloneUrl, name, repositoryId, snapshot } = await openGithub(options, outside, () => own.client(github.api));
  const repository = await openRepository(cloneUrl, join(own.cacheDir, "repositories"), { name, retryMs: 1 });
  onOpen();
  const asked = miner.options.parse({ api: github.api, repositoryId, snapshot, limit: 1000, retryMs: 1, paced: false });
  const cursor = into.at(-1)?.cursor ?? null;
  for await (const item of miner.mine(asked, { repository, roleOf, cursor, outside })) into.push(item);
}

/** How a cell ends, where it is not at the first try, without a wait, with every record. */
interface End {
  readonly tries?: number;
  /** For limits, on our clock. */
  readonly waitedMs?: number;
  /** What the user is told. */
  readonly stops?: RegExp;
  /** Those that are passed over, and why. */
  readonly gaps?: Readonly<Record<number, string>>;
  /** Those of which GitHub names no change, so that they stay as they were told before. */
  readonly asBefore?: readonly number[];
}
/** Where it strikes; text says why it cannot. */
type Row<Kind extends string> = readonly [fault: () => Fault, times: number, ends: Readonly<Record<Kind, End | string>>];
const cellsOf = <Kind extends string>(matrix: Readonly<Record<string, Row<Kind>>>) =>
  Object.entries(matrix).flatMap(([fault, [make, times, ends]]) =>
    (Object.keys(ends) as Kind[]).flatMap((kind) => {
      const end: End | string = ends[kind];
      return typeof end === "string" ? [] : [{ fault, kind, make, times, end }];
    }),
  );
const stopsOf = ({ stops }: End): unknown[] => (stops === undefined ? [] : [expect.stringMatching(stops)]);

const changed =
  (number: number, how: (one: ScriptedPull) => Partial<ScriptedPull>): Fault =>
  () => {
    github.pulls = github.pulls.map((one) => (one.number === number ? { ...one, ...how(one) } : one));
    return "go on";
  };
const renamed: Fault = () => {
  github.formerly.add(github.name);
  github.name = "new/name";
  return "go on";
};
const vanished: Fault = () => {
  github.hide();
  return "go on";
};

describe("a crawl meets", () => {
  /** Two pages; every ninth is a fix with its test, and one has more threads than its page tells. */
  const count = 27;
  let pulls: readonly ScriptedPull[];
  /** What is told, and what becomes of each, when nothing goes wrong. */
  let calm: readonly Crawled[];
  const ends = new Map<number, string>();
  beforeAll(async () => {
    using remote = await ScriptedRemote.make({ "package.json": '{"license":"MIT"}' });
    const made = await remote.seed(count, (number) => (number % 9 === 0 ? fix(number) : { "README.md": `${number}\n` }));
    const threads = Array.from({ length: 30 }, (_, at) => ({ path: `f${at}.js`, body: "Why?", createdAt: "2024-01-05T00:00:00Z" }));
    pulls = made.map((one) => (one.number === 20 ? { ...one, threads } : one));
    github = await ScriptedGithub.listen();
    github.pulls = [...pulls];
    await remote.publish(github);
    using own = new Stand();
    const items: Mined[] = [];
    await mine(items, () => {}, own);
    for (const { cursor, item } of items) ends.set(Number(cursor), item.kind === "passed-over" ? item.reason : item.kind);
    calm = await crawled("page", github.name, own);
    await github.close();
  }, 60_000);
  beforeEach(() => {
    github.pulls = [...pulls];
  });

  /** The questions, each by what it looks like. */
  const kinds = {
    /** The second page. */
    page: ({ variables }: Asked) => variables["after"] === "after 3",
    /** The threads of a pull request that its page does not tell. */
    part: ({ query }: Asked) => query.startsWith("query More"),
    /** Conditional: whether the repository is still what it was. */
    repository: ({ path }: Asked) => /^\/repos\/[^/]+\/[^/?]+$/.test(path),
    /** Conditional: which pull request changed last. */
    listing: ({ path }: Asked) => path.includes("/pulls?"),
    /** The token of an app's installation. */
    token: ({ path }: Asked) => path.startsWith("/app/"),
  } as const;
  type Kind = keyof typeof kinds;
  type Ends = Row<Kind>[2];

  const everywhere = (end: End): Ends => ({ page: end, part: end, repository: end, listing: end, token: end });
  const rest = "REST does not speak so";
  const inGraphql = (end: End): Ends => ({ page: end, part: end, repository: rest, listing: rest, token: rest });
  /** Of a page less is asked for then, a token is asked for again with the next question, and of the others the whole is tried again. */
  const longer = (tries: number): Ends => ({ page: {}, part: {}, repository: { tries }, listing: { tries }, token: {} });
  const token = "an app's token knows no repository";
  const primary = (skewMs: number) => (): Fault => faults.primary(stand.now, 10 * minute, skewMs);
  const inWords = (skewMs: number) => (): Fault => faults.graphqlLimit(stand.now, 10 * minute, skewMs);
  const tenMinutes = { waitedMs: 10 * minute + 1000 };
  const moved = /^owner\/name is now called new\/name$/;

  const matrix: Readonly<Record<string, Row<Kind>>> = {
    "the primary limit": [primary(0), 1, everywhere(tenMinutes)],
    "the primary limit, by a clock an hour ahead": [primary(hour), 1, everywhere(tenMinutes)],
    "the primary limit, by a clock an hour behind": [primary(-hour), 1, everywhere(tenMinutes)],
    "the primary limit with status 200": [inWords(0), 1, inGraphql(tenMinutes)],
    "the primary limit with status 200, by a clock a day ahead": [inWords(24 * hour), 1, inGraphql(tenMinutes)],
    "the primary limit with status 200, by a clock a day behind": [inWords(-24 * hour), 1, inGraphql(tenMinutes)],
    "a secondary limit (403) that says how long": [() => faults.secondary(403, 17), 1, everywhere({ waitedMs: 17_000 })],
    "a secondary limit (429) that says how long": [() => faults.secondary(429, 17), 1, everywhere({ waitedMs: 17_000 })],
    "secondary limits that do not say how long": [() => faults.secondary(403, null), 2, everywhere({ waitedMs: 3 * minute })],
    "a secondary limit with status 200": [() => faults.graphqlSecondary, 1, inGraphql({ waitedMs: minute })],
    "a burst of 502": [() => faults.badGateway, 3, everywhere({})],
    "more 502 than tries": [() => faults.badGateway, 9, longer(3)],
    "a burst of 500": [() => faults.serverError, 3, everywhere({})],
    "pages of HTML": [() => faults.html, 2, everywhere({})],
    "more pages of HTML than tries": [() => faults.html, 5, longer(2)],
    "answers that break off": [() => faults.halfAnswer, 2, everywhere({})],
    "JSON that ends too early": [() => faults.halfJson, 2, everywhere({})],
    "more such JSON than tries": [() => faults.halfJson, 5, longer(2)],
    "empty bodies": [() => faults.empty, 2, everywhere({})],
    "bodies of null": [() => faults.nothing, 2, everywhere({})],
    "questions that take too long": [() => faults.timeout, 2, inGraphql({})],
    "connections that break": [() => faults.reset, 3, everywhere({})],
    "more broken connections than tries": [() => faults.reset, 5, longer(2)],
    "a rename": [
      () => renamed,
      1,
      { page: {}, part: {}, repository: { stops: moved, tries: 2 }, listing: { stops: moved, tries: 3 }, token },
    ],
    "a repository that vanishes and comes back": [
      () => vanished,
      1,
      {
        page: "it stops nothing: see below",
        part: "it stops nothing: see below",
        repository: { stops: /is private/, tries: 2 },
        listing: "the repository itself is asked for before",
        token,
      },
    ],
    "a fork that is deleted": [
      () => changed(2, ({ head }) => ({ head: { ...head, fork: null } })),
      1,
      { page: {}, part: {}, repository: { asBefore: [2] }, listing: { asBefore: [2] }, token },
    ],
    "a force push": [
      () =>
        changed(2, ({ head }) => {
          const [at, after] = ["2024-02-01T00:00:00Z", "f".repeat(40)];
          return { updatedAt: at, head: { ...head, oid: after }, forcePushes: [{ at, before: head.oid, after }] };
        }),
      1,
      { ...everywhere({}), token },
    ],
  };

  async function crawled(kind: Kind, name: string, own: Stand): Promise<Crawled[]> {
    const credentials = credentialsFrom(kind === "token" ? app : own.outside.environment);
    const client = new GithubClient({ api: github.api, credentials, outside: own.outside, retryMs: 1, paced: false });
    const { snapshot } = await openGithub({ api: github.api, name, pinned: null }, own.outside, () => client);
    return own.crawl(github.api, { snapshot }, client);
  }

  /** All of them once, each with the record that GitHub tells in calm, but where the cell says otherwise. */
  async function expectWhole(items: readonly Crawled[], { gaps = {}, asBefore = [] }: End): Promise<void> {
    using own = new Stand();
    const asScripted = github.pulls.every((one, at) => one === pulls[at]);
    const whole = asScripted ? calm : await crawled("page", github.name, own);
    const wanted = whole.map((item, at) => {
      const number = "gap" in item ? 0 : item.pullRequest.number;
      const reason = gaps[number];
      if (reason !== undefined) return { gap: { number, reason, detail: expect.any(String) } };
      return asBefore.includes(number) ? calm[at] : item;
    });
    expect(told(items)).toEqual(whole.map((_, at) => (gaps[count - at] === undefined ? count - at : `${count - at} ${gaps[count - at]}`)));
    expect(items).toEqual(wanted);
    const all = items.map((item) => ("gap" in item ? item.gap.reason : ends.get(item.pullRequest.number)));
    const reasons = all.filter((end) => (miner.reasons as readonly (string | undefined)[]).includes(end)).length;
    expect(all.filter((end) => end === "commit").length + reasons).toBe(count);
  }

  it("nothing in calm: every pull request ends as a candidate or with a reason", async () => {
    expect([...ends].filter(([, end]) => end === "commit").map(([number]) => number)).toEqual([27, 18, 9]);
    await expectWhole(calm, {});
  });

  it.each(cellsOf(matrix))("$fault: $kind", async ({ kind, make, times, end }) => {
    // A conditional question is one of a run that comes after another.
    if (kind === "repository" || kind === "listing") {
      github.pulls = pulls.slice(0, -1);
      await crawled(kind, github.name, stand);
      github.pulls = [...pulls];
      github.asked.length = 0;
    }
    github.fail(make(), times, kinds[kind]);
    const { done, tries, stops } = await patiently((stopped) => crawled(kind, stopped ? github.name : "owner/name", stand));
    expect([tries, stand.waitedMs, stops]).toEqual([end.tries ?? 1, end.waitedMs ?? 0, stopsOf(end)]);
    // While a limit lasts nobody asks.
    if (end.waitedMs !== undefined) expect(github.asked.filter(kinds[kind]).length).toBe(times + 1);
    await expectWhole(done, end);
  });

  it.each([
    ["that GitHub cannot give", faults.badGateway, "unanswered"],
    ["for which a page of HTML comes", faults.html, "unanswered"],
    ["whose answer breaks off", faults.cutOff, "unanswered"],
    ["that GitHub leaves empty", "null-node" as const, "unexpected-form"],
    ["of another form", "other-form" as const, "unexpected-form"],
  ])("a pull request %s: it is named, and no other with it", async (_, how, reason) => {
    github.broken.set(13, how);
    await expectWhole(await crawled("page", github.name, stand), { gaps: { 13: reason } });
  });

  it.each([
    ["page", "not-found", vanished],
    ["part", "not-found", vanished],
    ["page", "gone", faults.blocked],
  ] as const)(
    "a repository that vanishes: at a %s it is told as %s after what was read, and the rest is read when it is back",
    async (kind, reason, fault) => {
      const last = (items: readonly Crawled[]): unknown => told(items).at(-1);
      github.fail(fault, 1, kinds[kind]);
      const read = await crawled("page", github.name, stand);
      expect([read.length, last(read), stand.vanished.map((one) => one.reason)]).toEqual([25, 3, [reason]]);
      github.show();
      const asked = github.asked.length;
      await expectWhole(await crawled("page", github.name, stand), {});
      expect(stand.vanished).toHaveLength(1);
      // Two conditional questions, what changed meanwhile with the threads of one, and the page that was not read.
      expect(github.asked.slice(asked).map(({ query }) => query !== "")).toEqual([false, false, true, true, true]);
      // From then on all is as it is without this.
      const later = github.asked.length;
      await expectWhole(await crawled("page", github.name, stand), {});
      expect(github.asked.slice(later).filter(({ query, status }) => query !== "" || status !== 304)).toEqual([]);
    },
  );

  it("a token that may not read it any more: that is no word on the repository", async () => {
    github.fail(faults.sso, 1, kinds.page);
    await expect(crawled("page", github.name, stand)).rejects.toMatchObject({ name: "StopRun", next: expect.stringContaining("token") });
    await expectWhole(await crawled("page", github.name, stand), {});
  });

  it("a part that is gone: the one pull request that it belongs to is named", async () => {
    github.fail(faults.missing, 1, kinds.part);
    await expectWhole(await crawled("page", github.name, stand), { gaps: { 20: "unanswered" } });
  });
});

describe("a fetch meets", () => {
  let remote: ScriptedRemote;
  let pulls: readonly ScriptedPull[];
  let start = "";
  beforeAll(async () => {
    remote = await ScriptedRemote.make({ "package.json": '{"license":"MIT"}' });
    start = await remote.scratch.git("rev-parse", "main");
    pulls = await remote.seed(2, fix);
  }, 60_000);
  afterAll(() => remote[Symbol.dispose]());
  beforeEach(async () => {
    github.smart = true;
    github.pulls = [...pulls];
    await remote.publish(github);
  });

  type Ends = Row<"commits" | "contents">[2];
  const both = (end: End): Ends => ({ commits: end, contents: end });
  const inGit = ({ path }: Asked): boolean => path.includes(".git/");
  const tooMany: Fault = (response) => response.writeHead(429, { "retry-after": "1" }).end("slow down");
  const matrix: Readonly<Record<string, Row<"commits" | "contents">>> = {
    "a limit (429)": [() => tooMany, 2, both({})],
    "a burst of 502": [() => faults.badGateway, 3, both({})],
    "more 502 than tries": [() => faults.badGateway, 9, both({ tries: 3 })],
    "pages of HTML": [() => faults.html, 2, both({})],
    "more pages of HTML than tries": [() => faults.html, 9, { commits: { stops: /names no branch/, tries: 2 }, contents: { tries: 2 } }],
    "empty bodies": [() => faults.empty, 2, both({})],
    "answers that break off": [() => faults.halfAnswer, 2, both({})],
    "connections that break": [() => faults.reset, 2, both({})],
    "a rename": [() => renamed, 1, both({})],
    "a server that does not know it for once": [
      () => faults.missing,
      1,
      { commits: { stops: /could not be fetched/, tries: 2 }, contents: { tries: 2 } },
    ],
  };

  /** By number: which commit the candidate came from, or why there is none. */
  const endsOf = (items: readonly Mined[]): Readonly<Record<string, string>> =>
    Object.fromEntries(
      items.map(({ cursor, item }) => {
        if (item.kind === "passed-over") return [cursor, item.reason];
        const { commit } = item.kind === "commit" ? item.commit.revision : item.revision;
        const own = pulls.find(({ number }) => String(number) === cursor);
        return [cursor, commit === own?.merge?.oid ? "merge" : commit === own?.head.oid ? "head" : commit];
      }),
    );

  it.each(cellsOf(matrix))("$fault: $kind", async ({ kind, make, times, end }) => {
    const strike = (): void => github.fail(make(), times, inGit);
    if (kind === "commits") strike();
    let first = true;
    const items: Mined[] = [];
    const { tries, stops } = await patiently(() =>
      mine(items, () => {
        if (kind === "contents" && first) strike();
        first = false;
      }),
    );
    expect([tries, stops]).toEqual([end.tries ?? 1, stopsOf(end)]);
    expect([items.length, endsOf(items)]).toEqual([2, { 1: "merge", 2: "merge" }]);
    const texts = items.map(({ item }) => item.kind === "commit" && [item.commit.before, item.commit.revision.repository.license]);
    expect(texts).toEqual([
      [{ "sum.js": "1\n" }, "MIT"],
      [{ "sum.js": null }, "MIT"],
    ]);
  });

  it("pages of HTML when it comes again: no branch is lost", async () => {
    const items: Mined[] = [];
    await mine(items);
    const branches = () => remote.scratch.git("--git-dir", clone(), "for-each-ref", "--format=%(objectname) %(refname)");
    const clone = (): string => join(stand.cacheDir, "repositories", readdirSync(join(stand.cacheDir, "repositories"))[0] ?? "");
    const before = await branches();
    expect(before).toContain("refs/heads/main");
    github.fail(faults.html, Number.POSITIVE_INFINITY, inGit);
    await expect(mine([])).rejects.toThrow(RetryLater);
    expect(await branches()).toBe(before);
  });

  /** What was done to the repository since its pull requests were merged. */
  const rewritten = () => remote.scratch.git("--git-dir", remote.bare, "update-ref", "refs/heads/main", start);
  it.each<[string, () => Promise<unknown>, Readonly<Record<number, string>>]>([
    // The head of the second stands on what merged the first.
    ["a branch that was rewritten by a force push", rewritten, { 1: "merge", 2: "head" }],
    [
      "forks that are deleted, and a branch that was rewritten",
      async () => {
        github.pulls = github.pulls.map((one) => ({ ...one, head: { ...one.head, fork: null } }));
        await rewritten();
      },
      { 1: "merge", 2: "head" },
    ],
    [
      "heads that were pushed anew or are gone, and a branch that was rewritten",
      async () => {
        await remote.publish(github, { 1: null, 2: start });
        await remote.scratch.git("--git-dir", remote.bare, "update-ref", "-d", "refs/pull/1/head");
        await rewritten();
      },
      { 1: "head-gone", 2: "head-moved" },
    ],
    [
      "two that one commit merged",
      async () => {
        const [first, second] = github.pulls;
        github.pulls = [{ ...(first as ScriptedPull), merge: second?.merge ?? null }, second as ScriptedPull];
      },
      { 1: "same-commit", 2: "merge" },
    ],
  ])("%s", async (_, arrange, wanted) => {
    await arrange();
    const items: Mined[] = [];
    await mine(items);
    expect([items.length, endsOf(items)]).toEqual([2, wanted]);
    // The same from every cursor on.
    const rest: Mined[] = items.slice(0, 1);
    await mine(rest);
    expect(rest).toEqual(items);
  });
});
