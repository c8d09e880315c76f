/** Cheap judgements on what was mined: nothing is run. Revisions pass; commits are asked whether they can be fixes at all. */
import type { MinedItem } from "../../miners/contract.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { Stage } from "../contract.ts";
import { minedSchema } from "./1-mine.ts";
import { revisionId } from "./3-prepare.ts";

const screen = (item: MinedItem): Outcome<MinedItem> =>
  item.kind === "commit" && item.commit.edits.length === 0 ? drop("screen/nothing-edited", "the commit only removes source files") : keep(item);

export const screenStage: Stage<MinedItem, MinedItem> = {
  name: "screen",
  version: 1,
  resource: "cpu",
  output: minedSchema,
  settings: [],
  async *work([item]) {
    if (!item) return;
    const id = item.kind === "revision" ? revisionId(item.revision) : item.commit.id;
    yield { id, parent: id, outcome: screen(item) };
  },
};
