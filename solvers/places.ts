/** What several of the rules ask of a solver's tree. */
import { bestFunction, rank } from "../lib/text-search.ts";
import type { SolverView } from "./contract.ts";

/** Files that an answer about sources may name. */
export const sourcesOf = (view: SolverView): readonly string[] => view.paths().filter((path) => view.language.roleOf(path) === "source");

export const locations = (places: readonly { readonly file: string; readonly symbol?: string }[]): string =>
  JSON.stringify({ locations: places });

/** The unit of a file that the question's words are most about, or null where the file has none. */
export function unitFor(view: SolverView, file: string): string | null {
  const text = view.text(file) ?? "";
  return bestFunction(view.prompt, text, view.language.units({ path: file, text }));
}

/** One file, and in it the unit that the words are most about. */
export function oneFile(view: SolverView, file: string | undefined): string | null {
  if (file === undefined) return null;
  const symbol = unitFor(view, file);
  return locations([symbol === null ? { file } : { file, symbol }]);
}

/** Files by how well the question's words match their text and path. */
export const rankedFiles = (view: SolverView): string[] =>
  rank(
    view.prompt,
    sourcesOf(view).map((path) => ({ name: path, text: `${path}\n${view.text(path) ?? ""}` })),
  );
