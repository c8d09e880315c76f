/**
 * Rows of verl: one Parquet file a split for `data.train_files`. The reward comes from a function of one's own
 * (`custom_reward_function.path=examples/reward.py`, name `compute_score`), which gets `reward_model.ground_truth`: here the instance's id.
 *
 * Format: verl b178a3cd (29 January 2026), docs/preparation/prepare_data.rst and verl/utils/dataset/rl_dataset.py (`data_source`, `prompt`,
 * `ability`, `reward_model`, `extra_info`), docs/preparation/reward_function.rst. Prompts longer than `data.max_prompt_length` (1024 tokens by
 * default) are left out there: raise it.
 */
import { type ColumnTable, column, type RowPair, string, struct } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { chat, factFields, indexField, publicFacts, writeParquetRows } from "./row-files.ts";

const columns: ColumnTable = {
  data_source: column(string, "`kihon/<skill>`"),
  prompt: column(chat, "the question"),
  ability: column(string, "`code`"),
  reward_model: column(struct({ style: string, ground_truth: string }), "rule; the instance's id"),
  extra_info: column(struct({ split: string, index: indexField, ...factFields }), "what the reward function may read"),
};

const row = (pair: RowPair, index: number) => ({
  data_source: `kihon/${pair.public.skill}`,
  prompt: pair.public.prompt,
  ability: "code",
  reward_model: { style: "rule", ground_truth: pair.public.instance_id },
  extra_info: { split: pair.public.split, index, ...publicFacts(pair) },
});

export const verl = {
  name: "verl",
  version: 1,
  about: "verl: a Parquet file a split, for a custom reward function",
  source: "volcengine/verl b178a3cd, docs/preparation/prepare_data.rst",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeParquetRows(input, folder, columns, row),
} as const satisfies Projection;
