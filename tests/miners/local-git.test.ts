import { describe, expect, it } from "vitest";
import type { Role } from "../../languages/contract.ts";
import { openRepository } from "../../lib/git.ts";
import type { Mined } from "../../miners/contract.ts";
import { localGit } from "../../miners/local-git.ts";
import { minedCommitSchema, revisionSchema } from "../../schemas/candidate.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";

const roleOf = (path: string): Role => (/\btest\b/.test(path) ? "test" : path.endsWith(".js") ? "source" : "other");

async function mined(scratch: ScratchRepository, options: Record<string, unknown>, cursor: string | null = null): Promise<Mined[]> {
  const repository = await openRepository(scratch.work, scratch.cache, { name: "owner/name" });
  const items: Mined[] = [];
  for await (const item of localGit.mine(localGit.options.parse(options), { repository, roleOf, cursor })) items.push(item);
  return items;
}
const subjects = (items: readonly Mined[]): string[] =>
  items.flatMap(({ item }) => (item.kind === "passed-over" ? [] : [item.kind === "commit" ? item.commit.subject : "(revision)"]));

const sum = (sign: string): string => `function other() {\n}\n\nfunction sum(a, b) {\n  return a ${sign} b;\n}\n`;

async function withFix(): Promise<ScratchRepository> {
  const scratch = await ScratchRepository.make();
  await scratch.commit("Start", { "package.json": '{"license":"MIT"}', "sum.js": sum("-"), "old.js": "1\n", "test/sum.js": "" });
  await scratch.commit("Source only", { "old.js": "2\n" });
  await scratch.commit("Tests only", { "test/sum.js": "1\n" });
  await scratch.commit("Fix the sum\n\nIt took away.", {
    "sum.js": sum("+"),
    "extra.js": "1\n",
    "old.js": null,
    "test/sum.js": "2\n",
    "README.md": "x",
  });
  await scratch.commit("Documents", { "README.md": "y" });
  return scratch;
}

describe("local-git", () => {
  it("gives the revision alone where no history is asked for", async () => {
    using scratch = await withFix();
    const [only, ...others] = await mined(scratch, {});
    expect(others).toEqual([]);
    expect(only?.item.kind === "revision" && revisionSchema.parse(only.item.revision)).toEqual({
      repository: { name: "owner/name", origin: "local", license: "MIT", licenseFrom: ["package.json"] },
      commit: await scratch.git("rev-parse", "HEAD"),
      committedAt: expect.stringMatching(/^2023-11-14T22:.*Z$/),
      packageDir: ".",
    });
  });

  it("passes over what a bot committed, by name", async () => {
    using scratch = await withFix();
    scratch.write({ "extra.js": "2\n", "test/sum.js": "3\n" });
    await scratch.git("add", "--all");
    await scratch.git("commit", "--quiet", "--author=dependabot[bot] <bot@example.invalid>", "-m", "Bump all");
    const [, passed, fix] = await mined(scratch, { history: 2 });
    expect(passed?.item).toMatchObject({
      kind: "passed-over",
      reason: "bot",
      detail: expect.stringMatching(/of dependabot\[bot\]: Bump all$/),
    });
    expect(fix?.item).toMatchObject({ kind: "commit", commit: { subject: "Fix the sum" } });
  });

  it("gives the commits that change sources and tests together, with the parent's sources as the layer", async () => {
    using scratch = await withFix();
    const items = await mined(scratch, { history: 100 });
    expect(subjects(items)).toEqual(["(revision)", "Fix the sum"]);
    const fix = items[1]?.item;
    expect(fix?.kind === "commit" && minedCommitSchema.parse(fix.commit)).toMatchObject({
      before: { "sum.js": sum("-"), "extra.js": null, "old.js": "2\n" },
      subject: "Fix the sum",
      body: "It took away.",
      testFiles: ["test/sum.js"],
      revision: { commit: await scratch.git("rev-parse", "HEAD~1") },
    });
  });

  it("gives what else a commit changed as it was before, but for the configuration that the tests run with", async () => {
    using scratch = await ScratchRepository.make();
    const role = (path: string): Role => (path === "package.json" ? "config" : roleOf(path));
    await scratch.commit("Start", { "a.js": "1\n", "test/a.js": "", "CHANGES.md": "0\n", "test/gone.js": "x\n", "package.json": "{}" });
    await scratch.commit("Fix", {
      "a.js": "2\n",
      "test/a.js": "1\n",
      "test/gone.js": null,
      "CHANGES.md": "a is 2\n",
      "notes/fix.md": "a",
      "logo.png": Buffer.from([0, 1]),
      "package.json": '{"version":"2"}',
    });
    const repository = await openRepository(scratch.work, scratch.cache, { name: "owner/name" });
    const context = { repository, roleOf: role, cursor: "revision" };
    for await (const { item } of localGit.mine(localGit.options.parse({ history: 1 }), context)) {
      expect(item.kind === "commit" && minedCommitSchema.parse(item.commit).earlier).toEqual({
        "test/a.js": "",
        "test/gone.js": "x\n",
        "CHANGES.md": "0\n",
        "notes/fix.md": null,
        "logo.png": null,
      });
    }
    expect.assertions(1);
  });

  it("goes on after any cursor that it gave out", async () => {
    using scratch = await withFix();
    await scratch.commit("Fix it again", { "sum.js": sum("*"), "test/sum.js": "3\n" });
    const all = await mined(scratch, { history: 100 });
    expect(subjects(all)).toEqual(["(revision)", "Fix it again", "Fix the sum"]);
    for (const [index, { cursor }] of all.entries()) expect(await mined(scratch, { history: 100 }, cursor)).toEqual(all.slice(index + 1));
  });

  it("gives so many changes only, the newest", async () => {
    using scratch = await withFix();
    await scratch.commit("Fix it again", { "sum.js": sum("*"), "test/sum.js": "3\n" });
    expect(subjects(await mined(scratch, { history: 1 }))).toEqual(["(revision)", "Fix it again"]);
    expect(subjects(await mined(scratch, { history: 2 }))).toEqual(["(revision)", "Fix it again", "Fix the sum"]);
  });

  it("keeps what the older tree has in place of the tests", async () => {
    using scratch = await withFix();
    await scratch.commit("Move the tests", {
      "sum.js": sum("*"),
      "test/sum.js": null,
      "test/new.js": "3\n",
      "test/data.bin": Buffer.from([0]),
    });
    const [, moved] = await mined(scratch, { history: 1 });
    expect(moved?.item.kind === "commit" && moved.item.commit).toMatchObject({
      testFiles: ["test/data.bin", "test/new.js"],
      earlier: { "test/sum.js": "2\n", "test/new.js": null, "test/data.bin": null },
    });
  });

  async function merge(scratch: ScratchRepository, message: string): Promise<void> {
    await scratch.git("checkout", "--quiet", "-b", "side");
    await scratch.commit("Mend the source", { "sum.js": sum("*") });
    await scratch.commit("Add tests", { "test/sum.js": "3\n" });
    await scratch.commit("Both", { "sum.js": sum("%"), "test/sum.js": "4\n" });
    await scratch.git("checkout", "--quiet", "main");
    await scratch.commit("Documents again", { "README.md": "z" });
    await scratch.git("merge", "--quiet", "--no-ff", "-m", message, "side");
  }

  it("takes a merged pull request as one change, under its title", async () => {
    using scratch = await withFix();
    await merge(scratch, "Merge pull request #12 from somebody/side\n\nMultiply\n\nCloses #9.");
    const items = await mined(scratch, { history: 100 });
    expect(subjects(items)).toEqual(["(revision)", "Multiply", "Fix the sum"]);
    expect(items[1]?.item.kind === "commit" && items[1].item.commit).toMatchObject({
      before: { "sum.js": sum("+") },
      earlier: { "test/sum.js": "2\n" },
      body: "Closes #9.",
      landed: { pullRequest: 12, closes: [9] },
    });
  });

  it("tells what the branch of a merged pull request was before", async () => {
    using scratch = await withFix();
    await merge(scratch, "Merge pull request #12 from somebody/side\n\nMultiply");
    const items = await mined(scratch, { history: 100 });
    const [first, tests] = [await scratch.git("rev-parse", "side~2"), await scratch.git("rev-parse", "side~1")];
    const [change, fix] = items.slice(1).map(({ item }) => (item.kind === "commit" ? minedCommitSchema.parse(item.commit) : null));
    expect(change?.attempts).toEqual([{ commits: [tests, first], kind: "commit", layer: { "sum.js": sum("*") }, merged: [] }]);
    expect(fix?.attempts).toBeUndefined();
  });

  it("looks at commits one by one where a merge only brings two copies of the mainline together", async () => {
    using scratch = await withFix();
    await merge(scratch, "Merge branch 'main' of https://example.invalid/owner/name");
    expect(subjects(await mined(scratch, { history: 100 }))).toEqual(["(revision)", "Both", "Fix the sum"]);
  });

  it("names the changes that it passes over", async () => {
    using scratch = await withFix();
    await scratch.commit("Too many (#5)", { "a.js": "1\n", "b.js": "1\n", "test/sum.js": "3\n" });
    const [, over, fix] = await mined(scratch, { history: 2, maxSourceFiles: 1 });
    const short = (await scratch.git("rev-parse", "HEAD")).slice(0, 10);
    expect(over?.item).toMatchObject({ kind: "passed-over", reason: "too-many-files", detail: `${short}: Too many` });
    expect(fix?.item).toMatchObject({ kind: "passed-over", reason: "too-many-files" });
  });

  it("keeps to the package's folder, and reads the licence there first", async () => {
    using scratch = await withFix();
    await scratch.commit("Fix a package", {
      "packages/a/package.json": '{"license":"ISC","repository":"github:Acme/Tools"}',
      "packages/a/a.js": "1\n",
      "packages/a/test/a.js": "1\n",
    });
    const items = await mined(scratch, { history: 100, packageDir: "packages/a" });
    expect(subjects(items)).toEqual(["(revision)", "Fix a package"]);
    const [first] = items;
    const { license, declared } = first?.item.kind === "revision" ? first.item.revision.repository : {};
    expect([license, declared]).toEqual(["ISC", ["acme/tools"]]);
  });

  it("passes over commits with a source that is too large or no text, but not one just inside the limit", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("Start", { "a.js": "1\n" });
    await scratch.commit("Fits", { "a.js": "x".repeat(50), "test/a.js": "1" });
    await scratch.commit("Too large", { "a.js": "x".repeat(51), "test/a.js": "2" });
    await scratch.commit("No text", { "b.js": Buffer.from([0, 1]), "test/a.js": "3" });
    expect(subjects(await mined(scratch, { history: 100, maxFileBytes: 50 }))).toEqual(["(revision)", "Fits"]);
  });

  it("passes over commits with more source files than the limit", async () => {
    using scratch = await ScratchRepository.make();
    await scratch.commit("Start", { "x.txt": "1\n" });
    await scratch.commit("Two", { "a.js": "1\n", "b.js": "1\n", "test/a.js": "1" });
    await scratch.commit("Three", { "a.js": "2\n", "b.js": "2\n", "c.js": "2\n", "test/a.js": "2" });
    expect(subjects(await mined(scratch, { history: 100, maxSourceFiles: 2 }))).toEqual(["(revision)", "Two"]);
  });

  it("gives a candidate the same id from every clone, and another id for another commit", async () => {
    using scratch = await withFix();
    const ids = async (): Promise<unknown[]> =>
      (await mined(scratch, { history: 9 })).map(({ item }) => (item.kind === "commit" ? item.commit.id : null));
    const first = await ids();
    expect(await ids()).toEqual(first);
    await scratch.commit("Fix it again", { "sum.js": sum("*"), "test/sum.js": "3\n" });
    expect(new Set(await ids()).size).toBe(3);
  });
});
