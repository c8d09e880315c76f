/** What lies in a dataset, told to a choice row by row. */
import { initLanguages, languages } from "../../languages/index.ts";
import type { Instance } from "../../schemas/instance.ts";
import type { RowPair } from "../../schemas/row.ts";
import { splitSchema } from "../../schemas/selection.ts";
import type { Choosing } from "./choose.ts";
import { documentsOf } from "./document.ts";
import { memberOf } from "./member.ts";
import { patchedTexts } from "./texts.ts";

/** `instance` is what the pair says; `stands`: whether the row stays where it is, or is placed anew. */
export type TellRow = (choosing: Choosing, pair: RowPair, instance: Instance, stands: boolean) => void;

export async function rowTeller(): Promise<TellRow> {
  await initLanguages();
  const units = languages[0]?.units ?? (() => []);
  return (choosing, pair, instance, stands) => {
    const place = { group: pair.public.repo_group, split: splitSchema.parse(pair.public.split) };
    const healthy = patchedTexts(instance.draft.id, instance.candidate, pair.private.patch);
    choosing.add(memberOf(instance, stands ? place : null), () => documentsOf(instance, { healthy, units }));
  };
}
