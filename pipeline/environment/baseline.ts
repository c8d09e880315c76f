/** What the tests of a healthy tree do: k whole runs under changing conditions, then each file alone with its lines counted. */
import type { Language, Runner } from "../../languages/contract.ts";
import { type Installed, type JobRunner, type Pace, runTests, type TestRequest, type TestRun } from "../../sandbox/workspace.ts";
import type { BaselineTest, Recipe, TestFile, UnsteadyTest } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { type Dropped, drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { TestResult } from "../../schemas/report.ts";
import { type Conditions, conditionsOf, inWords, isMoved, suspects, usual } from "./conditions.ts";

export interface BaselineSite {
  readonly jobs: JobRunner;
  readonly recipe: Recipe;
  readonly packageDir: string;
  readonly installed: Installed;
  readonly runner: Runner;
  readonly language: Language;
  readonly repeats: number;
  readonly runTimeoutMs: number;
}

export interface Baseline {
  readonly tests: readonly BaselineTest[];
  readonly files: readonly string[];
  /** Limits of later runs are made from it. Never stored in a row. */
  readonly pace: Pace;
  /** For each run what its conditions were, where they were not the usual ones. */
  readonly runs: readonly (readonly string[])[];
  /** Tests that did not agree with themselves, sorted by id. */
  readonly quarantine: readonly UnsteadyTest[];
  /** Conditions under which no run could be a baseline, and what became of one. */
  readonly givenUp: readonly string[];
}

/** `TypeError [ERR_X]: …`, as Node begins what it says of an error that nobody caught. */
const error = /^(?:Uncaught )?(?:[A-Z]\w*)?Error(?: \[\w+\])?: \S/;

/** Of what was printed what tells most: the error that ended it, else its last lines. */
export function telling(printed: string): string {
  const lines = printed
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const found = lines.findLast((line) => error.test(line));
  return found?.slice(0, 400) ?? lines.slice(-3).join(" | ").slice(-400);
}

/** One cold run of a tree that is to become an environment. */
export const run = (
  site: BaselineSite,
  files: readonly string[] | "all",
  seed: number | null,
  layer: Layer = {},
  more: Pick<TestRequest, "coverageFile" | "together" | "limits" | "pressure" | "moved"> = {},
): Promise<TestRun> =>
  runTests(site.jobs, site.recipe, site.packageDir, site.installed, site.runner, {
    layer,
    files,
    seed,
    limits: { wallMs: site.runTimeoutMs },
    ...more,
  });

/** Why a run of the healthy tree cannot be a baseline, or null. */
export function objection({ ended, report, result }: TestRun, { recipe }: BaselineSite): Dropped | null {
  const said = telling(`${result.stdout}\n${result.stderr}`);
  if (ended.kind === "timed-out") return drop("prepare/baseline-hangs", "the whole suite did not end in time");
  if (ended.kind !== "finished") return drop("prepare/baseline-killed", `the run ended: ${ended.kind}`);
  if (ended.failedCommand !== null) return drop("prepare/build-failed", said);
  if (report.tests.length === 0) {
    const words = [recipe.runner, ...recipe.runnerArgs].join(" ");
    return drop("prepare/no-tests", report.unloaded[0]?.failure.message ?? (said === "" ? `${words} found none` : said));
  }
  if (!report.complete) return drop("prepare/baseline-incomplete", said);
  if (report.forged > 0) return drop("prepare/report-forged", `${report.forged} foreign lines on the report channel`);
  const green = report.unloaded.length === 0 && report.strays.length === 0 && report.tests.every((test) => test.status !== "failed");
  if (green && ended.exitCode !== 0)
    return drop("prepare/exit-code", `no test failed and the runner exited with ${ended.exitCode}: ${said}`);
  return null;
}

function standingOf(statuses: readonly (TestResult["status"] | undefined)[]): BaselineTest["standing"] {
  if (statuses.every((status) => status === "passed")) return "stable";
  if (statuses.every((status) => status === "failed")) return "failing";
  return statuses.every((status) => status === "skipped") ? "skipped" : "quarantined";
}

function paceOf(runs: readonly TestRun[]): Pace {
  const used = runs.map(({ result }) => result.usage);
  const known = used.every(({ cpuMs }) => cpuMs !== null);
  return {
    wallMs: Math.max(...used.map(({ wallMs }) => wallMs)),
    silentMs: Math.max(...used.map(({ silentMs, wallMs }) => silentMs ?? wallMs)),
    busy: known ? Math.max(...used.map(({ cpuMs, wallMs }) => (cpuMs ?? 0) / wallMs)) : null,
  };
}

/** Busy processes for each processor: of its time the tests get half. With the time they are frozen they are about as much slower as said. */
const PRESSURE = 1;
const SLOWER = 4;
/** Two files at a time are usual. */
const slowerBy = ({ pressed, moved }: Conditions): number => (pressed ? SLOWER : 1) * (moved.workers === undefined ? 1 : 2);

/** A whole run of the healthy tree, or why it cannot be part of a baseline. On a busy machine tests that measure time, or race with it, show themselves. */
async function wholeRun(site: BaselineSite, conditions: Conditions): Promise<Outcome<TestRun>> {
  const { seed, pressed, moved } = conditions;
  const limits = { wallMs: site.runTimeoutMs * slowerBy(conditions) };
  const one = await run(site, "all", seed, {}, { moved, limits, ...(pressed ? { pressure: PRESSURE } : {}) });
  const no = objection(one, site);
  if (no === null) return keep(one);
  return pressed ? { ...no, detail: `on a busy machine: ${no.detail}` } : no;
}

/** The same as every later run is made. */
export const healthyRun = (site: BaselineSite): Promise<Outcome<TestRun>> => wholeRun(site, usual);

const ofOrder: readonly string[] = ["prepare/no-tests", "prepare/baseline-incomplete"];

/**
 * A file may need what another one has left: then all of them load in their own order only, and which file it is shows when each runs alone.
 * In words where it is the order alone, on a quiet machine too; else null.
 */
async function orderTrouble(site: BaselineSite, conditions: Conditions, shuffled: Dropped): Promise<string | null> {
  if (conditions.seed === null || !ofOrder.includes(shuffled.reason)) return null;
  const quiet = conditions.pressed ? await wholeRun(site, { ...conditions, pressed: false }) : shuffled;
  return quiet.kept ? null : `${quiet.reason}: ${quiet.detail}`;
}

interface BaselineRun {
  readonly run: TestRun;
  readonly conditions: Conditions;
}

/** A whole run under these conditions. Where the suite cannot be run so at all: without what is moved, and where it is the order, in its own. */
async function runUnder(site: BaselineSite, wanted: Conditions, givenUp: string[]): Promise<Outcome<BaselineRun>> {
  const first = await wholeRun(site, wanted);
  if (first.kept) return keep({ run: first.value, conditions: wanted });
  const still = { ...wanted, moved: {} };
  const again = isMoved(wanted) ? await wholeRun(site, still) : first;
  if (again.kept) {
    givenUp.push(`${inWords({ ...usual, moved: wanted.moved }).join(" ")}: ${first.reason}: ${first.detail}`);
    return keep({ run: again.value, conditions: still });
  }
  const why = await orderTrouble(site, still, again);
  if (why === null) return again;
  const own = await runUnder(site, { ...wanted, seed: null }, givenUp);
  if (own.kept) givenUp.push(`another order of its files: ${why}`);
  return own;
}

/** Every test that did not agree with itself. */
function unsteadyIn(runs: readonly BaselineRun[], tests: readonly BaselineTest[]): UnsteadyTest[] {
  const byRun = runs.map(({ run: { report } }) => new Map(report.tests.map((test) => [test.id, test.status])));
  const words = runs.map(({ conditions }) => inWords(conditions));
  return tests.flatMap(({ id, standing }) => {
    if (standing !== "quarantined") return [];
    const statuses = byRun.map((results) => results.get(id));
    const count = (of: (status: TestResult["status"] | undefined) => boolean): number => statuses.filter(of).length;
    const seen = count((status) => status !== undefined);
    return [{ id, seen, passed: count((status) => status === "passed"), under: suspects(statuses, words) }];
  });
}

/** k whole runs, each under conditions of its own (`conditionsOf`). `first` is a run under the usual ones that was made before. */
export async function baseline(site: BaselineSite, first: TestRun | null = null): Promise<Outcome<Baseline>> {
  const runs: BaselineRun[] = first === null ? [] : [{ run: first, conditions: usual }];
  const givenUp: string[] = [];
  for (let repeat = runs.length; repeat < site.repeats; repeat++) {
    const planned = conditionsOf(repeat, site);
    // A suite that had to be run in its own order once is not tried in another again.
    const isOrdered = repeat > 1 && runs.at(-1)?.conditions.seed === null;
    const one = await runUnder(site, isOrdered ? { ...planned, seed: null } : planned, givenUp);
    if (!one.kept) return one;
    runs.push(one.value);
  }
  const byRun = runs.map(({ run: { report } }) => new Map(report.tests.map((test) => [test.id, test])));
  const files = new Map(byRun.flatMap((results) => [...results.values()].map((test) => [test.id, test.file] as const)));
  const tests = [...files.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, file]) => ({ id, file, standing: standingOf(byRun.map((results) => results.get(id)?.status)) }));
  if (!tests.some((test) => test.standing === "stable"))
    return drop("prepare/no-stable-test", `${tests.length} tests, none passed in every run`);
  const stable = new Set(tests.filter((test) => test.standing === "stable").map((test) => test.file));
  const paced = runs.filter(({ conditions: { pressed, moved } }) => !pressed && moved.workers === undefined);
  return keep({
    tests,
    files: [...stable].sort(),
    runs: runs.map(({ conditions }) => inWords(conditions)),
    quarantine: unsteadyIn(runs, tests),
    givenUp,
    pace: paceOf(paced.map(({ run }) => run)),
  });
}

const coverageFile = ".kihon-coverage";

/** Every source with its lines counted, and which number stands for which file. */
function instrumentAll(site: BaselineSite, sources: readonly { path: string; text: string }[]): { layer: Layer; names: readonly string[] } {
  const names = sources.map((source) => source.path);
  const counted = sources.flatMap((source, id) => {
    const text = site.language.instrument(source, id);
    return text === null ? [] : [[source.path, text] as const];
  });
  return { layer: Object.fromEntries(counted), names };
}

function readCoverage(
  text: string,
  names: readonly string[],
  site: BaselineSite,
  sources: ReadonlyMap<string, string>,
): TestFile["covers"] {
  const hits = new Map<string, Set<number>>();
  for (const line of text.split("\n")) {
    const [id, at] = line.split(":").map(Number);
    const name = names[id ?? -1];
    if (name === undefined || !at) continue;
    const lines = hits.get(name) ?? new Set();
    hits.set(name, lines.add(at));
  }
  const expanded = [...hits.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    expanded.map(([path, lines]) => [
      path,
      site.language.expandLines(
        { path, text: sources.get(path) ?? "" },
        [...lines].sort((a, b) => a - b),
      ),
    ]),
  );
}

/** Alone, every stable test of the file passes, and the run ends as a green run does or with failures known from the baseline. */
function standsAlone(file: string, one: TestRun, tests: readonly BaselineTest[]): boolean {
  if (one.ended.kind !== "finished" || one.ended.failedCommand !== null || !one.report.complete || one.report.unloaded.length > 0)
    return false;
  const seen = new Map(one.report.tests.map((test) => [test.id, test.status]));
  return tests.filter((test) => test.file === file && test.standing === "stable").every((test) => seen.get(test.id) === "passed");
}

/** One file alone, counted; where counting changes its outcomes it is run again as it is. */
async function mapFile(
  { counting, ...site }: BaselineSite & { readonly counting: Installed },
  file: string,
  counted: { layer: Layer; names: readonly string[] },
  found: Baseline,
  sources: ReadonlyMap<string, string>,
): Promise<TestFile> {
  const one = await run({ ...site, installed: counting }, [file], null, counted.layer, { coverageFile });
  const covers = readCoverage(one.result.collected[coverageFile]?.toString("utf8") ?? "", counted.names, site, sources);
  const standalone = standsAlone(file, one, found.tests) || standsAlone(file, await run(site, [file], null), found.tests);
  return { file, standalone, covers };
}

/** What makes many runs over one layer faster, for a run of the whole suite. */
export type Over = <T>(layer: Pick<TestRequest, "layer" | "coverageFile">, use: (installed: Installed) => Promise<T>) => Promise<T>;

/** Fewer files are counted sooner than the whole suite. */
const fewestCounted = 8;

export async function mapCoverage(
  site: BaselineSite,
  found: Baseline,
  sources: readonly { path: string; text: string }[],
  over: Over,
): Promise<TestFile[]> {
  const counted = instrumentAll(site, sources);
  const texts = new Map(sources.map((source) => [source.path, source.text]));
  const map = (installed: Installed): Promise<TestFile[]> =>
    Promise.all(found.files.map((file) => mapFile({ ...site, counting: installed }, file, counted, found, texts)));
  return found.files.length < fewestCounted ? map(site.installed) : over({ layer: counted.layer, coverageFile }, map);
}
