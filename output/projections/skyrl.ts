/**
 * Rows of SkyRL: one Parquet file a split for `data.train_data`. The environment class `kihon` is the user's to register
 * (`skyrl_gym.envs.register`); its `step` hands `reward_spec.ground_truth`, the instance's id, and the action to the grader.
 *
 * Format: SkyRL a9564572 (21 August 2026), docs/content/docs/datasets/dataset-preparation.mdx and skyrl/train/dataset/dataset.py.
 */
import { type ColumnTable, column, type RowPair, string, struct } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { chat, factFields, indexField, publicFacts, writeParquetRows } from "./row-files.ts";

const columns: ColumnTable = {
  data_source: column(string, "`kihon/<skill>`"),
  prompt: column(chat, "the question"),
  env_class: column(string, "`kihon`"),
  reward_spec: column(struct({ method: string, ground_truth: string }), "rule; the instance's id"),
  extra_info: column(struct({ split: string, index: indexField, ...factFields }), "handed to the environment"),
};

const row = (pair: RowPair, index: number) => ({
  data_source: `kihon/${pair.public.skill}`,
  prompt: pair.public.prompt,
  env_class: "kihon",
  reward_spec: { method: "rule", ground_truth: pair.public.instance_id },
  extra_info: { split: pair.public.split, index, ...publicFacts(pair) },
});

export const skyrl = {
  name: "skyrl",
  version: 1,
  about: "SkyRL: a Parquet file a split, for an environment class `kihon`",
  source: "NovaSky-AI/SkyRL a9564572, docs/content/docs/datasets/dataset-preparation.mdx",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeParquetRows(input, folder, columns, row),
} as const satisfies Projection;
