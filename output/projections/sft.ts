/**
 * Supervised fine-tuning: JSON lines of chat messages, the question and the gold answer that was proven. Of the formats for trainers the one whose
 * rows hold answers: what is trained on them must be measured on other splits.
 *
 * Format: TRL f2cd5771 (24 July 2026), docs/source/dataset_formats.md ("Language modeling", conversational: `messages`).
 */
import type { RowPair } from "../../schemas/row.ts";
import type { Projection } from "./contract.ts";
import { publicFacts, writeJsonRows } from "./row-files.ts";

const row = (pair: RowPair) => ({
  messages: [...pair.public.prompt, { role: "assistant", content: pair.private.gold }],
  ...publicFacts(pair),
});

export const sft = {
  name: "sft",
  version: 1,
  about: "supervised fine-tuning: JSON lines of messages, with the gold answer as the assistant's",
  source: "huggingface/trl f2cd5771, docs/source/dataset_formats.md",
  holdsTree: false,
  holdsAnswers: true,
  refuses: ({ public: { split } }) =>
    split === "train" ? null : { code: "held-out", why: `rows of the split ${split} are there to be measured on, not to be learnt` },
  write: (input, folder) => writeJsonRows(input, folder, row),
} as const satisfies Projection;
