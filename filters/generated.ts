/** Drops commits that change a source which no person wrote, by its own mark or its lines; what lies in folders of built and foreign files is no source at all. */
import { z } from "zod";
import { looksGenerated } from "../languages/javascript/roles.ts";
import type { MinedCommit } from "../schemas/candidate.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { Filter, FilterSubject } from "./contract.ts";

const reasons = ["generated-source"] as const;

export const generatedOptions = z.object({}).strict();
export type GeneratedOptions = z.infer<typeof generatedOptions>;

function judge({ commit, after }: FilterSubject): Outcome<MinedCommit> {
  const path = Object.keys(commit.before).find((one) =>
    [commit.before[one] ?? null, after(one)].some((text) => text !== null && looksGenerated(text)),
  );
  return path === undefined ? keep(commit) : drop("generated/generated-source", path);
}

export const generated = Object.freeze({
  name: "generated",
  version: 1,
  reasons,
  options: generatedOptions,
  judge,
}) satisfies Filter<GeneratedOptions>;
