import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryLater, StopRun } from "../../../lib/errors.ts";
import { type OpenedRepository, openGithub } from "../../../miners/github/open.ts";
import { faults, pull, ScriptedGithub } from "./scripted-github.ts";
import { Stand, told } from "./stand.ts";

let github: ScriptedGithub;
let stand: Stand;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  github.pulls = [pull(3), pull(2), pull(1)];
  stand = new Stand();
});
afterEach(async () => {
  stand[Symbol.dispose]();
  await github.close();
  expect(github.unmet).toBe(0);
});
const opened = (name = "owner/name", pinned: string | null = null): Promise<OpenedRepository> =>
  openGithub({ api: github.api, name, pinned }, stand.outside, () => stand.client(github.api));
const refusal = async (name?: string): Promise<Error & { next?: string }> => {
  const error = await opened(name).catch((thrown: unknown) => thrown);
  if (error instanceof StopRun || error instanceof RetryLater) return error;
  throw new Error("nothing was refused", { cause: error });
};
const statuses = (): number[] => github.asked.filter(({ method }) => method === "GET").map(({ status }) => status);

describe("a repository of GitHub's", () => {
  it("is found under its name, in whatever case, with the address of its git", async () => {
    expect(await opened("Owner/NAME")).toEqual({
      name: "owner/name",
      cloneUrl: `${github.host}/owner/name.git`,
      repositoryId: "R_7",
      snapshot: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("that was renamed is named with its new name", async () => {
    github.formerly.add("owner/name");
    github.name = "new/other";
    const { message, next } = await refusal();
    expect(message).toBe("owner/name is now called new/other");
    expect(next).toContain("--github new/other");
  });

  it("that was renamed keeps the pages that were read", async () => {
    const { snapshot } = await opened();
    await stand.crawl(github.api, { snapshot });
    github.name = "new/other";
    const again = await opened("new/other");
    expect(told(await stand.crawl(github.api, { snapshot: again.snapshot }))).toEqual([3, 2, 1]);
    expect(github.asked.filter(({ method }) => method === "POST").length).toBe(1);
  });

  it.each([
    ["is private", () => github.hide(), StopRun, /is private/, /--repo PATH/],
    ["is not there", () => github.fail(faults.missing), StopRun, /no repository owner\/name .*404/, /same of private ones/],
    ["is blocked", () => github.fail(faults.blocked), StopRun, /451/, /another repository/],
    ["is behind single sign-on", () => github.fail(faults.sso), StopRun, /SAML/, /token/],
    ["answers from a page of HTML", () => github.fail(faults.html, 4), RetryLater, /does not answer as GitHub does/, null],
    ["answers with errors only", () => github.fail(faults.serverError, 4), RetryLater, /status 500/, null],
    [
      "answers with something else",
      () => github.fail((response) => response.writeHead(200, { "content-type": "application/json" }).end('{"a":1}')),
      RetryLater,
      /another form/,
      null,
    ],
    [
      "redirects to another host",
      () => github.fail((response) => response.writeHead(301, { location: "http://example.invalid/" }).end()),
      StopRun,
      /sends us elsewhere/,
      /--github-api/,
    ],
  ])("that %s is told so", async (_, arrange, kind, said, next) => {
    arrange();
    const error = await refusal();
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(said);
    if (next !== null) expect(error.next).toMatch(next);
  });
});

describe("the state of its pull requests", () => {
  const crawled = async (): Promise<OpenedRepository> => {
    const found = await opened();
    await stand.crawl(github.api, { snapshot: found.snapshot });
    github.asked.length = 0;
    return found;
  };

  it("is the same while nothing changes, which two conditional questions tell", async () => {
    const first = await crawled();
    expect(await opened()).toEqual(first);
    expect(statuses()).toEqual([304, 304]);
  });

  it("is the same when the repository changes and no pull request does", async () => {
    const first = await crawled();
    github.stars += 1;
    expect(await opened()).toEqual(first);
    expect(statuses()).toEqual([200, 200]);
  });

  it("is another when one was merged since", async () => {
    const first = await crawled();
    github.pulls = [pull(4), ...github.pulls];
    const now = await opened();
    expect(now.snapshot).not.toBe(first.snapshot);
    expect(told(await stand.crawl(github.api, { snapshot: now.snapshot }))).toEqual([4, 3, 2, 1]);
  });

  it("stays with a crawl that did not come to its end, whatever was merged since", async () => {
    const first = await opened();
    github.pulls = [pull(4), ...github.pulls];
    expect((await opened()).snapshot).toBe(first.snapshot);
  });

  it("stays with a longer crawl that did not come to its end, after a shorter one that did", async () => {
    github.pulls = Array.from({ length: 30 }, (_, at) => pull(at + 1));
    const first = await opened();
    await stand.crawl(github.api, { snapshot: first.snapshot, limit: 5 });
    github.fail(faults.sso, 1, ({ method }) => method === "POST");
    await expect(stand.crawl(github.api, { snapshot: first.snapshot })).rejects.toThrow(StopRun);
    github.pulls = [...github.pulls, pull(31)];
    expect((await opened()).snapshot).toBe(first.snapshot);
  });

  it("is another one after a crawl that ended with the repository, and stays that one, whatever was or was not merged since", async () => {
    github.pulls = Array.from({ length: 30 }, (_, at) => pull(at + 1));
    const first = await opened();
    github.fail(faults.missing, 1, ({ variables }) => variables["after"] === "after 6");
    await stand.crawl(github.api, { snapshot: first.snapshot });
    const second = await opened();
    expect(second.snapshot).not.toBe(first.snapshot);
    expect((await opened()).snapshot).toBe(second.snapshot);
    expect(told(await stand.crawl(github.api, { snapshot: second.snapshot }))).toHaveLength(30);
    expect((await opened()).snapshot).toBe(second.snapshot);
    github.pulls = [...github.pulls, pull(31)];
    const third = await opened();
    expect(new Set([first, second, third].map(({ snapshot }) => snapshot)).size).toBe(3);
    expect(told(await stand.crawl(github.api, { snapshot: third.snapshot }))).toHaveLength(31);
    // What the run that was cut short stays with is whole by now.
    expect(told(await stand.crawl(github.api, { snapshot: first.snapshot }))).toHaveLength(30);
  });

  it("stays with a run that was started with it", async () => {
    const first = await crawled();
    github.pulls = [pull(4), ...github.pulls];
    expect(await opened("owner/name", first.snapshot)).toEqual(first);
  });

  it("stays with it without a question, and without a credential, where the repository is known", async () => {
    const first = await crawled();
    const nobody = (): never => {
      throw new Error("something was asked");
    };
    const options = { api: github.api, name: "owner/name", pinned: first.snapshot };
    expect(await openGithub(options, stand.outside, nobody)).toEqual(first);
  });

  it("leaves on the disk what was read in the last months, and nothing else", async () => {
    await crawled();
    const files = (): number => readdirSync(stand.cacheDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;
    const before = files();
    stand.passes(60 * 86_400_000);
    github.pulls = [pull(4), ...github.pulls];
    // A chain of snapshots is read whole, so it stays whole.
    const second = await crawled();
    expect(files()).toBe(before + 3);
    stand.passes(60 * 86_400_000);
    expect(told(await stand.crawl(github.api, { snapshot: second.snapshot }))).toEqual([4, 3, 2, 1]);
    expect(github.asked).toEqual([]);
    stand.passes(91 * 86_400_000);
    github.pulls = [pull(5), ...github.pulls];
    await opened();
    expect(files()).toBeLessThan(before + 3);
    expect(told(await stand.crawl(github.api, { snapshot: (await opened()).snapshot }))).toEqual([5, 4, 3, 2, 1]);
  });

  it("can be that there is none", async () => {
    github.pulls = [];
    const { snapshot } = await opened();
    expect(await stand.crawl(github.api, { snapshot })).toEqual([]);
  });
});
