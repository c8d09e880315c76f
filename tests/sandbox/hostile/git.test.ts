import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roleOf } from "../../../languages/javascript/roles.ts";
import { packTree, unpackTree } from "../../../lib/archive.ts";
import { BrokenRecord, StopRun } from "../../../lib/errors.ts";
import { openRepository } from "../../../lib/git.ts";
import { pathTrouble } from "../../../lib/paths.ts";
import { localGit } from "../../../miners/local-git.ts";
import { readTree } from "../../../pipeline/environment/tree.ts";
import { type MinedCommit, minedCommitSchema } from "../../../schemas/candidate.ts";
import { ScratchRepository } from "../../lib/scratch-repository.ts";

let hostile: ScratchRepository;
let ran = "";
beforeAll(async () => {
  hostile = await ScratchRepository.make();
  ran = join(hostile.folder, "ran");
});
afterAll(() => hostile[Symbol.dispose]());

/** A program of the repository's that tells on disk that it was run. */
function program(name: string): string {
  const path = join(hostile.folder, name);
  writeFileSync(path, `#!/bin/sh\necho ${name} >>${ran}\ncat\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What is mined of a history, as it is stored, and why something is not. */
async function minedFrom(source: string, cache: string): Promise<{ mined: readonly MinedCommit[]; reasons: readonly string[] }> {
  const repository = await openRepository(source, cache);
  const mined: MinedCommit[] = [];
  const reasons: string[] = [];
  for await (const { item } of localGit.mine(localGit.options.parse({ history: 100 }), { repository, roleOf, cursor: null })) {
    if (item.kind === "commit") mined.push(minedCommitSchema.parse(item.commit));
    if (item.kind === "passed-over") reasons.push(item.reason);
  }
  return { mined, reasons };
}

/** Everything that the road does with a repository: opened, its history and its tree read, mined, packed, and laid on a disk. */
async function travel(source: string, name: string): Promise<string> {
  const cache = join(hostile.folder, `cache-${name}`);
  const repository = await openRepository(source, cache);
  for await (const _ of repository.log({ max: 10 }));
  await minedFrom(source, cache);
  const { commit } = await repository.resolve();
  const tree = await readTree(repository, commit);
  const folder = join(hostile.folder, `laid-${name}`);
  mkdirSync(folder);
  await unpackTree(packTree(tree.entries), folder);
  return folder;
}

describe("a hostile git repository", () => {
  test("runs none of its programs: hooks, file system monitor, filters, pagers, aliases, helpers", async () => {
    const evil = program("evil");
    await hostile.commit("first", { "a.txt": "a\n", ".gitattributes": "* filter=evil diff=evil merge=evil\n", "package.json": "{}\n" });
    const hooks = join(hostile.work, ".git", "hooks");
    mkdirSync(hooks, { recursive: true });
    for (const name of ["post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc", "post-merge"]) {
      writeFileSync(join(hooks, name), `#!/bin/sh\necho ${name} >>${ran}\n`);
      chmodSync(join(hooks, name), 0o755);
    }
    const included = join(hostile.folder, "included");
    writeFileSync(
      included,
      `[core]\n\tfsmonitor = ${evil}\n\tpager = ${evil}\n\tsshCommand = ${evil}\n\teditor = ${evil}\n\talternateRefsCommand = ${evil}\n`,
    );
    writeFileSync(
      join(hostile.work, ".git", "config"),
      `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\thooksPath = ${hooks}\n\tfsmonitor = ${evil}\n\tgitProxy = ${evil}\n\taskPass = ${evil}\n` +
        `[include]\n\tpath = ${included}\n[filter "evil"]\n\tsmudge = ${evil}\n\tclean = ${evil}\n\tprocess = ${evil}\n\trequired = true\n` +
        `[diff]\n\texternal = ${evil}\n[diff "evil"]\n\tcommand = ${evil}\n\ttextconv = ${evil}\n[merge "evil"]\n\tdriver = ${evil}\n[pager]\n\tlog = ${evil}\n` +
        `[alias]\n\tlog = !${evil}\n\trev-parse = !${evil}\n[credential]\n\thelper = !${evil}\n[gpg]\n\tprogram = ${evil}\n[log]\n\tshowSignature = true\n` +
        `[uploadpack]\n\tpackObjectsHook = ${evil}\n[extensions]\n\tworktreeConfig = true\n[gc]\n\tauto = 1\n`,
    );
    const folder = await travel(hostile.work, "programs");
    await travel(`file://${hostile.work}`, "programs-by-url");
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("a\n");
    expect(existsSync(join(folder, ".git"))).toBe(false);
    expect(existsSync(ran) ? readFileSync(ran, "utf8") : "").toBe("");
  });

  describe("with modules", () => {
    /** A program, a file and a repository that no module may run, read or bring. */
    async function trap() {
      const made = await ScratchRepository.make();
      const mark = join(made.folder, "canary");
      const inner = join(made.folder, "inner");
      execFileSync("git", ["init", "--quiet", "--initial-branch=main", inner]);
      writeFileSync(join(inner, "secret.txt"), "canary-secret\n");
      const ours = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"];
      for (const words of [
        ["add", "--all"],
        ["commit", "--quiet", "-m", "inner"],
      ])
        execFileSync("git", ["-C", inner, ...ours, ...words]);
      const head = execFileSync("git", ["-C", inner, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
      writeFileSync(join(made.folder, "run"), `#!/bin/sh\necho ran >>${mark}\n`);
      chmodSync(join(made.folder, "run"), 0o755);
      return { made, mark, inner, head };
    }

    /** Each with what would be done by who obeys it. */
    const modulesOf = (run: string, inner: string): readonly { name: string; path: string; url: string }[] => [
      { name: "one", path: "one", url: `ext::${run}` },
      { name: "../../hooks", path: "two", url: `file://${inner}` },
      { name: "three", path: "-c", url: `--upload-pack=${run}` },
      { name: "four", path: "four", url: "-u./evil" },
      { name: "five", path: "five", url: "file:///etc" },
      { name: "six", path: "deep/er/module", url: inner },
      { name: "seven", path: "../../escape", url: inner },
      { name: "eight", path: ".git/hooks", url: inner },
      { name: "nine", path: "nine", url: `${inner}\r` },
      { name: "ten\\..\\..\\x", path: "/tmp/kihon-module-canary", url: `ssh://-oProxyCommand=${run}/x` },
    ];
    const textOf = (modules: ReturnType<typeof modulesOf>): string =>
      modules
        .map(({ name, path, url }) => `[submodule "${name}"]\n\tpath = ${path}\n\turl = ${url}\n\tfetchRecurseSubmodules = true\n`)
        .join("");

    test("has none of them fetched or run, wherever they would lie, and says which are missing", async () => {
      const { made, mark, inner, head } = await trap();
      using _ = made;
      const modules = modulesOf(join(made.folder, "run"), inner);
      await made.commit("first", { "package.json": "{}\n", "sum.js": "1\n", "test/sum.js": "", ".gitmodules": textOf(modules) });
      const links = ["one", "two", "-c", "four", "five", "deep/er/module", "nine"];
      for (const path of links) await made.git("update-index", "--add", "--cacheinfo", `160000,${head},${path}`);
      await made.git("commit", "--quiet", "-m", "modules");
      // As a checkout leaves it: the module's own git folder, with its hooks and settings, in the repository's.
      execFileSync("git", ["clone", "--quiet", "--bare", inner, join(made.work, ".git/modules/two")]);
      const settings = [
        ["submodule.recurse", "true"],
        ["fetch.recurseSubmodules", "true"],
        ["protocol.allow", "always"],
        ["protocol.ext.allow", "always"],
        ["submodule.one.active", "true"],
        ["submodule.one.url", `ext::${join(made.folder, "run")}`],
        ["submodule.one.update", `!${join(made.folder, "run")}`],
        ["diff.submodule", "log"],
        ["status.submoduleSummary", "true"],
      ];
      for (const [name = "", value = ""] of settings) await made.git("config", name, value);
      const before = readdirSync(made.folder).sort();
      for (const [name, source] of [
        ["modules", made.work],
        ["modules-by-url", `file://${made.work}`],
      ] as const) {
        const folder = await travel(source, name);
        expect(readdirSync(folder).sort()).toEqual([".gitmodules", "package.json", "sum.js", "test"]);
      }
      expect([existsSync(mark), existsSync("/tmp/kihon-module-canary"), readdirSync(made.folder).sort()]).toEqual([false, false, before]);
      const repository = await openRepository(made.work, made.cache);
      const { missing } = await readTree(repository, (await repository.resolve()).commit);
      expect([...missing].sort()).toEqual([...links].sort());
      // Who obeys the first of them runs what it says.
      const obeyed = await made.git("-c", "protocol.ext.allow=always", "submodule", "update", "--init", "one").catch(String);
      expect([obeyed, existsSync(mark)]).toEqual([expect.stringContaining("submodule update"), true]);
    });

    test("laid by hand at places that git refuses has them named, and nothing laid there", async () => {
      const { made, head } = await trap();
      using _ = made;
      const blob = await made.gitWith("{}\n", "hash-object", "-w", "--stdin");
      const tree = (lines: readonly string[]): Promise<string> =>
        made.gitWith(lines.map((line) => `${line}\0`).join(""), "mktree", "-z", "--missing");
      const module = (name: string): string => `160000 commit ${head}\t${name}`;
      const up = await tree([`040000 tree ${await tree([module("escape")])}\t..`]);
      const top = await tree([
        `100644 blob ${blob}\tpackage.json`,
        `040000 tree ${up}\t..`,
        `040000 tree ${await tree([module("hooks")])}\t.git`,
        `040000 tree ${await tree([`040000 tree ${await tree([module("module")])}\ter`])}\tdeep`,
        module("both"),
        `040000 tree ${await tree([`100644 blob ${blob}\tpost-checkout`])}\tboth`,
        `120000 blob ${await made.gitWith("..", "hash-object", "-w", "--stdin")}\tlink`,
        `040000 tree ${await tree([module("through")])}\tlink`,
        `120000 blob ${await made.gitWith("../../.git/config", "hash-object", "-w", "--stdin")}\t.gitmodules`,
      ]);
      await made.git("update-ref", "refs/heads/main", await made.git("commit-tree", "-m", "evil", top));
      const folder = await travel(made.work, "modules-by-hand");
      expect(readdirSync(folder)).toEqual(["package.json"]);
      const repository = await openRepository(made.work, made.cache);
      const { missing } = await readTree(repository, (await repository.resolve()).commit);
      expect([...missing].sort()).toEqual(
        ["../../escape", ".git/hooks", ".gitmodules", "both", "both/post-checkout", "deep/er/module", "link", "link/through"].sort(),
      );
    });

    test("gives changes of its other files, whatever became of the modules in them", async () => {
      const { made, mark, inner, head } = await trap();
      using _ = made;
      const modules = modulesOf(join(made.folder, "run"), inner);
      const link = (id: string, path: string): Promise<string> => made.git("update-index", "--add", "--cacheinfo", `160000,${id},${path}`);
      const fix = async (sign: string, ...then: readonly (() => Promise<unknown>)[]): Promise<void> => {
        made.write({ "sum.js": `exports.sum = (a, b) => a ${sign} b;\n`, "test/sum.js": `// ${sign}\n` });
        await made.git("add", "sum.js", "test/sum.js");
        for (const step of then) await step();
        await made.git("commit", "--quiet", "-m", `Sum by ${sign}`);
      };
      await made.commit("first", {
        "package.json": "{}\n",
        ".gitmodules": textOf(modules),
        "lib/a.js": "1\n",
        "sum.js": "",
        "test/sum.js": "",
      });
      await fix("-", () => link(head, "one"));
      await fix("*", () => link("2".repeat(40), "one"));
      await fix("+", () => made.git("rm", "--quiet", "--cached", "one"));
      // A module takes the place of a source, and a source that of a module: neither has a text on both sides.
      await fix(
        "/",
        () => made.git("rm", "--quiet", "lib/a.js"),
        () => link(head, "lib/a.js"),
      );
      const { mined, reasons } = await minedFrom(made.work, made.cache);
      expect(mined.map(({ subject }) => subject)).toEqual(["Sum by +", "Sum by *", "Sum by -"]);
      expect(reasons).toEqual(["unreadable-source"]);
      for (const { before, earlier } of mined) expect([Object.keys(before), earlier?.["one"] ?? null]).toEqual([["sum.js"], null]);
      expect(existsSync(mark)).toBe(false);
    });
  });

  test("whose history has paths that may not be laid gives its other changes, and layers that lead nowhere", async () => {
    await using made = await ScratchRepository.make();
    const write = (text: string): Promise<string> => made.gitWith(text, "hash-object", "-w", "--stdin");
    const tree = (lines: readonly string[]): Promise<string> =>
      made.gitWith(lines.map((line) => `${line}\0`).join(""), "mktree", "-z", "--missing");
    let parent = await made.commit("first", { "package.json": "{}" });
    // Each change brings, alters or removes one of these beside an honest repair.
    for (const step of ["bring", "alter", "remove"]) {
      const text = await write(`[core]\n\tfsmonitor = ${step}\n`);
      const source = await write(`exports.step = ${JSON.stringify(step)};\n`);
      const file = (name: string): string => `100644 blob ${text}\t${name}`;
      const hooks = await tree([file("post-checkout")]);
      const git = await tree([file("config"), file("x.js"), file("x.test.js"), `040000 tree ${hooks}\thooks`]);
      const up = await tree([file("escape.txt"), file("escape.js"), file("escape.test.js"), `160000 commit ${"1".repeat(40)}\tmodule`]);
      const evil = [`040000 tree ${git}\t.git`, `040000 tree ${git}\tgit~1`, `040000 tree ${up}\t..`, file("__proto__"), file("a\\b.js")];
      const top = await tree([
        ...[`100644 blob ${await write("{}")}\tpackage.json`, `100644 blob ${source}\tindex.js`],
        ...[`040000 tree ${await tree([`100644 blob ${source}\tindex.js`])}\ttest`, ...(step === "remove" ? [] : evil)],
      ]);
      parent = await made.git("commit-tree", "-p", parent, "-m", step, top);
    }
    await made.git("update-ref", "refs/heads/main", parent);
    const { mined } = await minedFrom(made.work, made.cache);
    expect(mined.map(({ subject }) => subject)).toEqual(["remove", "alter", "bring"]);
    for (const { before, earlier, testFiles } of mined) {
      const named = [...Object.keys(before), ...Object.keys(earlier ?? {}), ...testFiles];
      expect(named).toEqual(["index.js", "test/index.js", "test/index.js"]);
      expect(named.map(pathTrouble)).toEqual([null, null, null]);
    }
    expect(minedCommitSchema.safeParse({ ...mined[0], earlier: { ".git/config": "[core]\n" } }).success).toBe(false);
  });

  test("gets no path laid that leads out, into a git folder, or over another, and no module of its own", async () => {
    await using made = await ScratchRepository.make();
    const blob = await made.gitWith("text\n", "hash-object", "-w", "--stdin");
    const out = await made.gitWith("/etc/passwd", "hash-object", "-w", "--stdin");
    const up = await made.gitWith("../../../../etc/passwd", "hash-object", "-w", "--stdin");
    const tree = (lines: readonly string[]): Promise<string> =>
      made.gitWith(lines.map((line) => `${line}\0`).join(""), "mktree", "-z", "--missing");
    const inner = await tree([`100644 blob ${blob}\tpost-checkout`]);
    const hooks = await tree([`040000 tree ${inner}\thooks`, `100644 blob ${blob}\tconfig`]);
    const top = await tree([
      `100644 blob ${blob}\tgood.txt`,
      `100644 blob ${blob}\tGOOD.txt`,
      `040000 tree ${hooks}\t.git`,
      `040000 tree ${hooks}\t.GiT`,
      `040000 tree ${hooks}\tgit~1`,
      `040000 tree ${inner}\t..`,
      `100644 blob ${blob}\ta\\b`,
      `100644 blob ${blob}\tesc\u001b[2J`,
      `100644 blob ${blob}\t__proto__`,
      `100644 blob ${blob}\tnul`,
      `120000 blob ${out}\tabsolute`,
      `120000 blob ${up}\tupwards`,
      `160000 commit ${"1".repeat(40)}\tmodule`,
      `120000 blob ${await made.gitWith("good.txt", "hash-object", "-w", "--stdin")}\tboth`,
      `040000 tree ${inner}\tboth`,
    ]);
    const commit = await made.git("commit-tree", "-m", "evil", top);
    await made.git("update-ref", "refs/heads/main", commit);
    const repository = await openRepository(made.work, made.cache);
    const checked = await readTree(repository, (await repository.resolve()).commit);
    // Of two names that a disk may take for one, one stays. A device's name of another system is a name here.
    expect(checked.paths.map((path) => path.toLowerCase())).toEqual(["good.txt", "both", "nul"]);
    expect(checked.missing.length).toBe(15);
    const folder = join(made.folder, "laid");
    mkdirSync(folder);
    await unpackTree(packTree(checked.entries), folder);
    expect(existsSync(join(made.folder, "post-checkout"))).toBe(false);
  });

  test("is not read into memory where its tree is far larger than its objects", async () => {
    await using made = await ScratchRepository.make();
    writeFileSync(join(made.work, "zeros"), Buffer.alloc(45_000_000));
    const blob = await made.git("hash-object", "-w", "zeros");
    const lines = Array.from({ length: 30 }, (_, n) => `100644 blob ${blob}\tf${n}`);
    const top = await made.gitWith(`${lines.join("\n")}\n`, "mktree");
    await made.git("update-ref", "refs/heads/main", await made.git("commit-tree", "-m", "large", top));
    const repository = await openRepository(made.work, made.cache);
    const { commit } = await repository.resolve();
    await expect(readTree(repository, commit)).rejects.toThrow(BrokenRecord);
  });

  test("whose trees unfold without end is one that cannot be read", async () => {
    await using made = await ScratchRepository.make();
    const blob = await made.gitWith("text\n", "hash-object", "-w", "--stdin");
    let tree = await made.gitWith(`100644 blob ${blob}\tleaf\n`, "mktree");
    for (let depth = 0; depth < 9; depth++) {
      const lines = Array.from({ length: 10 }, (_, n) => `040000 tree ${tree}\t${n}${"x".repeat(60)}`);
      tree = await made.gitWith(`${lines.join("\n")}\n`, "mktree");
    }
    await made.git("update-ref", "refs/heads/main", await made.git("commit-tree", "-m", "bomb", tree));
    const repository = await openRepository(made.work, made.cache);
    await expect(repository.treeOf((await repository.resolve()).commit)).rejects.toThrow(BrokenRecord);
  });

  test("given as a word of the command line starts no program", async () => {
    for (const source of [`ext::sh -c touch% ${ran}`, `--upload-pack=touch ${ran}`, `fd::7`])
      await expect(openRepository(source, join(hostile.folder, "cache-words"))).rejects.toThrow(StopRun);
    expect(existsSync(ran)).toBe(false);
  });
});
