/** The fix without one of its hunks: wrong, where a test needs that hunk. Only a run can tell. */
import type { Language } from "../languages/contract.ts";
import { applyPatch } from "../lib/diff.ts";
import { type Layer, readOver } from "../schemas/layer.ts";

interface Section {
  readonly head: readonly string[];
  readonly hunks: readonly (readonly string[])[];
}

/** One section a file, as `unifiedDiff` writes them: lines of a hunk begin with a sign of their own, so its header is told for certain. */
function sectionsOf(patch: string): Section[] {
  const sections: { head: string[]; hunks: string[][] }[] = [];
  for (const line of patch.split("\n").slice(0, -1)) {
    if (line.startsWith("diff --git ")) sections.push({ head: [line], hunks: [] });
    else if (line.startsWith("@@ ")) sections.at(-1)?.hunks.push([line]);
    else (sections.at(-1)?.hunks.at(-1) ?? sections.at(-1)?.head)?.push(line);
  }
  return sections;
}

const joined = (sections: readonly Section[]): string =>
  sections
    .filter(({ hunks }) => hunks.length > 0)
    .map(({ head, hunks }) => `${[...head, ...hunks.flat()].join("\n")}\n`)
    .join("");

/** What the tree becomes without each hunk in turn, at most `limit`; none where the code comes out the same or there is one hunk only. */
export function partialFixes(
  patch: string,
  read: { readonly before: (path: string) => string | null; readonly after: (path: string) => string | null },
  language: Pick<Language, "emitsDifferently">,
  limit = 4,
): Layer[] {
  const sections = sectionsOf(patch);
  if (sections.flatMap(({ hunks }) => hunks).length < 2) return [];
  const layers: Layer[] = [];
  for (const section of sections) {
    for (const hunk of section.hunks) {
      const rest = sections.map((each) => (each === section ? { ...each, hunks: each.hunks.filter((other) => other !== hunk) } : each));
      const applied = applyPatch(joined(rest), read.before);
      if ("error" in applied) continue;
      const { layer } = applied;
      const path = (section.head.find((line) => line.startsWith("+++ b/")) ?? "").slice(6).replace(/\t$/, "");
      const [part, whole] = [readOver(layer, read.before)(path), read.after(path)];
      if (part !== null && whole !== null && !language.emitsDifferently(path, whole, part)) continue;
      layers.push(layer);
    }
  }
  return layers.slice(0, limit);
}
