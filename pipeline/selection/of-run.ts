/** What a run has proven, told to a choice one by one. */
import type { Environment } from "../../schemas/environment.ts";
import type { Instance } from "../../schemas/instance.ts";
import type { Bench } from "../bench.ts";
import type { Item } from "../drive.ts";
import type { Choosing } from "./choose.ts";
import { documentsOf } from "./document.ts";
import { memberOf } from "./member.ts";
import { healthyTexts, textsIn } from "./texts.ts";

/** The texts of one environment's tree are kept at a time: instances come by environment. */
export function tellerOf(bench: Bench, environments: readonly Item<Environment>[]): (choosing: Choosing, instance: Instance) => void {
  const archives = new Map(environments.map((item) => [item.id, item]));
  let kept: { readonly id: string; readonly read: (path: string) => string | null } | null = null;
  const treeOf = (id: string): ((path: string) => string | null) => {
    const item = archives.get(id);
    if (item === undefined) throw new Error(`the environment ${id} of a proven instance is not of this run`);
    if (kept?.id !== id) kept = { id, read: textsIn(bench.store.get(item.load().archive)) };
    return kept.read;
  };
  const { units } = bench.language("javascript");
  return (choosing, instance) => {
    const healthy = healthyTexts(instance.candidate, () => treeOf(instance.draft.environmentId));
    choosing.add(memberOf(instance), () => documentsOf(instance, { healthy, units }));
  };
}
