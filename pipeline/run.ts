/** The main job: the eight stages, one after the other, over every repository of the run. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { StopRun } from "../lib/errors.ts";
import { openRepository } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import { chooseProvider } from "../sandbox/index.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import { type Config, configSchema, type Place } from "../schemas/config.ts";
import type { Environment } from "../schemas/environment.ts";
import type { RunSummary } from "../schemas/run-summary.ts";
import type { StageName } from "../schemas/stages.ts";
import { Bench } from "./bench.ts";
import type { Stage } from "./contract.ts";
import { type Driven, drive, type DriveOptions, type Item } from "./drive.ts";
import { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import { type Source, mineStage } from "./stages/1-mine.ts";
import { screenStage } from "./stages/2-screen.ts";
import { prepareStage, revisionId } from "./stages/3-prepare.ts";
import { injectStage } from "./stages/4-inject.ts";
import { observeStage, type Subject } from "./stages/5-observe.ts";
import { type Posable, poseStage } from "./stages/6-pose.ts";
import { proofOrder, type Provable, proveStage } from "./stages/7-prove.ts";
import { exportDataset } from "./stages/8-export.ts";
import { Store } from "./store.ts";
import { Summary } from "./summary.ts";

export interface RunOptions {
  readonly log: Log;
  /** Does this stage again from what the one before stored, then stops. */
  readonly only?: StageName;
}

const workFolder = (out: string): string => join(out, ".kihon");

/** Opens every repository before anything is worked on: a wrong path is said at once. */
async function openSources(config: Config, place: Place, bench: Bench): Promise<Item<Source>[]> {
  if (config.repos.length === 0) throw new StopRun("no repository is given", { next: "add --repo PATH, URL or BUNDLE" });
  const items: Item<Source>[] = [];
  for (const repo of config.repos) {
    const repository = await openRepository(repo, join(place.cache, "repositories"));
    bench.addRepository(repository);
    const { commit } = await repository.resolve(config.revision);
    const source = { name: repository.name, commit };
    items.push({ id: source.name, sha: shortId(source), load: () => source });
  }
  return items;
}

/** The stages in order. Each step turns the kept records of the one before into the inputs of the next. */
class Road {
  readonly #bench: Bench;
  readonly #ledger: Ledger;
  readonly #only: StageName | undefined;
  readonly summary: Summary;
  stopped = false;

  constructor(bench: Bench, ledger: Ledger, only: StageName | undefined) {
    this.#bench = bench;
    this.#ledger = ledger;
    this.#only = only;
    this.summary = new Summary(bench);
  }

  async step<In, Out>(stage: Stage<In, Out>, items: readonly Item<In>[], keyOf?: DriveOptions<In>["keyOf"]): Promise<Driven<In, Out>> {
    if (this.stopped) return { kept: [], tally: { in: 0, kept: 0, retried: 0, failed: 0, wallMs: 0, dropped: new Map() }, outcomes: [] };
    const { concurrency } = this.#bench.place;
    const driven = await drive(stage, items, this.#bench, {
      ledger: this.#ledger,
      concurrency: stage.resource === "cpu" ? 1 : concurrency,
      fresh: this.#only === stage.name,
      ...(keyOf ? { keyOf } : {}),
    });
    this.summary.note(stage.name, driven);
    const { tally } = driven;
    const dropped = [...tally.dropped.values()].reduce((sum, count) => sum + count, 0);
    this.#bench.log.info(`${stage.name}: ${tally.in} in, ${tally.kept} kept, ${dropped} dropped${tally.failed > 0 ? `, ${tally.failed} failed` : ""}`);
    this.stopped = this.#only === stage.name;
    return driven;
  }
}

const composed = <A, B, T>(a: Item<A>, b: Item<B>, make: (a: A, b: B) => T): Item<T> => ({
  id: a.id,
  sha: shortId([a.sha, b.sha]),
  load: () => make(a.load(), b.load()),
});

async function travel(road: Road, sources: readonly Item<Source>[], bench: Bench, ledger: Ledger): Promise<RunSummary> {
  const mined = await road.step(mineStage, sources);
  const screened = await road.step(screenStage, mined.kept);
  const revisions = new Map(
    screened.kept.map((item) => {
      const value = item.load();
      const revision = value.kind === "revision" ? value.revision : value.commit.revision;
      return [revisionId(revision), { id: revisionId(revision), sha: shortId(revision), load: () => revision }];
    }),
  );
  const prepared = await road.step(prepareStage, [...revisions.values()]);
  const environmentOf = new Map<string, Item<Environment>>();
  for (const item of prepared.kept) environmentOf.set(revisionId(item.load().revision), item);
  const wanted = screened.kept.flatMap((item) => {
    const value = item.load();
    const environment = value.kind === "revision" ? environmentOf.get(revisionId(value.revision)) : undefined;
    return environment ? [environment] : [];
  });
  const injected = await road.step(injectStage, wanted);
  const subjects: Item<Subject>[] = injected.outcomes.flatMap(({ inputs: [environment], verdicts }) => {
    const ids = new Set(verdicts?.map(({ id }) => id));
    const own = injected.kept.filter((item) => ids.has(item.id));
    return environment ? own.map((item) => composed(item, environment, (candidate, its): Subject => ({ candidate, environment: its }))) : [];
  });
  for (const item of screened.kept) {
    const value = item.load();
    const environment = value.kind === "commit" ? environmentOf.get(revisionId(value.commit.revision)) : undefined;
    if (value.kind === "commit" && environment) {
      const candidate: Item<Subject["candidate"]> = { id: value.commit.id, sha: item.sha, load: () => value.commit };
      subjects.push(composed(candidate, environment, (its, at): Subject => ({ candidate: its, environment: at })));
    }
  }
  const observed = await road.step(observeStage, subjects);
  const posables = prepared.kept.map((environment): Item<Posable> => {
    const own = observed.kept.filter((item) => item.load().environmentId === environment.id);
    return {
      id: environment.id,
      sha: shortId([environment.sha, own.map((item) => item.sha).sort()]),
      load: () => ({ environment: environment.load(), observed: own.map((item) => item.load()) }),
    };
  });
  const posed = await road.step(poseStage, posables);
  const byId = new Map(prepared.kept.map((item) => [item.id, item]));
  const provables = posed.kept
    .map((item) => ({ item, order: proofOrder(bench.config.seed, item.load()), environment: byId.get(item.load().draft.environmentId) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .flatMap(({ item, environment }) => (environment ? [composed(item, environment, (value, its): Provable => ({ ...value, environment: its }))] : []));
  const proven = await road.step(proveStage, provables);
  if (road.stopped) return road.summary.finish([]);
  return exportDataset({ bench, ledger, environments: prepared.kept, instances: proven.kept, summary: road.summary });
}

/** Runs or goes on with what the ledger of `place.out` knows. Throws `StopRun` with the next step where it cannot. */
export async function run(config: Config, place: Place, options: RunOptions): Promise<RunSummary> {
  mkdirSafely(place.out);
  const folder = workFolder(place.out);
  const ledger = new Ledger(join(folder, "ledger.sqlite"), { write: true });
  try {
    ledger.setMeta("config", JSON.stringify(config));
    const provider = await chooseProvider({ trusted: place.trusted, ...(place.sandbox === null ? {} : { name: place.sandbox }) });
    const store = new Store(join(folder, "store"));
    const jobs = new SandboxPool(provider, { concurrency: place.concurrency });
    const bench = await Bench.open({ config, place, store, provider, jobs, log: options.log, archive: async (sha) => store.get(sha) });
    const sources = await openSources(config, place, bench);
    return await travel(new Road(bench, ledger, options.only), sources, bench, ledger);
  } finally {
    ledger.close();
  }
}

/** Goes on with the run that was started into this folder. */
export async function resume(place: Place, options: RunOptions): Promise<RunSummary> {
  const path = join(workFolder(place.out), "ledger.sqlite");
  if (!existsSync(path)) throw new StopRun(`there is no run in ${place.out}`, { next: "name the folder that was given to kihon run as --out" });
  const ledger = new Ledger(path, { write: false });
  const stored = ledger.meta("config");
  ledger.close();
  if (stored === null) throw new StopRun(`the run in ${place.out} ended before it had begun`, { next: "start it again with kihon run" });
  return run(configSchema.parse(JSON.parse(stored)), place, options);
}

function mkdirSafely(folder: string): void {
  try {
    mkdirSync(workFolder(folder), { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StopRun(`the folder ${folder} cannot be written (${code ?? "unknown error"})`, { next: "choose a folder that can be written with --out", cause: error });
  }
}
