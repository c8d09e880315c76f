/** Failing tests of a change made to ask for the opposite: each fails on the repaired tree, unless something keeps tests from failing. */
import type { Language, Mutation } from "../languages/contract.ts";
import type { Trial } from "../schemas/instance.ts";
import { mergeLayers } from "../schemas/layer.ts";
import type { Observation } from "../schemas/observation.ts";
import type { Observed, PoseContext } from "./contract.ts";
import { variantsOf } from "./variants.ts";
import { fileOfTest, filesOf } from "./visible.ts";

interface Texts {
  readonly language: Language;
  text(path: string): string | null;
}

export interface TurnedTest {
  readonly id: string;
  readonly path: string;
  readonly mutation: Mutation;
}

/** A test may fail in a line before its assertion: a call whose outcome is held against something so many lines below, at most. */
const reach = 10;

/** In the assertion that failed, or the first one after. */
export function turnedTests({ failToPass, failures }: Observation, { language, text }: Texts): TurnedTest[] {
  return failToPass.flatMap((id) => {
    const path = fileOfTest(id);
    const line = failures[id]?.frames.find(({ file }) => file === path)?.line;
    const source = text(path);
    if (line === undefined || source === null) return [];
    const lines = Array.from({ length: reach + 1 }, (_, at) => line + at);
    const mutation = lines.map((at) => language.opposite({ path, text: source }, at)).find((found) => found !== null);
    return mutation ? [{ id, path, mutation }] : [];
  });
}

/** Of a commit one that was seen to fail; of a mutant one that must, for its assertion was seen to hold on the same tree. */
function turnedTrees(observed: Observed, context: PoseContext): { readonly layer: Trial["layer"]; readonly shown: readonly string[] }[] {
  const seen = variantsOf(observed, "test").map(({ candidate, observation }) => ({
    layer: candidate.before,
    shown: observation.failToPass,
  }));
  if (observed.candidate.kind === "commit") return seen;
  return turnedTests(observed.observation, context).map(({ id, path, mutation: { start, end, replacement } }) => {
    const text = context.text(path) ?? "";
    return { layer: { [path]: text.slice(0, start) + replacement + text.slice(end) }, shown: [id] };
  });
}

/**
 * The answer beside a hidden test that asks for the opposite, which must fail. Nothing but the hidden test's text, which no solver has seen,
 * tells this run from the one that the answer is paid for: what makes tests pass by other means than being right does so here too.
 */
export function oppositeTrial(observed: Observed, context: PoseContext): Trial | null {
  const [turned] = context.rng(observed.candidate.id, "opposite").shuffle(turnedTrees(observed, context));
  if (!turned) return null;
  return {
    name: "asks-the-opposite",
    layer: mergeLayers(observed.candidate.before, turned.layer),
    answer: "patch",
    // The same files as are run when the answer is paid for: what a run is asked for is no secret from the code in it.
    files: filesOf(observed.observation.failToPass),
    expect: { kind: "some-fail", among: [...turned.shown] },
  };
}
