import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BrokenRecord, RetryLater, StopRun } from "../../lib/errors.ts";
import { cleanUrl, GitRepository, nameOfUrl, openRepository, textOf } from "../../lib/git.ts";
import { ScratchRepository } from "./scratch-repository.ts";

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe("openRepository", () => {
  it("opens a work tree, a bare repository, a bundle and a file URL to the same commit", async () => {
    using scratch = await ScratchRepository.make();
    const commit = await scratch.commit("one", { "a.txt": "1\n" });
    await scratch.git("clone", "--quiet", "--bare", scratch.work, join(scratch.folder, "bare.git"));
    await scratch.git("bundle", "create", "--quiet", join(scratch.folder, "demo.bundle"), "HEAD", "main");
    for (const source of [scratch.work, join(scratch.folder, "bare.git"), join(scratch.folder, "demo.bundle"), `file://${scratch.work}`]) {
      const repository = await openRepository(source, scratch.cache);
      expect(await repository.resolve()).toEqual({ commit, committedAt: expect.stringMatching(/^2023-11-14T22:\d\d:\d\d\.000Z$/) });
      expect((await repository.resolve("main")).commit).toBe(commit);
    }
  });

  it("takes the name from the remote and keeps credentials out of the origin", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const bare = await openRepository(scratch.work, scratch.cache);
    expect([bare.name, bare.origin]).toEqual(["work", "local"]);
    await scratch.git("remote", "add", "origin", "https://user:secret@example.com/owner/name.git");
    const named = await openRepository(scratch.work, scratch.cache);
    expect([named.name, named.origin]).toEqual(["owner/name", "https://example.com/owner/name.git"]);
    await scratch.git("remote", "set-url", "origin", scratch.folder);
    const local = await openRepository(scratch.work, scratch.cache, { name: "given/name" });
    expect([local.name, local.origin]).toEqual(["given/name", "local"]);
  });

  it("never puts the source's configuration, hooks or remotes into force, and writes nothing to it", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const bait = join(scratch.folder, "ran");
    const script = join(scratch.folder, "bait.sh");
    writeFileSync(script, `#!/bin/sh\ntouch ${bait}\n`);
    chmodSync(script, 0o755);
    for (const key of ["core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program", "core.alternateRefsCommand"])
      await scratch.git("config", key, script);
    await scratch.git("config", "log.showSignature", "true");
    await scratch.git("config", "core.hooksPath", scratch.folder);
    const listing = readdirSync(join(scratch.work, ".git"), { recursive: true }).map(String).sort();
    const repository = await openRepository(scratch.work, scratch.cache);
    await repository.readTexts((await repository.treeOf("HEAD")).entries);
    await collect(repository.log({ max: 10 }));
    expect(existsSync(bait)).toBe(false);
    expect(readdirSync(join(scratch.work, ".git"), { recursive: true }).map(String).sort()).toEqual(listing);
    expect(readFileSync(join(repository.gitDir, "config"), "utf8")).not.toContain("bait");
  });

  it("opens a repository whose folder belongs to somebody else", async () => {
    using scratch = await ScratchRepository.make();
    const commit = await scratch.commit("one", { "a.txt": "1\n" });
    if (process.getuid?.() === 0) {
      const { chownSync } = await import("node:fs");
      chownSync(scratch.work, 12_345, 12_345);
      chownSync(join(scratch.work, ".git"), 12_345, 12_345);
    }
    expect((await (await openRepository(scratch.work, scratch.cache)).resolve()).commit).toBe(commit);
  });

  it("sees commits that came after it was first opened, by path and by bundle", async () => {
    using scratch = await ScratchRepository.make();
    const bundle = join(scratch.folder, "demo.bundle");
    for (const text of ["1\n", "2\n"]) {
      const commit = await scratch.commit(text, { "a.txt": text });
      await scratch.git("bundle", "create", "--quiet", bundle, "HEAD", "main");
      expect((await (await openRepository(scratch.work, scratch.cache)).resolve()).commit).toBe(commit);
      expect((await (await openRepository(bundle, scratch.cache)).resolve()).commit).toBe(commit);
    }
  });

  it("reads a repository whose ids are SHA-256", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main", join(scratch.folder, "long"));
    await scratch.git("-C", join(scratch.folder, "long"), "commit", "--quiet", "--allow-empty", "-m", "one");
    const repository = await openRepository(join(scratch.folder, "long"), scratch.cache);
    expect((await repository.resolve()).commit).toMatch(/^[0-9a-f]{64}$/);
  });

  it("can be opened by several at once, and again while it is being read", async () => {
    using scratch = await ScratchRepository.make();
    const commit = await scratch.commit("one", { "a.txt": "1\n" });
    const opened = await Promise.all([1, 2, 3].map(() => openRepository(scratch.work, scratch.cache)));
    const reads = opened.map((repository) => repository.resolve());
    await openRepository(scratch.work, scratch.cache);
    expect((await Promise.all(reads)).map((found) => found.commit)).toEqual([commit, commit, commit]);
  });

  it("reads a shallow clone and says where its history ends", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const head = await scratch.commit("two", { "a.txt": "2\n" });
    await scratch.git("clone", "--quiet", "--depth=1", `file://${scratch.work}`, join(scratch.folder, "shallow"));
    const repository = await openRepository(join(scratch.folder, "shallow"), scratch.cache);
    expect((await collect(repository.log({ max: 10 }))).map((entry) => [entry.commit, entry.parents])).toEqual([[head, []]]);
  });

  it("follows the .git file of a linked work tree", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const linked = join(scratch.folder, "linked");
    await scratch.git("worktree", "add", "--quiet", "-b", "side", linked);
    await scratch.commit("two", { "a.txt": "2\n" });
    const repository = await openRepository(linked, scratch.cache);
    expect((await repository.resolve()).commit).toBe(await scratch.git("rev-parse", "side"));
  });

  it.each([
    ["nothing", "no-such-folder", /there is nothing at/],
    ["a folder without a repository", "plain", /is no git repository/],
    ["a repository without commits", "work", /has no commits/],
    ["a file that is no bundle", "work.txt", /could not be fetched/],
    ["a name that git would take for an option", "--upload-pack=x", /dash/],
  ])("stops with a next step at %s", async (_, name, message) => {
    using scratch = await ScratchRepository.make();
    writeFileSync(join(scratch.folder, "work.txt"), "no bundle");
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(scratch.folder, "plain"));
    const opened = openRepository(name.startsWith("--") ? name : join(scratch.folder, name), scratch.cache);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toBeInstanceOf(StopRun);
    await expect(opened).rejects.toHaveProperty("next", expect.stringMatching(/./));
  });
});

describe("a repository", () => {
  it("stops at a revision that it does not have", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const repository = await openRepository(scratch.work, scratch.cache);
    await expect(repository.resolve("v9")).rejects.toThrow(StopRun);
    await expect(repository.resolve("--help")).rejects.toThrow(StopRun);
  });

  it("lists its tree with kinds and sizes, links and submodules told apart", async () => {
    using scratch = await ScratchRepository.make();
    scratch.write({ "a.txt": "12345", "run.sh": "#!/bin/sh\n", "é 漢.js": "x" });
    chmodSync(join(scratch.work, "run.sh"), 0o755);
    symlinkSync("a.txt", join(scratch.work, "link"));
    await scratch.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    const commit = await scratch.commit("one", {});
    // `add --all` takes the submodule out again, since its folder is not there.
    await scratch.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    await scratch.git("commit", "--quiet", "--amend", "-m", "one");
    const tree = await (await openRepository(scratch.work, scratch.cache)).treeOf("HEAD");
    expect(tree.entries.map(({ path, kind, size }) => [path, kind, size])).toEqual([
      ["a.txt", "file", 5],
      ["link", "link", 5],
      ["module", "submodule", null],
      ["run.sh", "executable", 10],
      ["é 漢.js", "file", 1],
    ]);
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it("refuses dangerous paths with a reason and keeps the others", async () => {
    using scratch = await ScratchRepository.make();
    scratch.write({ "ok.txt": "1" });
    const blob = await scratch.git("hash-object", "-w", "ok.txt");
    await scratch.git(
      "update-index",
      "--add",
      "--cacheinfo",
      `100644,${blob},README.md`,
      "--cacheinfo",
      `100644,${blob},readme.md`,
      "--cacheinfo",
      `100644,${blob},a\u0007b`,
    );
    await scratch.git("commit", "--quiet", "-m", "odd names");
    const found = await (await openRepository(scratch.work, scratch.cache)).treeOf("HEAD");
    expect(found.entries.map((entry) => entry.path)).toEqual(["README.md"]);
    expect(found.refused).toEqual([
      { path: "a\u0007b", reason: "control-character" },
      { path: "readme.md", reason: "case-duplicate" },
    ]);
  });

  it("refuses what lies under a name that is a file too, and leaves refused paths out of what changed", async () => {
    using scratch = await ScratchRepository.make();
    const blob = await scratch.gitWith("1", "hash-object", "-w", "--stdin");
    const inner = await scratch.gitWith(`100644 blob ${blob}\tconfig\n`, "mktree");
    const file = (name: string): string => `100644 blob ${blob}\t${name}\n`;
    const top = await scratch.gitWith(`${file("both")}${file("ok.txt")}040000 tree ${inner}\t.git\n040000 tree ${inner}\tboth\n`, "mktree");
    const first = await scratch.git("commit-tree", "-m", "first", await scratch.gitWith("", "mktree"));
    const second = await scratch.git("commit-tree", "-m", "second", "-p", first, top);
    await scratch.git("update-ref", "refs/heads/main", second);
    const repository = await openRepository(scratch.work, scratch.cache);
    expect((await repository.treeOf("HEAD")).refused).toEqual([
      { path: ".git/config", reason: "git-folder" },
      { path: "both/config", reason: "through-a-leaf" },
    ]);
    const named = ["both", "ok.txt"];
    for await (const { commit, changes } of repository.log({}))
      expect(changes.map(({ path }) => path).sort()).toEqual(commit === second ? named : []);
    expect((await repository.changesBetween(first, second)).map(({ path }) => path).sort()).toEqual(named);
  });

  it("reads texts in one go and leaves out binary, oversized, linked and absent ones", async () => {
    using scratch = await ScratchRepository.make();
    scratch.write({
      "a.js": "é\r\n",
      "big.js": "x".repeat(101),
      "fits.js": "x".repeat(100),
      "b.bin": Buffer.from([1, 0, 2]),
      "latin1.txt": Buffer.from([0xe9]),
      "gone.js": "gone\n",
      empty: "",
    });
    symlinkSync("a.js", join(scratch.work, "link"));
    await scratch.commit("one", {});
    const sha = await scratch.git("rev-parse", "HEAD:gone.js");
    rmSync(join(scratch.work, ".git", "objects", sha.slice(0, 2), sha.slice(2)), { force: true });
    const repository = await openRepository(scratch.work, scratch.cache);
    const tree = await repository.treeOf("HEAD");
    expect(tree.entries.find((entry) => entry.path === "gone.js")?.size).toBeNull();
    expect(Object.fromEntries(await repository.readTexts(tree.entries, 100))).toEqual({
      "a.js": "é\r\n",
      empty: "",
      "fits.js": "x".repeat(100),
    });
  });

  it("says that it is broken where the tree of a commit is not here", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("one", { "a.txt": "1\n" });
    const sha = await scratch.git("rev-parse", "HEAD^{tree}");
    rmSync(join(scratch.work, ".git", "objects", sha.slice(0, 2), sha.slice(2)));
    const repository = await openRepository(scratch.work, scratch.cache);
    await expect(repository.treeOf("HEAD")).rejects.toThrow(BrokenRecord);
  });

  it("logs the newest commits with what each changed, a rename as a removal and an addition", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("root", { "a.js": "1\n", "old.js": "same text\n" });
    await scratch.commit("fix: a thing\n\nBody: with ,\u0001 odd\nbytes\n\n:100644 looks like a record", { "a.js": "2\n" });
    await scratch.commit("rename", { "old.js": null, "new.js": "same text\n" });
    await scratch.commit("nothing", {});
    const entries = await collect((await openRepository(scratch.work, scratch.cache)).log({ max: 3 }));
    expect(entries.map((entry) => [entry.subject, entry.changes.map(({ path, status }) => `${status} ${path}`)])).toEqual([
      ["nothing", []],
      ["rename", ["added new.js", "removed old.js"]],
      ["fix: a thing", ["changed a.js"]],
    ]);
    expect(entries[2]?.body).toBe("Body: with ,\u0001 odd\nbytes\n\n:100644 looks like a record");
    expect(entries[2]?.committedAt).toMatch(/^2023-11-14T.*Z$/);
  });

  it("leaves merges out of the log unless it follows the mainline, and leaves out what is there without it", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("root", { "a.js": "1\n" });
    await scratch.git("checkout", "--quiet", "-b", "side");
    await scratch.commit("side", { "b.js": "1\n" });
    await scratch.git("checkout", "--quiet", "main");
    await scratch.commit("main", { "a.js": "2\n" });
    await scratch.git("merge", "--quiet", "--no-ff", "-m", "merged", "side");
    const repository = await openRepository(scratch.work, scratch.cache);
    expect((await collect(repository.log({ max: 9 }))).map((entry) => entry.subject)).toEqual(["main", "side", "root"]);
    const merged = await collect(repository.log({ line: "mainline" }));
    expect(merged.map((entry) => [entry.subject, entry.parents.length, entry.changes.map((change) => change.path)])).toEqual([
      ["merged", 2, ["b.js"]],
      ["main", 1, ["a.js"]],
      ["root", 0, ["a.js"]],
    ]);
    expect((await collect(repository.log({ without: "HEAD^1" }))).map((entry) => entry.subject)).toEqual(["side"]);
  });

  it("logs many commits in their order", async () => {
    using scratch = await ScratchRepository.make();
    let input = "";
    for (let index = 0; index < 450; index++) {
      input += `commit refs/heads/main\ncommitter A <a@example.invalid> ${1_700_000_000 + index} +0000\ndata <<E\nc${index}\nE\nM 100644 inline a.js\ndata <<E\n${index}\nE\n\n`;
    }
    writeFileSync(join(scratch.folder, "stream"), input);
    const { exec } = await import("../../lib/exec.ts");
    await exec({
      argv: ["git", "fast-import", "--quiet"],
      cwd: scratch.work,
      env: { PATH: process.env["PATH"] ?? "" },
      timeoutMs: 30_000,
      outputBytes: 10_000,
      input,
    });
    const entries = await collect((await openRepository(scratch.work, scratch.cache)).log({ max: 401 }));
    expect(entries.map((entry) => entry.subject)).toEqual(Array.from({ length: 401 }, (_, index) => `c${449 - index}`));
    expect(entries.every((entry) => entry.changes.length === 1)).toBe(true);
  });
});

describe("two commits", () => {
  it("are compared file by file, and tell what both stand on", async () => {
    using scratch = await ScratchRepository.make();
    const one = await scratch.commit("One", { "a.txt": "1\n", "b.txt": "1\n" });
    await scratch.git("switch", "--quiet", "--create", "side");
    const side = await scratch.commit("Side\n\nWith a body.", { "b.txt": null, "c.txt": "1\n" });
    await scratch.git("switch", "--quiet", "main");
    const two = await scratch.commit("Two", { "a.txt": "2\n" });
    await scratch.git("merge", "--quiet", "-m", "Joined", "side");
    const joined = await scratch.git("rev-parse", "HEAD");
    const repository = await openRepository(scratch.work, scratch.cache);
    expect((await repository.changesBetween(one, side)).map(({ path, status }) => [path, status])).toEqual([
      ["b.txt", "removed"],
      ["c.txt", "added"],
    ]);
    expect((await repository.changesBetween(two, joined)).map(({ path }) => path)).toEqual(["b.txt", "c.txt"]);
    expect(await repository.changesBetween(one, one)).toEqual([]);
    expect(await repository.mergeBases(side, two)).toEqual([one]);
    expect(await repository.firstParents(joined, 2)).toEqual([
      { commit: joined, parents: [two, side], message: "Joined" },
      { commit: two, parents: [one], message: "Two" },
    ]);
    expect(await repository.firstParents(side, 9)).toEqual([
      { commit: side, parents: [one], message: "Side\n\nWith a body." },
      { commit: one, parents: [], message: "One" },
    ]);
    expect([await repository.has(side), await repository.has("0".repeat(40))]).toEqual([true, false]);
  });

  it("are told as a branch: what one has and the other has not, and where it left the other if it is one line", async () => {
    using scratch = await ScratchRepository.make();
    const one = await scratch.commit("One", { "a.txt": "1\n" });
    await scratch.git("switch", "--quiet", "--create", "side");
    const first = await scratch.commit("First", { "b.txt": "1\n" });
    const second = await scratch.commit("Second", { "b.txt": "2\n" });
    await scratch.git("switch", "--quiet", "main");
    const two = await scratch.commit("Two", { "a.txt": "2\n" });
    await scratch.git("switch", "--quiet", "side");
    await scratch.git("merge", "--quiet", "--no-edit", "main");
    const third = await scratch.commit("Third", { "b.txt": "3\n" });
    const repository = await openRepository(scratch.work, scratch.cache);
    expect(await repository.branch(second, two)).toEqual({ commits: [second, first], base: one });
    expect(await repository.branch(third, two)).toEqual({ commits: [third, second, first], base: null });
    expect(await repository.branch(one, two)).toEqual({ commits: [], base: null });
  });

  it("may have nothing in common", async () => {
    using scratch = await ScratchRepository.make();
    const one = await scratch.commit("One", { "a.txt": "1\n" });
    await scratch.git("switch", "--quiet", "--orphan", "other");
    const other = await scratch.commit("Other", { "b.txt": "1\n" });
    expect(await (await openRepository(scratch.work, scratch.cache)).mergeBases(one, other)).toEqual([]);
  });

  it("may have more than one newest commit in common", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("Start", { "a.txt": "1\n" });
    await scratch.git("switch", "--quiet", "--create", "side");
    const side = await scratch.commit("Side", { "b.txt": "1\n" });
    await scratch.git("switch", "--quiet", "main");
    const main = await scratch.commit("Main", { "c.txt": "1\n" });
    await scratch.git("merge", "--quiet", "--no-edit", side);
    await scratch.git("switch", "--quiet", "side");
    await scratch.git("merge", "--quiet", "--no-edit", main);
    const repository = await openRepository(scratch.work, scratch.cache);
    expect([...(await repository.mergeBases("main", "side"))].sort()).toEqual([main, side].sort());
  });
});

describe("a merge of two texts", () => {
  const lines = (...changed: readonly (readonly [number, string])[]): string => {
    const all = Array.from({ length: 9 }, (_, at) => `${at}`);
    for (const [at, text] of changed) all[at] = text;
    return `${all.join("\n")}\n`;
  };
  it.each([
    ["has what was done to other lines", lines([1, "ours"]), lines([7, "theirs"]), lines([1, "ours"], [7, "theirs"])],
    ["has once what both did", lines([4, "both"]), lines([4, "both"], [8, "theirs"]), lines([4, "both"], [8, "theirs"])],
    ["is none where both did something else to a line", lines([4, "ours"]), lines([4, "theirs"]), null],
    ["is none where they changed lines beside each other", lines([4, "ours"]), lines([5, "theirs"]), null],
  ])("%s", async (_, ours, theirs, merged) => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("One", { "a.txt": "1\n" });
    const repository = await openRepository(scratch.work, scratch.cache);
    expect(await repository.merge(lines(), ours, theirs)).toBe(merged);
  });
});

describe("refs that no branch leads to", () => {
  it("are brought if they are where they should be", async () => {
    using scratch = await ScratchRepository.make();
    const one = await scratch.commit("One", { "a.txt": "1\n" });
    const bare = join(scratch.folder, "owner", "remote.git");
    await scratch.git("clone", "--quiet", "--bare", scratch.work, bare);
    const opened = await openRepository(`file://${bare}`, scratch.cache);
    const repository = new GitRepository({
      gitDir: opened.gitDir,
      name: "owner/remote",
      origin: `file://${bare}`,
      address: `file://${bare}`,
    });
    const two = await scratch.commit("Two", { "a.txt": "2\n" });
    await scratch.git("push", "--quiet", bare, `${two}:refs/pull/7/head`);
    expect(await repository.has(two)).toBe(false);
    const three = await scratch.commit("Three", { "a.txt": "3\n" });
    await scratch.git("push", "--quiet", bare, `${three}:refs/pull/9/head`);
    const came = await repository.bring(
      new Map([
        ["refs/pull/8/head", two],
        ["refs/pull/9/head", one],
      ]),
    );
    expect([...came]).toEqual([
      ["refs/pull/8/head", "absent"],
      ["refs/pull/9/head", "moved"],
    ]);
    expect([...(await repository.here([one, two, three]))]).toEqual([one]);
    const both = new Map([
      ["refs/pull/7/head", two],
      ["refs/pull/9/head", three],
    ]);
    expect([...(await repository.bring(both)).values()]).toEqual(["brought", "brought"]);
    expect([...(await repository.here([one, two, three, "0".repeat(40)]))]).toEqual([one, two, three]);
    expect(await repository.has(two)).toBe(true);
    rmSync(bare, { recursive: true });
    await expect(repository.bring(both)).rejects.toThrow(RetryLater);
  });
});

describe("names and origins", () => {
  it.each([
    ["https://github.com/owner/name.git", "owner/name"],
    ["git@github.com:owner/name.git", "owner/name"],
    ["ssh://git@example.com/group/sub/name", "sub/name"],
    ["file:///home/somebody/name", null],
    ["https://example.com/name", null],
  ])("%s is %s", (url, name) => {
    expect(nameOfUrl(url)).toBe(name);
  });

  it("a clean URL has no user, password, query or fragment", () => {
    expect(cleanUrl("https://u:p@example.com:8443/o/n.git?token=1#x")).toBe("https://example.com:8443/o/n.git");
    expect(cleanUrl("git@github.com:o/n.git")).toBe("github.com:o/n.git");
  });
});

describe("textOf", () => {
  it("keeps a byte order mark and refuses what would not come back as the same bytes", () => {
    expect(textOf(Buffer.from("\uFEFFa"))).toBe("\uFEFFa");
    expect(textOf(Buffer.from([0xff, 0xfe]))).toBeNull();
    expect(textOf(Buffer.from("a\0b"))).toBeNull();
  });
});
