/** A question as its solver sees it: the public side of a draft, and the environment's tree with the visible layer over it. */
import { rngFor } from "../lib/rng.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import type { Draft } from "../schemas/instance.ts";
import { readOver } from "../schemas/layer.ts";
import type { SolverView } from "../solvers/contract.ts";

export function solverView(draft: Draft, workspace: Workspace, seed: string): SolverView {
  const { id, skill, pairId, prompt, answerForm, answerPath, facts, visible } = draft;
  const own = (path: string): boolean => Object.hasOwn(visible, path);
  let all: readonly string[] | null = null;
  return {
    id,
    skill,
    pairId,
    prompt,
    answerForm,
    answerPath,
    interface: draft.interface,
    facts,
    language: workspace.language,
    runner: workspace.runner,
    runnerVersion: workspace.environment.recipe.runnerVersion,
    packageDir: workspace.environment.revision.packageDir,
    paths: () =>
      (all ??= [...new Set([...workspace.paths(), ...Object.keys(visible)])].filter((path) => !own(path) || visible[path] !== null).sort()),
    text: readOver(visible, (path) => workspace.text(path)),
    rng: (use) => rngFor(seed, id, use),
  };
}
