/** What lies in a dataset, told to a choice row by row. */
import { initLanguages, languages } from "../../languages/index.ts";
import type { Instance } from "../../schemas/instance.ts";
import type { RowPair } from "../../schemas/row.ts";
import { splitSchema } from "../../schemas/selection.ts";
import type { Choosing } from "./choose.ts";
import { documentsOf } from "./document.ts";
import { memberOf } from "./member.ts";
import type { Placed } from "./proof.ts";
import { patchedTexts } from "./texts.ts";

export const placeOf = ({ public: { split, repo_group } }: RowPair): Placed => ({ split: splitSchema.parse(split), group: repo_group });

/** `instance` is what the pair says; `stands`: where the row stays, null where it is placed anew. */
export type TellRow = (choosing: Choosing, pair: RowPair, instance: Instance, stands: Placed | null) => void;

export async function rowTeller(): Promise<TellRow> {
  await initLanguages();
  const units = languages[0]?.units ?? (() => []);
  return (choosing, pair, instance, stands) => {
    const healthy = patchedTexts(instance.draft.id, instance.candidate, pair.private.patch);
    choosing.add(memberOf(instance, stands), () => documentsOf(instance, { healthy, units }));
  };
}
