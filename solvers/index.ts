/** Rules that answer without a model: what they earn is what a skill pays for nothing. */
import { alwaysApprove } from "./always-approve.ts";
import { alwaysReject } from "./always-reject.ts";
import { asTold } from "./as-told.ts";
import { assertTrue } from "./assert-true.ts";
import type { Solver } from "./contract.ts";
import { emptyTest } from "./empty-test.ts";
import { largestFile } from "./largest-file.ts";
import { nameAllFiles } from "./name-all-files.ts";
import { singleMutation } from "./single-mutation.ts";
import { stackFrame } from "./stack-frame.ts";
import { textSearch } from "./text-search.ts";

export const solvers: readonly Solver[] = [
  nameAllFiles,
  largestFile,
  textSearch,
  stackFrame,
  asTold,
  singleMutation,
  emptyTest,
  assertTrue,
  alwaysApprove,
  alwaysReject,
];
