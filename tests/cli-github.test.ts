/** `kihon run --github`, as a user starts it, against the scripted server. No job is run: the run ends after its first stage. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kihon, scratch } from "./e2e/stand.ts";
import { faults, pull, ScriptedGithub } from "./miners/github/scripted-github.ts";
import { ScriptedRemote } from "./miners/github/scripted-remote.ts";

let github: ScriptedGithub;
let remote: ScriptedRemote;
let folder: ReturnType<typeof scratch>;
beforeEach(async () => {
  github = await ScriptedGithub.listen();
  remote = await ScriptedRemote.make({ "package.json": "{}", "sum.js": "a\n", "sum.test.js": "" });
  folder = scratch();
});
afterEach(async () => {
  folder.remove();
  remote[Symbol.dispose]();
  await github.close();
});

const nobody = { KIHON_GITHUB_TOKEN: "", GITHUB_TOKEN: "", KIHON_GITHUB_APP_ID: "" };
const words = (...more: readonly string[]): string[] => [
  ...["run", "--github", "owner/name", "--github-api", github.api, "--only", "mine", "--json"],
  ...["--sandbox", "process", "--i-trust-this-code", "--out", join(folder.path, "out"), "--cache", join(folder.path, "cache"), ...more],
];
const run = (env: Readonly<Record<string, string>>, ...more: readonly string[]) => kihon(words(...more), { env: { ...nobody, ...env } });

async function withPullRequests(): Promise<void> {
  await remote.propose(1, { "sum.js": "b\n", "sum.test.js": "1" });
  const first = await remote.merge(1, "squash");
  await remote.propose(2, { "sum.js": "c\n" });
  github.pulls = [await remote.merge(2, "merge"), first];
  await remote.publish(github);
}
const mineOf = (out: string): unknown =>
  (JSON.parse(out) as { stages: Record<string, unknown>[] }).stages.find(({ name }) => name === "mine");
const pathsBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => statSync(name).isFile());

describe("kihon run --github", { timeout: 480_000 }, () => {
  it("mines pull requests, names those that give nothing, and writes no token anywhere", async () => {
    await withPullRequests();
    github.fail(faults.refused, 1, ({ token }) => token === "ghp_secretOne");
    github.fail(faults.badGateway, 1, ({ path }) => path === "/graphql");
    const { code, out, err } = await run({ KIHON_GITHUB_TOKEN: "ghp_secretOne,ghp_secretTwo" });
    expect([code, err]).toEqual([0, expect.stringContaining("refuses token 1 of 2")]);
    expect(mineOf(out)).toMatchObject({ in: 1, kept: 2, dropped: [{ reason: "github/no-test", count: 1 }] });
    expect(err).toContain("owner/name: 2 pull requests for 2 requests and 8 points of GitHub's");
    const files = pathsBelow(folder.path);
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) expect([path, readFileSync(path, "latin1").includes("ghp_secret")]).toEqual([path, false]);
    expect(out + err).not.toContain("ghp_secret");
    expect(github.asked.filter(({ path }) => path.includes(".git/")).map(({ token }) => token)).not.toContain("ghp_secretTwo");
  });

  it("tells no git of a token, on the command line or in the environment", async () => {
    await withPullRequests();
    github.smart = true;
    const heard = join(folder.path, "heard");
    const bin = join(folder.path, "bin");
    mkdirSync(bin);
    const real = (process.env["PATH"] ?? "").split(":").find((at) => existsSync(join(at, "git"))) ?? "";
    writeFileSync(join(bin, "git"), `#!/bin/sh\n{ echo "git $*"; env; } >> '${heard}'\nexec '${real}/git' "$@"\n`, { mode: 0o755 });
    const tokens = { KIHON_GITHUB_TOKEN: "ghp_secretOne,ghp_secretTwo", GITHUB_TOKEN: "ghp_secretThree" };
    const { code, out, err } = await run({ ...tokens, PATH: `${bin}:${process.env["PATH"]}` });
    expect([code, mineOf(out)]).toEqual([0, expect.objectContaining({ kept: 2 })]);
    const told = readFileSync(heard, "utf8");
    expect(told).toMatch(/^git .*fetch .*--filter=blob:none/m);
    expect(told.includes("ghp_secret") || (out + err).includes("ghp_secret")).toBe(false);
    expect(github.asked.filter(({ path, token }) => path.includes(".git/") && token !== "")).toEqual([]);
  });

  it("asks conditionally only when it is run again and nothing is new", async () => {
    await withPullRequests();
    const token = { GITHUB_TOKEN: "ghp_secret" };
    const first = await run(token);
    github.asked.length = 0;
    const second = await run(token);
    expect([second.code, mineOf(second.out)]).toEqual([0, expect.objectContaining({ kept: 2 })]);
    expect([first.code, mineOf(first.out)]).toEqual([0, expect.objectContaining({ kept: 2 })]);
    expect(github.asked.filter(({ path }) => !path.includes(".git/")).map(({ status }) => status)).toEqual([304, 304]);
  });

  it("is resumed without a token where every pull request was read, whatever was merged since", async () => {
    await withPullRequests();
    const first = await run({ GITHUB_TOKEN: "ghp_secret" });
    github.pulls = [pull(9), ...github.pulls];
    github.asked.length = 0;
    const { code, out } = await kihon(
      ["resume", join(folder.path, "out"), "--cache", join(folder.path, "cache"), "--sandbox", "process", "--i-trust-this-code", "--json"],
      { env: nobody },
    );
    expect([first.code, code]).toEqual([0, 0]);
    expect(mineOf(out)).toMatchObject({ in: 1, kept: 2, dropped: [{ reason: "github/no-test", count: 1 }] });
    expect(github.asked.filter(({ path }) => !path.includes(".git/"))).toEqual([]);
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
    const env = { ...nobody, GITHUB_TOKEN: "ghp_secret" };
    const killed = await kihon(words(), { env, onStart: (started) => (pid = started) });
    expect(killed.code).toBeNull();
    github.asked.length = 0;
    const { code, out } = await run({ GITHUB_TOKEN: "ghp_secret" });
    expect([code, mineOf(out)]).toEqual([0, expect.objectContaining({ kept: 2 })]);
    expect(github.asked.filter(({ query }) => query !== "").map(({ variables }) => variables["after"])).toEqual(["after 6"]);
  });

  it.each([
    ["no token", {}, [], () => {}, /nobody without a token[\s\S]*next: set KIHON_GITHUB_TOKEN/],
    [
      "a token that GitHub refuses",
      { GITHUB_TOKEN: "x" },
      [],
      () => github.fail(faults.refused),
      /refuses the credential[\s\S]*next: set KIHON_GITHUB_TOKEN/,
    ],
    [
      "no such repository",
      { GITHUB_TOKEN: "x" },
      [],
      () => github.fail(faults.missing),
      /no repository owner\/name[\s\S]*next: check the name/,
    ],
    ["a private repository", { GITHUB_TOKEN: "x" }, [], () => github.hide(), /is private[\s\S]*next: clone it yourself/],
    [
      "a renamed repository",
      { GITHUB_TOKEN: "x" },
      [],
      () => {
        github.formerly.add("owner/name");
        github.name = "new/name";
      },
      /now called new\/name[\s\S]*next: give --github new\/name/,
    ],
    ["a name that is none", {}, ["--github", "name"], () => {}, /given as owner\/name[\s\S]*next:/],
    ["an address that is not encrypted", {}, ["--github-api", "http://example.com"], () => {}, /https:\/\/ only[\s\S]*next:/],
    [
      "an address with a password",
      {},
      ["--github-api", "https://me:secret@example.com"],
      () => {},
      /read from KIHON_GITHUB_TOKEN[\s\S]*next:/,
    ],
    ["a moment that is none", {}, ["--github-since", "yesterday"], () => {}, /2025-06-30T00:00:00Z[\s\S]*next:/],
  ])("ends with 2, a message and a next step for %s", async (_, env, more, arrange, said) => {
    arrange();
    const { code, err } = await run(env, ...more);
    expect(err).toMatch(said);
    expect(err).not.toMatch(/a bug|me:secret/);
    expect(code).toBe(2);
  });

  it("takes the best of what a search finds, names why the others are passed over, and goes on with the same", async () => {
    await withPullRequests();
    github.results = [{ name: "old/one", flags: ["isArchived"] }, { name: "owner/name" }, { name: "new/one", stars: 5, merged: 1 }];
    const where = [...["--github-api", github.api, "--only", "mine", "--json", "--sandbox", "process", "--i-trust-this-code"]];
    const folders = ["--cache", join(folder.path, "cache")];
    const out = join(folder.path, "out");
    const env = { ...nobody, GITHUB_TOKEN: "ghp_secret" };
    const first = await kihon(["run", "--github-search", "topic:sum", "--github-take", "1", ...where, "--out", out, ...folders], { env });
    expect([first.code, first.err]).toEqual([0, expect.stringMatching(/found owner\/name: score 0\.\d+: stars/)]);
    expect(first.err).toContain("the search gave 3 repositories: 1 are taken, 2 passed over");
    const reasons = (text: string): unknown =>
      (mineOf(text) as { dropped: { reason: string }[] }).dropped.map(({ reason }) => reason).sort();
    expect(reasons(first.out)).toEqual(["github/archived", "github/lower-rank", "github/no-test"]);
    github.results = [];
    github.asked.length = 0;
    const again = await kihon(["resume", out, "--json", "--sandbox", "process", "--i-trust-this-code", ...folders], { env: nobody });
    expect([again.code, reasons(again.out)]).toEqual([0, reasons(first.out)]);
    expect(github.asked.filter(({ path }) => !path.includes(".git/"))).toEqual([]);
  });

  it("reads names from a file, and says which line is none", async () => {
    await withPullRequests();
    const list = join(folder.path, "list.txt");
    const where = [...["--github-api", github.api, "--only", "mine", "--json", "--sandbox", "process", "--i-trust-this-code"]];
    const started = () =>
      kihon(["run", "--github-file", list, ...where, "--out", join(folder.path, "out"), "--cache", join(folder.path, "cache")], {
        env: { ...nobody, GITHUB_TOKEN: "ghp_secret" },
      });
    writeFileSync(list, `# ours\n\n${github.host}/owner/name.git  # the sum\nOwner/Name\n`);
    const { code, out } = await started();
    expect([code, mineOf(out)]).toEqual([0, expect.objectContaining({ in: 1, kept: 2 })]);
    writeFileSync(list, "owner/name\nhttps://elsewhere.example/a/b\n");
    expect(await started()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/line 2 of .*list\.txt names no repository of 127[\s\S]*next:/),
    });
    writeFileSync(list, "# nothing\n");
    expect(await started()).toMatchObject({ code: 2, err: expect.stringMatching(/names no repository/) });
  });

  it("does not take its settings without it", async () => {
    const { code, err } = await kihon(["run", "--repo", "x", "--out", "y", "--github-limit", "5"]);
    expect([code, err]).toEqual([2, expect.stringContaining("next: add --github OWNER/NAME")]);
  });
});
