import type { Solver } from "./contract.ts";
import { locations, sourcesOf } from "./places.ts";

export const nameAllFiles: Solver = Object.freeze<Solver>({
  name: "name-all-files",
  about: "names every source file of the tree",
  skills: ["localization"],
  solve: (view) => locations(sourcesOf(view).map((file) => ({ file }))),
});
