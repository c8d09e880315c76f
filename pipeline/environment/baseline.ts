/** What the tests of a healthy tree do: k whole runs, the last on a busy machine, then each file alone with its lines counted. */
import type { Language, Runner } from "../../languages/contract.ts";
import { type Installed, type JobRunner, type Pace, runTests, type TestRequest, type TestRun } from "../../sandbox/workspace.ts";
import type { BaselineTest, Recipe, TestFile } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { type Dropped, drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { TestResult } from "../../schemas/report.ts";

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
  /** What became of a run in another order of the files, where none could be a baseline; else null. */
  readonly ownOrder: string | null;
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
  more: Pick<TestRequest, "coverageFile" | "together" | "limits" | "pressure"> = {},
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

/** A whole run of the healthy tree, or why it cannot be part of a baseline. A seed shuffles its files. */
export async function healthyRun(site: BaselineSite, seed: number | null): Promise<Outcome<TestRun>> {
  const one = await run(site, "all", seed);
  return objection(one, site) ?? keep(one);
}

/** The same on a busy machine: tests that measure time, or race with it, show themselves. */
async function pressedRun(site: BaselineSite, seed: number | null): Promise<Outcome<TestRun>> {
  const limits = { wallMs: site.runTimeoutMs * SLOWER };
  const one = await run(site, "all", seed, {}, { pressure: PRESSURE, limits });
  const no = objection(one, site);
  return no === null ? keep(one) : { ...no, detail: `on a busy machine: ${no.detail}` };
}

const ofOrder: readonly string[] = ["prepare/no-tests", "prepare/baseline-incomplete"];

/**
 * A file may need what another one has left: then all of them load in their own order only, and which file it is shows when each runs alone.
 * In words where it is the order alone, on a quiet machine too; else null.
 */
async function orderTrouble(site: BaselineSite, seed: number, shuffled: Dropped): Promise<string | null> {
  if (!ofOrder.includes(shuffled.reason)) return null;
  const quiet = isPressed(seed, site) ? await healthyRun(site, seed) : shuffled;
  return quiet.kept ? null : `${quiet.reason}: ${quiet.detail}`;
}

const isPressed = (repeat: number, { repeats }: BaselineSite): boolean => repeat > 0 && repeat === repeats - 1;

/**
 * k whole runs, from the second on in shuffled order where runner and suite can, and the last on a busy machine. `first` is such a run in the
 * files' own order that was made before.
 */
export async function baseline(site: BaselineSite, first: TestRun | null = null): Promise<Outcome<Baseline>> {
  const runs: TestRun[] = first === null ? [] : [first];
  let ownOrder: string | null = null;
  for (let repeat = runs.length; repeat < site.repeats; repeat++) {
    const make = isPressed(repeat, site) ? pressedRun : healthyRun;
    const shuffled: Outcome<TestRun> | null = repeat > 0 && site.runner.canShuffle && ownOrder === null ? await make(site, repeat) : null;
    if (shuffled !== null && !shuffled.kept) {
      const why = await orderTrouble(site, repeat, shuffled);
      if (why === null) return shuffled;
      ownOrder = why;
    }
    const one = shuffled?.kept === true ? shuffled : await make(site, null);
    if (!one.kept) return one;
    runs.push(one.value);
  }
  const byRun = runs.map(({ report }) => new Map(report.tests.map((test) => [test.id, test])));
  const files = new Map(runs.flatMap(({ report }) => report.tests.map((test) => [test.id, test.file] as const)));
  const tests = [...files.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, file]) => ({ id, file, standing: standingOf(byRun.map((results) => results.get(id)?.status)) }));
  if (!tests.some((test) => test.standing === "stable"))
    return drop("prepare/no-stable-test", `${tests.length} tests, none passed in every run`);
  const stable = new Set(tests.filter((test) => test.standing === "stable").map((test) => test.file));
  return keep({ tests, files: [...stable].sort(), ownOrder, pace: paceOf(runs.filter((_, repeat) => !isPressed(repeat, site))) });
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
