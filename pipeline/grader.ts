/** Grading from a program: a dataset opened once, answers scored as they come. */
import { gradeSolver } from "../grading/grade.ts";
import { StopRun } from "../lib/errors.ts";
import type { Place } from "../schemas/config.ts";
import type { Score } from "../schemas/instance.ts";
import { openFromDataset } from "./from-dataset.ts";
import type { Log } from "./log.ts";

export interface Grader {
  /** Throws `RetryLater` for trouble of the sandbox: that is no reward of 0. Throws `StopRun` for an id that the dataset does not have. */
  grade(instanceId: string, answer: string): Promise<Score>;
  close(): Promise<void>;
}

export async function openGrader(dataset: string, place: Place, log: Log): Promise<Grader> {
  const { instance: find, openWorkspace, close } = await openFromDataset(dataset, place, log);
  return {
    async grade(instanceId, answer) {
      const instance = await find(instanceId);
      if (instance === null)
        throw new StopRun(`the dataset has no instance ${instanceId}`, { next: "list its ids with: kihon inspect DATASET --ids" });
      const { draft } = instance;
      return gradeSolver(draft, answer, () => openWorkspace(draft));
    },
    close: async () => close(),
  };
}
