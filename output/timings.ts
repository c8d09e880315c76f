/** `timings.json`: what a run took, beside the card and the manifest, which tell no times. */
import { StopRun } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import { type RunSummary, type Timings, timingsSchema } from "../schemas/run-summary.ts";
import type { DatasetFiles } from "./dataset-files.ts";

export const timingsFile = "timings.json";

export function timingsText({ startedAt, finishedAt, stages }: RunSummary): string {
  const timings: Timings = {
    startedAt,
    finishedAt,
    stages: stages.map(({ name, tookMs = null, wallMs, cpuMs }) => ({ name, tookMs, workMs: wallMs, cpuMs })),
  };
  return `${JSON.stringify(timings, null, 2)}\n`;
}

/** Null where the dataset has none, or none that can be read. */
export async function timingsIn(files: DatasetFiles): Promise<Timings | null> {
  try {
    const text = await files.text(timingsFile);
    return text === null ? null : readJson(text, timingsSchema);
  } catch (error) {
    if (error instanceof StopRun) return null; // some servers refuse what is not there
    throw error;
  }
}
