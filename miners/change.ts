/** What every miner of changes does alike: the facts of a revision, and a candidate from what a change did to its files. */
import { declaredRepository } from "../lib/address.ts";
import type { GitRepository, LogChange } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import { type LicenseFile, licenseFiles, licenseOf } from "../lib/license.ts";
import type { MinedCommit, Revision } from "../schemas/candidate.ts";
import type { Layer } from "../schemas/layer.ts";
import type { MinerContext } from "./contract.ts";

/** How much of a change is looked at. */
export interface ChangeLimits {
  readonly packageDir: string;
  readonly maxFileBytes: number;
  readonly maxSourceFiles: number;
}

/** Documents, tests and built files with the sources: a change of more files than this is no one change. */
const maxChangedFiles = 300;

/** What was changed, and the commit whose tree came of it. */
export interface Change {
  readonly after: string;
  readonly changes: readonly LogChange[];
  readonly subject: string;
  readonly body: string;
}

/** Why a change gives no candidate. */
export const changeReasons = ["no-source", "no-test", "too-many-files", "unreadable-source"] as const;
export type ChangeReason = (typeof changeReasons)[number];

interface Sides {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Facts of a commit as a revision: its licence is the one that its own tree states. */
export async function revisionAt(repository: GitRepository, name: string, packageDir: string): Promise<Revision> {
  const { commit, committedAt } = await repository.resolve(name);
  const top = await repository.filesIn(commit);
  const inPackage = packageDir === "." ? [] : await repository.filesIn(commit, packageDir);
  const entries = [...inPackage, ...top].map((entry) => ({ ...entry, kind: "file" as const }));
  const manifests = packageDir === "." ? ["package.json"] : [`${packageDir}/package.json`, "package.json"];
  const paths = entries.map((entry) => entry.path);
  const own = licenseFiles(paths, packageDir);
  const files = own.length > 0 ? own : licenseFiles(paths);
  const texts = await repository.readTexts(entries.filter(({ path }) => manifests.includes(path) || files.includes(path)));
  const read = (path: string): LicenseFile[] => {
    const text = texts.get(path);
    return text === undefined ? [] : [{ path, text }];
  };
  const stated = manifests.flatMap(read);
  const { expression: license, files: licenseFrom } = await licenseOf(stated[0] ?? null, files.flatMap(read));
  const declared = [...new Set(stated.flatMap(({ text }) => declaredRepository(text) ?? []))];
  const facts = { name: repository.name, origin: repository.origin, license, licenseFrom, ...(declared.length > 0 ? { declared } : {}) };
  return { repository: facts, commit, committedAt, packageDir };
}

const inside = (packageDir: string, path: string): boolean => packageDir === "." || path.startsWith(`${packageDir}/`);

/** Changes of the package's sources. */
export const sourceChanges = (changes: readonly LogChange[], packageDir: string, { roleOf }: Pick<MinerContext, "roleOf">): LogChange[] =>
  changes.filter(({ path }) => inside(packageDir, path) && roleOf(path) === "source");

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

/** What else was changed, as it was: what says of the change afterwards is not for those who have yet to make it. */
async function earlierOf(changes: readonly LogChange[], limits: ChangeLimits, context: MinerContext): Promise<Layer> {
  const others = changes.filter(({ path }) => context.roleOf(path) !== "config");
  const here = others.flatMap(({ path, before }) => (before === null ? [] : [{ path, kind: "file" as const, sha: before }]));
  const texts = await context.repository.readTexts(here, limits.maxFileBytes);
  return Object.fromEntries(others.map(({ path }) => [path, texts.get(path) ?? null]));
}

export async function candidateOf(change: Change, limits: ChangeLimits, context: MinerContext): Promise<MinedCommit | ChangeReason> {
  const { repository, roleOf } = context;
  const { packageDir, maxFileBytes, maxSourceFiles } = limits;
  const near = change.changes.filter(({ path, before, after }) => inside(packageDir, path) && (before ?? after) !== null);
  const sources = near.filter(({ path }) => roleOf(path) === "source");
  const tests = near.filter(({ path, after }) => roleOf(path) === "test" && after !== null);
  if (sources.length === 0) return "no-source";
  if (tests.length === 0) return "no-test";
  if (sources.length > maxSourceFiles || change.changes.length > maxChangedFiles) return "too-many-files";
  const sides = await sidesOf(repository, sources, maxFileBytes);
  if (sides === null) return "unreadable-source";
  const before: Layer = Object.fromEntries(sides.map((side) => [side.path, side.before]));
  const revision = await revisionAt(repository, change.after, packageDir);
  const { subject, body } = change;
  const rest = change.changes.filter(({ path }) => !Object.hasOwn(before, path));
  const earlier = await earlierOf(rest, limits, context);
  const id = shortId([repository.name, revision.commit, packageDir, before]);
  return { kind: "commit", id, revision, before, subject, body, testFiles: tests.map(({ path }) => path).sort(), earlier };
}
