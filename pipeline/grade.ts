/** `kihon grade`: a solver's answers against a dataset, by the code that admitted its instances. */
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { z } from "zod";
import { gradeSolver } from "../grading/grade.ts";
import { BrokenRecord, RetryLater, StopRun } from "../lib/errors.ts";
import { sideBySide } from "../sandbox/width.ts";
import type { Place } from "../schemas/config.ts";
import type { Score } from "../schemas/instance.ts";
import { openFromDataset } from "./from-dataset.ts";
import type { Log } from "./log.ts";

/** An id beyond what JSON numbers keep exactly would come back as another. */
const idSchema = z.union([z.string(), z.number().gte(Number.MIN_SAFE_INTEGER).lte(Number.MAX_SAFE_INTEGER)]);
const lineSchema = z.object({ id: idSchema.optional(), instance_id: z.string(), answer: z.string() });
type AnswerLine = z.infer<typeof lineSchema>;

/**
 * One graded answer. Where `reward` is null nothing was graded: `infra_error` says what went wrong and that the answer should be graded again,
 * or `reason` that the dataset has no such instance.
 */
export interface GradeLine {
  /** As in the answer's line; absent where it had none. */
  readonly id?: string | number;
  readonly instance_id: string;
  readonly reward: 0 | 1 | null;
  readonly components: Readonly<Record<string, number>>;
  readonly reason: string | null;
  readonly detail: string;
  readonly infra_error: string | null;
}

type Outcome = Omit<GradeLine, "id" | "instance_id">;

const scored = (score: Score): Outcome => ({ ...score, infra_error: null });
const unknown: Outcome = {
  reward: null,
  components: {},
  reason: "unknown-instance",
  detail: "the dataset has no such instance",
  infra_error: null,
};
const failed = (message: string): Outcome => ({ reward: null, components: {}, reason: null, detail: "", infra_error: message });

function parseLine(text: string, number: number): AnswerLine {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StopRun(`line ${number} of the answers is not {"instance_id","answer"}`, {
      next: "each line is one JSON object with these two strings; an id beside them is a string or a number of at most 15 digits",
      cause: error,
    });
  }
}

/** Gives the lines of the answers when they are asked for: a reader that nobody listens to yet loses them. Throws `StopRun` where there is no such file. */
async function openAnswers(path: string): Promise<() => AsyncIterable<string>> {
  if (path === "-") return () => createInterface({ input: process.stdin });
  try {
    const file = await open(path);
    if (!(await file.stat()).isDirectory()) return () => file.readLines();
    await file.close();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new StopRun(`the answers ${path} cannot be read (${String(cause.code)})`, {
      next: "give a JSONL file with --answers, or - for standard input",
      cause,
    });
  }
  throw new StopRun(`the answers ${path} are a folder`, { next: "give a JSONL file with --answers, or - for standard input" });
}

export interface GradeOptions {
  readonly log: Log;
  readonly write: (line: GradeLine) => void;
}

export interface GradeCounts {
  readonly answers: number;
  /** Without a reward, neither 0 nor 1. */
  readonly ungraded: number;
}

/**
 * Grades every line of a JSONL file ("-": standard input). Each is written when it is done, in whatever order; lines before a malformed one are
 * still graded and written.
 */
export async function gradeFile(dataset: string, answers: string, place: Place, options: GradeOptions): Promise<GradeCounts> {
  const lines = await openAnswers(answers);
  const { bench, instance: find, openWorkspace, close } = await openFromDataset(dataset, place, options.log);
  const counts = { answers: 0, ungraded: 0 };

  async function outcomeOf({ instance_id, answer }: AnswerLine): Promise<Outcome> {
    const instance = await find(instance_id);
    if (instance === null) return unknown;
    const { draft } = instance;
    try {
      return scored(await gradeSolver(draft, answer, () => openWorkspace(draft)));
    } catch (error) {
      if (error instanceof RetryLater || error instanceof BrokenRecord) return failed(error.message);
      throw error;
    }
  }

  async function gradeOne(line: AnswerLine): Promise<void> {
    const outcome = await outcomeOf(line);
    counts.answers += 1;
    if (outcome.reward === null) counts.ungraded += 1;
    const { id, instance_id } = line;
    options.write({ ...(id === undefined ? {} : { id }), instance_id, ...outcome });
  }

  async function* parsed(): AsyncGenerator<AnswerLine> {
    let number = 0;
    for await (const text of lines()) {
      number += 1;
      if (text.trim() !== "") yield parseLine(text, number);
    }
  }

  try {
    await sideBySide(parsed(), bench.jobs.width, gradeOne);
  } finally {
    close();
  }
  return counts;
}
