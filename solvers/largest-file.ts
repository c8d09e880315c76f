import type { Solver } from "./contract.ts";
import { oneFile, sourcesOf } from "./places.ts";

export const largestFile: Solver = Object.freeze<Solver>({
  name: "largest-file",
  about: "names the source file with the most text, and the function in it that the question's words match best",
  skills: ["localization"],
  solve(view) {
    const size = (path: string): number => (view.text(path) ?? "").length;
    return oneFile(view, [...sourcesOf(view)].sort((a, b) => size(b) - size(a))[0]);
  },
});
