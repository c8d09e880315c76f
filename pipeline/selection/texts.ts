/** The healthy texts of what a change edits, from what is at hand: without a workspace, for nothing is run here. */
import { readTree } from "../../lib/archive.ts";
import { applyPatch } from "../../lib/diff.ts";
import { BrokenRecord } from "../../lib/errors.ts";
import { textOf } from "../../lib/git.ts";
import type { Candidate, Mutant } from "../../schemas/candidate.ts";

type Read = (path: string) => string | null;

/** What was replaced is put back. Places count in the healthy text. */
function mended(defective: string, sites: Mutant["sites"]): string {
  let text = "";
  let [here, there] = [0, 0];
  for (const { start, end, original, replacement } of [...sites].sort((a, b) => a.start - b.start)) {
    const next = here + start - there;
    text += defective.slice(here, next) + original;
    [here, there] = [next + replacement.length, end];
  }
  return text + defective.slice(here);
}

/** Texts of an environment's tree, from its archive. */
export function textsIn(archive: Uint8Array): Read {
  const files = new Map(readTree(archive).flatMap((entry) => ("bytes" in entry ? [[entry.path, entry.bytes] as const] : [])));
  return (path) => {
    const bytes = files.get(path);
    return bytes === undefined ? null : textOf(bytes);
  };
}

/** `tree` is asked for changes of the history alone: of a mutant all is known. */
export function healthyTexts(candidate: Candidate, tree: () => Read): Read {
  if (candidate.kind === "commit") return tree();
  return (path) => {
    const own = candidate.sites.filter(({ file }) => file === path);
    const defective = candidate.before[path] ?? null;
    return defective === null || own.length === 0 ? null : mended(defective, own);
  };
}

/** From the column `patch` of a row. Throws `BrokenRecord` where it does not fit the row's own change. */
export function patchedTexts(id: string, candidate: Candidate, patch: string): Read {
  const result = applyPatch(patch, (path) => candidate.before[path] ?? null);
  if ("error" in result) throw new BrokenRecord(`the row ${id} has a patch that does not fit its change: ${result.error}`);
  const { layer } = result;
  return (path) => layer[path] ?? null;
}
