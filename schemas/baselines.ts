/** What rules without a model earned on the rows of a dataset: `kihon solve --record` writes it, the card and the report tell it. */
import { z } from "zod";
import { skillSchema } from "./instance.ts";

const share = z.number().min(0).max(1);

/** What one rule earned on one skill. */
export const baselineSchema = z
  .object({
    baseline: z.string(),
    /** One sentence: what the rule does in place of the work. */
    about: z.string(),
    skill: skillSchema,
    /** All rows of the skill. */
    rows: z.int().positive(),
    /** Of these, those for which the rule gave an answer. */
    answered: z.int().nonnegative(),
    /** Mean strict reward, an answer that was not given counting 0. */
    reward: share,
    /** Share of the matched pairs of which both arms were right; null where the skill has none. */
    pairs: share.nullable(),
  })
  .readonly();
export type Baseline = z.infer<typeof baselineSchema>;

export const baselinesSchema = z
  .object({
    /** The manifest's hash over the rows that were answered. Of other rows the figures say nothing. */
    row_hashes: z.string(),
    figures: z.array(baselineSchema).readonly(),
  })
  .readonly();
export type Baselines = z.infer<typeof baselinesSchema>;
