/** What left a dataset, and why: the lines of its `withdrawn-*.jsonl`. They hold ids and reasons, never text of the rows. */
import { z } from "zod";
import { skillSchema } from "./instance.ts";
import { reasonSchema } from "./outcome.ts";

/** The edition of the dataset in which it left; the first one is 1. */
const edition = z.int().positive();

/** One stored row. The hash is the row's own `content_hash`: a newer row of the same id is another one. */
const rowWithdrawalSchema = z
  .strictObject({
    kind: z.literal("row"),
    instance_id: z.string(),
    skill: skillSchema,
    content_hash: z.string(),
    edition,
    reason: reasonSchema,
    detail: z.string(),
  })
  .readonly();
export type RowWithdrawal = z.infer<typeof rowWithdrawalSchema>;

/** An environment that no row needs any more. */
const environmentWithdrawalSchema = z
  .strictObject({ kind: z.literal("environment"), environment_id: z.string(), edition, reason: reasonSchema })
  .readonly();

/** A line of a takedown list. It holds for rows to come as well. */
const takedownSchema = z.strictObject({ kind: z.literal("takedown"), target: z.string(), edition }).readonly();

export const withdrawalSchema = z.discriminatedUnion("kind", [rowWithdrawalSchema, environmentWithdrawalSchema, takedownSchema]);
export type Withdrawal = z.infer<typeof withdrawalSchema>;
