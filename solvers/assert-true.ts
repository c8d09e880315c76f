import type { Solver } from "./contract.ts";
import { styleOf } from "./test-files.ts";

export const assertTrue: Solver = Object.freeze<Solver>({
  name: "assert-true",
  about: "writes one test that asserts what is true of any tree",
  skills: ["unit-tests", "reproduction"],
  solve: (view) => view.runner.samples.pass(styleOf(view), view.runnerVersion),
});
