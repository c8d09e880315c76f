/** What benchmarks of a part of the road stand on: a bench outside of a run, and a repository's environment as a run would prepare it. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRepository } from "../lib/git.ts";
import { Bench } from "../pipeline/bench.ts";
import { mutantOf, spotsOf } from "../pipeline/injection/mutant.ts";
import type { Log } from "../pipeline/log.ts";
import { defaultPlace, ensureFolder, widthOf } from "../pipeline/place.ts";
import { mineStage } from "../pipeline/stages/1-mine.ts";
import { prepareStage } from "../pipeline/stages/3-prepare.ts";
import { reachingFiles } from "../pipeline/stages/6-observe.ts";
import { Store } from "../pipeline/store.ts";
import { chooseProvider } from "../sandbox/index.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import type { Mutant } from "../schemas/candidate.ts";
import { type Config, configSchema } from "../schemas/config.ts";
import { type Environment, environmentSchema } from "../schemas/environment.ts";

/** `out` keeps what is stored. The caller closes it. */
export async function openBench(out: string, cache: string | undefined, settings: Partial<Config>, log: Log): Promise<Bench> {
  const place = defaultPlace({ out, ...(cache === undefined ? {} : { cache }) });
  ensureFolder(place.cache, "--cache");
  const provider = await chooseProvider({ trusted: false, registryCache: join(place.cache, "tarballs") });
  const store = new Store(join(out, "store"));
  const jobs = new SandboxPool(provider, { width: widthOf(place) });
  return Bench.open({
    config: configSchema.parse(settings),
    place,
    store,
    provider,
    jobs,
    log,
    madeHere: true,
    archive: async (sha) => store.get(sha),
  });
}

/** The environment of a repository's newest revision (of its root package), from `out` where it was prepared before. */
export async function environmentOf(address: string, out: string, bench: Bench): Promise<Environment> {
  const repository = await openRepository(address, join(bench.place.cache, "repositories"));
  bench.addRepository(repository);
  const { commit } = await repository.resolve();
  const kept = join(out, `${repository.name.replaceAll("/", "+")}-${commit}.json`);
  if (existsSync(kept)) return environmentSchema.parse(JSON.parse(readFileSync(kept, "utf8")));
  for await (const { outcome } of mineStage.work([{ name: repository.name, commit }], bench)) {
    if (!outcome.kept || outcome.value.kind !== "revision") continue;
    for await (const prepared of prepareStage.work([{ revision: outcome.value.revision, change: null }], bench)) {
      if (!prepared.outcome.kept) throw new Error(`${repository.name}: ${prepared.outcome.reason}: ${prepared.outcome.detail}`);
      mkdirSync(out, { recursive: true });
      writeFileSync(`${kept}.new`, JSON.stringify(prepared.outcome.value));
      renameSync(`${kept}.new`, kept);
      return prepared.outcome.value;
    }
  }
  throw new Error(`${address} has no package`);
}

/** Every mutant of a single place that a test file reaches, in the order of the sources. */
export function mutantsOf(environment: Environment, workspace: Workspace): readonly Mutant[] {
  const text = (path: string): string => workspace.text(path) ?? "";
  return environment.sourceFiles
    .flatMap((path) =>
      spotsOf({ path, text: text(path) }, environment, workspace.language, []).map(({ site }) => mutantOf(environment, [site], text)),
    )
    .filter((mutant) => reachingFiles(mutant, environment).length > 0);
}

/** The median, and the least and the most, with one decimal. */
export function spread(figures: readonly number[]): string {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (index: number): string => (sorted[index] ?? 0).toFixed(1);
  return `${at(Math.floor(sorted.length / 2))} (${at(0)} to ${at(sorted.length - 1)})`;
}
