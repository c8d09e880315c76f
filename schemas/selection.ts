/** What of the proven instances a dataset holds, and in which split: the settings, and what can be said of the outcome. */
import { z } from "zod";

export const splits = ["train", "validation", "test"] as const;
export const splitSchema = z.enum(splits);
export type Split = z.infer<typeof splitSchema>;

/** How hard a question is, by the rule of its skill (`output/difficulty.ts`). */
export const difficulties = ["easy", "medium", "hard"] as const;
export type Difficulty = (typeof difficulties)[number];

const share = z.number().min(0);
export const splitRatioSchema = z
  .object({ train: share, validation: share, test: share })
  .refine(({ train, validation, test }) => train + validation + test > 0, { error: "one of the shares is above 0" });
export type SplitRatio = z.infer<typeof splitRatioSchema>;

const cap = (of: string) =>
  z.int().positive().nullable().default(null).describe(`Questions of one skill ${of}, at most; null sets no limit.`);

/** `owner/name`, an address, or a folder's name: all spellings of one address are one. */
const repositoryName = z.string().trim().min(1);

export const selectionSchema = z
  .strictObject({
    nearDuplicates: z.boolean().default(true).describe("Of questions that ask the same, leave all but one out."),
    pins: z
      .record(repositoryName, splitSchema)
      .default({})
      .describe("Repository → the split that it, and all that is of its group, goes to."),
    sameGroup: z
      .array(z.array(repositoryName).min(2))
      .default([])
      .describe("Repositories that belong together, such as forks and mirrors, beyond what is seen by itself."),
    cutoff: z.iso
      .datetime({ offset: true, error: "a moment is written like 2025-06-30T00:00:00Z" })
      .nullable()
      .default(null)
      .describe("What was committed before it is for train alone, what came at or after it for the others alone; null sets no such limit."),
    perRepository: cap("and one repository"),
    perOperator: cap("and one mutation operator"),
    perFile: cap("and one file"),
    perDifficulty: cap("and one level of difficulty"),
  })
  .readonly();
export type Selection = z.infer<typeof selectionSchema>;

/** Why rows lie where they lie: with these and the same instances they come to lie there again. */
export const splitSettingsSchema = z
  .object({
    /** Of the Kihon that dealt them. */
    toolVersion: z.string(),
    ratio: splitRatioSchema,
    /** Repositories by one spelling of their addresses. */
    selection: selectionSchema,
    /** Where a dataset was dealt anew (`kihon split`): the hash over its rows. Null where a run dealt its own. */
    of: z.string().nullable(),
    /** The hash over the rows of an earlier split, which stayed as they were; null where there was none. */
    like: z.string().nullable(),
  })
  .readonly();
export type SplitSettings = z.infer<typeof splitSettingsSchema>;

const count = z.int().nonnegative();

/** What was looked at again once everything was settled: that nothing of one split is in another. */
export const splitProofSchema = z
  .object({
    /** Repository groups, and rows, of each split that has some; `target` is the share of the rows that was asked for. */
    splits: z.array(z.object({ split: splitSchema, groups: count, rows: count, target: z.number().min(0).max(1) })),
    /** Rows of the largest group: no split is further from its target than this, where nothing was pinned and nothing stood before. */
    largestGroup: count,
    /** Of each kind, how many there are and how many of them lie in two splits. */
    repositories: z.object({ all: count, crossing: count }),
    groups: z.object({ all: count, crossing: count }),
    changes: z.object({ all: count, crossing: count }),
    /** Pairs of rows that ask the same and are both in the dataset; null where that was not looked at. */
    nearDuplicates: z.object({ all: count, crossing: count }).nullable(),
  })
  .readonly();
export type SplitProof = z.infer<typeof splitProofSchema>;
