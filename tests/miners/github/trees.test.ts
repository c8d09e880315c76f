import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GitRepository, openRepository } from "../../../lib/git.ts";
import type { EarlierHead } from "../../../miners/attempts.ts";
import { earlierHeads } from "../../../miners/github/trees.ts";
import type { PullRequest } from "../../../schemas/pull-request.ts";
import { ScriptedGithub } from "./scripted-github.ts";
import { ScriptedRemote } from "./scripted-remote.ts";
import { Stand } from "./stand.ts";

let github: ScriptedGithub;
let stand: Stand;
let remote: ScriptedRemote;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  github.smart = true;
  stand = new Stand();
  remote = await ScriptedRemote.make({ "sum.js": "a\n" });
});
afterEach(async () => {
  remote[Symbol.dispose]();
  stand[Symbol.dispose]();
  await github.close();
});

const opened = (): Promise<GitRepository> => openRepository(`${github.host}/owner/name.git`, join(stand.cacheDir, "repositories"));
async function pullRequest(number: number): Promise<PullRequest> {
  const items = await stand.crawl(github.api);
  const found = items.flatMap((item) => ("pullRequest" in item && item.pullRequest.number === number ? [item.pullRequest] : []))[0];
  if (found === undefined) throw new Error(`#${number} did not come`);
  return found;
}
const kinds = (heads: readonly EarlierHead[] = []): string[] => heads.map(({ kind, commit }) => `${kind} ${commit}`);
const headsOf = async (repository: GitRepository, number: number): Promise<string[]> =>
  kinds((await earlierHeads(repository, [await pullRequest(number)])).get(number));

describe("earlier states of a pull request", () => {
  it("are the commits of its branch before the last, the newest first, though it was squashed", async () => {
    const [first, second] = await remote.propose(1, { "sum.js": "b\n" }, { "sum.js": "c\n" }, { "sum.js": "d\n" });
    github.pulls = [await remote.merge(1, "squash")];
    await remote.publish(github);
    const repository = await opened();
    expect(await repository.has(first ?? "")).toBe(false);
    expect(await headsOf(repository, 1)).toEqual([`commit ${second}`, `commit ${first}`]);
    const [edit] = await repository.changesBetween(first ?? "", second ?? "");
    const texts = await repository.readTexts([{ path: "sum.js", kind: "file", sha: edit?.after ?? "" }]);
    expect(texts.get("sum.js")).toBe("c\n");
  });

  it("are heads that were pushed away, where the server still has them", async () => {
    const [old = ""] = await remote.propose(1, { "sum.js": "wrong\n" });
    await remote.scratch.git("branch", "kept", old);
    await remote.scratch.git("reset", "--quiet", "--hard", "main");
    const anew = await remote.scratch.commit("Work anew", { "sum.js": "right\n" });
    const made = await remote.merge(1, "squash", {});
    const at = "2024-01-02T00:00:00Z";
    const gone = "d".repeat(40);
    github.pulls = [
      {
        ...made,
        head: { ...made.head, oid: anew },
        forcePushes: [
          { at, before: old, after: gone },
          { at, before: gone, after: anew },
          { at, before: null, after: anew },
        ],
      },
    ];
    await remote.publish(github, { 1: anew });
    // As GitHub does, the server keeps the commit, and no ref leads to it.
    await remote.scratch.git("push", "--quiet", remote.bare, `${old}:refs/heads/kept`);
    await remote.scratch.git("--git-dir", remote.bare, "update-ref", "-d", "refs/heads/kept");
    expect(await headsOf(await opened(), 1)).toEqual([`pushed-away ${old}`]);
  });

  it("are none where the head was pushed anew after the merge", async () => {
    await remote.propose(1, { "sum.js": "b\n" }, { "sum.js": "c\n" });
    github.pulls = [await remote.merge(1, "squash")];
    await remote.publish(github, { 1: await remote.scratch.git("rev-parse", "main") });
    expect(await headsOf(await opened(), 1)).toEqual([]);
  });

  it("come best first: what others remarked on, then what was pushed away, then steps of the branch", async () => {
    const [away = "", seen = ""] = await remote.propose(1, { "sum.js": "one\n" }, { "sum.js": "two\n" });
    await remote.scratch.git("branch", "kept", seen);
    await remote.scratch.git("reset", "--quiet", "--hard", "main");
    const own: string[] = [];
    for (const text of ["three\n", "four\n", "five\n"]) own.push(await remote.scratch.commit(text, { "sum.js": text }));
    const made = await remote.merge(1, "squash");
    const [first = "", second = "", head = ""] = own;
    const at = "2024-01-02T00:00:00Z";
    const remark = (commit: string, author: readonly [string, string] | null) => ({
      path: "sum.js",
      body: "?",
      createdAt: at,
      commit,
      author,
    });
    github.pulls = [
      {
        ...made,
        head: { ...made.head, oid: head },
        forcePushes: [{ at, before: away, after: first }],
        threads: [remark(first, ["User", "bea"]), remark(seen, null), remark(second, ["User", "ann"]), remark(away, ["Bot", "lint"])],
      },
    ];
    await remote.publish(github, { 1: head });
    await remote.scratch.git("push", "--quiet", remote.bare, "kept");
    expect(await headsOf(await opened(), 1)).toEqual([`pushed-away ${seen}`, `commit ${first}`, `pushed-away ${away}`, `commit ${second}`]);
  });

  it("are fetched for several at once", async () => {
    const made = [];
    for (const number of [1, 2, 3]) {
      await remote.scratch.git("switch", "--quiet", "main");
      await remote.propose(number, { "sum.js": `a${number}\n` }, { "sum.js": `b${number}\n` });
      made.push(await remote.merge(number, "squash"));
    }
    github.pulls = made;
    await remote.publish(github);
    const repository = await opened();
    const all = [await pullRequest(1), await pullRequest(2), await pullRequest(3)];
    const fetches = (): number => github.asked.filter(({ method, path }) => method === "POST" && path.endsWith("/git-upload-pack")).length;
    const before = fetches();
    expect([...(await earlierHeads(repository, all)).values()].map(({ length }) => length)).toEqual([1, 1, 1]);
    const asked = fetches() - before;
    expect(asked).toBeLessThanOrEqual(3);
    expect([...(await earlierHeads(repository, all)).values()].map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(fetches() - before).toBe(asked);
  });
});
