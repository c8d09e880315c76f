/**
 * Rows of TRL's GRPO trainer: a conversational prompt-only dataset, one Parquet file a split. Every column but `prompt` is handed by its name to
 * reward functions and to an environment's `reset`, so none of them holds an answer; `examples/reward.py` has a function for it (`trl_reward`).
 *
 * Format: TRL f2cd5771 (24 July 2026), docs/source/dataset_formats.md ("Prompt-only", conversational) and docs/source/grpo_trainer.md ("Using a
 * custom reward function").
 */
import { type ColumnTable, column, type RowPair } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { chat, factColumns, publicFacts, writeParquetRows } from "./row-files.ts";

const columns: ColumnTable = { prompt: column(chat, "the question"), ...factColumns };
const row = (pair: RowPair) => ({ prompt: pair.public.prompt, ...publicFacts(pair) });

export const trl = {
  name: "trl",
  version: 1,
  about: "TRL (GRPO and its kin): a Parquet file a split, prompt-only, conversational",
  source: "huggingface/trl f2cd5771, docs/source/dataset_formats.md and grpo_trainer.md",
  holdsTree: false,
  holdsAnswers: false,
  refuses: () => null,
  write: (input, folder) => writeParquetRows(input, folder, columns, row),
} as const satisfies Projection;
