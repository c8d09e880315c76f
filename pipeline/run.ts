/** The main job: the ten stages, one after the other, over every repository of the run. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { repoGroupOf } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { type GitRepository, openRepository } from "../lib/git.ts";
import { shortId } from "../lib/hash.ts";
import { dependencyFolders, repositoryFolders, trimFolders } from "../lib/held-folders.ts";
import { plural } from "../lib/plural.ts";
import type { MinedItem } from "../miners/contract.ts";
import type { Found } from "../miners/github/discover.ts";
import { clientOnDemand, openGithub, Unavailable } from "../miners/github/open.ts";
import { SandboxPool } from "../sandbox/pool.ts";
import { Width } from "../sandbox/width.ts";
import type { Audited } from "../schemas/audit.ts";
import type { Candidate, Commit, Revision } from "../schemas/candidate.ts";
import type { Config, Place } from "../schemas/config.ts";
import type { Environment } from "../schemas/environment.ts";
import type { RunSummary } from "../schemas/run-summary.ts";
import { type StageName, stageNames } from "../schemas/stages.ts";
import { Bench } from "./bench.ts";
import { parseConfig } from "./config.ts";
import type { Stage } from "./contract.ts";
import { type Driven, type DriveOptions, drive, type Item, type KeptItem, remembered } from "./drive.ts";
import { foundSchema, nothingFound, passedItems, searched, unavailableIn } from "./found.ts";
import { Ledger, type Said } from "./ledger.ts";
import type { Log } from "./log.ts";
import { ensureFolder, providerOf, widthOf } from "./place.ts";
import { Profile, type StageTime, stageWatch } from "./profile.ts";
import { checkNames } from "./split-settings.ts";
import { mineStage, type PassedRepository, type Source } from "./stages/1-mine.ts";
import { type ScreenedItem, screenStage } from "./stages/2-screen.ts";
import { type Preparable, prepareQuota, prepareStage, revisionId } from "./stages/3-prepare.ts";
import { type Injectable, injectStage } from "./stages/4-inject.ts";
import { lightened, siftStage } from "./stages/5-sift.ts";
import { type ObservedRecord, observeStage, type Subject } from "./stages/6-observe.ts";
import { type Auditable, auditStage, isAudited } from "./stages/7-audit.ts";
import { type Posable, type PosedRecord, poseStage } from "./stages/8-pose.ts";
import { type Provable, proofOrder, proofQuota, proveStage, rankedOf } from "./stages/9-prove.ts";
import { type ExportJob, exportDataset } from "./stages/10-export.ts";
import { Store } from "./store.ts";
import { nothingExported, Summary } from "./summary.ts";
import { ledgerFile, refuseFolder, refuseForeign, refuseStrangers, workFolder } from "./work-folder.ts";

export interface RunOptions {
  readonly log: Log;
  /** Does this stage again from what the one before stored, then stops. */
  readonly only?: StageName;
  /** Writes where the time went into `profile` of the work folder. */
  readonly profile?: boolean;
  /** Gives up the rows of a dataset that another run left in the folder. */
  readonly replace?: boolean;
}

export const profileFolder = (out: string): string => join(workFolder(out), "profile");

/** What names and searches meant when the run was started, commits and states of pull requests: going on stays with them, whatever came since. */
const pinsSchema = z.record(z.string(), z.string());
export interface Pins {
  readonly commits: Readonly<Record<string, string>>;
  readonly snapshots: Readonly<Record<string, string>>;
  /** Further revisions, by repository and by what they were called. */
  readonly also: Readonly<Record<string, string>>;
  readonly found: Found | null;
}
export const noPins: Pins = { commits: {}, snapshots: {}, also: {}, found: null };

/** As the run that was started last into this folder left them. */
export function pinsOf(ledger: Ledger): Pins {
  const read = (name: string) => pinsSchema.parse(JSON.parse(ledger.meta(name) ?? "{}"));
  const found = ledger.meta("found");
  return {
    commits: read("commits"),
    snapshots: read("snapshots"),
    also: read("also"),
    found: found === null ? null : foundSchema.parse(JSON.parse(found)),
  };
}

/** Local paths are kept whole: a run may be gone on with from another folder. */
export const absolute = (repo: string): string => (existsSync(repo) ? resolve(repo) : repo);

/** A repository of the run before it is fetched: where it lies, and which of its pull requests are wanted. */
interface Wanted {
  readonly address: string;
  readonly name?: string;
  readonly github?: NonNullable<Source["github"]>;
}

/** One client for all, so that a limit which one of them meets is known to the others. */
async function wantedOfGithub(config: Config, bench: Bench, pins: Pins): Promise<{ wanted: Wanted[]; found: Found }> {
  const { github } = config;
  if (github === null) return { wanted: [], found: nothingFound };
  const { repositories, search, ...settings } = github;
  const { client } = clientOnDemand(settings.api, bench.outside);
  const found = pins.found ?? (await searched(config, bench.outside, client));
  const wanted: Wanted[] = [];
  const names = new Map([...repositories, ...found.chosen.map(({ name }) => name)].map((name) => [name.toLowerCase(), name]));
  for (const name of unavailableIn(found)) names.delete(name);
  const missing: { readonly name: string; readonly error: Unavailable }[] = [];
  for (const given of names.values()) {
    const options = { api: settings.api, name: given, pinned: pins.snapshots[given.toLowerCase()] ?? null };
    const opened = await openGithub(options, bench.outside, client).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error;
      missing.push({ name: given, error });
      return null;
    });
    if (opened === null) continue;
    const { name, cloneUrl, repositoryId, snapshot } = opened;
    wanted.push({ address: cloneUrl, name, github: { ...settings, repositoryId, snapshot } });
  }
  // Where there is nothing else to work on, that is what is wrong with the run.
  if (missing[0] !== undefined && wanted.length === 0 && config.repos.length === 0) throw missing[0].error;
  for (const { error } of missing) bench.log.warn(`${error.message}; passed over. ${error.next}`);
  const passed = missing.map(({ name, error }) => ({ name, reason: error.reason, detail: error.message }));
  return { wanted, found: { ...found, passedOver: [...found.passedOver, ...passed] } };
}

const alsoName = (repository: string, revision: string): string => `${repository}\n${revision}`;

async function commitsOf(revisions: readonly string[], repository: GitRepository, { also }: Pins): Promise<readonly string[]> {
  const found: string[] = [];
  for (const revision of new Set(revisions)) {
    found.push((await repository.resolve(also[alsoName(repository.name, revision)] ?? revision)).commit);
  }
  return found;
}

/** What the names of this run mean, for whoever goes on with it. */
function pin(ledger: Ledger, config: Config, sources: readonly Source[], found: Found): void {
  const set = (name: string, entries: readonly (readonly [string, string])[]) =>
    ledger.setMeta(name, JSON.stringify(Object.fromEntries(entries)));
  const revisions = [...new Set(config.alsoAt)];
  set(
    "commits",
    sources.map(({ name, commit }) => [name, commit]),
  );
  set(
    "also",
    sources.flatMap(({ name, also = [] }) => also.map((commit, at) => [alsoName(name, revisions[at] ?? ""), commit] as const)),
  );
  const snapshots = sources.flatMap(({ name, github }) => (github ? [[name.toLowerCase(), github.snapshot] as const] : []));
  if (snapshots.length > 0) set("snapshots", snapshots);
  ledger.setMeta("found", JSON.stringify(found));
  ledger.setMeta("config", JSON.stringify(config));
}

/** Opens every repository before anything is worked on: a wrong path is said at once. */
export async function openSources(config: Config, bench: Bench, pins: Pins): Promise<{ sources: Item<Source>[]; found: Found }> {
  const github = await wantedOfGithub(config, bench, pins);
  const wanted: Wanted[] = [...github.wanted, ...config.repos.map((address) => ({ address }))];
  if (wanted.length === 0 && github.found.passedOver.length === 0)
    throw new StopRun("no repository is given", { next: "add --repo PATH, URL or BUNDLE, or --github OWNER/NAME" });
  const items = new Map<string, Item<Source>>();
  for (const { address, github, ...more } of wanted) {
    const repository = await openRepository(address, join(bench.place.cache, "repositories"), more);
    if (items.has(repository.name)) {
      throw new StopRun(`two repositories are called ${repository.name}`, { next: "give them in two runs, or rename one of the folders" });
    }
    bench.addRepository(repository);
    const { commit } = await repository.resolve(pins.commits[repository.name] ?? config.revision);
    const also = await commitsOf(config.alsoAt, repository, pins);
    const source: Source = { name: repository.name, commit, ...(also.length > 0 ? { also } : {}), ...(github ? { github } : {}) };
    items.set(source.name, { id: source.name, sha: shortId(source), load: () => source });
  }
  const { cache, repositoriesGb, dependenciesGb } = bench.place;
  const gone = await trimFolders(join(cache, "repositories"), repositoryFolders, repositoriesGb * 1e9);
  if (gone.length > 0) bench.log.info(`removed from the cache, to be fetched again where they are needed: ${gone.join(", ")}`);
  const installs = await trimFolders(join(cache, "dependencies"), dependencyFolders, dependenciesGb * 1e9);
  if (installs.length > 0) bench.log.info(`removed from the cache: ${plural(installs.length, "install")}, made again where needed`);
  return { sources: [...items.values()], found: github.found };
}

const oneAtATime = new Width([1, 1]);

/** The stages in order. Each step turns the kept records of the one before into the inputs of the next. */
export class Road {
  readonly #bench: Bench;
  readonly #ledger: Ledger;
  readonly #only: StageName | undefined;
  readonly summary: Summary;
  readonly #said = new Map<string, Driven<unknown, unknown>["said"]>();
  /** Stages in which our own trouble left records without a verdict. */
  readonly troubled = new Set<string>();
  readonly times: StageTime[] = [];
  stopped = false;

  constructor(bench: Bench, ledger: Ledger, only: StageName | undefined) {
    this.#bench = bench;
    this.#ledger = ledger;
    this.#only = only;
    this.summary = new Summary(bench);
  }

  /** Before the one stage that is asked for, nothing is done that was not done; after it, nothing at all. */
  #modeOf(stage: string): DriveOptions<never>["mode"] {
    if (this.#only === undefined) return "go-on";
    const [at, asked] = [stageNames.indexOf(stage as StageName), stageNames.indexOf(this.#only)];
    return at < asked ? "stored" : "fresh";
  }

  async step<In, Out>(
    stage: Stage<In, Out>,
    items: readonly Item<In>[],
    more: Pick<DriveOptions<In>, "keyOf" | "quotaKey"> = {},
  ): Promise<Driven<In, Out>> {
    if (this.stopped)
      return {
        kept: [],
        tally: { in: 0, kept: 0, retried: 0, failed: 0, wallMs: 0, dropped: new Map() },
        outcomes: [],
        said: () => undefined,
      };
    const mode = this.#modeOf(stage.name);
    const watch = stageWatch(() => this.#bench.jobs.usage());
    const driven = await drive(stage, items, this.#bench, {
      ledger: this.#ledger,
      width: stage.resource === "cpu" ? oneAtATime : this.#bench.jobs.width,
      mode,
      ...more,
    });
    if (mode === "stored" && items.length > 0 && driven.outcomes.every(({ told }) => told === null)) {
      throw new StopRun(`this run has nothing stored of the stage ${stage.name}`, {
        next: `run it without --only ${this.#only} first, with the same settings`,
      });
    }
    if (driven.tally.failed > 0) this.troubled.add(stage.name);
    this.#said.set(stage.name, driven.said);
    const took = watch(stage.name, driven.tally);
    this.times.push(took);
    this.summary.note(stage.name, driven, { cpuMs: took.jobs.cpuMs, tookMs: took.to - took.from });
    const { tally } = driven;
    const dropped = [...tally.dropped.values()].reduce((sum, count) => sum + count, 0);
    this.#bench.log.info(
      `${stage.name}: ${tally.in} in, ${tally.kept} kept, ${dropped} dropped${tally.failed > 0 ? `, ${tally.failed} failed` : ""}`,
    );
    this.stopped = this.#only === stage.name;
    return driven;
  }

  /** The last stage, which knows all rows at once. */
  async ending(job: ExportJob): Promise<RunSummary> {
    const watch = stageWatch(() => this.#bench.jobs.usage());
    const summary = await exportDataset(job);
    const rows = summary.repositories.flatMap(({ instances }) => Object.values(instances)).reduce((sum, count) => sum + (count ?? 0), 0);
    this.times.push(watch("export", { in: job.instances.length, kept: rows }));
    return summary;
  }

  /** What a stage said of a record; undefined where it said nothing. */
  said(stage: StageName, id: string): Said | undefined {
    return this.#said.get(stage)?.(id);
  }
}

const composed = <A, B, T>(a: Item<A>, b: Item<B>, make: (a: A, b: B) => T): Item<T> => ({
  id: a.id,
  sha: shortId([a.sha, b.sha]),
  load: () => make(a.load(), b.load()),
});

/** Every revision once: wanted for itself, or for the first of the changes that led to it. */
function preparablesOf(screened: readonly Item<ScreenedItem>[]) {
  const preparables = new Map<string, Item<Preparable>>();
  const quotas = new Map<string, string>();
  const mutable = new Set<string>();
  for (const item of screened) {
    const value = item.load();
    const [revision, change] = value.kind === "revision" ? [value.revision, null] : [value.commit.revision, value.commit];
    const id = revisionId(revision);
    if (change === null) mutable.add(id);
    else if (preparables.has(id)) continue;
    quotas.set(id, prepareQuota({ revision, change }));
    const load = (): Preparable => ({ revision, change: change === null ? null : (item.load() as { commit: Commit }).commit });
    preparables.set(id, { id, sha: change === null ? shortId(revision) : item.sha, load });
  }
  return { preparables: [...preparables.values()], quotaKey: ({ id }: Item<Preparable>): string => quotas.get(id) ?? "", mutable };
}

/** Environments that mutants are injected into, each with the history of its package up to its own revision: what came later is not in its tree. */
function injectablesOf(environments: readonly Item<Environment>[], screened: readonly Item<ScreenedItem>[]): Item<Injectable>[] {
  const placeOf = ({ repository, packageDir }: Revision): string => shortId([repository.name, packageDir]);
  const changes = new Map<string, { item: Item<ScreenedItem>; at: string }[]>();
  for (const item of screened) {
    const value = item.load();
    if (value.kind !== "commit") continue;
    const { revision } = value.commit;
    changes.set(placeOf(revision), [...(changes.get(placeOf(revision)) ?? []), { item, at: revision.committedAt }]);
  }
  return environments.map((environment) => {
    const { revision } = environment.load();
    const known = changes.get(placeOf(revision)) ?? [];
    const own = known.flatMap(({ item, at }) => (at <= revision.committedAt ? [item] : []));
    return {
      id: environment.id,
      sha: shortId([environment.sha, own.map(({ sha }) => sha)]),
      load: () => ({ environment: environment.load(), changes: own.map((item) => (item.load() as { commit: Commit }).commit) }),
    };
  });
}

/** Every mutant, every mirror and every commit whose environment came to be, with it. */
function subjectsOf(
  screened: readonly Item<ScreenedItem>[],
  injected: readonly KeptItem<Injectable, Candidate>[],
  environments: ReadonlyMap<string, Item<Environment>>,
  byId: ReadonlyMap<string, Item<Environment>>,
) {
  const subjects: Item<Subject>[] = [];
  const environmentOf = new Map<string, Item<Environment>>();
  const add = (candidate: Item<Candidate>, environment: Item<Environment>): void => {
    environmentOf.set(candidate.id, environment);
    subjects.push(composed(candidate, environment, (its, at): Subject => ({ candidate: its, environment: at })));
  };
  for (const defect of injected) {
    const environment = byId.get(defect.from.id);
    // Two changes may be taken back to the same text.
    if (environment && !environmentOf.has(defect.id)) add(defect, environment);
  }
  for (const item of screened) {
    const value = item.load();
    const environment = value.kind === "commit" ? environments.get(revisionId(value.commit.revision)) : undefined;
    if (value.kind === "commit" && environment) {
      add({ id: value.commit.id, sha: item.sha, load: () => (item.load() as { commit: Candidate }).commit }, environment);
    }
  }
  return { subjects, environmentOf };
}

/** Of the candidates that are audited, those that were observed and those that nothing was said to notice. */
function auditablesOf(
  subjects: readonly Item<Subject>[],
  observed: readonly Item<ObservedRecord>[],
  road: Pick<Road, "said">,
  config: Config,
): Item<Auditable>[] {
  const seen = new Map(observed.map((item) => [item.id, item]));
  const survived = (id: string, stage: "sift" | "observe"): boolean => road.said(stage, id)?.reason === `${stage}/survived`;
  return subjects.flatMap((subject) => {
    const { id } = subject;
    if (!isAudited(id, config)) return [];
    const own = seen.get(id);
    if (own !== undefined) return [composed(subject, own, (its, { observation }): Auditable => ({ ...its, by: "observe", observation }))];
    const by = (["sift", "observe"] as const).find((stage) => survived(id, stage));
    return by === undefined ? [] : [{ id, sha: shortId([subject.sha, by]), load: () => ({ ...subject.load(), by, observation: null }) }];
  });
}

/** All observed changes of an environment together: some drafts need to know of the others, and all of what audits found. */
function posablesOf(
  environments: readonly Item<Environment>[],
  environmentOf: ReadonlyMap<string, Item<Environment>>,
  observed: readonly Item<ObservedRecord>[],
  audited: readonly KeptItem<Auditable, Audited>[],
  disagreed: ReadonlySet<string>,
): Item<Posable>[] {
  const placeOf = ({ id }: { readonly id: string }): string => environmentOf.get(id)?.id ?? "";
  const records = Map.groupBy(
    observed.filter(({ id }) => !disagreed.has(id)),
    placeOf,
  );
  const audits = Map.groupBy(audited, ({ from }) => placeOf(from));
  return environments.map((environment) => {
    const [own, found] = [records.get(environment.id) ?? [], audits.get(environment.id) ?? []];
    return {
      id: environment.id,
      sha: shortId([environment.sha, ...[own, found].map((items) => items.map(({ sha }) => sha).sort())]),
      load: () => ({ environment: environment.load(), observed: own.map((item) => item.load()), audits: found.map((item) => item.load()) }),
    };
  });
}

/** Drafts in the order of their proof, and whose quota each counts for. */
function provablesOf(posed: readonly KeptItem<Posable, PosedRecord>[], environments: ReadonlyMap<string, Item<Environment>>, seed: string) {
  const items = new Map(posed.map((item) => [item.id, item]));
  const ordered = proofOrder(
    seed,
    posed.map((item) => rankedOf(item.load())),
  );
  const quotas = new Map(ordered.map((ranked) => [ranked.id, proofQuota(ranked)]));
  const provables = ordered.flatMap(({ id }) => {
    const item = items.get(id);
    const environment = item && environments.get(item.from.id);
    return item && environment ? [composed(item, environment, (value, its): Provable => ({ ...value, environment: its }))] : [];
  });
  return { provables, quotaKey: ({ id }: Item<Provable>): string => quotas.get(id) ?? "" };
}

/** Each mined record once, where several states of a repository gave it: as a pull request before as a bare commit, then of the first source. */
function onceEach(mined: readonly KeptItem<Source | PassedRepository, MinedItem>[]): Item<MinedItem>[] {
  const once = new Map<string, Item<MinedItem>>();
  const isPull = (item: Item<MinedItem>): boolean => {
    const value = item.load();
    return value.kind === "commit" && value.commit.pullRequest !== undefined;
  };
  for (const item of mined) {
    const known = once.get(item.id);
    if (known === undefined || (!isPull(known) && isPull(item))) once.set(item.id, item);
  }
  return [...once.values()];
}

/** From sources to proven instances, and to what `finish` makes of them; null where one stage alone was asked for. */
export async function travel<T>(
  road: Road,
  sources: readonly Item<Source | PassedRepository>[],
  bench: Bench,
  ledger: Ledger,
  finish: (job: ExportJob) => Promise<T>,
): Promise<T | null> {
  const mined = await road.step(mineStage, sources);
  const screened = await road.step(screenStage, onceEach(mined.kept));
  const { preparables, quotaKey: repositoryKey, mutable } = preparablesOf(screened.kept);
  const prepared = await road.step(prepareStage, preparables, { quotaKey: repositoryKey });
  const environments = prepared.kept.map(remembered);
  const byRevision = new Map(prepared.kept.map(({ from }, at) => [from.id, environments[at] as Item<Environment>]));
  const byId = new Map(environments.map((item) => [item.id, item]));
  const injected = await road.step(
    injectStage,
    injectablesOf(
      [...byRevision].flatMap(([revision, item]) => (mutable.has(revision) ? [item] : [])),
      screened.kept,
    ),
  );
  const { subjects, environmentOf } = subjectsOf(screened.kept, injected.kept, byRevision, byId);
  const repositoryOf = (id: string): string | null => environmentOf.get(id)?.load().revision.repository.name ?? null;
  const mutants = new Set(injected.kept.map(({ id }) => id));
  const sifted = await road.step(
    siftStage,
    subjects.flatMap((item) => (mutants.has(item.id) ? [{ ...item, load: () => lightened(item.load()) }] : [])),
    { keyOf: ({ id }) => environmentOf.get(id)?.id ?? "" },
  );
  road.summary.noteSifted(sifted, (id) => environmentOf.get(id)?.load() ?? null);
  const noticed = new Set(sifted.kept.map(({ id }) => id));
  const observed = await road.step(
    observeStage,
    subjects.filter(({ id }) => noticed.has(id) || !mutants.has(id)),
  );
  road.summary.noteObserved(observed, repositoryOf);
  const audited = await road.step(auditStage, auditablesOf(subjects, observed.kept, road, bench.config));
  road.summary.noteAudited(audited, repositoryOf);
  const disagreed = new Set(audited.outcomes.flatMap(({ verdicts }) => verdicts().flatMap(({ id, blob }) => (blob === null ? [id] : []))));
  const posed = await road.step(poseStage, posablesOf(environments, environmentOf, observed.kept, audited.kept, disagreed));
  road.summary.notePosed(posed);
  const { provables, quotaKey } = provablesOf(posed.kept, byId, bench.config.seed);
  const proven = await road.step(proveStage, provables, { quotaKey });
  if (road.stopped) return null;
  return finish({ bench, ledger, environments, instances: proven.kept, summary: road.summary });
}

interface Start {
  readonly config: Config;
  readonly place: Place;
  readonly options: RunOptions;
  /** Stay with the commits that the run was started with. */
  readonly pinned: boolean;
}

/** What works in a dataset's work folder while nobody else does, with the configuration that the ledger gives or the caller brings. */
export async function withLedger<T>(
  { place, log }: { readonly place: Place; readonly log: Log },
  configOf: (ledger: Ledger) => Config,
  job: (bench: Bench, ledger: Ledger) => Promise<T>,
): Promise<T> {
  const folder = workFolder(place.out);
  ensureFolder(folder, "--out");
  ensureFolder(place.cache, "--cache");
  const ledger = new Ledger(ledgerFile(place.out), { write: true });
  let bench: Bench | null = null;
  try {
    const config = configOf(ledger);
    const provider = await providerOf(place);
    const store = new Store(join(folder, "store"));
    store.sweep();
    const jobs = new SandboxPool(provider, { width: widthOf(place) });
    bench = await Bench.open({ config, place, store, provider, jobs, log, madeHere: true, archive: async (sha) => store.get(sha) });
    return await job(bench, ledger);
  } finally {
    bench?.close();
    ledger.close();
  }
}

async function start({ config, place, options, pinned }: Start): Promise<RunSummary> {
  const replace = options.replace === true;
  refuseFolder(place.out, replace);
  return withLedger(
    { place, log: options.log },
    (ledger) => {
      refuseForeign(place.out, ledger, replace);
      return config;
    },
    async (bench, ledger) => {
      const { sources, found } = await openSources(config, bench, pinned ? pinsOf(ledger) : noPins);
      if (!replace)
        refuseStrangers(
          place.out,
          Object.keys(pinsOf(ledger).commits),
          sources.map(({ id }) => id),
        );
      const known = sources.map((item) => repoGroupOf(bench.repository(item.load().name)));
      checkNames(config.selection, new Set(known), "the run");
      pin(
        ledger,
        config,
        sources.map((item) => item.load()),
        found,
      );
      const road = new Road(bench, ledger, options.only);
      const profile = options.profile === true ? await Profile.start() : null;
      try {
        const all = [...sources, ...passedItems(found, config)];
        return (await travel(road, all, bench, ledger, (job) => road.ending(job))) ?? road.summary.finish(nothingExported);
      } finally {
        await profile?.write(profileFolder(place.out), road.times);
      }
    },
  );
}

/** Runs, or goes on with what the ledger of `place.out` knows. Throws `StopRun` with the next step where it cannot. */
export async function run(config: Config, place: Place, options: RunOptions): Promise<RunSummary> {
  const checked = parseConfig(config);
  const repos = [...new Set(checked.repos.map(absolute))];
  return start({ config: { ...checked, repos }, place, options, pinned: false });
}

/** Goes on with the run that was started into this folder, at the commits that it was started with. */
export async function resume(place: Place, options: RunOptions): Promise<RunSummary> {
  const path = ledgerFile(place.out);
  if (!existsSync(path))
    throw new StopRun(`there is no run in ${place.out}`, { next: "name the folder that was given to kihon run as --out" });
  const ledger = new Ledger(path, { write: false });
  const stored = ledger.meta("config");
  ledger.close();
  if (stored === null) throw new StopRun(`the run in ${place.out} ended before it had begun`, { next: "start it again with kihon run" });
  return start({ config: parseConfig(JSON.parse(stored)), place, options, pinned: true });
}
