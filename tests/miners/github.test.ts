import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../languages/contract.ts";
import { RetryLater } from "../../lib/errors.ts";
import { openRepository } from "../../lib/git.ts";
import type { Mined } from "../../miners/contract.ts";
import { openGithub } from "../../miners/github/open.ts";
import { github as miner } from "../../miners/github.ts";
import { type MinedCommit, minedCommitSchema } from "../../schemas/candidate.ts";
import { reasonSchema } from "../../schemas/outcome.ts";
import { type Asked, type Fault, pull, ScriptedGithub } from "./github/scripted-github.ts";
import { ScriptedRemote } from "./github/scripted-remote.ts";
import { Stand } from "./github/stand.ts";

const roleOf = (path: string): Role => (/\btest\b/.test(path) ? "test" : path.endsWith(".js") ? "source" : "other");
const fix = (to: string, more: Readonly<Record<string, string | null>> = {}) => ({ "sum.js": to, "test/sum.js": `// ${to}`, ...more });

let github: ScriptedGithub;
let stand: Stand;
let remote: ScriptedRemote;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  stand = new Stand();
  remote = await ScriptedRemote.make({ "package.json": '{"license":"MIT"}', "sum.js": "a\n", "other.js": "o\n", "test/sum.js": "" });
});
afterEach(async () => {
  remote[Symbol.dispose]();
  stand[Symbol.dispose]();
  await github.close();
});

async function mined(more: Readonly<Record<string, unknown>> = {}, cursor: string | null = null): Promise<Mined[]> {
  const { cloneUrl, name, repositoryId, snapshot } = await openGithub(
    { api: github.api, name: "owner/name", pinned: null },
    stand.outside,
    () => stand.client(github.api),
  );
  const repository = await openRepository(cloneUrl, join(stand.cacheDir, "repositories"), { name });
  const options = miner.options.parse({ api: github.api, repositoryId, snapshot, limit: 100, retryMs: 1, paced: false, ...more });
  const items: Mined[] = [];
  for await (const item of miner.mine(options, { repository, roleOf, cursor, outside: stand.outside })) items.push(item);
  return items;
}
const commits = (items: readonly Mined[]): MinedCommit[] =>
  items.flatMap(({ item }) => (item.kind === "commit" ? [minedCommitSchema.parse(item.commit)] : []));
const reasons = (items: readonly Mined[]): unknown[] =>
  items.map(({ item }) => (item.kind === "passed-over" ? `${item.detail.split(":")[0]} ${item.reason}` : item.kind));

describe("a merged pull request", () => {
  it.each(["merge", "squash", "rebase"] as const)("by %s stands between what it was put onto and what came of it", async (how) => {
    await remote.propose(1, fix("b\n"), fix("c\n", { "new.js": "n\n" }));
    await remote.scratch.git("switch", "--quiet", "main");
    // What others merged meanwhile is no part of it.
    await remote.scratch.commit("Meanwhile", { "other.js": "p\n" });
    github.pulls = [await remote.merge(1, how)];
    const tip = await remote.scratch.git("rev-parse", "main");
    await remote.publish(github);
    const [commit, ...others] = commits(await mined());
    expect(others).toEqual([]);
    expect(commit).toMatchObject({
      subject: "Fix number 1",
      body: "It closes what it closes.",
      before: { "sum.js": "a\n", "new.js": null },
      testFiles: ["test/sum.js"],
      revision: {
        commit: tip,
        packageDir: ".",
        repository: { name: "owner/name", origin: `${github.host}/owner/name.git`, license: "MIT" },
      },
      pullRequest: { number: 1, method: how, author: { login: "ann", kind: "user" } },
    });
  });

  it("by rebase with fewer commits than it had stands on what lies below its first", async () => {
    await remote.propose(1, fix("b\n"), fix("c\n"));
    const made = await remote.merge(1, "rebase");
    // A merge of the branch into the head, which a rebase leaves out.
    const extra = { message: "Merge branch 'main' into fix", authoredDate: "2024-01-01T00:00:00Z" };
    github.pulls = [{ ...made, commits: [...made.commits.slice(0, 1), extra, ...made.commits.slice(1)] }];
    await remote.publish(github);
    expect(commits(await mined())[0]?.before).toEqual({ "sum.js": "a\n" });
  });

  it("into a branch that is gone comes from the head that GitHub keeps", async () => {
    await remote.scratch.git("branch", "next");
    await remote.propose(1, fix("b\n"));
    github.pulls = [await remote.merge(1, "squash", {}, "next")];
    await remote.publish(github);
    const [commit] = commits(await mined());
    expect(commit).toMatchObject({ before: { "sum.js": "a\n" }, revision: { commit: github.pulls[0]?.head.oid } });
  });

  it("has the id that its commit has as one of the history", async () => {
    await remote.propose(1, fix("b\n"));
    github.pulls = [await remote.merge(1, "squash")];
    await remote.publish(github);
    const [first] = commits(await mined());
    const [again] = commits(await mined());
    expect(again?.id).toBe(first?.id);
    const { localGit } = await import("../../miners/local-git.ts");
    const repository = await openRepository(remote.bare, join(stand.cacheDir, "local"), { name: "owner/name" });
    const options = localGit.options.parse({ history: 9 });
    const ids: string[] = [];
    for await (const { item } of localGit.mine(options, { repository, roleOf, cursor: null })) {
      if (item.kind === "commit") ids.push(item.commit.id);
    }
    expect(ids).toEqual([first?.id]);
  });
});

describe("what a pull request was before", () => {
  it.each(["merge", "squash", "rebase"] as const)("comes with it, as its sources differed from those merged by %s", async (how) => {
    github.smart = true;
    const [tests, first, second] = await remote.propose(
      1,
      { "test/sum.js": "1" },
      { "sum.js": "wrong\n", "new.js": "n\n" },
      { "README.md": "x" },
      { "sum.js": "right\n" },
    );
    await remote.scratch.git("switch", "--quiet", "main");
    await remote.scratch.commit("Meanwhile", { "other.js": "p\n" });
    github.pulls = [await remote.merge(1, how)];
    await remote.publish(github);
    const [commit] = commits(await mined());
    expect(commit?.before).toEqual({ "sum.js": "a\n", "new.js": null });
    expect(commit?.attempts).toEqual([{ commits: [second, first], kind: "commit", layer: { "sum.js": "wrong\n" }, merged: [] }]);
    expect(commit?.passedAttempts).toEqual([{ commit: tests, reason: "nothing-changed" }]);
  });

  it("comes with it though it was pushed away, and nothing of it where it is gone", async () => {
    github.smart = true;
    const [old = ""] = await remote.propose(1, fix("wrong\n"));
    await remote.scratch.git("reset", "--quiet", "--hard", "main");
    const anew = await remote.scratch.commit("Anew", fix("right\n"));
    const made = await remote.merge(1, "squash");
    const at = "2024-01-02T00:00:00Z";
    const pushes = [old, "d".repeat(40)].map((before) => ({ at, before, after: null }));
    github.pulls = [{ ...made, head: { ...made.head, oid: anew }, forcePushes: pushes }];
    await remote.publish(github, { 1: anew });
    await remote.scratch.git("push", "--quiet", remote.bare, `${old}:refs/heads/kept`);
    await remote.scratch.git("--git-dir", remote.bare, "update-ref", "-d", "refs/heads/kept");
    const [commit] = commits(await mined());
    expect(commit?.attempts).toEqual([{ commits: [old], kind: "pushed-away", layer: { "sum.js": "wrong\n" }, merged: [] }]);
  });

  it("is absent where it was one commit", async () => {
    await remote.propose(1, fix("b\n"));
    github.pulls = [await remote.merge(1, "squash")];
    await remote.publish(github);
    const [commit] = commits(await mined());
    expect([commit?.attempts, commit?.passedAttempts]).toEqual([undefined, undefined]);
  });
});

describe("what gives no candidate is named", () => {
  it("where sources or tests are not changed, or too many, or not text", async () => {
    const made = [];
    const changes = [
      { "README.md": "x" },
      { "test/sum.js": "1" },
      { "sum.js": "b\n" },
      fix("c\n", { "x.js": "1\n", "y.js": "1\n" }),
      fix("\0"),
      fix("d\n"),
    ];
    for (const [at, files] of changes.entries()) {
      await remote.scratch.git("switch", "--quiet", "main");
      await remote.propose(at + 1, files);
      made.push(await remote.merge(at + 1, "squash"));
    }
    github.pulls = made;
    await remote.publish(github);
    expect(reasons(await mined({ maxSourceFiles: 2 }))).toEqual([
      "#6 unreadable-source", // its other side is the NUL byte of the one before
      "#5 unreadable-source",
      "#4 too-many-files",
      "#3 no-test",
      "#2 no-source",
      "#1 no-source",
    ]);
  });

  it("where GitHub does not tell of it", async () => {
    await remote.propose(1, fix("b\n"));
    github.pulls = [await remote.merge(1, "squash"), pull(2)];
    github.broken.set(2, "null-node");
    await remote.publish(github);
    expect(reasons(await mined())).toEqual(["#2 unexpected-form", "commit"]);
  });

  it("where the first of its rebased commits is not to be found", async () => {
    await remote.propose(1, fix("b\n"));
    const made = await remote.merge(1, "rebase");
    github.pulls = [{ ...made, commits: [{ message: "Something else", authoredDate: "2024-01-01T00:00:00Z" }, ...made.commits] }];
    await remote.publish(github);
    expect(reasons(await mined())).toEqual(["#1 base-unknown"]);
  });

  it("in words that can be written down, each once", () => {
    expect(new Set(miner.reasons).size).toBe(miner.reasons.length);
    for (const reason of miner.reasons) expect(reasonSchema.parse(`${miner.name}/${reason}`)).toBe(`github/${reason}`);
  });
});

describe("files' contents", () => {
  /** Three fixes over a history with something large in it that nobody needs. */
  const prepared = async (): Promise<void> => {
    github.smart = true;
    await remote.scratch.commit("Large", { "movie.bin": randomBytes(400_000) });
    await remote.scratch.commit("Smaller", { "movie.bin": null });
    const made = [];
    for (const number of [1, 2, 3]) {
      await remote.scratch.git("switch", "--quiet", "main");
      await remote.propose(number, fix(`${number}\n`));
      made.push(await remote.merge(number, "squash"));
    }
    github.pulls = made;
    await remote.publish(github);
  };
  const fetches = (): number => github.asked.filter(({ method, path }) => method === "POST" && path.endsWith("/git-upload-pack")).length;
  const sources = (items: readonly Mined[]): unknown[] => commits(items).map(({ before }) => before["sum.js"]);
  const all = ["2\n", "1\n", "a\n"];

  it("are fetched for all pull requests at once, and only those that are read", async () => {
    await prepared();
    expect(sources(await mined())).toEqual(all);
    expect(github.gitBytes).toBeLessThan(40_000);
    const first = fetches();
    expect(sources(await mined())).toEqual(all);
    // Two for HEAD and the refs, and none for contents.
    expect(fetches() - first).toBeLessThanOrEqual(2);
    expect(first).toBeLessThanOrEqual(5);
  });

  it("of earlier states of the branches are fetched with them, and no more often", async () => {
    github.smart = true;
    const made = [];
    for (const number of [1, 2, 3]) {
      await remote.scratch.git("switch", "--quiet", "main");
      await remote.propose(number, fix(`wrong ${number}\n`), fix(`${number}\n`));
      made.push(await remote.merge(number, "squash"));
    }
    github.pulls = made;
    await remote.publish(github);
    const attempted = (items: readonly Mined[]): unknown[] => commits(items).map(({ attempts }) => attempts?.[0]?.layer["sum.js"]);
    expect(attempted(await mined())).toEqual(["wrong 3\n", "wrong 2\n", "wrong 1\n"]);
    const first = fetches();
    // The refs and the commits of all the branches are two questions more than without them.
    expect(first).toBeLessThanOrEqual(7);
    expect(attempted(await mined())).toEqual(["wrong 3\n", "wrong 2\n", "wrong 1\n"]);
    expect(fetches() - first).toBeLessThanOrEqual(2);
  });

  it("come with everything from a server that leaves nothing out", async () => {
    await prepared();
    await remote.scratch.git("--git-dir", remote.bare, "config", "uploadpack.allowFilter", "false");
    expect(sources(await mined())).toEqual(all);
    expect(github.gitBytes).toBeGreaterThan(400_000);
  });

  it("are all fetched from a server that gives none by its id", async () => {
    await prepared();
    github.fail(
      (response) => {
        const said = "ERR upload-pack: not our ref 0123";
        response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
        response.end(`${(said.length + 5).toString(16).padStart(4, "0")}${said}\n`);
      },
      1,
      // The commits have come by then.
      ({ path, method }) => method === "POST" && path.endsWith("/git-upload-pack") && github.gitBytes > 3000,
    );
    expect(sources(await mined())).toEqual(all);
    expect(github.unmet).toBe(0);
    expect(github.gitBytes).toBeGreaterThan(400_000);
  });

  it("are asked for later where the server does not answer, and never by git itself", async () => {
    await prepared();
    const repository = await openRepository(`${github.host}/owner/name.git`, join(stand.cacheDir, "repositories"));
    const { entries } = await repository.treeOf("HEAD");
    github.smart = false;
    github.remote = null;
    github.asked.length = 0;
    await expect(repository.readTexts(entries)).rejects.toThrow(RetryLater);
    github.asked.length = 0;
    expect((await repository.treeOf("HEAD")).entries.map(({ size }) => size)).toEqual([null, null, null, null]);
    expect(github.asked).toEqual([]);
  });
});

describe("a repository that vanishes while it is mined", () => {
  const count = 27;
  const second = ({ variables }: Asked): boolean => variables["after"] === "after 3";
  beforeEach(async () => {
    github.smart = true;
    github.pulls = await remote.seed(count, (number) => fix(`${number}\n`));
    await remote.publish(github);
  });
  const gone = (more = (): void => {}): Fault => {
    return () => {
      github.hide();
      more();
      return "go on";
    };
  };
  const unread = "#unread not-found";

  it("ends as a named reason behind what was read of it, and goes on there when it is back", async () => {
    github.fail(gone(), 1, second);
    const items = await mined();
    expect(reasons(items)).toEqual([...Array.from({ length: 25 }, () => "commit"), unread]);
    expect(stand.said.join("\n")).toMatch(/no longer tells .*; what was read before is worked on/);
    github.show();
    const rest = await mined({}, items.at(-1)?.cursor);
    expect(commits(rest).map(({ pullRequest }) => pullRequest?.number)).toEqual([2, 1]);
    expect([...commits(items), ...commits(rest)]).toEqual(commits(await mined()));
  });

  it("ends so before anything was read, and is begun anew when it is back", async () => {
    github.fail(gone(), 1, ({ query }) => query !== "");
    const items = await mined();
    expect(reasons(items)).toEqual([unread]);
    github.show();
    expect(reasons(await mined({}, items.at(-1)?.cursor))).toEqual(Array.from({ length: count }, () => "commit"));
  });

  it("ends as a reason for each whose contents went with it", async () => {
    const { bare } = remote;
    github.fail(
      gone(() => {
        github.remote = null;
      }),
      1,
      second,
    );
    expect(reasons(await mined())).toEqual([...Array.from({ length: 25 }, (_, at) => `#${count - at} not-found`), unread]);
    github.show();
    github.remote = bare;
    expect(reasons(await mined())).toEqual(Array.from({ length: count }, () => "commit"));
  });

  it("is waited for where GitHub has it still and git alone does not answer", async () => {
    github.fail(
      () => {
        github.remote = null;
        return "go on";
      },
      1,
      second,
    );
    await expect(mined()).rejects.toThrow(RetryLater);
  });
});

it("goes on after any cursor that it gave out", async () => {
  const made = [];
  for (const number of [1, 2, 3]) {
    await remote.scratch.git("switch", "--quiet", "main");
    await remote.propose(number, number === 2 ? { "README.md": "x" } : fix(`${number}\n`));
    made.push(await remote.merge(number, "squash"));
  }
  github.pulls = made;
  await remote.publish(github);
  const all = await mined();
  expect(reasons(all)).toEqual(["commit", "#2 no-source", "commit"]);
  for (const [index, { cursor }] of all.entries()) expect(await mined({}, cursor)).toEqual(all.slice(index + 1));
});
