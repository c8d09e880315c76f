import type { Solver } from "./contract.ts";
import { styleOf } from "./test-files.ts";

export const emptyTest: Solver = Object.freeze<Solver>({
  name: "empty-test",
  about: "writes one test without an assertion",
  skills: ["unit-tests", "reproduction"],
  solve: (view) => view.runner.samples.pass(styleOf(view), view.runnerVersion).replace(/^.*\(1 \+ 1\b.*\n/m, ""),
});
