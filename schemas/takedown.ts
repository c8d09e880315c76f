/** What is not used since its owners asked for that. */
import { z } from "zod";

export const takedownSchema = z
  .strictObject({
    targets: z
      .array(z.string().min(1))
      .default([])
      .describe("Repositories by name or address, commits, pull requests by address, and instances by id."),
  })
  .readonly();
export type TakedownSettings = z.infer<typeof takedownSchema>;
