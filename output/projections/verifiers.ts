/**
 * Task data of verifiers (and prime-rl): JSON lines that a taskset's `load` turns into `TaskData`, with the instance's own fields beside those of
 * the base class. Tasks with a tree to work in are the format `harbor`, which verifiers loads too once their images are published.
 *
 * Format: verifiers a60a606e (21 August 2026), verifiers/v1/task.py (`TaskData`, `WireTaskData`) and docs/v1/tasksets.md. A concrete
 * `network_allow` is what the task may reach while it runs: nothing.
 */
import type { RowPair } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { publicFacts, writeJsonRows } from "./row-files.ts";

const row = (pair: RowPair, index: number) => ({
  idx: index,
  name: `${pair.public.skill}-${pair.public.instance_id}`,
  description: `${pair.public.skill} in ${pair.public.repo}`,
  prompt: pair.public.prompt,
  workdir: pair.public.workdir,
  network_allow: [],
  ...publicFacts(pair),
});

export const verifiers = {
  name: "verifiers",
  version: 1,
  about: "verifiers: JSON lines of task data for a taskset",
  source: "PrimeIntellect-ai/verifiers a60a606e, verifiers/v1/task.py",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeJsonRows(input, folder, row),
} as const satisfies Projection;
