import type { Solver } from "./contract.ts";
import { oneFile, rankedFiles } from "./places.ts";

export const textSearch: Solver = Object.freeze<Solver>({
  name: "text-search",
  about: "names the file, and the function in it, that match the question's words best (BM25)",
  skills: ["localization"],
  solve: (view) => oneFile(view, rankedFiles(view)[0]),
});
