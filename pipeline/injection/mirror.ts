/** A historic change taken back in today's tree: the defect that it mended, or the want that it met, beside today's tests. */
import { applyPatch, unifiedDiff } from "../../lib/diff.ts";
import type { GitRepository } from "../../lib/git.ts";
import { shortId } from "../../lib/hash.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Commit } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import { editsOf } from "./edits.ts";

/** Of what is no mirror: one for each change and environment. */
export const mirrorId = (change: Commit, { revision }: Environment): string =>
  shortId(["mirror", revision.commit, revision.packageDir, change.id]);

/** Whole files of the newer tree, read from git. */
async function textsAfter(change: Commit, repository: GitRepository): Promise<ReadonlyMap<string, string>> {
  const { entries } = await repository.treeOf(change.revision.commit);
  return repository.readTexts(entries.filter(({ path }) => Object.hasOwn(change.before, path)));
}

/**
 * All of it or nothing: half a change taken back is a defect that nobody made. Where its lines have been moved within their file they are
 * found again by their context; where the file was moved, renamed, added or removed the change is left alone.
 */
export async function mirrorOf(
  change: Commit,
  environment: Environment,
  workspace: Workspace,
  repository: GitRepository,
): Promise<Outcome<Commit>> {
  const { revision } = environment;
  const said = `${change.revision.commit.slice(0, 10)}: ${change.subject}`;
  if (change.revision.commit === revision.commit) return drop("inject/mirror-is-the-change", said);
  const texts = await textsAfter(change, repository);
  const pairs = Object.entries(change.before).map(([path, before]) => ({ path, before: texts.get(path) ?? null, after: before }));
  if (pairs.some(({ before, after }) => before === null || after === null)) return drop("inject/mirror-adds-files", said);
  const applied = applyPatch(unifiedDiff(pairs), (path) => workspace.text(path));
  if ("error" in applied) return drop("inject/mirror-does-not-apply", `${said}: ${applied.error}`);
  const before: Layer = Object.fromEntries(Object.entries(applied.layer).sort(([a], [b]) => (a < b ? -1 : 1)));
  const edits = editsOf(before, (path) => workspace.text(path), workspace.language);
  const id = shortId([revision.repository.name, revision.commit, revision.packageDir, before]);
  return keep({
    ...change,
    id,
    revision,
    before,
    edits,
    testFiles: [],
    earlier: undefined,
    attempts: undefined,
    passedAttempts: undefined,
    mirrorOf: change.revision.commit,
  });
}
