/**
 * Grading one answer. The prover, `kihon grade`, `kihon verify` and the reward of a training loop all come through here.
 *
 * `strict` stops at the first trial that does not hold: right for known-wrong answers, where only the reward matters. Otherwise every
 * trial runs and the components are full. The reward is the same either way.
 */
import { randomInt } from "node:crypto";
import type { TestRun, Workspace } from "../sandbox/workspace.ts";
import type { Draft, Score, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers, readOver } from "../schemas/layer.ts";
import { parseLocations, parsePatch, parseReview, parseTestFile } from "./answers.ts";
import { editingComponents, killShare, type Performed } from "./components.ts";
import { elsewhere } from "./elsewhere.ts";
import { judgeLocations, judgeReview, judgeRun, type Verdict } from "./judge.ts";
import { mayChange } from "./protected.ts";
import { repeatedSource } from "./repeated-source.ts";

export interface GradeOptions {
  readonly strict: boolean;
  /** Tells repeats of the same grading apart; from 1 on the order of tests is shuffled where the runner can. */
  readonly repeat: number;
  /**
   * Times that an answer must be seen to be right, 1 where it is not said. An answer that hopes (by chance, by the clock) is right in n runs
   * of which half must fail with 1 in 2^n at best. The prover needs no more than 1: it repeats the gold answer as a whole.
   */
  readonly rounds?: number;
  /** Hears of each trial that did not hold. */
  readonly onFailed?: (trial: Trial, verdict: Verdict) => void;
}

const zero = (reason: string, detail: string, components: Record<string, number> = {}): Score => ({
  reward: 0,
  components,
  reason,
  detail,
});

/** The answer as a layer over each trial's tree. */
function layerOf(draft: Draft, answer: string, workspace: Workspace): { layer: Layer } | { score: Score } {
  if (draft.answerForm === "test-file") {
    const parsed = parseTestFile(answer);
    if (!parsed.ok) return { score: zero(parsed.reason, parsed.detail) };
    if (draft.answerPath === null) return { score: zero("no-answer-path", "") };
    const repeated = repeatedSource(draft, draft.answerPath, parsed.value, workspace);
    if (repeated.kind === "unreadable") return { score: zero("malformed-answer", "the file is nested too deeply") };
    if (repeated.kind === "source") return { score: zero("repeats-source", `the file holds a copy of code of ${repeated.path}`) };
    return { layer: { [draft.answerPath]: parsed.value } };
  }
  const parsed = parsePatch(
    answer,
    readOver(draft.visible, (path) => workspace.text(path)),
  );
  if (!parsed.ok) return { score: zero(parsed.reason, parsed.detail) };
  const allowed = Object.entries(parsed.value).filter(([path]) => mayChange(workspace, path));
  return allowed.length === 0
    ? { score: zero("nothing-changed", "the patch changes no source file that it may change") }
    : { layer: Object.fromEntries(allowed) };
}

/**
 * What the answer's trials lay over the tree, each in its own way, as it is where one of them leaves it alone. All of it is written in all of them,
 * so that code which looks at the times of files learns nothing of the trial that it is in; a file that one trial of a patch has beside the tree is
 * there in the others too.
 */
function beside({ answerForm, trials }: Pick<Draft, "answerForm" | "trials">, workspace: Workspace): Layer {
  const own = trials.filter(({ answer }) => answer !== "none").map(({ layer }) => layer);
  const copied = (path: string): string | undefined => workspace.copies().find((copy) => copy.path === path)?.text;
  const elsewhere = (path: string): string | null => own.map((layer) => layer[path]).find((text) => typeof text === "string") ?? null;
  const healthy = (path: string): string | null =>
    workspace.text(path) ?? copied(path) ?? (answerForm === "patch" ? elsewhere(path) : null);
  return Object.fromEntries(own.flatMap((layer) => Object.keys(layer)).map((path) => [path, healthy(path)]));
}

/** One trial, performed and judged. `draft.answerPath` says whose tests are the answer's. */
export async function performTrial(
  trial: Trial,
  answer: Layer,
  draft: Pick<Draft, "answerForm" | "answerPath" | "trials">,
  workspace: Workspace,
  options: GradeOptions,
): Promise<{ verdict: Verdict; run: TestRun }> {
  const layer = trial.answer === "none" ? trial.layer : mergeLayers(trial.layer, answer);
  const known = trial.answer === "patch" ? new Set(workspace.environment.tests.map((test) => test.id)) : null;
  const manner = trial.answer === "none" ? { shared: true } : { shared: false, answered: beside(draft, workspace) };
  const run = await workspace.run({ layer, files: trial.files, ...manner }, options.repeat);
  return { verdict: judgeRun(run, trial.expect, { answerPath: draft.answerPath, known }), run };
}

/** In an order that nobody can foresee: an answer that goes by the clock, or by what ran before, must not know which run is which. */
function unforeseen<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(randomInt(left.length), 1)[0] as T);
}

/** Wrong forms and large runs are many, so not all of them are seen again: two that the answer must fail on, and what it must pass short of the whole suite. */
function seenAgain(trials: readonly Trial[]): Trial[] {
  const { mutant = [], other = [] } = Object.groupBy(unforeseen(trials), ({ name }) => (name.startsWith("mutant-") ? "mutant" : "other"));
  return unforeseen([...mutant.slice(0, 2), ...other.filter(({ name }) => name !== "pass-to-pass")]);
}

async function gradeByTrials(draft: Draft, answer: string, workspace: Workspace, options: GradeOptions): Promise<Score> {
  const laid = layerOf(draft, answer, workspace);
  if ("score" in laid) return laid.score;
  if (draft.trials.length === 0) return zero("no-trial", "the draft has no trial that could show that an answer is right");
  const perform = async (trial: Trial, repeat: number): Promise<Performed> => ({
    trial,
    ...(await performTrial(trial, laid.layer, draft, workspace, { ...options, repeat })),
  });
  const seen: Performed[] = [];
  for (const trial of (options.rounds ?? 1) > 1 ? unforeseen(draft.trials) : draft.trials) {
    const one = await perform(trial, options.repeat);
    seen.push(one);
    if (!one.verdict.held) options.onFailed?.(trial, one.verdict);
    if (!one.verdict.held && options.strict) break;
  }
  const performed = seen.sort((a, b) => draft.trials.indexOf(a.trial) - draft.trials.indexOf(b.trial));
  const more = performed.every(({ verdict }) => verdict.held) || !options.strict ? elsewhere(draft, laid.layer, workspace) : null;
  if (more !== null) performed.push(await perform(more, options.repeat));
  const first = performed.find(({ verdict }) => !verdict.held) ?? (await wavering(draft, perform, options));
  const components = Object.fromEntries(
    performed.flatMap(({ trial, verdict }) => (trial.name.startsWith("mutant-") ? [] : [[trial.name, verdict.share]])),
  );
  if (!options.strict) {
    Object.assign(components, killShare(performed));
    if (draft.answerForm === "patch") Object.assign(components, editingComponents(draft, answer, performed));
  }
  if (first === undefined) return { reward: 1, components, reason: null, detail: "" };
  return zero(first.verdict.reason ?? "not-held", `${first.trial.name}: ${first.verdict.detail}`, components);
}

/** The first run of a later round that says otherwise, or null. */
async function wavering(draft: Draft, perform: (trial: Trial, repeat: number) => Promise<Performed>, { repeat, rounds = 1 }: GradeOptions) {
  for (let round = 1; round < rounds; round++) {
    for (const trial of seenAgain(draft.trials)) {
      const again = await perform(trial, repeat + round);
      if (again.verdict.held) continue;
      const verdict = { ...again.verdict, reason: "wavers", detail: `held once, then ${again.verdict.reason}: ${again.verdict.detail}` };
      return { ...again, verdict };
    }
  }
  return undefined;
}

/** The score of an answer that is compared with its label and runs nothing; null where only runs decide. */
export function compare(draft: Pick<Draft, "judgement">, answer: string): Score | null {
  const { judgement } = draft;
  if (judgement.kind === "trials") return null;
  if (judgement.kind === "locations") {
    const parsed = parseLocations(answer);
    return parsed.ok ? judgeLocations(parsed.value, judgement.gold, judgement.symbols) : zero(parsed.reason, parsed.detail);
  }
  const parsed = parseReview(answer);
  return parsed.ok ? judgeReview(parsed.value, judgement) : zero(parsed.reason, parsed.detail);
}

/** Times that a solver's answer must be seen to be right. */
const solverRounds = 3;

/** What a solver handed in, as it is scored wherever that is. The workspace is opened where runs decide, and `strict` as in `grade`, which see. */
export async function gradeSolver(draft: Draft, answer: string, open: () => Promise<Workspace>, strict = false): Promise<Score> {
  return compare(draft, answer) ?? gradeByTrials(draft, answer, await open(), { strict, repeat: 0, rounds: solverRounds });
}

/** Reward and components of one answer. Trouble of the sandbox is thrown (`RetryLater`), never scored. */
export async function grade(draft: Draft, answer: string, workspace: Workspace, options: GradeOptions): Promise<Score> {
  return compare(draft, answer) ?? gradeByTrials(draft, answer, workspace, options);
}
