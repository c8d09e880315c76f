/** `kihon solve --llm`: a language model is asked for k answers to each question, and each is graded by the code that admitted the row. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import { z } from "zod";
import { gradeSolver } from "../grading/grade.ts";
import { BrokenRecord, RetryLater, StopRun } from "../lib/errors.ts";
import { plural } from "../lib/plural.ts";
import { writing } from "../output/pending-file.ts";
import { checkRatesRecordable, recordSolveRates, solveRatesFile } from "../output/solve-rates.ts";
import { type RateFigure, rateFigures } from "../output/solve-rates-text.ts";
import { sideBySide } from "../sandbox/width.ts";
import { llmSchema, type Place } from "../schemas/config.ts";
import type { Draft, Instance, SkillName } from "../schemas/instance.ts";
import type { ModelRates } from "../schemas/solve-rates.ts";
import { type Choice, chooseRows } from "./choose-rows.ts";
import { openFromDataset } from "./from-dataset.ts";
import type { LlmMessage } from "./llm.ts";
import { askOnce, llmConcurrency, llmSeed } from "./llm-shelf.ts";
import type { Log } from "./log.ts";
import { oneTurn } from "./one-turn.ts";
import { solverView } from "./solver-view.ts";
import { whileHeld } from "./work-folder.ts";

const settingsSchema = z.strictObject({
  llm: llmSchema,
  /** Answers of each question. */
  samples: z.int().positive().default(4),
  temperature: z.number().nonnegative().max(2).default(0.8),
  /** Characters of the tree's files beside a question, at most. */
  context: z.int().nonnegative().default(60_000),
  seed: z.string().default("1"),
});
type Settings = z.infer<typeof settingsSchema>;

export interface SampleOptions extends z.input<typeof settingsSchema>, Pick<Choice, "limit"> {
  readonly log: Log;
  /** JSON lines {"instance_id","sample","answer","reward","reason"}, one an answer, as they come. */
  readonly out?: string;
  /** Write the rates into the dataset and its card. Goes with all rows only. */
  readonly record?: boolean;
  readonly key?: string | null;
}

export interface SampleResult {
  readonly dataset: string;
  readonly model: string;
  readonly samples: number;
  readonly figures: readonly RateFigure[];
  /** Questions of which an answer could not be had or graded, for trouble of the server or the machine: no part of the figures. */
  readonly infrastructure: number;
  /** Null where that was not asked for; false where a question is no part of the figures. */
  readonly recorded: boolean | null;
}

interface Graded {
  /** Empty where the model gave none. */
  readonly answer: string;
  readonly reward: 0 | 1;
  readonly reason: string | null;
}

interface Measured {
  readonly solved: ReadonlyMap<SkillName, ReadonlyMap<string, number>>;
  readonly infrastructure: number;
}

async function measure(dataset: string, place: Place, settings: Settings, options: SampleOptions): Promise<Measured> {
  const { data, bench, openWorkspace, close } = await openFromDataset(dataset, place, options.log);
  const queue = new PQueue({ concurrency: llmConcurrency });
  const shelf = join(place.cache, "llm-answers");
  const client = { settings: settings.llm, key: options.key ?? bench.llmKey, temperature: settings.temperature };
  const { out } = options;
  const file = out === undefined ? null : writing(out, () => openSync(out, "w"));
  const solved = new Map<SkillName, Map<string, number>>();
  let [asked, done, infrastructure] = [0, 0, 0];

  async function sampleOf(draft: Draft, messages: readonly LlmMessage[], at: number): Promise<Graded> {
    const answer = await queue.add(() => askOnce(shelf, messages, { ...client, seed: llmSeed(`${settings.seed}/${at}`) }));
    if (answer.kind === "none") return { answer: "", reward: 0, reason: `model/${answer.why}` };
    const { reward, reason } = await gradeSolver(draft, answer.text, () => openWorkspace(draft), true);
    return { answer: answer.text, reward, reason };
  }

  async function askAll({ draft }: Instance): Promise<void> {
    asked += 1;
    const messages = oneTurn(solverView(draft, await openWorkspace(draft), settings.seed), settings.context);
    const graded: Graded[] = [];
    try {
      for (let at = 1; at <= settings.samples; at++) {
        const one = await sampleOf(draft, messages, at);
        graded.push(one);
        if (out !== undefined && file !== null)
          writing(out, () => writeSync(file, `${JSON.stringify({ instance_id: draft.id, sample: at, ...one })}\n`));
      }
      const own = solved.get(draft.skill) ?? new Map<string, number>();
      solved.set(draft.skill, own.set(draft.id, graded.filter(({ reward }) => reward === 1).length));
    } catch (error) {
      if (!(error instanceof RetryLater) && !(error instanceof BrokenRecord)) throw error;
      infrastructure += 1;
      options.log.warn(`${draft.id}: ${error.message}`);
    }
    done += 1;
    options.log.progress(`asked ${done}/${asked}`);
  }

  try {
    await sideBySide(chooseRows(data.instances(), options), bench.jobs.width, askAll);
  } finally {
    queue.clear();
    close();
    if (file !== null) closeSync(file);
  }
  return { solved, infrastructure };
}

/** By id, so that equal answers give equal bytes. */
const ratesOf = ({ llm, samples, temperature, context }: Settings, { solved }: Measured): ModelRates => ({
  model: llm.model,
  samples,
  temperature,
  context,
  solved: Object.fromEntries(
    [...solved].map(([skill, counts]) => [skill, Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))]),
  ),
});

/**
 * Only reads the dataset unless `record` is given. Answers are kept in the cache, so that going on asks for none twice. Throws `StopRun` for
 * settings that cannot be, for a server that refuses the key or the model, and where the dataset cannot be read or, asked to record, be written.
 */
export async function sample(dataset: string, place: Place, options: SampleOptions): Promise<SampleResult> {
  const settings = parsed(options);
  const result = (measured: Measured, recorded: boolean | null): SampleResult => ({
    dataset,
    model: settings.llm.model,
    samples: settings.samples,
    figures: rateFigures(ratesOf(settings, measured)),
    infrastructure: measured.infrastructure,
    recorded,
  });
  if (options.record !== true) return result(await measure(dataset, place, settings, options), null);
  if (options.limit !== undefined)
    throw new StopRun("rates of a part of the rows are not recorded", { next: "leave --limit away, or --record" });
  checkRatesRecordable(dataset);
  return whileHeld(dataset, null, async () => {
    const measured = await measure(dataset, place, settings, options);
    const isWhole = measured.infrastructure === 0 && measured.solved.size > 0;
    if (isWhole) recordSolveRates(dataset, ratesOf(settings, measured));
    return result(measured, isWhole);
  });
}

function parsed({ llm, samples, temperature, context, seed }: SampleOptions): Settings {
  const found = settingsSchema.safeParse({ llm, samples, temperature, context, seed });
  if (found.success) return found.data;
  throw new StopRun(z.prettifyError(found.error), { next: "see kihon solve --help", cause: found.error });
}

/** A table for people, and what was recorded of it. */
export function sampleText({ dataset, model, samples, figures, infrastructure, recorded }: SampleResult): string {
  const lines = [
    `${model}, ${plural(samples, "answer")} to each question`,
    "skill           questions  solve@1  solve@k   never  always",
    ...figures.map(({ skill, questions, atOne, atK, never, always }) =>
      [
        skill.padEnd(15),
        String(questions).padStart(9),
        atOne.toFixed(3).padStart(8),
        atK.toFixed(3).padStart(8),
        String(never).padStart(7),
        String(always).padStart(7),
      ].join(" "),
    ),
  ];
  if (infrastructure > 0) lines.push(`left out, for trouble of the server or the machine: ${plural(infrastructure, "question")}`);
  if (recorded === true) lines.push(`recorded in ${dataset} (${solveRatesFile}) and its card`);
  if (recorded === false)
    lines.push("not recorded, for not every question was answered and graded. Start the command again: answers are kept");
  return lines.join("\n");
}
