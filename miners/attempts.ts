/**
 * Attempts: what a change's branch was before, told on the tree that the change stands on.
 *
 * The branch may stand on an older commit than that tree. What an earlier head did to a file since then counts where others left the file alone
 * meanwhile, or where git merges both without a conflict; where neither is so nobody knows what its author would have written.
 */
import { isDeepStrictEqual } from "node:util";
import { type GitRepository, type LogChange, shasOf, textOf } from "../lib/git.ts";
import type { Attempt, Commit, PassedAttempt } from "../schemas/candidate.ts";
import { type ChangeLimits, sourceChanges } from "./change.ts";
import type { MinerContext } from "./contract.ts";

/** A commit that was the head of the branch, or may have been. */
export interface EarlierHead {
  readonly commit: string;
  /** A commit of the branch as it was merged, or a head that a later push put aside. */
  readonly kind: Attempt["kind"];
  /** Where it left the line that the change was put onto; absent or null where git is yet to be asked. */
  readonly base?: string | null;
}

/** Each attempt takes a run of the tests when the change is observed. */
const maxAttempts = 4;
/** So many heads are looked at for them: most differ from the next in tests or documents alone. */
const maxHeads = 24;

/** A commit, and what was done to the sources since the branch left the line that the change was put onto: in it, and on that line. */
interface Forked {
  readonly head: EarlierHead;
  readonly theirs: readonly LogChange[];
  readonly others: readonly LogChange[];
}
/** An earlier head as far as git tells without any file's content. */
export type LocatedHead = Forked | { readonly head: EarlierHead; readonly reason: PassedAttempt["reason"] };

/** The first of these heads. What will be read of them is expected, so that it can be fetched at once. `onto`: the commit below the change. */
export async function locateAttempts(
  heads: readonly EarlierHead[],
  onto: string,
  { packageDir, maxSourceFiles }: ChangeLimits,
  context: MinerContext,
): Promise<readonly LocatedHead[]> {
  const { repository } = context;
  const located: LocatedHead[] = [];
  const since = new Map<string, readonly LogChange[]>();
  for (const head of heads.slice(0, maxHeads)) {
    // Of several bases none is the state that both sides began with.
    const [base, ...more] = head.base ? [head.base] : await repository.mergeBases(onto, head.commit);
    if (base === undefined || more.length > 0) {
      located.push({ head, reason: "no-base" });
      continue;
    }
    const theirs = sourceChanges(await repository.changesBetween(base, head.commit), packageDir, context);
    if (theirs.length > maxSourceFiles) {
      located.push({ head, reason: "too-many-files" });
      continue;
    }
    const others = since.get(base) ?? sourceChanges(await repository.changesBetween(base, onto), packageDir, context);
    since.set(base, others);
    const touched = new Set(theirs.map(({ path }) => path));
    repository.expect(shasOf([...theirs, ...others.filter(({ path }) => touched.has(path))]));
    located.push({ head, theirs, others });
  }
  return located;
}

/** What stands at a path: the id of its content, or null where nothing does. Undefined: no regular file. */
type Standing = string | null | undefined;
const standingBefore = ({ status, before }: LogChange): Standing => (status === "added" ? null : (before ?? undefined));
const standingAfter = ({ status, after }: LogChange): Standing => (status === "removed" ? null : (after ?? undefined));

/** A file in four trees: where the branch began, in its earlier head, below the change and with it. */
interface Sides<T> {
  readonly base: T;
  readonly theirs: T;
  readonly below: T;
  readonly fixed: T;
}

/** By path, every file that the earlier head or the change did something to. */
function sidesOf({ theirs, others }: Pick<Forked, "theirs" | "others">, changes: readonly LogChange[]): Map<string, Sides<Standing>> {
  const by = (list: readonly LogChange[]) => new Map(list.map((change) => [change.path, change]));
  const [their, other, own] = [by(theirs), by(others), by(changes)];
  const paths = [...new Set([...their.keys(), ...own.keys()])].sort();
  return new Map(
    paths.map((path) => {
      const [did, meanwhile, change] = [their.get(path), other.get(path), own.get(path)];
      const below = change ? standingBefore(change) : meanwhile ? standingAfter(meanwhile) : did && standingBefore(did);
      const base = did ? standingBefore(did) : meanwhile ? standingBefore(meanwhile) : below;
      return [path, { base, theirs: did ? standingAfter(did) : base, below, fixed: change ? standingAfter(change) : below }];
    }),
  );
}

/** Text of a content by its id; undefined where it is no text, too large or not here. */
type Read = (standing: Standing) => string | null | undefined;

/** All that there is to read of these, at once. */
async function readerOf(all: readonly ReadonlyMap<string, Sides<Standing>>[], repository: GitRepository, maxBytes: number): Promise<Read> {
  const sides = all.flatMap((files) => [...files.values()]);
  const shas = sides.flatMap(({ base, theirs, below, fixed }) => [base, theirs, below, fixed]);
  const blobs = await repository.readBlobs(
    shas.filter((sha) => typeof sha === "string"),
    maxBytes,
  );
  return (standing) => {
    if (standing === null || standing === undefined) return standing;
    const bytes = blobs.get(standing);
    return bytes === undefined ? undefined : (textOf(bytes) ?? undefined);
  };
}

/** Null where one of the four cannot be read. */
function textsOf({ base, theirs, below, fixed }: Sides<Standing>, read: Read): Sides<string | null> | null {
  const [one, two, three, four] = [base, theirs, below, fixed].map(read);
  if (one === undefined || two === undefined || three === undefined || four === undefined) return null;
  return { base: one, theirs: two, below: three, fixed: four };
}

/** The file once what the earlier head did to it is put onto the tree below the change; null where that cannot be told. */
async function putOnto(
  { base, theirs, below }: Sides<string | null>,
  repository: GitRepository,
): Promise<{ readonly text: string | null; readonly merged: boolean } | null> {
  if (theirs === base || theirs === below) return { text: below, merged: false };
  if (below === base) return { text: theirs, merged: false };
  const text = base === null || theirs === null || below === null ? null : await repository.merge(base, below, theirs);
  return text === null ? null : { text, merged: true };
}

type Told = Pick<Attempt, "layer" | "merged">;
type NoAttempt = Pick<PassedAttempt, "reason">;

/** What makes the sources of an earlier head of those of the change. */
async function toldOf(files: ReadonlyMap<string, Sides<Standing>>, read: Read, repository: GitRepository): Promise<Told | NoAttempt> {
  const layer: Record<string, string | null> = {};
  const merged: string[] = [];
  for (const [path, file] of files) {
    const side = textsOf(file, read);
    if (side === null) return { reason: "unreadable" };
    const put = await putOnto(side, repository);
    if (put === null) return { reason: "conflict" };
    if (put.text === side.fixed) continue;
    layer[path] = put.text;
    if (put.merged) merged.push(path);
  }
  return { layer, merged };
}

/** `changes`: what the change did to the tree that the heads were located onto. */
export async function attemptsOf(
  located: readonly LocatedHead[],
  changes: readonly LogChange[],
  { packageDir, maxFileBytes }: ChangeLimits,
  context: MinerContext,
): Promise<Pick<Commit, "attempts" | "passedAttempts">> {
  if (located.length === 0) return {};
  const { repository } = context;
  const own = sourceChanges(changes, packageDir, context);
  const unchanged = sidesOf({ theirs: [], others: [] }, own);
  const heads = located.map((one) => ("reason" in one ? one : { head: one.head, files: sidesOf(one, own) }));
  const read = await readerOf([unchanged, ...heads.flatMap((one) => ("files" in one ? one.files : []))], repository, maxFileBytes);
  const below = await toldOf(unchanged, read, repository);
  const attempts: Attempt[] = [];
  const passed: PassedAttempt[] = [];
  for (const one of heads) {
    if (attempts.length === maxAttempts) break;
    const { commit, kind } = one.head;
    const its = "reason" in one ? one : await toldOf(one.files, read, repository);
    const twin = attempts.findIndex((other) => isSame(other, its));
    const known = attempts[twin];
    if ("reason" in its) passed.push({ commit, reason: its.reason });
    else if (isSame({ layer: {} }, its)) passed.push({ commit, reason: "same-as-fix" });
    else if (isSame(below, its)) passed.push({ commit, reason: "nothing-changed" });
    else if (known === undefined) attempts.push({ commits: [commit], kind, ...its });
    else attempts[twin] = { ...known, commits: [...known.commits, commit], merged: [...new Set([...known.merged, ...its.merged])] };
  }
  return {
    ...(attempts.length === 0 ? {} : { attempts }),
    ...(passed.length === 0 ? {} : { passedAttempts: passed }),
  };
}

const isSame = (one: Pick<Told, "layer"> | NoAttempt, other: Pick<Told, "layer"> | NoAttempt): boolean =>
  "layer" in one && "layer" in other && isDeepStrictEqual(one.layer, other.layer);
