import { expect, it } from "vitest";
import { told } from "../../sandbox/examine.ts";

it.each([
  [{ kind: "finished", exitCode: 0, failedCommand: null }, "ECONNREFUSED\n", "it said ECONNREFUSED and ended with exit code 0"],
  [{ kind: "finished", exitCode: 137, failedCommand: 0 }, "", "it ended with exit code 137"],
  [{ kind: "timed-out" }, "", "it was ended when its time was over"],
  [{ kind: "out-of-memory" }, "a\n b", "it said a b and was ended for its memory"],
  [{ kind: "disk-full" }, "", "it was ended for its disk space"],
  [{ kind: "output-too-large" }, "", "it was ended for what it printed"],
] as const)("how a job ended is told in words: %j", (ended, stdout, text) => {
  expect(told({ ended, stdout })).toBe(text);
});
