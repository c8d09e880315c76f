/** The runs that judge a patch: first the tests that must turn green, in their own files; then everything else that reaches the change. */
import type { Trial } from "../schemas/instance.ts";
import type { Observed } from "./contract.ts";
import { fileOfTest, filesOf } from "./visible.ts";

export function patchTrials({ candidate, observation }: Observed): Trial[] {
  const failing = filesOf(observation.failToPass);
  const others = observation.files.filter((file) => !failing.includes(file));
  const inFiles = (files: readonly string[]) => observation.passToPass.filter((id) => files.includes(fileOfTest(id)));
  const trial = (name: string, files: readonly string[], pass: readonly string[]): Trial => ({
    name,
    layer: candidate.before,
    answer: "patch",
    files: [...files],
    expect: { kind: "tests", pass: [...pass], fail: [] },
  });
  return [
    trial("fail-to-pass", failing, [...observation.failToPass, ...inFiles(failing)]),
    ...(inFiles(others).length > 0 ? [trial("pass-to-pass", others, inFiles(others))] : []),
  ];
}
