/** A commit's tree as it can be laid on a disk: dangerous paths, absent blobs and submodules are left out and named. */
import { type ArchiveEntry, archiveCaps } from "../../lib/archive.ts";
import { BrokenRecord } from "../../lib/errors.ts";
import { type GitRepository, textOf } from "../../lib/git.ts";
import { linkStaysInside } from "../../lib/paths.ts";

export interface CheckedTree {
  readonly entries: readonly ArchiveEntry[];
  /** Texts of all files in UTF-8 of at most 2 MB. */
  readonly texts: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  /** Tracked paths that are not in `entries`. */
  readonly missing: string[];
}

const maxBlobBytes = 50_000_000;
const maxTextBytes = 2_000_000;
/** As an archive may have: a blob counts as often as it has a name, for so often it is laid down. */
const maxTreeBytes = archiveCaps.bytes;

export async function readTree(repository: GitRepository, commit: string): Promise<CheckedTree> {
  const tree = await repository.treeOf(commit);
  const missing = tree.refused.map(({ path }) => path);
  const wanted = tree.entries.filter((entry) => entry.kind !== "submodule");
  missing.push(...tree.entries.filter((entry) => entry.kind === "submodule").map((entry) => entry.path));
  const bytes = wanted.reduce((sum, { size }) => sum + Math.min(size ?? 0, maxBlobBytes), 0);
  if (bytes > maxTreeBytes)
    throw new BrokenRecord(`the tree of ${commit.slice(0, 12)} has ${bytes} bytes, at most ${maxTreeBytes} are taken`);
  const blobs = await repository.readBlobs(new Set(wanted.map((entry) => entry.sha)), maxBlobBytes);
  const entries: ArchiveEntry[] = [];
  const texts = new Map<string, string>();
  for (const { path, kind, sha } of wanted) {
    const bytes = blobs.get(sha);
    if (bytes === undefined) {
      missing.push(path);
      continue;
    }
    if (kind === "link") {
      const target = bytes.toString("utf8");
      if (linkStaysInside(path, target)) entries.push({ path, kind: "link", target });
      else missing.push(path);
      continue;
    }
    entries.push({ path, kind: "file", executable: kind === "executable", bytes });
    const text = bytes.length <= maxTextBytes ? textOf(bytes) : null;
    if (text !== null) texts.set(path, text);
  }
  if (entries.length === 0) throw new BrokenRecord(`the tree of ${commit.slice(0, 12)} has no file that can be read here`);
  return { entries, texts, paths: entries.map((entry) => entry.path), missing: missing.sort() };
}
