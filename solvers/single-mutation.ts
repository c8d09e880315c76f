import { unifiedDiff } from "../lib/diff.ts";
import type { Solver, SolverView } from "./contract.ts";
import { rankedFiles, unitFor } from "./places.ts";

interface Span {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** The lines that an instruction names; of a report the function that its words match best. */
function spanOf(view: SolverView): Span | null {
  const told = /In `([^`]+)`[^\n]*?\bline[s]? (\d+)(?: to (\d+))?/.exec(view.prompt);
  if (told?.[1] !== undefined && view.text(told[1]) !== null)
    return { file: told[1], from: Number(told[2]), to: Number(told[3] ?? told[2]) };
  const [file] = rankedFiles(view);
  if (file === undefined) return null;
  const name = unitFor(view, file);
  const unit = view.language.units({ path: file, text: view.text(file) ?? "" }).find((one) => one.name === name);
  return unit === undefined ? null : { file, from: unit.startLine, to: unit.endLine };
}

export const singleMutation: Solver = Object.freeze<Solver>({
  name: "single-mutation",
  about: "of all single mutations of the place that the question names, or else matches best, takes one by chance as the repair",
  skills: ["editing", "bug-fix"],
  solve(view) {
    const span = spanOf(view);
    if (span === null) return null;
    const text = view.text(span.file) ?? "";
    const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
    const there = view.language
      .mutations({ path: span.file, text })
      .filter(({ start, end }) => lineAt(start) <= span.to && lineAt(end) >= span.from);
    const [chosen] = view.rng("single-mutation").shuffle(there);
    if (chosen === undefined) return null;
    const after = text.slice(0, chosen.start) + chosen.replacement + text.slice(chosen.end);
    return unifiedDiff([{ path: span.file, before: text, after }]);
  },
});
