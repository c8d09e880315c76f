/** The history of one repository: the revision asked for, then the newest commits that change sources and tests together. */
import { z } from "zod";
import type { Unit } from "../languages/contract.ts";
import { changedLines, unifiedDiff } from "../lib/diff.ts";
import type { GitRepository, LogChange, LogEntry } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import { licenseFiles, licenseOf } from "../lib/license.ts";
import type { Commit, Revision } from "../schemas/candidate.ts";
import type { Layer } from "../schemas/layer.ts";
import type { Mined, Miner, MinerContext } from "./contract.ts";

export const localGitOptions = z
  .object({
    revision: z.string().default("HEAD").describe("Branch, tag or commit id."),
    packageDir: z.string().default(".").describe("Workspace folder inside the repository; `.` for the root."),
    history: z.int().nonnegative().default(0).describe("Newest non-merge commits that are looked at for fixes; 0 gives the revision only."),
    maxFileBytes: z.int().positive().default(300_000).describe("A commit that changes a larger source file is passed over."),
    maxSourceFiles: z.int().positive().default(50).describe("A commit that changes more source files is passed over."),
  })
  .strict();
export type LocalGitOptions = z.infer<typeof localGitOptions>;

type Edit = Commit["edits"][number];
interface Sides {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Facts of a commit as a revision: its licence is the one that its own tree states. */
export async function revisionAt(repository: GitRepository, name: string, packageDir: string): Promise<Revision> {
  const { commit, committedAt } = await repository.resolve(name);
  const { entries } = await repository.treeOf(commit);
  const manifests = packageDir === "." ? ["package.json"] : [`${packageDir}/package.json`, "package.json"];
  const wanted = [...manifests, ...licenseFiles(entries.map((entry) => entry.path))];
  const texts = await repository.readTexts(entries.filter((entry) => wanted.includes(entry.path)));
  const manifest = manifests.map((path) => texts.get(path)).find((text) => text !== undefined) ?? null;
  const license = licenseOf(
    manifest,
    wanted.slice(manifests.length).flatMap((path) => texts.get(path) ?? []),
  );
  return { repository: { name: repository.name, origin: repository.origin, license }, commit, committedAt, packageDir };
}

const inside = (packageDir: string, path: string): boolean => packageDir === "." || path.startsWith(`${packageDir}/`);

/** Both texts of each changed file; null where one of them is no text, too large or not here. */
async function sidesOf(repository: GitRepository, changes: readonly LogChange[], maxBytes: number): Promise<readonly Sides[] | null> {
  const sides: Sides[] = [];
  const read = async (pick: (change: LogChange) => string | null): Promise<ReadonlyMap<string, string>> =>
    repository.readTexts(
      changes.flatMap((change) => {
        const sha = pick(change);
        return sha === null ? [] : [{ path: change.path, kind: "file", sha }];
      }),
      maxBytes,
    );
  const [before, after] = [await read((change) => change.before), await read((change) => change.after)];
  for (const { path, status } of changes) {
    const pair = { path, before: before.get(path) ?? null, after: after.get(path) ?? null };
    if ((pair.before === null) !== (status === "added") || (pair.after === null) !== (status === "removed")) return null;
    sides.push(pair);
  }
  return sides;
}

/** The innermost unit around a line. */
function unitAround(units: readonly Unit[], line: number): Unit | null {
  const around = units.filter((unit) => unit.startLine <= line && line <= unit.endLine);
  return around.reduce<Unit | null>((best, unit) => (best === null || unit.end - unit.start < best.end - best.start ? unit : best), null);
}

/** What the commit edited in one file of its own tree: a range for every run of lines inside one unit. */
function editsOf(side: Sides, units: readonly Unit[]): Edit[] {
  const edits: Edit[] = [];
  for (const range of changedLines(unifiedDiff([side])).after) {
    for (let line = range.start; line <= range.end; line++) {
      const symbol = unitAround(units, line)?.name ?? null;
      const last = edits.at(-1);
      if (last !== undefined && last.symbol === symbol && last.endLine === line - 1) edits[edits.length - 1] = { ...last, endLine: line };
      else edits.push({ file: side.path, symbol, startLine: line, endLine: line });
    }
  }
  return edits;
}

async function candidateOf(entry: LogEntry, options: LocalGitOptions, context: MinerContext): Promise<Commit | null> {
  const { repository, roleOf } = context;
  const near = entry.changes.filter((change) => inside(options.packageDir, change.path) && (change.before ?? change.after) !== null);
  const sources = near.filter((change) => roleOf(change.path) === "source");
  const tests = near.filter((change) => roleOf(change.path) === "test" && change.after !== null);
  if (entry.parents.length !== 1 || sources.length === 0 || tests.length === 0 || sources.length > options.maxSourceFiles) return null;
  const sides = await sidesOf(repository, sources, options.maxFileBytes);
  if (sides === null) return null;
  const before: Layer = Object.fromEntries(sides.map((side) => [side.path, side.before]));
  const revision = await revisionAt(repository, entry.commit, options.packageDir);
  const edits = sides.flatMap((side) => (side.after === null ? [] : editsOf(side, context.units({ path: side.path, text: side.after }))));
  const { subject, body } = entry;
  const id = shortId([repository.name, entry.commit, options.packageDir, before]);
  return { kind: "commit", id, revision, before, edits, subject, body, testFiles: tests.map((change) => change.path).sort() };
}

async function* mine(options: LocalGitOptions, context: MinerContext): AsyncGenerator<Mined> {
  const { repository, cursor, signal } = context;
  const revision = await revisionAt(repository, options.revision, options.packageDir);
  if (cursor === null) yield { cursor: "revision", item: { kind: "revision", revision } };
  if (options.history === 0) return;
  let passed = cursor === null || cursor === "revision";
  for await (const entry of repository.log({ from: revision.commit, max: options.history })) {
    signal?.throwIfAborted();
    const before = !passed;
    passed ||= entry.commit === cursor;
    const commit = before ? null : await candidateOf(entry, options, context);
    if (commit !== null) yield { cursor: entry.commit, item: { kind: "commit", commit } };
  }
}

export const localGit = Object.freeze({ name: "local-git", version: 1, options: localGitOptions, mine }) satisfies Miner<LocalGitOptions>;
