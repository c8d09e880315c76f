import type { Solver, SolverView } from "./contract.ts";
import { locations, sourcesOf } from "./places.ts";

/** What a frame or a sentence names: a path of the tree or its base name, and perhaps a line. */
function named(view: SolverView): { readonly file: string; readonly line: number | null } | null {
  const sources = sourcesOf(view);
  for (const [, word = "", line] of view.prompt.matchAll(/([\w@./-]+\.[mc]?[jt]sx?)(?::(\d+))?/g)) {
    const file = sources.find((path) => path === word || word.endsWith(`/${path}`)) ?? sources.find((path) => path.endsWith(`/${word}`));
    if (file !== undefined) return { file, line: line === undefined ? null : Number(line) };
  }
  return null;
}

export const stackFrame: Solver = Object.freeze<Solver>({
  name: "stack-frame",
  about: "names the first source file that the question itself names, and the function at the line that stands with it",
  skills: ["localization"],
  solve(view) {
    const place = named(view);
    if (place === null) return null;
    const { file, line } = place;
    const around = view.language
      .units({ path: file, text: view.text(file) ?? "" })
      .filter((unit) => line !== null && unit.startLine <= line && line <= unit.endLine)
      .sort((a, b) => a.end - a.start - (b.end - b.start))[0];
    return locations([around === undefined ? { file } : { file, symbol: around.name }]);
  },
});
