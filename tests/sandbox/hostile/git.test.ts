import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packTree, unpackTree } from "../../../lib/archive.ts";
import { BrokenRecord, StopRun } from "../../../lib/errors.ts";
import { openRepository } from "../../../lib/git.ts";
import { readTree } from "../../../pipeline/environment/tree.ts";
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

/** Everything that the road does with a repository: opened, its history and its tree read, packed, and laid on a disk. */
async function travel(source: string, name: string): Promise<string> {
  const repository = await openRepository(source, join(hostile.folder, `cache-${name}`));
  for await (const _ of repository.log({ max: 10 }));
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

  test("has none of its modules fetched, whatever they would run or where they would lie", async () => {
    await using made = await ScratchRepository.make();
    const mark = join(made.folder, "ran");
    const evil = `sh -c "echo ran >>${mark}"`;
    const modules = [
      `[submodule "one"]\n\tpath = one\n\turl = ext::${evil}\n\tupdate = !${evil}\n\tfetchRecurseSubmodules = true\n`,
      `[submodule "../../hooks"]\n\tpath = two\n\turl = file://${made.folder}/none\n`,
      `[submodule "three"]\n\tpath = -c\n\turl = --upload-pack=${evil}\n`,
    ];
    await made.commit("first", { "package.json": "{}\n", ".gitmodules": modules.join("") });
    for (const path of ["one", "two", "-c"]) await made.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},${path}`);
    await made.git("commit", "--quiet", "-m", "modules");
    await made.git("config", "submodule.recurse", "true");
    await made.git("config", "protocol.ext.allow", "always");
    for (const [name, source] of [
      ["modules", made.work],
      ["modules-by-url", `file://${made.work}`],
    ] as const) {
      const folder = await travel(source, name);
      expect([existsSync(join(folder, "package.json")), existsSync(join(folder, "one")), existsSync(mark)]).toEqual([true, false, false]);
    }
    const repository = await openRepository(made.work, made.cache);
    const { missing } = await readTree(repository, (await repository.resolve()).commit);
    expect([...missing].sort()).toEqual(["-c", "one", "two"]);
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
    ]);
    const commit = await made.git("commit-tree", "-m", "evil", top);
    await made.git("update-ref", "refs/heads/main", commit);
    const repository = await openRepository(made.work, made.cache);
    const checked = await readTree(repository, (await repository.resolve()).commit);
    // Of two names that a disk may take for one, one stays. A device's name of another system is a name here.
    expect(checked.paths.map((path) => path.toLowerCase())).toEqual(["good.txt", "nul"]);
    expect(checked.missing.length).toBe(14);
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
