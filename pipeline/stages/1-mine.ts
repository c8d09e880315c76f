/** Repositories → the revision of each package, and the commits of its history and the pull requests that may be fixes. */
import { z } from "zod";
import type { GitRepository } from "../../lib/git.ts";
import { shortId } from "../../lib/hash.ts";
import type { MinedItem } from "../../miners/contract.ts";
import { miners } from "../../miners/index.ts";
import { minedCommitSchema, revisionSchema } from "../../schemas/candidate.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { packageDirs } from "../packages.ts";
import { revisionId } from "./3-prepare.ts";

/** A repository of the run at the commit that its revision names now. */
export interface Source {
  readonly name: string;
  readonly commit: string;
  /** Commits of further revisions into which mutants are injected. */
  readonly also?: readonly string[];
  /** False where mutants stay at an earlier commit: of this one, history and pull requests are mined alone. */
  readonly mutants?: false;
  /** Where it was given as one of GitHub's: which pull requests are mined. */
  readonly github?: {
    readonly api: string;
    readonly repositoryId: string;
    readonly snapshot: string;
    readonly limit: number;
    readonly since: string | null;
    readonly until: string | null;
  };
}

/** A repository that a search gave, and why it is not one of the run. */
export interface PassedRepository {
  readonly name: string;
  readonly passedOver: { readonly reason: string; readonly detail: string };
}

/** What each miner is asked of a package; null where it is not asked. The history leads to the first revision alone. */
function asked(name: string, { source, commit, packageDir }: Site, bench: Bench): Readonly<Record<string, unknown>> | null {
  const isFirst = commit === source.commit;
  if (name === "github") return isFirst && source.github ? { ...source.github, packageDir } : null;
  return { revision: commit, packageDir, history: isFirst ? bench.config.history : 0 };
}

/** A package at a commit. */
interface Site {
  readonly source: Source;
  readonly commit: string;
  readonly packageDir: string;
}

async function sitesOf(source: Source, commit: string, repository: GitRepository): Promise<readonly Site[]> {
  return (await packageDirs(repository, commit)).map((packageDir) => ({ source, commit, packageDir }));
}

export const minedSchema: z.ZodType<MinedItem> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("revision"), revision: revisionSchema }),
  z.object({ kind: z.literal("commit"), commit: minedCommitSchema }),
]);

export const mineStage: Stage<Source | PassedRepository, MinedItem> = {
  name: "mine",
  version: 12,
  resource: "cpu",
  output: minedSchema,
  settings: ["history"],
  async *work([source], bench) {
    if (!source) return;
    if ("passedOver" in source) {
      const { reason, detail } = source.passedOver;
      yield { id: source.name, parent: null, outcome: drop(`github/${reason}`, detail) };
      return;
    }
    const repository = bench.repository(source.name);
    const language = bench.language("javascript");
    const sites: Site[] = [];
    for (const commit of new Set([source.commit, ...(source.also ?? [])])) {
      const own = await sitesOf(source, commit, repository);
      const none = drop("mine/no-package", `no package.json in the tree of ${commit}`);
      if (own.length === 0)
        yield { id: commit === source.commit ? source.name : shortId([source.name, commit]), parent: null, outcome: none };
      sites.push(...own);
    }
    const context = { repository, roleOf: language.roleOf, cursor: null, outside: bench.outside };
    const items = new Map<string, MinedItem>();
    for (const site of sites) {
      for (const miner of miners) {
        const given = asked(miner.name, site, bench);
        if (given === null) continue;
        for await (const { item } of miner.mine(miner.options.parse(given) as never, context)) {
          if (item.kind === "passed-over") {
            yield { id: item.id, parent: null, outcome: drop(`${miner.name}/${item.reason}`, item.detail) };
            continue;
          }
          if (item.kind === "revision" && source.mutants === false) continue;
          const id = item.kind === "revision" ? revisionId(item.revision) : item.commit.id;
          // The commit of a squashed pull request stands in the history too, where less is known of it.
          if (!items.has(id) || (item.kind === "commit" && item.commit.pullRequest !== undefined)) items.set(id, item);
        }
      }
    }
    for (const [id, item] of items) yield { id, parent: null, outcome: keep(item) };
  },
};
