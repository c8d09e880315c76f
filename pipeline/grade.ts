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

const lineSchema = z.object({ instance_id: z.string(), answer: z.string() });

/** One graded answer. An infrastructure error is neither 0 nor 1: `reward` is null and the answer should be graded again. */
export interface GradeLine {
  readonly instance_id: string;
  readonly reward: 0 | 1 | null;
  readonly components: Readonly<Record<string, number>>;
  readonly reason: string | null;
  readonly detail: string;
  readonly infra_error: string | null;
}

const scored = (id: string, score: Score): GradeLine => ({ instance_id: id, ...score, infra_error: null });
const unscored = (id: string, reason: string, detail: string): GradeLine => ({
  instance_id: id,
  reward: 0,
  components: {},
  reason,
  detail,
  infra_error: null,
});
const failed = (id: string, message: string): GradeLine => ({
  instance_id: id,
  reward: null,
  components: {},
  reason: null,
  detail: "",
  infra_error: message,
});

function parseLine(text: string, number: number): z.infer<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StopRun(`line ${number} of the answers is not {"instance_id","answer"}`, {
      next: "each line is one JSON object with these two strings",
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

/** Grades every line of a JSONL file ("-": standard input), in any order; lines before a malformed one are still graded and written. */
export async function gradeFile(dataset: string, answers: string, place: Place, options: GradeOptions): Promise<void> {
  const lines = await openAnswers(answers);
  const { bench, instance: find, openWorkspace, close } = await openFromDataset(dataset, place, options.log);

  async function gradeOne({ instance_id, answer }: z.infer<typeof lineSchema>): Promise<GradeLine> {
    const instance = await find(instance_id);
    if (instance === null) return unscored(instance_id, "unknown-instance", "the dataset has no such instance");
    const { draft } = instance;
    try {
      return scored(instance_id, await gradeSolver(draft, answer, () => openWorkspace(draft)));
    } catch (error) {
      if (error instanceof RetryLater || error instanceof BrokenRecord) return failed(instance_id, error.message);
      throw error;
    }
  }

  async function* parsed(): AsyncGenerator<z.infer<typeof lineSchema>> {
    let number = 0;
    for await (const text of lines()) {
      number += 1;
      if (text.trim() !== "") yield parseLine(text, number);
    }
  }

  try {
    await sideBySide(parsed(), bench.jobs.width, async (line) => options.write(await gradeOne(line)));
  } finally {
    close();
  }
}
