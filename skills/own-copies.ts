/**
 * Copies of the package in its own dependencies that cannot be taken out, since the runner is built from one. A test that holds the sources against
 * such a copy needs no word of the question. What it cannot bear is a copy with the very defect beside right sources: an honest test does not notice.
 */
import type { Candidate } from "../schemas/candidate.ts";
import type { Layer } from "../schemas/layer.ts";
import type { PoseContext } from "./contract.ts";

/**
 * The defect in each copy that is left, in all files of it that have a place for it. Empty where no copy is left, or all have the defect, as what was
 * published before a fix; null where one cannot be given it, and so may stand for what is right.
 */
export function defectInCopies(candidate: Candidate, context: PoseContext): Layer | null {
  const layer: Record<string, string> = {};
  for (const folder of context.environment.recipe.ownCopies?.kept ?? []) {
    const files = context.copies().filter(({ path }) => path.startsWith(`${folder}/`));
    for (const [path, wrong] of Object.entries(candidate.before)) {
      const right = context.text(path);
      if (right === null || wrong === null) return null;
      const made = files.flatMap((file) => {
        const text = layer[file.path] ?? file.text;
        const spoilt = context.language.transplant({ path, text: right }, wrong, text);
        return spoilt === null ? [] : [{ path: file.path, text: spoilt, isNew: spoilt !== text }];
      });
      if (made.length === 0) return null;
      for (const { path: at, text, isNew } of made) if (isNew) layer[at] = text;
    }
  }
  return layer;
}
