/** Repositories → the revision of each package, and the commits of its history that may be fixes. */
import { z } from "zod";
import type { MinedItem } from "../../miners/contract.ts";
import { miners } from "../../miners/index.ts";
import { commitSchema, revisionSchema } from "../../schemas/candidate.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { Stage } from "../contract.ts";
import { packageDirs } from "../packages.ts";
import { revisionId } from "./3-prepare.ts";

/** A repository of the run at the commit that its revision names now. */
export interface Source {
  readonly name: string;
  readonly commit: string;
}

export const minedSchema: z.ZodType<MinedItem> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("revision"), revision: revisionSchema }),
  z.object({ kind: z.literal("commit"), commit: commitSchema }),
]);

export const mineStage: Stage<Source, MinedItem> = {
  name: "mine",
  version: 1,
  resource: "cpu",
  output: minedSchema,
  settings: ["history"],
  async *work([source], bench) {
    if (!source) return;
    const repository = bench.repository(source.name);
    const language = bench.language("javascript");
    const folders = await packageDirs(repository, source.commit);
    if (folders.length === 0) yield { id: source.name, parent: null, outcome: drop("mine/no-package", "no package.json in the tree") };
    const context = { repository, roleOf: language.roleOf, units: language.units, cursor: null };
    for (const packageDir of folders) {
      for (const miner of miners) {
        const options = miner.options.parse({ revision: source.commit, packageDir, history: bench.config.history });
        for await (const { item } of miner.mine(options, context)) {
          const id = item.kind === "revision" ? revisionId(item.revision) : item.commit.id;
          yield { id, parent: null, outcome: keep(item) };
        }
      }
    }
  },
};
