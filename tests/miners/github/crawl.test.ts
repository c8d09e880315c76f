import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RetryLater, StopRun } from "../../../lib/errors.ts";
import { openGithub } from "../../../miners/github/open.ts";
import { pullRequestSchema } from "../../../schemas/pull-request.ts";
import { faults, pull, ScriptedGithub } from "./scripted-github.ts";
import { Stand, told } from "./stand.ts";

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

const numbers = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, at) => from - at);
const pulls = (count: number) => numbers(count, 1).map((number) => pull(number));
const cursors = (): unknown[] => github.asked.filter(({ query }) => query !== "").map(({ variables }) => variables["after"]);

describe("a crawl", () => {
  it("tells of a pull request what was asked, what was said, and where its commits are", async () => {
    const at = (hour: number): string => `2024-02-01T${String(hour).padStart(2, "0")}:00:00Z`;
    github.pulls = [
      pull(7, {
        createdAt: at(10),
        mergedAt: at(20),
        commits: [
          { oid: "d".repeat(40), message: "Fix it\n\nAt last", authoredDate: at(9) },
          { oid: "e".repeat(40), message: "Test it", authoredDate: at(11) },
        ],
        forcePushes: [
          { at: at(15), before: "f".repeat(40), after: null },
          { at: at(14), before: null, after: "f".repeat(40) },
        ],
        labels: ["bug", "good first issue"],
        issues: [
          {
            number: 3,
            title: "Line 3 was wrong",
            body: "Look",
            createdAt: at(1),
            editedAt: at(2),
            renames: [
              { at: at(3), from: "Help" },
              { at: at(12), from: "It is wrong" },
              { at: at(13), from: "Line 3 is wrong" },
            ],
            author: null,
            comments: [
              { body: "So it is", createdAt: at(7), editedAt: at(8) },
              { body: "It was line 3, see below", createdAt: at(7), editedAt: at(9) },
              { body: "The fix is on line 3", createdAt: at(9) },
            ],
          },
        ],
        threads: [
          {
            path: "a.js",
            line: null,
            originalLine: 4,
            originalStartLine: 2,
            commit: "c".repeat(40),
            outdated: true,
            body: "Why?",
            createdAt: at(12),
            author: ["Bot", "linter"],
          },
          { path: "b.js", resolved: true, body: "Off by one", createdAt: at(13), author: ["User", "bea"] },
          { path: "b.js", left: true, originalStartLine: 2, body: "This was needed", createdAt: at(14), author: ["User", "bea"] },
        ],
        reviews: [
          { state: "COMMENTED", at: at(12), author: ["Bot", "linter"], commit: null },
          { state: "APPROVED", at: at(19), author: ["User", "bea"], body: "Well." },
          { state: "CHANGES_REQUESTED", at: at(13), author: ["User", "bea"], commit: "c".repeat(40) },
          { state: "PENDING", at: null, body: "Hm" },
        ],
      }),
    ];
    const [only] = await stand.crawl(github.api);
    const { head, base, merge } = pull(7);
    const [ann, bea] = ["ann", "bea"].map((login) => ({ login, kind: "user" }));
    const full = (hour: number): string => at(hour).replace("Z", ".000Z");
    expect(only).toEqual({
      pullRequest: pullRequestSchema.parse({
        number: 7,
        title: "Fix number 7",
        body: "It closes what it closes.",
        author: ann,
        createdAt: full(10),
        mergedAt: full(20),
        base,
        head,
        mergeCommit: merge?.oid,
        method: "squash",
        kind: "change",
        commits: {
          count: 2,
          list: [
            { oid: "d".repeat(40), message: "Fix it\n\nAt last", authoredAt: full(9) },
            { oid: "e".repeat(40), message: "Test it", authoredAt: full(11) },
          ],
          cut: false,
        },
        forcePushes: [
          { at: full(14), before: null, after: "f".repeat(40) },
          { at: full(15), before: "f".repeat(40), after: null },
        ],
        labels: ["bug", "good first issue"],
        issues: [
          {
            repository: "owner/name",
            number: 3,
            title: "It is wrong",
            body: "Look",
            author: { login: null, kind: "ghost" },
            createdAt: full(1),
            editedAt: full(2),
            comments: [{ author: ann, body: "So it is", createdAt: full(7) }],
          },
        ],
        threads: [
          {
            path: "a.js",
            line: null,
            originalLine: 4,
            originalStartLine: 2,
            commit: "c".repeat(40),
            resolved: false,
            outdated: true,
            body: "Why?",
            author: { login: "linter", kind: "bot" },
            createdAt: full(12),
          },
          {
            path: "b.js",
            line: 3,
            originalLine: 3,
            originalStartLine: null,
            commit: head.oid,
            resolved: true,
            outdated: false,
            body: "Off by one",
            author: { login: "bea", kind: "user" },
            createdAt: full(13),
          },
          {
            path: "b.js",
            line: null,
            originalLine: null,
            originalStartLine: null,
            commit: head.oid,
            resolved: false,
            outdated: false,
            body: "This was needed",
            author: { login: "bea", kind: "user" },
            createdAt: full(14),
          },
        ],
        reviews: [
          { verdict: "commented", author: { login: "linter", kind: "bot" }, commit: null, body: "", submittedAt: full(12) },
          { verdict: "changes-requested", author: bea, commit: "c".repeat(40), body: "", submittedAt: full(13) },
          { verdict: "approved", author: bea, commit: head.oid, body: "Well.", submittedAt: full(19) },
        ],
      }),
    });
  });

  it("tells of the first hundred commits, and that there are more", async () => {
    const commits = Array.from({ length: 130 }, (_, at) => ({ message: `c${at}`, authoredDate: "2024-01-01T00:00:00Z" }));
    github.pulls = [pull(1, { commits })];
    const [only] = await stand.crawl(github.api);
    const told = only !== undefined && "pullRequest" in only ? only.pullRequest.commits : null;
    expect(told?.list.map(({ message }) => message)).toEqual(commits.slice(0, 100).map(({ message }) => message));
    expect([told?.count, told?.cut, github.asked.length]).toEqual([130, true, 1]);
  });

  it("asks for what does not fit into a page, and for no comment that comes too late", async () => {
    const comments = (count: number, hour: number) =>
      Array.from({ length: count }, (_, at) => ({
        body: `c${at}`,
        createdAt: new Date(Date.UTC(2023, 0, 1, hour) + at * 1000).toISOString(),
      }));
    const many = (count: number, number: number) =>
      Array.from({ length: count }, (_, at) => ({ number: number + at, title: "t", body: "b", createdAt: "2023-01-01T00:00:00Z" }));
    const threads = Array.from({ length: 130 }, (_, at) => ({ path: `f${at}.js`, body: "b", createdAt: "2024-01-05T00:00:00Z" }));
    const late = [{ body: "late", createdAt: "2025-01-01T00:00:00Z" }];
    const reviews = Array.from({ length: 101 }, (_, at) => ({ state: "COMMENTED" as const, at: "2024-01-05T00:00:00Z", body: `${at}` }));
    github.pulls = [
      pull(2, { threads, reviews, issues: many(8, 100) }),
      pull(1, {
        issues: [
          { number: 50, title: "t", body: "b", createdAt: "2023-01-01T00:00:00Z", comments: [...comments(70, 0), ...late] },
          {
            number: 51,
            title: "t",
            body: "b",
            createdAt: "2023-01-01T00:00:00Z",
            comments: [...comments(3, 0), ...Array(60).fill(late[0])],
          },
        ],
      }),
    ];
    const [second, first] = (await stand.crawl(github.api)).map((item) => ("pullRequest" in item ? item.pullRequest : null));
    expect(second?.threads.map(({ path }) => path)).toEqual(threads.map(({ path }) => path));
    expect(second?.reviews?.map(({ body }) => body)).toEqual(reviews.map(({ body }) => body));
    expect(second?.issues.map(({ number }) => number)).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    expect(first?.issues.map(({ comments: { length } }) => length)).toEqual([70, 3]);
    // The page, two more of threads, one of reviews, one of issues, one of comments.
    expect(github.asked.length).toBe(1 + 2 + 1 + 1 + 1);
  });

  it("ends at its limit, asks for no more than that, and goes on from there when it is raised", async () => {
    github.pulls = pulls(60);
    expect(told(await stand.crawl(github.api, { limit: 30 }))).toEqual(numbers(60, 31));
    expect(github.asked.map(({ variables }) => variables["first"])).toEqual([25, 5]);
    expect(told(await stand.crawl(github.api, { limit: 40 }))).toEqual(numbers(60, 21));
    expect(cursors()).toEqual([null, "after 36", "after 31"]);
  });

  it("keeps to a window of time, from its first moment to just before its last", async () => {
    github.pulls = pulls(60);
    const [since, until] = [pull(20).mergedAt, pull(40).mergedAt];
    expect(told(await stand.crawl(github.api, { since, until }))).toEqual(numbers(39, 20));
    expect(told(await stand.crawl(github.api, { since, until, limit: 3 }))).toEqual([39, 38, 37]);
  });

  it("loses and repeats nothing when others are merged meanwhile", async () => {
    github.pulls = pulls(60);
    github.fail(
      (response) => {
        github.pulls = [pull(62), pull(61), ...github.pulls];
        faults.badGateway(response);
      },
      1,
      ({ variables }) => variables["after"] === "after 36",
    );
    expect(told(await stand.crawl(github.api))).toEqual(numbers(60, 1));
  });
});

describe("a crawl of what changed since", () => {
  /** As a run does it: opens, and reads to the end. */
  const refreshed = async (limit = 10_000): Promise<(number | string)[]> => {
    const client = stand.client(github.api);
    const { snapshot } = await openGithub({ api: github.api, name: "owner/name", pinned: null }, stand.outside, () => client);
    return told(await stand.crawl(github.api, { snapshot, limit }, client));
  };
  const questions = () => github.asked.filter(({ query }) => query !== "");
  const hour = (at: number): string => new Date(Date.UTC(2024, 6, 1) + at * 3_600_000).toISOString().replace(".000Z", "Z");

  it("asks for what is new or was touched, and for nothing else", async () => {
    github.pulls = pulls(100);
    await refreshed();
    github.asked.length = 0;
    github.pulls = [
      pull(102, { updatedAt: hour(2) }),
      pull(101, { updatedAt: hour(3) }),
      ...github.pulls.map((one) => (one.number === 40 ? { ...one, title: "Touched", updatedAt: hour(1) } : one)),
    ];
    expect(await refreshed()).toEqual(numbers(102, 1));
    expect(questions().map(({ variables }) => variables["orderBy"])).toEqual([{ field: "UPDATED_AT", direction: "DESC" }]);
    github.asked.length = 0;
    const again = await stand.crawl(github.api, { snapshot: (await openedSnapshot()).snapshot });
    expect(
      again.flatMap((item) => ("pullRequest" in item && item.pullRequest.title === "Touched" ? [item.pullRequest.number] : [])),
    ).toEqual([40]);
    expect(questions()).toEqual([]);
  });
  const openedSnapshot = () =>
    openGithub({ api: github.api, name: "owner/name", pinned: null }, stand.outside, () => stand.client(github.api));

  it("goes on in a chain, where the newest word on each counts, and an older state stays as it was", async () => {
    github.pulls = pulls(60);
    await refreshed();
    const first = (await openedSnapshot()).snapshot;
    for (const round of [1, 2, 3]) {
      github.pulls = [
        pull(60 + round, { updatedAt: hour(round) }),
        ...github.pulls.map((one) => (one.number === 7 ? { ...one, title: `Round ${round}`, updatedAt: hour(round) } : one)),
      ];
      expect(await refreshed()).toEqual(numbers(60 + round, 1));
    }
    const titleOf7 = async (snapshot: string): Promise<unknown> =>
      (await stand.crawl(github.api, { snapshot })).flatMap((item) =>
        "pullRequest" in item && item.pullRequest.number === 7 ? [item.pullRequest.title] : [],
      );
    github.asked.length = 0;
    expect(await titleOf7((await openedSnapshot()).snapshot)).toEqual(["Round 3"]);
    expect(await titleOf7(first)).toEqual(["Fix number 7"]);
    expect(questions()).toEqual([]);
  });

  it("keeps to its limit, and reads further down by creation when the limit is raised", async () => {
    github.pulls = pulls(200);
    expect(await refreshed(30)).toEqual(numbers(200, 171));
    github.pulls = [
      pull(201, { updatedAt: hour(1) }),
      ...github.pulls.map((one) => (one.number === 3 ? { ...one, updatedAt: hour(2) } : one)),
    ];
    github.asked.length = 0;
    expect(await refreshed(30)).toEqual(numbers(201, 172));
    expect(questions().length).toBe(1);
    expect(await refreshed(50)).toEqual(numbers(201, 152));
    expect(questions().length).toBe(2);
  });

  it("loses and repeats nothing when others are touched while it goes on", async () => {
    github.pulls = pulls(90);
    await refreshed();
    github.pulls = [...numbers(150, 91).map((number) => pull(number, { updatedAt: hour(number - 90) })), ...github.pulls];
    github.fail(
      (response) => {
        // The last of this walk moves to the front, past its cursor.
        github.pulls = github.pulls.map((one) => (one.number === 91 ? { ...one, title: "Moved", updatedAt: hour(100) } : one));
        faults.badGateway(response);
      },
      1,
      ({ variables }) => variables["after"] === "after 126",
    );
    expect(await refreshed()).toEqual(numbers(150, 1));
  });

  it("that was killed goes on where it was", async () => {
    github.pulls = pulls(90);
    await refreshed();
    github.pulls = [...numbers(150, 91).map((number) => pull(number, { updatedAt: hour(number - 90) })), ...github.pulls];
    github.fail(faults.sso, 1, ({ variables }) => variables["after"] === "after 126");
    await expect(refreshed()).rejects.toThrow(StopRun);
    github.asked.length = 0;
    expect(await refreshed()).toEqual(numbers(150, 1));
    expect(cursors()[0]).toBe("after 126");
  });

  it("that ended with the repository is gone on with when that is back", async () => {
    github.pulls = pulls(90);
    await refreshed();
    github.pulls = [...numbers(150, 91).map((number) => pull(number, { updatedAt: hour(number - 90) })), ...github.pulls];
    github.fail(faults.missing, 1, ({ variables }) => variables["after"] === "after 126");
    expect(await refreshed()).toEqual([...numbers(150, 126), ...numbers(90, 1)]);
    expect(stand.vanished).toHaveLength(1);
    expect(await refreshed()).toEqual(numbers(150, 1));
    github.asked.length = 0;
    expect(await refreshed()).toEqual(numbers(150, 1));
    expect(questions()).toEqual([]);
  });

  it("walks by creation again where so much changed that this costs less", async () => {
    github.pulls = pulls(300);
    await refreshed(50);
    github.pulls = github.pulls.map((one) => ({ ...one, title: "All touched", updatedAt: hour(one.number) }));
    github.asked.length = 0;
    expect(await refreshed(50)).toEqual(numbers(300, 251));
    const orders = questions().map(({ variables }) => (variables["orderBy"] as { field: string }).field);
    expect(orders).toEqual([...Array(5).fill("UPDATED_AT"), "CREATED_AT", "CREATED_AT"]);
  });

  it("names what GitHub cannot tell of, and keeps what it told before of the others", async () => {
    github.pulls = pulls(40);
    await refreshed();
    github.pulls = [pull(42, { updatedAt: hour(2) }), pull(41, { updatedAt: hour(1) }), ...github.pulls];
    github.broken.set(41, faults.badGateway);
    expect(await refreshed()).toEqual([42, "41 unanswered", ...numbers(40, 1)]);
  });
});

describe("what goes wrong", () => {
  it("an outage is named, and what was read before it is not asked for again", async () => {
    github.pulls = pulls(60);
    let down = true;
    github.fail(faults.badGateway, Number.POSITIVE_INFINITY, ({ variables }) => down && variables["after"] === "after 36");
    const error = await stand.crawl(github.api).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryLater);
    expect(String(error)).toMatch(/no page of pull requests: status 502 with an HTML page; the pages before it are kept/);
    down = false;
    expect(told(await stand.crawl(github.api))).toEqual(numbers(60, 1));
    expect(cursors().filter((cursor) => cursor === null)).toEqual([null]);
  });

  it("a repository that vanishes ends the crawl behind what was read, and is told of", async () => {
    github.pulls = pulls(60);
    github.fail(faults.missing, 1, ({ variables }) => variables["after"] === "after 36");
    expect(told(await stand.crawl(github.api))).toEqual(numbers(60, 36));
    expect(stand.vanished).toMatchObject([{ reason: "not-found", message: expect.stringContaining("no longer tells") }]);
  });

  it("a credential that is refused in the middle stops the run with a next step", async () => {
    github.pulls = pulls(60);
    github.fail(faults.sso, 1, ({ variables }) => variables["after"] === "after 36");
    const error = await stand.crawl(github.api).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StopRun);
    expect((error as StopRun).next).toMatch(/the token may still read it/);
  });

  it("a page on the disk that was cut off is asked for again", async () => {
    github.pulls = pulls(60);
    const whole = await stand.crawl(github.api);
    const files = readdirSync(stand.cacheDir, { recursive: true })
      .map((name) => join(stand.cacheDir, String(name)))
      .filter((path) => statSync(path).isFile());
    for (const path of files) writeFileSync(path, readFileSync(path).subarray(0, -40));
    expect(await stand.crawl(github.api)).toEqual(whole);
    expect(github.asked.length).toBe(6);
  });
});
