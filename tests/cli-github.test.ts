/**
 * `kihon run --github` against the scripted server. No job is run: the run ends after its first stage. What a user types, reads and could find
 * on the disk is looked at in processes of the command; what a run does, in this one.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Config, createLog, defaultPlace, type RunSummary, resume, run, StopRun } from "../index.ts";
import { kihon, scratch } from "./e2e/stand.ts";
import { faults, pull, ScriptedGithub } from "./miners/github/scripted-github.ts";
import { ScriptedRemote } from "./miners/github/scripted-remote.ts";

const nobody = { KIHON_GITHUB_TOKEN: "", GITHUB_TOKEN: "", KIHON_GITHUB_APP_ID: "" };

let github: ScriptedGithub;
let remote: ScriptedRemote;
let folder: ReturnType<typeof scratch>;
/** One for all: what the sandbox keeps to is tried once for each cache, which takes seconds, and every server has a shelf of its own in it. */
const cache = scratch();
afterAll(cache.remove);
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  remote = await ScriptedRemote.make({ "package.json": "{}", "sum.js": "a\n", "sum.test.js": "" });
  folder = scratch();
  for (const [name, value] of Object.entries(nobody)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  folder.remove();
  remote[Symbol.dispose]();
  await github.close();
});

/** The command, with what is the same for all. */
const typed = (env: Readonly<Record<string, string>>, words: readonly string[], onStart?: (pid: number) => void) => {
  const where = ["--out", join(folder.path, "out"), "--cache", cache.path, "--sandbox", "process", "--i-trust-this-code"];
  const all = ["run", "--github-api", github.api, "--only", "mine", "--json", ...where, ...words];
  return kihon(all, { env: { ...nobody, ...env }, ...(onStart ? { onStart } : {}) });
};

const place = () => defaultPlace({ out: join(folder.path, "out"), cache: cache.path, sandbox: "process", trusted: true, concurrency: 1 });
const options = () => ({ log: createLog({ json: false, terminal: false, write: () => undefined, now: Date.now }), only: "mine" as const });
/** The same in this process. */
const started = (more: Readonly<Record<string, unknown>> = {}): Promise<RunSummary> =>
  run({ repos: [], github: { repositories: ["owner/name"], api: github.api, ...more } } as unknown as Config, place(), options());
const goneOnWith = (): Promise<RunSummary> => resume(place(), options());

async function withPullRequests(): Promise<void> {
  await remote.propose(1, { "sum.js": "b\n", "sum.test.js": "1" });
  const first = await remote.merge(1, "squash");
  await remote.propose(2, { "sum.js": "c\n" });
  github.pulls = [await remote.merge(2, "merge"), first];
  await remote.publish(github);
}
const mineOf = ({ stages }: Pick<RunSummary, "stages">): RunSummary["stages"][number] | undefined =>
  stages.find(({ name }) => name === "mine");
const printed = (out: string): RunSummary => JSON.parse(out);
const reasonsOf = (summary: RunSummary): unknown =>
  mineOf(summary)
    ?.dropped.map(({ reason }) => reason)
    .sort();
const asked = () => github.asked.filter(({ path }) => !path.includes(".git/"));
const pathsBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => statSync(name).isFile());

describe("kihon run", { timeout: 480_000 }, () => {
  it("mines pull requests of the repositories in a file, names those that give nothing, and tells nobody of a token", async () => {
    await withPullRequests();
    github.smart = true;
    const [heard, bin, list] = ["heard", "bin", "list.txt"].map((name) => join(folder.path, name)) as [string, string, string];
    mkdirSync(bin);
    const real = (process.env["PATH"] ?? "").split(":").find((at) => existsSync(join(at, "git"))) ?? "";
    writeFileSync(join(bin, "git"), `#!/bin/sh\n{ echo "git $*"; env; } >> '${heard}'\nexec '${real}/git' "$@"\n`, { mode: 0o755 });
    writeFileSync(list, `# ours\n\n${github.host}/owner/name.git  # the sum\nOwner/Name\n`);
    github.fail(faults.refused, 1, ({ token }) => token === "ghp_secretOne");
    github.fail(faults.badGateway, 1, ({ path }) => path === "/graphql");
    const { code, out, err } = await typed(
      { KIHON_GITHUB_TOKEN: "ghp_secretOne,ghp_secretTwo", GITHUB_TOKEN: "ghp_secretThree", PATH: `${bin}:${process.env["PATH"]}` },
      ["--github-file", list, "--github-limit", "50", "--github-since", "2024-01-01T00:00:00Z", "--github-until", "2025-01-01T00:00:00Z"],
    );
    expect([code, err]).toEqual([0, expect.stringContaining("refuses token 1 of 2")]);
    expect(mineOf(printed(out))).toMatchObject({ in: 1, kept: 2, dropped: [{ reason: "github/no-test", count: 1 }] });
    expect(err).toContain("owner/name: 2 pull requests for 2 requests and 9 points of GitHub's");
    const files = [...pathsBelow(folder.path), ...pathsBelow(cache.path)];
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) expect([path, readFileSync(path, "latin1").includes("ghp_secret")]).toEqual([path, false]);
    expect(out + err).not.toContain("ghp_secret");
    // What git was started with, its words and its environment, is one of the files.
    expect(readFileSync(heard, "utf8")).toMatch(/^git .*fetch .*--filter=blob:none/m);
    expect(github.asked.filter(({ path, token }) => path.includes(".git/") && token !== "")).toEqual([]);
  });

  it("passes over a repository that GitHub has not, by name, and goes on without it", async () => {
    await withPullRequests();
    const { code, out, err } = await typed({ GITHUB_TOKEN: "ghp_secret" }, ["--github", "owner/gone", "--github", "owner/name"]);
    expect([code, err]).toEqual([0, expect.stringMatching(/there is no repository owner\/gone .*passed over\. check the name/)]);
    expect(mineOf(printed(out))?.kept).toBe(2);
    expect(reasonsOf(printed(out))).toEqual(["github/no-test", "github/not-found"]);
    github.asked.length = 0;
    expect(reasonsOf(await goneOnWith())).toEqual(["github/no-test", "github/not-found"]);
    expect(asked()).toEqual([]);
  });

  it("goes on at the page where it was killed", async () => {
    await withPullRequests();
    github.pulls = [...github.pulls, ...Array.from({ length: 28 }, (_, at) => pull(at + 3))];
    let pid = 0;
    github.fail(
      () => void process.kill(pid, "SIGKILL"),
      1,
      ({ variables }) => variables["after"] === "after 6",
    );
    const killed = await typed({ GITHUB_TOKEN: "ghp_secret" }, ["--github", "owner/name"], (own) => {
      pid = own;
    });
    expect(killed.code).toBeNull();
    github.asked.length = 0;
    vi.stubEnv("GITHUB_TOKEN", "ghp_secret");
    expect(mineOf(await started())?.kept).toBe(2);
    expect(github.asked.filter(({ query }) => query !== "").map(({ variables }) => variables["after"])).toEqual(["after 6"]);
  });

  it("takes the best of what a search finds, names why the others are passed over, and goes on with the same", async () => {
    await withPullRequests();
    github.results = [{ name: "old/one", flags: ["isArchived"] }, { name: "owner/name" }, { name: "new/one", stars: 5, merged: 1 }];
    const search = ["--github-search", "topic:sum", "--github-take", "1", "--github-look", "9", "--github-max-mb", "50"];
    const { code, out, err } = await typed({ GITHUB_TOKEN: "ghp_secret" }, search);
    expect([code, err]).toEqual([0, expect.stringMatching(/found owner\/name: score 0\.\d+: stars/)]);
    expect(err).toContain("the search gave 3 repositories: 1 are taken, 2 passed over");
    expect(reasonsOf(printed(out))).toEqual(["github/archived", "github/lower-rank", "github/no-test"]);
    github.results = [];
    github.asked.length = 0;
    expect(reasonsOf(await goneOnWith())).toEqual(reasonsOf(printed(out)));
    expect(asked()).toEqual([]);
  });

  it("ends with 2, a message and a next step where it cannot go on", async () => {
    const { code, err } = await typed({}, ["--github", "owner/name"]);
    expect([code, err]).toEqual([2, expect.stringMatching(/"message":"[^"]*nobody without a token","next":"set KIHON_GITHUB_TOKEN/)]);
  });
});

describe("a run", { timeout: 480_000 }, () => {
  it("asks conditionally only when it is started again and nothing is new, and nothing of nobody when it is gone on with", async () => {
    await withPullRequests();
    vi.stubEnv("GITHUB_TOKEN", "ghp_secret");
    const first = await started();
    expect(mineOf(first)).toMatchObject({ in: 1, kept: 2, dropped: [{ reason: "github/no-test", count: 1 }] });
    github.asked.length = 0;
    expect(mineOf(await started())).toMatchObject({ in: 1, kept: 2 });
    expect(asked().map(({ status }) => status)).toEqual([304, 304]);
    vi.stubEnv("GITHUB_TOKEN", "");
    github.pulls = [pull(9), ...github.pulls];
    github.asked.length = 0;
    expect(mineOf(await goneOnWith())).toMatchObject({ in: 1, kept: 2, dropped: [{ reason: "github/no-test", count: 1 }] });
    expect(asked()).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, unknown>>, () => void, RegExp, RegExp]>([
    ["no token", "", {}, () => {}, /nobody without a token/, /set KIHON_GITHUB_TOKEN/],
    ["a token that GitHub refuses", "x", {}, () => github.fail(faults.refused), /refuses the credential/, /set KIHON_GITHUB_TOKEN/],
    ["no such repository", "x", {}, () => github.fail(faults.missing), /no repository owner\/name/, /check the name/],
    ["a private repository", "x", {}, () => github.hide(), /is private/, /clone it yourself/],
    [
      "a renamed repository",
      "x",
      {},
      () => {
        github.formerly.add("owner/name");
        github.name = "new/name";
      },
      /now called new\/name/,
      /give --github new\/name/,
    ],
    ["a name that is none", "", { repositories: ["name"] }, () => {}, /given as owner\/name/, /./],
    ["an address that is not encrypted", "", { api: "http://example.com" }, () => {}, /https:\/\/ only/, /./],
    ["an address with a password", "", { api: "https://me:secret@example.com" }, () => {}, /read from KIHON_GITHUB_TOKEN/, /./],
    ["a moment that is none", "", { since: "yesterday" }, () => {}, /2025-06-30T00:00:00Z/, /./],
  ])("is stopped with a message and a next step by %s", async (_, token, more, arrange, said, next) => {
    vi.stubEnv("GITHUB_TOKEN", token);
    arrange();
    const error = await started(more).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StopRun);
    const stop = error as StopRun;
    expect([stop.exitCode, stop.message, stop.next]).toEqual([2, expect.stringMatching(said), expect.stringMatching(next)]);
    expect(stop.message + stop.next).not.toContain("me:secret");
  });
});
