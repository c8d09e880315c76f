/** The lists that kept evaluation sets out, as card and report tell of them. */
import type { ContaminationFacts } from "../schemas/contamination.ts";

export const listHead = ["list", "version", "entries", "dropped", "sha256 of the entries"];

export const listRows = ({ lists }: ContaminationFacts): readonly (readonly [string, string, number, number, string])[] =>
  lists.map(({ name, version, entries, dropped, sha256 }) => [name, version, entries, dropped, sha256]);

/** What the table does not show. */
export function listSentence({ bundled, allowed }: ContaminationFacts): string {
  const off = bundled
    ? []
    : ["The bundled lists of evaluation sets were not in force (--no-evaluation-sets): rows may be of what models are measured by."];
  const through = allowed.length === 0 ? [] : [`Used although a list may name it: ${allowed.join(", ")}.`];
  return [...off, ...through, "A list drops revisions and changes in the stage screen; what several name counts for the first."].join(" ");
}
