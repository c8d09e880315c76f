/**
 * A prepared environment as something tests can be run in: the folders that make its tree, the toolchain, and how its runner is called.
 * Every run is cold: a fresh private layer over read-only folders, a new process, a new nonce.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Language, Runner, SourceFile } from "../languages/contract.ts";
import { shortId } from "../lib/hash.ts";
import { readJson } from "../lib/json.ts";
import { type Environment, type Recipe, testTimeoutMs } from "../schemas/environment.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";
import type { TestReport } from "../schemas/report.ts";
import { type BuildParts, BuildShelf } from "./build-shelf.ts";
import type { Ended, Job, Limits, RunResult } from "./contract.ts";

export const defaultLimits: Limits = {
  wallMs: 120_000,
  memoryBytes: 4 * 1024 ** 3,
  processes: 512,
  processors: 4,
  outputBytes: 8 * 1024 ** 2,
  diskBytes: 1024 ** 3,
  inodes: 100_000,
  reportBytes: 64 * 1024 ** 2,
};

/** Where an environment lies on this machine. Folders are read-only to jobs. */
export interface Installed {
  /** Topmost first: the revision's tree, then its dependencies. */
  readonly folders: readonly string[];
  /** Host folder with `bin/node`. */
  readonly node: string;
  /** Host folder with the harness files. */
  readonly harness: string;
  /** Where built files come from when the build is a job of its own; null where there is nothing to build, or each run builds for itself. */
  readonly builds: BuildShelf | null;
  /** Host folder with V8's code of the dependencies' modules. */
  readonly compiled?: string;
  /** Host folder of what tools keep in TMPDIR. */
  readonly temporary?: string;
  /** The folders without those that only earlier runs left, where there are such. */
  readonly bare?: readonly string[];
  /** Host folder with that of it which was made of one source of the tree each, and paths in it by the source's path. */
  readonly ofSources?: { readonly folder: string; readonly paths: Readonly<Record<string, readonly string[]>> };
}

/** Without what tools keep of the repository's own files: its sources as they should be, and its tests. V8's code is the dependencies' alone. */
export const withoutKept = ({ folders, bare = folders, temporary: _, ofSources: __, ...rest }: Installed): Installed => ({
  ...rest,
  folders: bare,
});

/**
 * For runs that hold an answer: of what tools keep they see what was made of sources alone, and not of the `touched` ones, which the layer takes
 * away: there the tree may be wrong, and what was kept is right.
 */
function forAnswers(installed: Installed, touched: readonly string[]): { readonly installed: Installed; readonly without: Layer } {
  const bare = withoutKept(installed);
  const { ofSources } = installed;
  if (ofSources === undefined) return { installed: bare, without: {} };
  const [tree, ...below] = bare.folders as [string, ...string[]];
  const gone = touched.flatMap((path) => (Object.hasOwn(ofSources.paths, path) ? (ofSources.paths[path] ?? []) : []));
  const without = Object.fromEntries(gone.map((path) => [path, null]));
  return { installed: { ...bare, folders: [tree, ofSources.folder, ...below] }, without };
}

/** How long a healthy suite takes on this machine: its slowest whole run, and its longest time without a result. */
export interface Pace {
  readonly wallMs: number;
  readonly silentMs: number;
  /** Processor time over time, of the busiest whole run; null where that is not known. */
  readonly busy: number | null;
}

/** In what a run is otherwise than every other run of its environment: to find out which tests hang on it. */
export interface Moved {
  readonly timeZone?: string;
  /** As in LANG. */
  readonly locale?: string;
  /** So many milliseconds are `Date`s ahead of the time. */
  readonly clockMs?: number;
  /** So many files at a time. */
  readonly workers?: number;
}

export interface TestRequest {
  readonly layer: Layer;
  /** Written where the layer has nothing, whether or not the tree has it so; no part of what a build is made for. */
  readonly written?: Layer;
  readonly files: readonly string[] | "all";
  readonly seed: number | null;
  /** Of the files, those that share a process. */
  readonly together?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** For each processor, so many processes that only compute run beside the tests. */
  readonly pressure?: number;
  readonly moved?: Moved;
  /** Relative to the workspace: instrumented sources write there which lines ran, and it is read out. */
  readonly coverageFile?: string;
  /** The same for sources that tell of their calls. */
  readonly callsFile?: string;
  /** Mutants that the sources hold are judged, as this text for `sift.cjs` of the harness asks. */
  readonly sift?: string;
  /** More paths, relative to the workspace, whose content is wanted afterwards. */
  readonly collect?: readonly string[];
}

export interface TestRun {
  readonly ended: Ended;
  readonly report: TestReport;
  readonly result: RunResult;
}

export interface SiftRun {
  readonly ended: Ended;
  /** Lines of JSON. Tests may have written among them. */
  readonly told: string;
  /** Why a file did not load, or the last line of standard error; the report is read for it. */
  readonly complaint: () => string;
}

/** Runs jobs; the pool implements it. */
export interface JobRunner {
  run(job: Job): Promise<RunResult>;
}

/** A run as a workspace makes it. A `look` gives up on a run that has fallen silent. */
type Asked = Pick<TestRequest, "layer" | "written"> & { readonly files: readonly string[]; readonly look: boolean };

const callsFile = ".kihon-calls";
/**
 * What a sift is asked, what it found, which mutants are killed already, which step is under way, and where a process says that it came to a
 * mutant and cannot tell of it.
 */
const siftFiles = {
  plan: ".kihon-sift-plan",
  out: ".kihon-sift-out",
  killed: ".kihon-sift-killed",
  step: ".kihon-sift-step",
  foreign: ".kihon-sift-foreign",
} as const;
export const guestHarness = "/kihon/harness";
const guestNode = "/kihon/node";
const guestCompiled = "/kihon/compiled";
const emptyReport: TestReport = { tests: [], unloaded: [], strays: [], complete: false, forged: 0 };

/** By path: files that are written one after another in the same order show nothing by their numbers. */
const sorted = (layer: Layer): Layer => Object.fromEntries(Object.entries(layer).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Runs kept for others; a run of a thousand tests is about 300 kB. */
const maxShared = 1_000;

/** Words `node` in a command stand for the toolchain's binary. */
const resolveWord = (word: string, index: number): string => (index === 0 && word === "node" ? `${guestNode}/bin/node` : word);

/** Environment variables of every test job: fixed first, then what the repository's own CI sets. */
export const jobEnvironment = (recipe: Pick<Recipe, "env">): Record<string, string> => ({
  CI: "1",
  LANG: "C.UTF-8",
  TZ: "UTC",
  PATH: `${guestNode}/bin:/usr/local/bin:/usr/bin:/bin`,
  ...recipe.env,
});

/** Builds as jobs of their own, in the tree that the runs see. */
export function buildShelf(
  jobs: JobRunner,
  recipe: Recipe,
  packageDir: string,
  installed: Omit<Installed, "builds">,
  bounds: Pick<BuildParts, "isTest" | "wallMs">,
): BuildShelf {
  return new BuildShelf({
    ...bounds,
    build: recipe.build,
    notes: (mode, out) => ["node", `${guestHarness}/build-changes.cjs`, mode, "/workspace", out],
    run: (job) => jobs.run(job),
    job: (layer, commands, collect, wallMs) => ({
      tree: installed.folders,
      layer,
      mounts: toolMounts(installed),
      cwd: packageDir,
      commands: commands.map((argv) => argv.map(resolveWord)),
      env: jobEnvironment(recipe),
      network: "none",
      limits: { ...defaultLimits, wallMs },
      collect: [collect],
    }),
  });
}

export const toolMounts = (installed: Pick<Installed, "node" | "harness">): Job["mounts"] => [
  { host: installed.node, guest: guestNode },
  { host: installed.harness, guest: guestHarness },
];

/** What instrumented sources need: who receives their calls, and where to. */
function sinksOf({ coverageFile, callsFile }: TestRequest): { preload: string; variable: string; path: string }[] {
  const coverage =
    coverageFile === undefined ? [] : [{ preload: "coverage-preload.cjs", variable: "KIHON_COVERAGE_FILE", path: coverageFile }];
  const calls = callsFile === undefined ? [] : [{ preload: "calls-preload.cjs", variable: "KIHON_CALLS_FILE", path: callsFile }];
  return [...coverage, ...calls];
}

/** What a job that sifts needs beside the rest. */
function siftOf({ sift }: TestRequest): { layer: Layer; preloads: string[]; env: Record<string, string> } {
  if (sift === undefined) return { layer: {}, preloads: [], env: {} };
  const { plan, out, killed, step, foreign } = siftFiles;
  const at = (path: string): string => `/workspace/${path}`;
  return {
    layer: { [plan]: sift, [out]: "", [killed]: "", [step]: "", [foreign]: "" },
    preloads: ["sift-preload.cjs"],
    env: {
      KIHON_SIFT_PLAN: at(plan),
      KIHON_SIFT_OUT: at(out),
      KIHON_SIFT_KILLED: at(killed),
      KIHON_SIFT_STEP: at(step),
      KIHON_SIFT_FOREIGN: at(foreign),
    },
  };
}

/** The command beside processes that take most of the processors' time from it. */
const underPressure = (argv: readonly string[], pressure: number | undefined): readonly string[] =>
  pressure === undefined ? argv : ["node", `${guestHarness}/pressed.cjs`, String(pressure), ...argv.map(resolveWord)];

/** What a run that is moved has in its environment, and what its processes load. */
function movedBy({ timeZone, locale, clockMs }: Moved): { preloads: string[]; env: Record<string, string> } {
  return {
    preloads: clockMs === undefined ? [] : ["clock-preload.cjs"],
    env: {
      ...(timeZone === undefined ? {} : { TZ: timeZone }),
      ...(locale === undefined ? {} : { LANG: locale }),
      ...(clockMs === undefined ? {} : { KIHON_CLOCK_MS: String(clockMs) }),
    },
  };
}

/** The job that runs these test files of an environment. */
export function testJob(
  recipe: Recipe,
  packageDir: string,
  installed: Installed,
  runner: Runner,
  request: TestRequest,
  nonce: string,
): Job {
  const command = runner.command({
    files: request.files,
    packageDir,
    args: recipe.runnerArgs,
    seed: request.seed,
    ...(request.together === undefined ? {} : { together: request.together }),
    ...(request.sift === undefined ? {} : { sift: true }),
    ...(request.moved?.workers === undefined ? {} : { workers: request.moved.workers }),
    testTimeoutMs: recipe.testTimeoutMs ?? testTimeoutMs,
    harness: guestHarness,
  });
  const sinks = sinksOf(request);
  const sift = siftOf(request);
  const moved = movedBy(request.moved ?? {});
  const preloads = ["guard-preload.cjs", ...moved.preloads, ...sinks.map(({ preload }) => preload), ...sift.preloads];
  const options = [
    ...preloads.map((name) => `--require ${guestHarness}/${name}`),
    command.env["NODE_OPTIONS"] ?? "",
    recipe.env["NODE_OPTIONS"] ?? "",
  ];
  const { compiled, temporary } = installed;
  const cache = compiled === undefined ? {} : { NODE_COMPILE_CACHE: guestCompiled };
  const written = Object.fromEntries(sinks.map(({ variable, path }) => [variable, `/workspace/${path}`]));
  return {
    tree: installed.folders,
    layer: mergeLayers(mergeLayers(command.layer, request.layer), sift.layer),
    mounts: [...toolMounts(installed), ...(compiled === undefined ? [] : [{ host: compiled, guest: guestCompiled }])],
    cwd: command.cwd,
    commands: [...(installed.builds === null ? recipe.build : []), underPressure(command.argv, request.pressure)].map((argv) =>
      argv.map(resolveWord),
    ),
    env: {
      ...cache,
      ...jobEnvironment(recipe),
      ...command.env,
      ...moved.env,
      ...written,
      ...sift.env,
      NODE_OPTIONS: options.join(" ").trim(),
    },
    network: "none",
    limits: { ...defaultLimits, ...request.limits },
    nonce,
    ...(temporary === undefined ? {} : { temporary }),
    collect: [...(request.collect ?? []), ...sinks.map(({ path }) => path)],
  };
}

/** A job on built files where the tests load such; no nonce where the build failed, whose result it then is. */
async function runJob(
  jobs: JobRunner,
  recipe: Recipe,
  packageDir: string,
  installed: Installed,
  runner: Runner,
  request: TestRequest,
): Promise<{ result: RunResult; nonce: string | null }> {
  const built = (await installed.builds?.over(request.layer)) ?? { ok: true, layer: request.layer };
  if (!built.ok) return { result: built.result, nonce: null };
  const nonce = randomBytes(16).toString("hex");
  const layer = sorted(mergeLayers(request.written ?? {}, built.layer));
  const job = testJob(recipe, packageDir, installed, runner, { ...request, layer }, nonce);
  return { result: await jobs.run(job), nonce };
}

const forwarded = z.object({ type: z.literal("sift"), text: z.string() });

/** What the judges of a sift wrote, passed on in pieces. */
const siftedIn = (report: string, nonce: string): string =>
  report
    .split("\n")
    .map((line) => (line.startsWith(`${nonce} `) ? (readJson(line.slice(nonce.length + 1), forwarded)?.text ?? "") : ""))
    .join("");

/** One cold run, on built files where the tests load such. A build that fails, a timeout or a killed job gives a report that is not complete. */
export async function runTests(
  jobs: JobRunner,
  recipe: Recipe,
  packageDir: string,
  installed: Installed,
  runner: Runner,
  request: TestRequest,
): Promise<TestRun> {
  const { result, nonce } = await runJob(jobs, recipe, packageDir, installed, runner, request);
  if (nonce === null) return { ended: result.ended, report: emptyReport, result };
  const report = result.report === "" ? emptyReport : runner.parse(result.report, nonce);
  return { ended: result.ended, report, result: { ...result, report: "" } };
}

/**
 * The bench at which trials are performed for one environment. Runs of the same tree, files and repeat are shared: a clean tree that
 * forty instances need is run k times, not forty times k.
 */
export class Workspace {
  readonly environment: Environment;
  readonly installed: Installed;
  readonly runner: Runner;
  readonly language: Language;
  readonly #jobs: JobRunner;
  readonly #text: (path: string) => string | null;
  readonly #paths: () => readonly string[];
  readonly #copies: () => readonly SourceFile[];
  readonly #limits: Pick<Limits, "wallMs" | "silentMs">;
  /** Nothing is made faster: what is asked of some files is told by the whole suite, and every run is made. */
  readonly plain: boolean;
  /** Every file that stands alone. */
  readonly #suite: readonly string[];
  readonly #shared = new Map<string, Promise<TestRun>>();

  constructor(
    environment: Environment,
    installed: Installed,
    parts: {
      runner: Runner;
      language: Language;
      jobs: JobRunner;
      text: (path: string) => string | null;
      paths: () => readonly string[];
      copies: () => readonly SourceFile[];
      /** `silentMs` is for looks alone: a hang in a trial waits for `wallMs`, so that no slow machine turns a right answer into a hang. */
      limits: Pick<Limits, "wallMs" | "silentMs">;
      plain?: boolean;
    },
  ) {
    this.environment = environment;
    this.installed = installed;
    this.runner = parts.runner;
    this.language = parts.language;
    this.#jobs = parts.jobs;
    this.#text = parts.text;
    this.#paths = parts.paths;
    this.#copies = parts.copies;
    this.#limits = parts.limits;
    this.plain = parts.plain ?? false;
    this.#suite = environment.testFiles.flatMap((test) => (test.standalone ? [test.file] : [])).sort();
  }

  /** Text of a file of the clean tree, or null. */
  text(path: string): string | null {
    return this.#text(path);
  }

  /** Every file of the clean tree, sorted; the same array each time. */
  paths(): readonly string[] {
    return this.#paths();
  }

  /** Scripts of the package's own copies that are left in its dependencies, sorted by path; the same array each time. */
  copies(): readonly SourceFile[] {
    return this.#copies();
  }

  /** The layer without what the tree says already, so that equal trees have equal layers. */
  normalise(layer: Layer): Layer {
    return sorted(Object.fromEntries(Object.entries(layer).filter(([path, text]) => this.#text(path) !== text)));
  }

  /**
   * `repeat` tells runs of the same thing apart; from the second on the order is shuffled where the runner can. `shared` keeps the run for
   * whoever asks for the same: right for trees that many instances stand on, a waste of memory for an answer's own run. A `look` gives up
   * on a run that has fallen silent. `answered`: the layer holds an answer, whose code must not see what it is to find out. What tools kept of
   * tests and of these files does not lie beside it, and these texts are written where the layer has none, though the tree may have them so.
   */
  run(
    request: { layer: Layer; files: readonly string[]; shared: boolean; look?: boolean; answered?: Layer },
    repeat: number,
  ): Promise<TestRun> {
    const { shared, look = false, answered } = request;
    const layer = this.normalise(request.layer);
    const files = [...request.files].sort();
    const asked = { layer, look, ...(answered === undefined ? {} : { written: answered }) };
    if (this.plain) return this.#amongAll(asked, files, repeat, false);
    const clean = Object.keys(layer).length === 0 && files.every((file) => this.#suite.includes(file));
    if (clean) return this.#amongAll({ layer: {}, look: false }, files, repeat, true);
    return this.#start({ ...asked, files }, repeat, shared);
  }

  /**
   * A cheap look at what a tree's tests do: those files share a process. It proves nothing and is never taken for a run of `run`.
   */
  runTogether(request: { layer: Layer; files: readonly string[]; together: readonly string[] }): Promise<TestRun> {
    const { recipe, revision } = this.environment;
    const asked = {
      layer: this.normalise(request.layer),
      files: [...request.files].sort(),
      together: [...request.together].sort(),
      seed: null,
      limits: this.#limits,
    };
    return runTests(this.#jobs, recipe, revision.packageDir, this.installed, this.runner, asked);
  }

  /**
   * The whole suite the slow way: as the repository's own command has it, no file left out, built anew, with nothing kept of an earlier run. What
   * was found faster is held against it.
   */
  wholeSuite(layer: Layer, wallMs: number): Promise<TestRun> {
    const { recipe, revision } = this.environment;
    const { folders, bare = folders, node, harness } = this.installed;
    const request = { layer: this.normalise(layer), files: "all", seed: null, limits: { wallMs } } as const;
    return runTests(this.#jobs, recipe, revision.packageDir, { folders: bare, node, harness, builds: null }, this.runner, request);
  }

  /** A run by itself of sources that tell of their calls, and what they told. */
  async record(layer: Layer, files: readonly string[]): Promise<{ readonly run: TestRun; readonly told: string }> {
    const { recipe, revision } = this.environment;
    const request = { layer: this.normalise(layer), files, seed: null, limits: this.#limits, callsFile };
    const run = await runTests(this.#jobs, recipe, revision.packageDir, this.installed, this.runner, request);
    return { run, told: run.result.collected[callsFile]?.toString("utf8") ?? "" };
  }

  /**
   * Judges mutants that the layer's sources hold, in as few processes as the runner has it and `workers` of them at a time, or in those of a
   * step that `together` lets share one; what the judge wrote. Proves nothing.
   */
  async sift(
    layer: Layer,
    files: readonly string[],
    plan: string,
    {
      limits,
      together = [],
      workers = 1,
    }: { readonly limits: Pick<Limits, "wallMs" | "silentMs">; readonly together?: readonly string[]; readonly workers?: number },
  ): Promise<SiftRun> {
    const { recipe, revision } = this.environment;
    const wide = { memoryBytes: workers * defaultLimits.memoryBytes, processors: Math.max(workers, defaultLimits.processors ?? 1) };
    const asked = { layer: this.normalise(layer), files: [...files].sort(), together, seed: null, sift: plan };
    const request = { ...asked, limits: { ...wide, ...limits }, moved: { workers } };
    const { result, nonce } = await runJob(this.#jobs, recipe, revision.packageDir, this.installed, this.runner, request);
    const complaint = (): string => {
      const { unloaded } = nonce === null || result.report === "" ? emptyReport : this.runner.parse(result.report, nonce);
      return unloaded[0]?.failure.message.split("\n")[0] ?? result.stderr.trim().split("\n").at(-1) ?? "";
    };
    return { ended: result.ended, told: nonce === null ? "" : siftedIn(result.report, nonce), complaint };
  }

  /**
   * Any subset of the tree's files is read off one run of all of them: what a file does there was shown by the baseline to be what it does
   * alone. Where that run has an error that belongs to no test, the subset is run by itself.
   */
  async #amongAll(
    asked: Pick<Asked, "layer" | "written" | "look">,
    files: readonly string[],
    repeat: number,
    shared: boolean,
  ): Promise<TestRun> {
    const all = [...new Set([...this.#suite, ...files])].sort();
    const whole = await this.#start({ ...asked, files: all }, repeat, shared);
    const { ended, report } = whole;
    const failed = report.tests.some((test) => test.status === "failed") || report.unloaded.length > 0;
    const sound =
      ended.kind === "finished" &&
      ended.failedCommand === null &&
      report.complete &&
      report.strays.length === 0 &&
      failed === (ended.exitCode !== 0);
    if (!sound) return this.#start({ ...asked, files }, repeat, shared);
    const wanted = new Set(files);
    const tests = report.tests.filter((test) => wanted.has(test.file));
    const unloaded = report.unloaded.filter(({ file }) => wanted.has(file));
    const red = unloaded.length > 0 || tests.some((test) => test.status === "failed");
    return { ...whole, ended: { ...ended, exitCode: red ? ended.exitCode : 0 }, report: { ...report, tests, unloaded } };
  }

  #start({ look, ...request }: Asked, repeat: number, shared: boolean): Promise<TestRun> {
    const key = shortId([request, repeat]);
    const known = this.#shared.get(key);
    if (known) return known;
    const { recipe, revision } = this.environment;
    const seed = repeat > 0 && this.runner.canShuffle ? repeat : null;
    const limits = look ? this.#limits : { wallMs: this.#limits.wallMs };
    const { written } = request;
    const { installed, without } =
      written === undefined ? { installed: this.installed, without: {} } : forAnswers(this.installed, Object.keys(written));
    const asked = written === undefined ? request : { ...request, written: mergeLayers(written, without) };
    const started = runTests(this.#jobs, recipe, revision.packageDir, installed, this.runner, { ...asked, seed, limits });
    if (shared) this.#remember(key, started);
    return started;
  }

  #remember(key: string, started: Promise<TestRun>): void {
    this.#shared.set(key, started);
    started.catch(() => this.#shared.delete(key));
    if (this.#shared.size > maxShared) {
      const oldest = this.#shared.keys().next().value;
      if (oldest !== undefined) this.#shared.delete(oldest);
    }
  }
}
