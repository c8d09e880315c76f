/** The history of one repository: the revision asked for, then the newest commits that change sources and tests together. */
import { z } from "zod";
import { candidateOf, revisionAt } from "./change.ts";
import type { Mined, Miner, MinerContext } from "./contract.ts";

export const localGitOptions = z
  .object({
    revision: z.string().default("HEAD").describe("Branch, tag or commit id."),
    packageDir: z.string().default(".").describe("Workspace folder inside the repository; `.` for the root."),
    history: z.int().nonnegative().default(0).describe("Newest non-merge commits that are looked at for fixes; 0 gives the revision only."),
    maxFileBytes: z.int().positive().default(300_000).describe("A commit that changes a larger source file is passed over."),
    maxSourceFiles: z.int().positive().default(50).describe("A commit that changes more source files is passed over."),
  })
  .strict();
export type LocalGitOptions = z.infer<typeof localGitOptions>;

async function* mine(options: LocalGitOptions, context: MinerContext): AsyncGenerator<Mined> {
  const { repository, cursor, signal } = context;
  const revision = await revisionAt(repository, options.revision, options.packageDir);
  if (cursor === null) yield { cursor: "revision", item: { kind: "revision", revision } };
  if (options.history === 0) return;
  let passed = cursor === null || cursor === "revision";
  for await (const entry of repository.log({ from: revision.commit, max: options.history })) {
    signal?.throwIfAborted();
    const before = !passed;
    passed ||= entry.commit === cursor;
    if (before || entry.parents.length !== 1) continue;
    const commit = await candidateOf({ ...entry, after: entry.commit }, options, context);
    if (typeof commit !== "string") yield { cursor: entry.commit, item: { kind: "commit", commit } };
  }
}

export const localGit = Object.freeze({
  name: "local-git",
  version: 1,
  reasons: [],
  options: localGitOptions,
  mine,
}) satisfies Miner<LocalGitOptions>;
