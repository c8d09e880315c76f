import { describe, expect, it } from "vitest";
import type { Language } from "../../../languages/contract.ts";
import { languages } from "../../../languages/index.ts";
import { type GitRepository, openRepository } from "../../../lib/git.ts";
import { candidateOf } from "../../../miners/change.ts";
import { mirrorOf } from "../../../pipeline/injection/mirror.ts";
import type { Workspace } from "../../../sandbox/workspace.ts";
import type { Commit } from "../../../schemas/candidate.ts";
import { environmentOf } from "../../grading/stand.ts";
import { ScratchRepository } from "../../lib/scratch-repository.ts";

const [language] = languages as readonly [Language];

const lines = (sign: string, above = ""): string => `${above}export function sum(a, b) {\n  return a ${sign} b;\n}\n`;

/** A repository whose newest change is a fix, and that change. */
async function fixed(scratch: ScratchRepository, before: Record<string, string | null>, after: Record<string, string | null>) {
  const start = await scratch.commit("Start", { "package.json": "{}", "test/sum.test.js": "1\n", ...before });
  await scratch.commit("Fix the sum", { "test/sum.test.js": "2\n", ...after });
  const repository = await openRepository(scratch.work, scratch.cache, { name: "acme/calc" });
  const { commit } = await repository.resolve();
  const changes = await repository.changesBetween(start, commit);
  const context = { repository, roleOf: language.roleOf, unitsOn: language.unitsOn, cursor: null };
  const limits = { packageDir: ".", maxFileBytes: 1e6, maxSourceFiles: 9 };
  const change = await candidateOf({ after: commit, changes, subject: "Fix the sum", body: "" }, limits, context);
  return { repository, change: change as Commit };
}

/** Taken back in a later tree. */
const mirror = (change: Commit, repository: GitRepository, tree: Record<string, string>) =>
  mirrorOf(change, environmentOf(), { language, text: (path: string) => tree[path] ?? null } as unknown as Workspace, repository);

describe("mirrorOf", () => {
  it("takes a change back where its lines have moved, and tells what it edits in today's tree", async () => {
    using scratch = await ScratchRepository.make();
    const { repository, change } = await fixed(scratch, { "sum.js": lines("-") }, { "sum.js": lines("+") });
    const above = "export const zero = 0;\n\n";
    const mirrored = await mirror(change, repository, { "sum.js": lines("+", above) });
    expect(mirrored.kept && mirrored.value).toMatchObject({
      kind: "commit",
      revision: environmentOf().revision,
      before: { "sum.js": lines("-", above) },
      edits: [{ file: "sum.js", symbol: "sum", startLine: 4, endLine: 4 }],
      subject: "Fix the sum",
      testFiles: [],
      mirrorOf: change.revision.commit,
    });
    expect(mirrored.kept && mirrored.value.id).not.toBe(change.id);
  });

  it("is not made where the lines are no longer there, not even of half the change", async () => {
    using scratch = await ScratchRepository.make();
    const both = (sign: string) => ({ "sum.js": lines(sign), "other.js": lines(sign) });
    const { repository, change } = await fixed(scratch, both("-"), both("+"));
    const mirrored = await mirror(change, repository, { "sum.js": lines("+"), "other.js": lines("*") });
    expect(mirrored).toMatchObject({ kept: false, reason: "inject/mirror-does-not-apply" });
  });

  it("is not made of a change that adds or removes files", async () => {
    using scratch = await ScratchRepository.make();
    const { repository, change } = await fixed(scratch, { "sum.js": lines("-") }, { "sum.js": lines("+"), "new.js": "1;\n" });
    const mirrored = await mirror(change, repository, { "sum.js": lines("+"), "new.js": "1;\n" });
    expect(mirrored).toMatchObject({ kept: false, reason: "inject/mirror-adds-files" });
  });

  it("is not made in the tree of the change itself", async () => {
    using scratch = await ScratchRepository.make();
    const { repository, change } = await fixed(scratch, { "sum.js": lines("-") }, { "sum.js": lines("+") });
    const here = { ...change, revision: { ...change.revision, commit: environmentOf().revision.commit } };
    expect(await mirror(here, repository, { "sum.js": lines("+") })).toMatchObject({ reason: "inject/mirror-is-the-change" });
  });
});
