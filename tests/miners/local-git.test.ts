import { describe, expect, it } from "vitest";
import type { Role, Unit } from "../../languages/contract.ts";
import { openRepository } from "../../lib/git.ts";
import type { Mined } from "../../miners/contract.ts";
import { localGit } from "../../miners/local-git.ts";
import { commitSchema, revisionSchema } from "../../schemas/candidate.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";

const roleOf = (path: string): Role => (/\btest\b/.test(path) ? "test" : path.endsWith(".js") ? "source" : "other");

/** One unit for each `function name` line, to the next closing brace at the start of a line. */
const units = ({ text }: { readonly text: string }): Unit[] =>
  [...text.matchAll(/^function (\w+)[\s\S]*?^\}/gm)].map((match): Unit => {
    const startLine = text.slice(0, match.index).split("\n").length;
    const endLine = startLine + match[0].split("\n").length - 1;
    const end = match.index + match[0].length;
    return {
      name: match[1] ?? "",
      kind: "function",
      start: match.index,
      end,
      startLine,
      endLine,
      bodyStart: match.index,
      bodyEnd: end,
      signature: "",
      doc: "",
      exported: true,
    };
  });

async function mined(scratch: ScratchRepository, options: Record<string, unknown>, cursor: string | null = null): Promise<Mined[]> {
  const repository = await openRepository(scratch.work, scratch.cache, { name: "owner/name" });
  const items: Mined[] = [];
  for await (const item of localGit.mine(localGit.options.parse(options), { repository, roleOf, units, cursor })) items.push(item);
  return items;
}
const subjects = (items: readonly Mined[]): string[] =>
  items.map(({ item }) => (item.kind === "commit" ? item.commit.subject : "(revision)"));

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
      repository: { name: "owner/name", origin: "local", license: "MIT" },
      commit: await scratch.git("rev-parse", "HEAD"),
      committedAt: expect.stringMatching(/^2023-11-14T22:.*Z$/),
      packageDir: ".",
    });
  });

  it("gives the commits that change sources and tests together, with the parent's sources as the layer", async () => {
    using scratch = await withFix();
    const items = await mined(scratch, { history: 100 });
    expect(subjects(items)).toEqual(["(revision)", "Fix the sum"]);
    const fix = items[1]?.item;
    expect(fix?.kind === "commit" && commitSchema.parse(fix.commit)).toMatchObject({
      before: { "sum.js": sum("-"), "extra.js": null, "old.js": "2\n" },
      subject: "Fix the sum",
      body: "It took away.",
      testFiles: ["test/sum.js"],
      revision: { commit: await scratch.git("rev-parse", "HEAD~1") },
    });
  });

  it("names the units that the fix edits in its own tree", async () => {
    using scratch = await withFix();
    const fix = (await mined(scratch, { history: 100 }))[1]?.item;
    expect(fix?.kind === "commit" && fix.commit.edits).toEqual([
      { file: "extra.js", symbol: null, startLine: 1, endLine: 1 },
      { file: "sum.js", symbol: "sum", startLine: 5, endLine: 5 },
    ]);
  });

  it("goes on after any cursor that it gave out", async () => {
    using scratch = await withFix();
    await scratch.commit("Fix it again", { "sum.js": sum("*"), "test/sum.js": "3\n" });
    const all = await mined(scratch, { history: 100 });
    expect(subjects(all)).toEqual(["(revision)", "Fix it again", "Fix the sum"]);
    for (const [index, { cursor }] of all.entries()) expect(await mined(scratch, { history: 100 }, cursor)).toEqual(all.slice(index + 1));
  });

  it("looks at so many commits only", async () => {
    using scratch = await withFix();
    expect(subjects(await mined(scratch, { history: 1 }))).toEqual(["(revision)"]);
    expect(subjects(await mined(scratch, { history: 2 }))).toEqual(["(revision)", "Fix the sum"]);
  });

  it("keeps to the package's folder, and reads the licence there first", async () => {
    using scratch = await withFix();
    await scratch.commit("Fix a package", {
      "packages/a/package.json": '{"license":"ISC"}',
      "packages/a/a.js": "1\n",
      "packages/a/test/a.js": "1\n",
    });
    const items = await mined(scratch, { history: 100, packageDir: "packages/a" });
    expect(subjects(items)).toEqual(["(revision)", "Fix a package"]);
    expect(items[0]?.item.kind === "revision" && items[0].item.revision.repository.license).toBe("ISC");
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
