/** How often a language model solved the questions of a dataset: `kihon solve --llm … --record` writes it, the card tells it. */
import { z } from "zod";
import { skillSchema } from "./instance.ts";

export const modelRatesSchema = z
  .object({
    /** As its server knows it. */
    model: z.string().min(1),
    /** Answers that were asked for, and graded, of each question: the k of `solve@k`. */
    samples: z.int().positive(),
    temperature: z.number().nonnegative(),
    /** Characters of the tree's files that stood beside a question, at most. */
    context: z.int().nonnegative(),
    /** skill → instance id → answers that earned reward 1. */
    solved: z.partialRecord(skillSchema, z.record(z.string(), z.int().nonnegative())),
  })
  .readonly();
export type ModelRates = z.infer<typeof modelRatesSchema>;

export const solveRatesSchema = z
  .object({
    /** The manifest's hash over the rows that were asked. Of other rows the rates say nothing. */
    row_hashes: z.string(),
    models: z.array(modelRatesSchema).readonly(),
  })
  .readonly();
export type SolveRates = z.infer<typeof solveRatesSchema>;
