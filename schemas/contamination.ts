/** What must not be trained on, since it measures: lists of repositories, changes and texts. */
import { z } from "zod";

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

/** A list as a run keeps it: keys that are compared, and no text of others. */
export const denyListSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "a list is named in lower case, with points and hyphens"),
    version: z.string().min(1),
    /** Where it was taken from. */
    source: z.string(),
    /** `owner/name` in lower case. */
    repositories: z.array(z.string()),
    /** `owner/name#number` in lower case: a pull request, or an issue that one closes. */
    numbers: z.array(z.string()),
    /** A change's own commit, its merge commit or the commit it stands on. */
    commits: z.array(z.string().regex(/^[0-9a-f]{40,64}$/)),
    /** Fingerprints: sha256 over the sorted changed lines without white space. */
    patches: z.array(hex(64)),
    /** MinHash signatures of their words, in base64. */
    texts: z.array(z.base64()),
  })
  .readonly();
export type DenyList = z.infer<typeof denyListSchema>;

export const contaminationSchema = z
  .strictObject({
    bundled: z.boolean().default(true).describe("Keep out what the bundled lists of evaluation sets name."),
    lists: z.array(denyListSchema).default([]).describe("Further lists, as they were read."),
    allow: z.array(z.string()).default([]).describe("Repositories, as owner/name, that are used although a list names them."),
  })
  .readonly();
export type Contamination = z.infer<typeof contaminationSchema>;

const count = z.int().nonnegative();

/** What was in force in a run, and what came of it. */
export const contaminationFactsSchema = z
  .object({
    bundled: z.boolean(),
    /** Repositories that were used whatever the lists say. */
    allowed: z.array(z.string()),
    lists: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        source: z.string(),
        /** Over what it names, whatever it is called. */
        sha256: hex(64),
        entries: count,
        /** Revisions and changes. One that several lists name counts for the first. */
        dropped: count,
      }),
    ),
  })
  .readonly();
export type ContaminationFacts = z.infer<typeof contaminationFactsSchema>;
