/**
 * `kihon refresh`: an existing dataset brought up to date with the configuration that it was made with.
 *
 * The road is travelled again from the newest commits on and from every state that was mined before: the ledger knows the latter, so only what
 * is new, or was judged by another version, is worked on. What comes goes into files of a new edition; what leaves is written on a list.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { deniedChange, deniedRevision } from "../filters/contamination.ts";
import { permissive } from "../filters/permissive.ts";
import { madeFrom, type Takedowns, takedownsOf } from "../filters/takedown.ts";
import { proveVersion } from "../grading/prove.ts";
import { repoGroupOf } from "../lib/address.ts";
import { StopRun } from "../lib/errors.ts";
import { shortId } from "../lib/hash.ts";
import { plural } from "../lib/plural.ts";
import { revisionAt } from "../miners/change.ts";
import { readBaselines } from "../output/baselines.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { sweepStrays } from "../output/dataset-writer.ts";
import { type Manifest, readManifest } from "../output/manifest.ts";
import { fromRows } from "../output/rows.ts";
import { readSolveRates } from "../output/solve-rates.ts";
import type { Revision } from "../schemas/candidate.ts";
import type { Config, Place } from "../schemas/config.ts";
import type { Contamination } from "../schemas/contamination.ts";
import type { Environment } from "../schemas/environment.ts";
import type { SkillName } from "../schemas/instance.ts";
import type { Reason } from "../schemas/outcome.ts";
import { type RunFacts, type RunSummary, runFactsSchema } from "../schemas/run-summary.ts";
import type { Withdrawal } from "../schemas/withdrawal.ts";
import type { Bench } from "./bench.ts";
import { checkLicenses, parseConfig } from "./config.ts";
import type { Item } from "./drive.ts";
import { unavailableIn } from "./found.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import { type Edition, type FreshRow, writeEdition } from "./refresh-files.ts";
import { type Cause, fateIn, type Plan, planRefresh } from "./refresh-plan.ts";
import { reviewCue } from "./review-cue.ts";
import { absolute, noPins, openSources, type Pins, pinsOf, Road, travel, withLedger } from "./run.ts";
import { type Choice, Choosing, countsOf } from "./selection/choose.ts";
import { placeOf, rowTeller } from "./selection/of-dataset.ts";
import { tellerOf } from "./selection/of-run.ts";
import { proofOfRest } from "./selection/proof.ts";
import type { Source } from "./stages/1-mine.ts";
import { type ExportJob, rowMaker, titleOf } from "./stages/10-export.ts";
import { type RowSubject, type StoredRow, storedRows } from "./stored-rows.ts";
import { configHashOf } from "./summary.ts";
import { readTakedowns } from "./takedown.ts";
import { verify } from "./verify.ts";
import { ledgerFile, whileHeld } from "./work-folder.ts";

export interface RefreshOptions {
  readonly log: Log;
  /** Stand in for the stored addresses. */
  readonly repos?: readonly string[];
  /** Inject into the newest revision too; the mutants of earlier ones stay. */
  readonly mutantsAtHead?: boolean;
  /** File of what is to be taken down. */
  readonly takedown?: string;
  /** SPDX names; rows of repositories that state another one now leave. Absent: those of the run, for repositories that went over to another licence. */
  readonly licenses?: readonly string[];
  /** Prove every row again first; those that fail leave. */
  readonly reverify?: boolean;
  /** Write all files anew, without what was withdrawn. */
  readonly compact?: boolean;
  /** Nothing is mined: needs no ledger, no repository and, without `reverify`, no sandbox. */
  readonly withdrawOnly?: boolean;
}

export interface RefreshResult {
  readonly edition: number;
  /** False where nothing was written: the dataset is as it was. */
  readonly changed: boolean;
  readonly rows: number;
  readonly added: Readonly<Partial<Record<SkillName, number>>>;
  readonly withdrawn: Readonly<Record<string, number>>;
  readonly returned: number;
  /** Proven, and kept out by a takedown, a licence or an earlier withdrawal. */
  readonly notAdded: Readonly<Record<string, number>>;
  /** Targets of the takedown list that meant no row; they hold for rows to come. */
  readonly unmatched: readonly string[];
  readonly compacted: boolean;
  readonly infrastructureFailures: number;
  /** Of the run; null where nothing was mined. */
  readonly summary: RunSummary | null;
}

/** A dataset that nobody else writes, read once. */
interface Scene {
  readonly data: Dataset;
  readonly options: RefreshOptions;
  readonly stored: readonly StoredRow[];
  readonly targets: readonly string[];
  readonly takedowns: Takedowns;
  readonly failed: ReadonlyMap<string, Cause>;
  readonly unverified: number;
}

/** Twice, since a machine in distress fails rows that are good: one that leaves does not come back by itself. */
async function reverify(data: Dataset, place: Place, { log }: RefreshOptions): Promise<Pick<Scene, "failed" | "unverified">> {
  const first = await verify(data.folder, place, { log });
  if (first.failures.length === 0) return { failed: new Map(), unverified: first.infrastructure };
  log.info(`verify: ${plural(first.failures.length, "row")} failed, tried once more`);
  const second = await verify(data.folder, place, { log, ids: new Set(first.failures.map(({ id }) => id)) });
  const verdicts = second.failures.map(({ id, reason, detail }): [string, Cause] => [
    id,
    { reason: reason.replace(/^prove\//, "verify/") as Reason, detail },
  ]);
  return { failed: new Map(verdicts), unverified: first.infrastructure + second.infrastructure };
}

/** `ofRun` are takedowns that the run obeyed: they hold on, and are on no list of the dataset. */
async function openScene(folder: string, place: Place, options: RefreshOptions, ofRun: readonly string[] = []): Promise<Scene> {
  const given = options.takedown === undefined ? [] : readTakedowns(options.takedown);
  const data = await openDataset(folder);
  sweepStrays(folder, data.manifest);
  const before = data.withdrawn.flatMap((one) => (one.kind === "takedown" ? [one.target] : []));
  const targets = [...new Set([...before, ...given])];
  const verified = options.reverify === true ? await reverify(data, place, options) : { failed: new Map(), unverified: 0 };
  const stored = await storedRows(data);
  return { data, options, stored, targets, takedowns: takedownsOf([...ofRun, ...targets]), ...verified };
}

/** Sources that refreshes added to those of the run. */
const visitedSchema = z.array(z.object({ id: z.string(), source: z.looseObject({ name: z.string(), commit: z.string() }) }));

const itemOf = (id: string, source: Source): Item<Source> => ({ id, sha: shortId(source), load: () => source });

/** What was mined before, as it was then: its verdicts are in the ledger under the very same names. */
function earlierSources(heads: readonly Source[], pins: Pins, ledger: Ledger): Item<Source>[] {
  const ofRun = heads.flatMap((head) => {
    const commit = pins.commits[head.name];
    const snapshot = pins.snapshots[head.name.toLowerCase()];
    if (commit === undefined) return [];
    const { github, ...rest } = head;
    const pulls = github && snapshot !== undefined ? { github: { ...github, snapshot } } : {};
    return [itemOf(head.name, { ...rest, commit, ...pulls })];
  });
  const names = new Set(heads.map(({ name }) => name));
  const visited = visitedSchema.parse(JSON.parse(ledger.meta("visited") ?? "[]"));
  const later = visited.filter(({ source }) => names.has(source.name)).map(({ id, source }) => itemOf(id, source as Source));
  return [...later.reverse(), ...ofRun];
}

/** The newest state first, then all that were mined before. */
function sourcesOf(heads: readonly Source[], earlier: readonly Item<Source>[], mutantsAtHead: boolean): Item<Source>[] {
  const sources: Item<Source>[] = [];
  for (const head of heads) {
    const own = earlier.filter((item) => item.load().name === head.name);
    const knows = (wanted: Source): boolean => {
      const { mutants: _, ...bare } = wanted;
      return own.some(({ sha }) => sha === shortId(bare) || (wanted.mutants === false && sha === shortId(wanted)));
    };
    const wanted: Source = mutantsAtHead || own.length === 0 ? head : { ...head, mutants: false };
    if (!knows(wanted)) sources.push(itemOf(`${head.name}@${shortId(wanted)}`, wanted));
    sources.push(...own);
  }
  return sources;
}

/**
 * By what the newest revision of each repository states, as a run weighs it: under the licences that are given, else, where it states another one
 * than the row, under those of the run. A row whose repository went over to another licence that is allowed keeps the one of its own commit, under
 * which its text was published.
 */
export async function licenceRule(heads: readonly Source[], rows: readonly RowSubject[], bench: Bench, { licenses, log }: RefreshOptions) {
  const newest = new Map<string, Revision>();
  const said = new Set<string>();
  const keyOf = ({ repository, packageDir }: RowSubject): string => `${repository.name} ${packageDir}`;
  for (const row of rows) {
    const head = heads.find(({ name }) => name === row.repository.name);
    if (head === undefined || newest.has(keyOf(row))) continue;
    newest.set(keyOf(row), await revisionAt(bench.repository(head.name), head.commit, row.packageDir));
  }
  const { allow, missing } = bench.config.permissive;
  return (row: RowSubject): Cause | null | undefined => {
    const head = newest.get(keyOf(row));
    if (head === undefined) return undefined;
    const [before, now] = [row.repository.license, head.repository.license];
    const detail = `${before ?? "none stated"}, now ${now ?? "none stated"}`;
    const isWeighed = licenses !== undefined || (now !== null && now !== before);
    if (isWeighed && !permissive.judgeRevision(head, { allow: [...(licenses ?? allow)], missing }).kept)
      return { reason: "license/not-allowed", detail };
    if (now === null && before !== null) return { reason: "license/gone", detail };
    if (now !== before && !said.has(keyOf(row))) {
      said.add(keyOf(row));
      log.warn(`${row.repository.name}: the licence changed: ${detail}; its rows stay, each under that of its own commit`);
    }
    return null;
  };
}

/** What may come beside what stands: the rows of the dataset keep their places, and nothing that asks what they ask comes. */
async function chosenBeside({ data, takedowns }: Scene, { bench, environments, instances }: ExportJob): Promise<Choice> {
  const { selection, splitRatio } = bench.config;
  const choosing = new Choosing(selection, splitRatio, join(bench.scratch, "near-duplicates"));
  try {
    const standing = new Set<string>();
    const tellRow = await rowTeller();
    for await (const pair of data.pairs()) {
      const instance = fromRows(pair.public, pair.private);
      const { draft, candidate } = instance;
      if (takedowns.match({ id: draft.id, ...madeFrom(candidate) }) !== null) continue;
      tellRow(choosing, pair, instance, placeOf(pair));
      standing.add(draft.id);
    }
    const tell = tellerOf(bench, environments);
    for (const item of instances) if (!standing.has(item.id)) tell(choosing, item.load());
    return choosing.choose();
  } finally {
    choosing.close();
  }
}

/** Rows that a list of evaluation sets names by now, with what it says. */
async function deniedRows(data: Dataset, settings: Contamination): Promise<ReadonlyMap<string, Cause>> {
  const denied = new Map<string, Cause>();
  for await (const pair of data.pairs()) {
    const { draft, candidate } = fromRows(pair.public, pair.private);
    const hit =
      candidate.kind === "commit" ? deniedChange(candidate, pair.private.patch, settings) : deniedRevision(candidate.revision, settings);
    if (hit !== null) denied.set(draft.id, { reason: `contamination/${hit.reason}`, detail: hit.detail });
  }
  return denied;
}

/** The instances of a run as rows that may come. */
function freshOf({ instances }: ExportJob, { placed }: Choice): FreshRow[] {
  return instances.flatMap((item): FreshRow[] => {
    const place = placed.get(item.id);
    if (place === undefined) return [];
    const { draft, candidate } = item.load();
    return [
      {
        item,
        id: draft.id,
        skill: draft.skill,
        ...place,
        changeId: draft.changeId,
        pairId: draft.pairId,
        environmentId: draft.environmentId,
        ...madeFrom(candidate),
        packageDir: candidate.revision.packageDir,
        instance: item.sha,
        verifier: String(proveVersion),
      },
    ];
  });
}

const counted = <K extends string>(keys: readonly K[]): Partial<Record<K, number>> => {
  const counts: Partial<Record<K, number>> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
};

interface Outcome {
  readonly plan: Plan<FreshRow>;
  readonly edition: number;
  readonly changed: boolean;
  readonly summary: RunSummary | null;
}

function resultOf(
  { stored, targets, options, takedowns, unverified, data }: Scene,
  { plan, edition, changed, summary }: Outcome,
): RefreshResult {
  const known = new Set(data.withdrawn.flatMap((one) => (one.kind === "takedown" ? [one.target] : [])));
  const matched = new Set([...stored, ...plan.add].map((row) => takedowns.match(row)));
  return {
    edition,
    changed,
    rows: plan.live.length + plan.add.length,
    added: counted(plan.add.map(({ skill }) => skill)),
    withdrawn: counted(plan.left.map(({ reason }) => reason)) as Record<string, number>,
    returned: plan.returned.length,
    notAdded: Object.fromEntries([...plan.notAdded].sort(([a], [b]) => (a < b ? -1 : 1))),
    unmatched: targets.filter((target) => !known.has(target) && !matched.has(target)),
    compacted: changed && options.compact === true,
    infrastructureFailures: unverified + (summary?.infrastructureFailures ?? 0),
    summary,
  };
}

/** Plans, and writes what is planned unless it changes nothing. */
async function settle(
  scene: Scene,
  plan: Plan<FreshRow>,
  more: Pick<Edition, "summary" | "title" | "contact" | "compression" | "formats" | "pairOf" | "environments">,
): Promise<Pick<Outcome, "edition" | "changed">> {
  const { data, options, targets } = scene;
  const earlier = data.withdrawn.filter((one) => one.kind === "takedown");
  const edition = data.manifest.edition + 1;
  const takedowns = targets.map(
    (target): Withdrawal => earlier.find((one) => one.target === target) ?? { kind: "takedown", target, edition },
  );
  const moved = plan.add.length + plan.left.length + plan.returned.length + (takedowns.length - earlier.length);
  if (moved === 0 && !(options.compact === true && !isCompact(scene, plan))) {
    options.log.info(`refresh: nothing has changed in ${data.folder}`);
    return { edition: data.manifest.edition, changed: false };
  }
  const measured = { rules: readBaselines(data.folder) !== null, models: readSolveRates(data.folder) !== null };
  await writeEdition({ data, edition, plan, takedowns, stored: scene.stored, compact: options.compact === true, ...more });
  options.log.info(`refresh: edition ${edition} in ${data.folder}: ${plural(plan.add.length, "row")} added, ${plan.left.length} withdrawn`);
  const unknown = (what: string, words: string): void =>
    options.log.info(`refresh: ${what} is not known of these rows: kihon solve ${data.folder} ${words} measures it`);
  if (measured.rules && readBaselines(data.folder) === null) unknown("what rules without a model earn", "--record");
  if (measured.models && readSolveRates(data.folder) === null)
    unknown("how often models solve them", "--llm URL --llm-model NAME --record");
  return { edition, changed: true };
}

/** Are all files of one edition, with no row in them that left? */
function isCompact({ data, stored }: Scene, plan: Plan<FreshRow>): boolean {
  const editions = new Set(data.manifest.configs.map(({ file }) => /-e(\d{4,})(?:-\d{5}-of-\d{5})?\.\w+$/.exec(file)?.[1] ?? "1"));
  return editions.size <= 1 && stored.length === plan.live.length;
}

const formatsOf = ({ configs }: Manifest): string[] =>
  [...new Set(configs.map(({ format }) => format))].filter((name) => name !== "parquet");

/** Takedowns, re-verification and compaction alone, from the dataset's own files. */
async function withdraw(folder: string, place: Place, options: RefreshOptions): Promise<RefreshResult> {
  return whileHeld(folder, "--out", async () => {
    const scene = await openScene(folder, place, options);
    const { about } = scene.data.manifest;
    if (about === null) {
      throw new StopRun(`the manifest of ${folder} does not tell what its card is written from: an earlier Kihon made it`, {
        next: "refresh it once without --withdraw-only, beside its .kihon folder",
      });
    }
    const { stored, takedowns, failed } = scene;
    const edition = scene.data.manifest.edition + 1;
    const { withdrawn } = scene.data;
    const nobody = { fresh: [], licence: () => undefined, fate: () => null, hashOf: async () => "" };
    const plan = await planRefresh<FreshRow>({ edition, stored, withdrawn, takedowns, failed, ...nobody });
    const written = await settle(scene, plan, {
      ...about,
      summary: withRows(about.facts, plan),
      formats: formatsOf(scene.data.manifest),
      pairOf: async () => {
        throw new Error("a refresh that mines nothing adds no row");
      },
      environments: [],
    });
    return resultOf(scene, { plan, ...written, summary: null });
  });
}

/** Repositories of which nothing is left are not told of. */
function withRows(facts: RunFacts, { live, left }: Plan<FreshRow>): RunFacts {
  const there = new Set(live.map(({ repository }) => repository.name));
  const gone = new Set(left.map(({ instance_id }) => instance_id));
  if (gone.size === 0) return facts;
  const rest = live.map((row) => ({ ...row, address: repoGroupOf(row.repository) }));
  return {
    ...facts,
    repositories: facts.repositories.filter(({ name }) => there.has(name)),
    ...(facts.splitProof === undefined ? {} : { splitProof: proofOfRest(rest, facts.splitProof) }),
  };
}

/** Of repositories that were not opened, but have rows, what the dataset told before; without the report, which tells of a run over all. */
function withAbsent(summary: RunSummary, earlier: RunFacts | undefined, { live }: Plan<FreshRow>): RunSummary | RunFacts {
  const there = new Set(live.map(({ repository }) => repository.name));
  for (const { name } of summary.repositories) there.delete(name);
  const absent = earlier?.repositories.filter(({ name }) => there.has(name)) ?? [];
  if (absent.length === 0) return summary;
  const repositories = [...summary.repositories, ...absent].sort((a, b) => (a.name < b.name ? -1 : 1));
  return runFactsSchema.parse({ ...summary, repositories });
}

/** With the configuration of the run, and the addresses that were given in place of its own. */
function configOf(ledger: Ledger, folder: string, repos: readonly string[] | undefined): Config {
  const stored = ledger.meta("config");
  if (stored === null) {
    throw new StopRun(`the run in ${folder} ended before it had begun`, { next: "start it again with kihon run" });
  }
  const config = parseConfig(JSON.parse(stored));
  return repos === undefined || repos.length === 0 ? config : { ...config, repos: [...new Set(repos.map(absolute))] };
}

/** The dataset's repositories as they are now, without those that were taken down, and without those that GitHub has no longer. */
async function openHeads(config: Config, bench: Bench, pins: Pins, { takedowns }: Scene): Promise<Source[]> {
  const { sources, found } = await openSources(config, bench, { ...noPins, found: pins.found });
  const opened = sources.map((item) => item.load());
  const unavailable = unavailableIn(found);
  const isDown = (name: string, origin: string): boolean =>
    takedowns.match({ repository: { name, origin }, pullRequest: null, commits: [] }) !== null;
  const names = new Set(opened.map(({ name }) => name));
  const strange = opened.find(({ name }) => pins.commits[name] === undefined);
  if (strange !== undefined) {
    throw new StopRun(`the dataset was not made from ${strange.name}`, {
      next: `give the repositories that it was made from: ${Object.keys(pins.commits).join(", ")}`,
    });
  }
  const absent = Object.keys(pins.commits).filter((name) => !names.has(name) && !isDown(name, name));
  const missing = absent.filter((name) => !unavailable.has(name.toLowerCase()));
  if (missing.length > 0) {
    throw new StopRun(`the dataset was also made from ${missing.join(", ")}`, { next: "give the address of each with --repo" });
  }
  for (const name of absent) bench.log.warn(`${name}: its rows stay as they are; a takedown list withdraws them`);
  return opened.filter(({ name }) => !isDown(name, bench.repository(name).origin));
}

/** Only the newest work is done; the rest is read from the ledger. */
async function mineAgain(folder: string, bench: Bench, ledger: Ledger, options: RefreshOptions): Promise<RefreshResult> {
  const scene = await openScene(folder, bench.place, options, bench.config.takedown.targets);
  const pins = pinsOf(ledger);
  const heads = await openHeads(bench.config, bench, pins, scene);
  const earlier = earlierSources(heads, pins, ledger);
  const sources = sourcesOf(heads, earlier, options.mutantsAtHead === true);
  if (configHashOf(bench.config) !== scene.data.manifest.config_hash) {
    options.log.warn(
      "the ledger's settings are not those that the dataset was made with: another Kihon made it, or a later run was not finished",
    );
  }
  const road = new Road(bench, ledger, undefined);
  const outcome = await travel(road, sources, bench, ledger, (job) => settleRun(scene, heads, road, job));
  const ofRun = new Set(heads.map(({ name }) => name));
  const visited = sources.filter(({ id }) => !ofRun.has(id)).reverse();
  ledger.setMeta("config", JSON.stringify(bench.config));
  ledger.setMeta("visited", JSON.stringify(visited.map((item) => ({ id: item.id, source: item.load() }))));
  if (outcome === null) throw new Error("a refresh goes the whole road");
  return resultOf(scene, outcome);
}

async function settleRun(scene: Scene, heads: readonly Source[], road: Road, job: ExportJob): Promise<Outcome> {
  const { bench, environments } = job;
  const { config } = bench;
  const choice = await chosenBeside(scene, job);
  const { data, stored, takedowns, failed } = scene;
  const denied = await deniedRows(data, config.contamination);
  const fate = fateIn((stage, id) => road.said(stage, id), road.troubled, config.skills);
  const fresh = freshOf(job, choice);
  const byId = new Map(environments.map((item) => [item.id, item]));
  const makers = new Map<string, ReturnType<typeof rowMaker>>();
  const configHash = configHashOf(config);
  const pairOf = async ({ item, split, group, environmentId }: FreshRow) => {
    const maker = makers.get(environmentId) ?? rowMaker({ bench }, [byId.get(environmentId) as Item<Environment>], { configHash });
    makers.set(environmentId, maker);
    return (await maker)({ item, split, group, environmentId });
  };
  const plan = await planRefresh<FreshRow>({
    edition: data.manifest.edition + 1,
    stored,
    fresh,
    withdrawn: data.withdrawn,
    takedowns,
    licence: await licenceRule(heads, [...stored, ...fresh], bench, scene.options),
    failed,
    fate: (row) => denied.get(row.id) ?? fate(row),
    hashOf: async (row) => (await pairOf(row)).private.provenance.content_hash,
  });
  const leftOut = countsOf(choice.leftOut);
  for (const [reason, count] of plan.notAdded) leftOut.set(reason, (leftOut.get(reason) ?? 0) + count);
  road.summary.noteExport(job.instances.length, leftOut);
  const instances = [...plan.live, ...plan.add].map(({ repository, skill }) => ({ repository: repository.name, skill }));
  const there = new Set([...plan.live, ...plan.add].map(({ id }) => id));
  const splitProof = choice.proof((id) => there.has(id));
  const summary = await road.summary.finish({ instances, reviewCue: reviewCue(await reviewsOf(data, plan)), splitProof });
  const told = withAbsent(summary, data.manifest.about?.facts, plan);
  const written = await settle(scene, plan, {
    summary: told,
    title: titleOf(told.repositories.map(({ name }) => name)),
    contact: config.takedownContact,
    compression: config.codec,
    formats: config.jsonl ? ["jsonl"] : [],
    pairOf,
    environments: environments.map((item) => ({ item, archive: () => bench.store.get(item.load().archive) })),
  });
  return { plan, ...written, summary };
}

/** What the cue test reads of every review that is in the dataset afterwards. */
async function reviewsOf(data: Dataset, { live, add }: Plan<FreshRow>) {
  const stays = new Map(live.map((row) => [row.id, row.instance]));
  const reviews: Parameters<typeof reviewCue>[0] extends Iterable<infer R> ? R[] : never = [];
  for await (const { draft } of data.instances({ skill: "review" })) if (stays.has(draft.id)) reviews.push({ draft });
  for (const { skill, item } of add) if (skill === "review") reviews.push({ draft: item.load().draft });
  return reviews;
}

/** What looks at repositories does not go with mining nothing. */
function refuseMixed({ withdrawOnly, licenses, mutantsAtHead, repos = [] }: RefreshOptions): void {
  if (withdrawOnly !== true || (licenses === undefined && mutantsAtHead !== true && repos.length === 0)) return;
  throw new StopRun("--withdraw-only looks at no repository: --licenses, --mutants-at-head and --repo do not go with it", {
    next: "leave out the one or the others",
  });
}

/** Throws `StopRun` where there is no dataset, where its ledger is gone, or where somebody else writes it. */
export async function refresh(place: Place, options: RefreshOptions): Promise<RefreshResult> {
  const folder = place.out;
  readManifest(folder);
  refuseMixed(options);
  checkLicenses(options.licenses ?? []);
  if (options.withdrawOnly === true) return withdraw(folder, place, options);
  if (!existsSync(ledgerFile(folder))) {
    throw new StopRun(`${folder} has no ledger: what it was made with, and what was worked on, is not known here`, {
      next: `put its .kihon folder back; or make a dataset anew with kihon run and compare them by kihon diff; takedowns, --reverify and --compact need no ledger: add --withdraw-only`,
    });
  }
  return withLedger(
    { place, log: options.log },
    (ledger) => configOf(ledger, folder, options.repos),
    (bench, ledger) => mineAgain(folder, bench, ledger, options),
  );
}
