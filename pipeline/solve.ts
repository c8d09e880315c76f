/** `kihon solve`: a dataset's questions answered by rules without a model, and what these earn by the ordinary grader. */
import { writeFileSync } from "node:fs";
import { gradeSolver } from "../grading/grade.ts";
import { BrokenRecord, RetryLater, StopRun } from "../lib/errors.ts";
import { plural } from "../lib/plural.ts";
import { checkRecordable, recordBaselines } from "../output/baselines.ts";
import { sideBySide } from "../sandbox/width.ts";
import type { Baseline } from "../schemas/baselines.ts";
import type { Place } from "../schemas/config.ts";
import type { Instance, SkillName } from "../schemas/instance.ts";
import type { Solver } from "../solvers/contract.ts";
import { solvers } from "../solvers/index.ts";
import { type Choice, chooseRows } from "./choose-rows.ts";
import { openFromDataset } from "./from-dataset.ts";
import type { Log } from "./log.ts";
import { solverView } from "./solver-view.ts";
import { whileHeld } from "./work-folder.ts";

export interface SolveOptions extends Pick<Choice, "limit"> {
  readonly log: Log;
  /** Names of the rules; all where none is named. */
  readonly baselines: readonly string[];
  /** JSON lines {"instance_id","answer"} of the one rule that is named. */
  readonly out?: string;
  readonly seed?: string;
  /** Write the figures into the dataset, its card and its report. Goes with all rows only. */
  readonly record?: boolean;
}

/** What one rule earns on one skill. */
export interface Figure {
  readonly baseline: string;
  readonly skill: SkillName;
  /** Rows of the skill that were graded. */
  readonly rows: number;
  /** Of these, those for which the rule gave an answer. */
  readonly answered: number;
  /** Mean strict reward, an answer that was not given counting 0. */
  readonly reward: number;
  /** Share of the matched pairs of which both arms were right; null where the skill has none. */
  readonly pairs: number | null;
  /** Rows that the machine had trouble with: no part of the figures. */
  readonly infrastructure: number;
}

export interface SolveResult {
  readonly dataset: string;
  readonly figures: readonly Figure[];
  /** Figures that were written into the dataset: those of which every row was graded. Null where that was not asked for. */
  readonly recorded: number | null;
}

interface Scored {
  readonly skill: SkillName;
  readonly pairId: string | null;
  readonly answered: boolean;
  /** Null for trouble of the machine. */
  readonly reward: 0 | 1 | null;
}

const baselineNames: readonly string[] = solvers.map(({ name }) => name);

function chosen(names: readonly string[]): readonly Solver[] {
  const unknown = names.find((name) => !baselineNames.includes(name));
  if (unknown !== undefined) throw new StopRun(`there is no baseline ${unknown}`, { next: `name one of: ${baselineNames.join(", ")}` });
  return names.length === 0 ? solvers : solvers.filter(({ name }) => names.includes(name));
}

/** Of the pairs with both arms graded, the share in which both earned. */
function pairShare(scored: readonly Scored[]): number | null {
  const paired = scored.filter((one) => one.pairId !== null && one.reward !== null);
  const whole = [...Map.groupBy(paired, ({ pairId }) => pairId).values()].filter((arms) => arms.length === 2);
  return whole.length === 0 ? null : whole.filter((arms) => arms.every(({ reward }) => reward === 1)).length / whole.length;
}

export function figureOf(baseline: string, skill: SkillName, scored: readonly Scored[]): Figure {
  const graded = scored.filter(({ reward }) => reward !== null);
  const earned = graded.filter(({ reward }) => reward === 1).length;
  return {
    baseline,
    skill,
    rows: graded.length,
    answered: graded.filter(({ answered }) => answered).length,
    reward: graded.length === 0 ? 0 : earned / graded.length,
    pairs: pairShare(scored),
    infrastructure: scored.length - graded.length,
  };
}

async function measured(dataset: string, place: Place, rules: readonly Solver[], options: SolveOptions): Promise<readonly Figure[]> {
  const { data, bench, openWorkspace, close } = await openFromDataset(dataset, place, options.log);
  const scored = new Map<Solver, Scored[]>(rules.map((rule) => [rule, []]));
  const written: string[] = [];
  let [asked, done] = [0, 0];

  async function answerAll({ draft }: Instance): Promise<void> {
    asked += 1;
    const workspace = await openWorkspace(draft);
    const view = solverView(draft, workspace, options.seed ?? "1");
    for (const rule of rules) {
      if (!rule.skills.includes(draft.skill)) continue;
      const answer = rule.solve(view);
      if (options.out !== undefined && answer !== null) written.push(JSON.stringify({ instance_id: draft.id, answer }));
      const { skill, pairId } = draft;
      const reward =
        answer === null ? 0 : await rewardOf(async () => (await gradeSolver(draft, answer, async () => workspace, true)).reward);
      scored.get(rule)?.push({ skill, pairId, answered: answer !== null, reward });
    }
    done += 1;
    options.log.progress(`answered ${done}/${asked}`);
  }

  async function rewardOf(graded: () => Promise<0 | 1>): Promise<0 | 1 | null> {
    try {
      return await graded();
    } catch (error) {
      if (!(error instanceof RetryLater) && !(error instanceof BrokenRecord)) throw error;
      options.log.warn(error.message);
      return null;
    }
  }

  try {
    await sideBySide(chooseRows(data.instances(), options), bench.jobs.width, answerAll);
  } finally {
    close();
  }
  if (options.out !== undefined)
    writeFileSync(
      options.out,
      written
        .sort()
        .map((line) => `${line}\n`)
        .join(""),
    );
  const figures = [...scored].flatMap(([{ name }, all]) =>
    [...Map.groupBy(all, ({ skill }) => skill)].map(([skill, own]) => figureOf(name, skill, own)),
  );
  return figures.sort((a, b) => (a.skill === b.skill ? 0 : a.skill < b.skill ? -1 : 1));
}

/** As they are kept: those of which every row was graded. */
function recordable(figures: readonly Figure[], rules: readonly Solver[]): Baseline[] {
  return figures.flatMap(({ infrastructure, ...figure }) =>
    rules.flatMap(({ name, about }) => (name === figure.baseline && infrastructure === 0 ? [{ ...figure, about }] : [])),
  );
}

/**
 * Only reads the dataset unless `record` is given; then nobody else writes it until the figures are in it. Throws `StopRun` for a rule that
 * there is not, for options that do not go together, and where the dataset cannot be read or, asked to record, be written.
 */
export async function solve(dataset: string, place: Place, options: SolveOptions): Promise<SolveResult> {
  const rules = chosen(options.baselines);
  if (options.out !== undefined && options.baselines.length !== 1)
    throw new StopRun("answers are written for one baseline", { next: "name one with --baseline, or leave --out away" });
  if (options.record !== true) return { dataset, figures: await measured(dataset, place, rules, options), recorded: null };
  if (options.limit !== undefined)
    throw new StopRun("figures of a part of the rows are not recorded", { next: "leave --limit away, or --record" });
  checkRecordable(dataset);
  return whileHeld(dataset, null, async () => {
    const figures = await measured(dataset, place, rules, options);
    const whole = recordable(figures, rules);
    if (whole.length > 0) recordBaselines(dataset, whole);
    return { dataset, figures, recorded: whole.length };
  });
}

/** A table for people: strict reward by skill and baseline, review also by pairs; then what was recorded of it. */
export function solveText({ dataset, figures, recorded }: SolveResult): string {
  const lines = ["skill           baseline           rows  answered  reward   pairs"];
  for (const { skill, baseline, rows, answered, reward, pairs, infrastructure } of figures) {
    const cells = [
      skill.padEnd(15),
      baseline.padEnd(17),
      String(rows).padStart(5),
      String(answered).padStart(9),
      reward.toFixed(3).padStart(7),
    ];
    const trouble = infrastructure === 0 ? "" : `  (${infrastructure} not graded for trouble of the machine)`;
    lines.push(`${cells.join(" ")}${pairs === null ? "" : pairs.toFixed(3).padStart(8)}${trouble}`);
  }
  if (recorded !== null) {
    lines.push(`recorded in ${dataset}, its card and its report: ${plural(recorded, "figure")}`);
    if (recorded < figures.length) lines.push("not recorded: figures of which a row was not graded. Start the command again for these");
  }
  return lines.join("\n");
}
