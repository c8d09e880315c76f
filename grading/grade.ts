/**
 * Grading one answer. The prover, `kihon grade`, `kihon verify` and the reward of a training loop all come through here.
 *
 * `strict` stops at the first trial that does not hold: right for known-wrong answers, where only the reward matters. Otherwise every
 * trial runs and the components are full.
 */
import type { TestRun, Workspace } from "../sandbox/workspace.ts";
import type { Draft, Score, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import { parseLocations, parsePatch, parseReview, parseTestFile } from "./answers.ts";
import { judgeLocations, judgeReview, judgeRun, type Verdict } from "./judge.ts";
import { isProtected } from "./protected.ts";

export interface GradeOptions {
  readonly strict: boolean;
  /** Tells repeats of the same grading apart; from 1 on the order of tests is shuffled where the runner can. */
  readonly repeat: number;
}

const zero = (reason: string, detail: string, components: Record<string, number> = {}): Score => ({ reward: 0, components, reason, detail });

/** The answer as a layer over each trial's tree; null where the answer form needs no run. */
function layerOf(draft: Draft, answer: string, workspace: Workspace): { layer: Layer } | { score: Score } {
  if (draft.answerForm === "test-file") {
    const parsed = parseTestFile(answer);
    if (!parsed.ok) return { score: zero(parsed.reason, parsed.detail) };
    return draft.answerPath === null ? { score: zero("no-answer-path", "") } : { layer: { [draft.answerPath]: parsed.value } };
  }
  const read = (path: string): string | null => {
    const visible = draft.visible[path];
    return visible === undefined ? workspace.text(path) : visible;
  };
  const parsed = parsePatch(answer, read);
  if (!parsed.ok) return { score: zero(parsed.reason, parsed.detail) };
  const allowed = Object.entries(parsed.value).filter(([path]) => !isProtected(workspace, path));
  return { layer: Object.fromEntries(allowed) };
}

/** One trial, performed and judged. `draft.answerPath` says whose tests are the answer's. */
export async function performTrial(
  trial: Trial,
  answer: Layer,
  draft: Pick<Draft, "answerPath">,
  workspace: Workspace,
  options: GradeOptions,
): Promise<{ verdict: Verdict; run: TestRun }> {
  const layer = trial.answer === "none" ? trial.layer : mergeLayers(trial.layer, answer);
  const bail = options.strict && trial.expect.kind !== "some-fail";
  const run = await workspace.run({ layer, files: trial.files, bail, shared: trial.answer === "none" }, options.repeat);
  return { verdict: judgeRun(run, trial.expect, draft.answerPath, bail), run };
}

async function gradeByTrials(draft: Draft, answer: string, workspace: Workspace, options: GradeOptions): Promise<Score> {
  const laid = layerOf(draft, answer, workspace);
  if ("score" in laid) return laid.score;
  const components: Record<string, number> = {};
  let first: Verdict | null = null;
  let kills = 0;
  let mutants = 0;
  for (const trial of draft.trials) {
    const { verdict } = await performTrial(trial, laid.layer, draft, workspace, options);
    if (trial.name.startsWith("mutant-")) {
      mutants += 1;
      kills += verdict.held ? 1 : 0;
    } else components[trial.name] = verdict.share;
    if (!verdict.held) first ??= { ...verdict, detail: `${trial.name}: ${verdict.detail}` };
    if (!verdict.held && options.strict) break;
  }
  if (mutants > 0) components["kill-share"] = kills / mutants;
  return first === null ? { reward: 1, components, reason: null, detail: "" } : zero(first.reason ?? "not-held", first.detail, components);
}

/** Reward and components of one answer. Trouble of the sandbox is thrown (`RetryLater`), never scored. */
export async function grade(draft: Draft, answer: string, workspace: Workspace, options: GradeOptions): Promise<Score> {
  const { judgement } = draft;
  if (judgement.kind === "trials") return gradeByTrials(draft, answer, workspace, options);
  if (judgement.kind === "locations") {
    const parsed = parseLocations(answer);
    return parsed.ok ? judgeLocations(parsed.value, judgement.gold) : zero(parsed.reason, parsed.detail);
  }
  const parsed = parseReview(answer);
  return parsed.ok ? judgeReview(parsed.value, judgement) : zero(parsed.reason, parsed.detail);
}
