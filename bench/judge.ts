/**
 * How fast the same mutants are judged, beside StrykerJS: `node bench/judge.ts --stryker FOLDER --out FOLDER [--runs 5] [--naive 4] [--only grading/] [--cache FOLDER] REPOSITORY...`.
 *
 * FOLDER of `--stryker` holds `@stryker-mutator/core` and the runners' plugins (`npm install --prefix FOLDER @stryker-mutator/core
 * @stryker-mutator/vitest-runner @stryker-mutator/jest-runner @stryker-mutator/mocha-runner typescript@5`). They are no part of this project,
 * and a link to the repository's runner is put beside them. The mutants are StrykerJS's own, as its report tells them, and ours where it
 * refuses the repository. Runs of both take turns: (a) the sift, and a cold look at each mutant of which it is unsure, so that every mutant
 * has a verdict; (b) StrykerJS, `perTest`, two processes, nothing kept from run to run; (c) the naive way, for `--naive` others of the mutants
 * each time: the whole suite in a fresh workspace, two at a time. StrykerJS runs the repository's code without a sandbox: give it only what
 * you trust.
 *
 * (d) is the limit, computed: the time in a warm process, on two processors, of the tests that must run and of nothing else. Of a mutant that
 * is killed that is the test that kills it, of one that survives every test that comes to it, each as long as it takes on healthy code. What is
 * killed by a file that does not load, or looked at by itself, counts nothing there.
 *
 * Prints medians, ranges, ratios, every mutant of which two of them say otherwise, and how many of the mutants are killed. `--only` takes the
 * mutants of sources whose path begins so.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { testId } from "../languages/javascript/runners/report.ts";
import { exec } from "../lib/exec.ts";
import { rngFor } from "../lib/rng.ts";
import { look } from "../pipeline/environment/look.ts";
import { sift } from "../pipeline/environment/sift.ts";
import { idsOf, type SiftRecord, type SiftVerdict } from "../pipeline/environment/sift-findings.ts";
import { mutantOf, siteOf } from "../pipeline/injection/mutant.ts";
import { createLog } from "../pipeline/log.ts";
import { reachingFiles } from "../pipeline/stages/6-observe.ts";
import type { TestRun, Workspace } from "../sandbox/workspace.ts";
import type { Mutant } from "../schemas/candidate.ts";
import type { Environment } from "../schemas/environment.ts";
import { environmentOf, mutantsOf, openBench, spread } from "./stand.ts";

const position = z.object({ line: z.int(), column: z.int() });
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          status: z.string(),
          mutatorName: z.string(),
          replacement: z.string().optional(),
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});

interface Judged {
  readonly mutant: Mutant;
  /** As StrykerJS has it: Killed, Survived, NoCoverage, Timeout, RuntimeError and others. */
  readonly status: string;
}

interface Settings {
  readonly stryker: string;
  readonly out: string;
  readonly runs: number;
  readonly naive: number;
  readonly only: string;
  readonly cache: string | undefined;
}

/** Runners that StrykerJS has a plugin for; the others it starts by their command. */
const plugged: ReadonlySet<string> = new Set(["vitest", "jest", "mocha"]);

/** A writable copy of the tree with its dependencies, where StrykerJS can work. */
function copyOf({ installed }: Workspace): string {
  const folder = mkdtempSync(join(tmpdir(), "kihon-judge-"));
  for (const from of [...installed.folders].reverse()) cpSync(from, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

/** StrykerJS's plugins load the runner from where they lie themselves; it is the copy's that they must find there. */
function linkRunner(stryker: string, folder: string, name: string): void {
  const link = join(stryker, "node_modules", name);
  const own = join(folder, "node_modules", name);
  rmSync(link, { recursive: true, force: true });
  if (existsSync(own)) symlinkSync(own, link);
}

interface StrykerRun {
  readonly seconds: number;
  readonly judged: readonly Judged[];
}

/** Its verdicts, or its last words where it gives none. */
async function runStryker(
  { stryker, only }: Pick<Settings, "stryker" | "only">,
  folder: string,
  environment: Environment,
  workspace: Workspace,
): Promise<StrykerRun | string> {
  const runner = plugged.has(environment.recipe.runner) ? environment.recipe.runner : "command";
  const report = join(folder, "stryker-report.json");
  rmSync(report, { force: true });
  const settings = {
    testRunner: runner,
    plugins: runner === "command" ? [] : [join(stryker, "node_modules", "@stryker-mutator", `${runner}-runner`, "dist", "src", "index.js")],
    mutate: environment.sourceFiles.filter((path) => path.startsWith(only)),
    coverageAnalysis: runner === "command" ? "off" : "perTest",
    concurrency: 2,
    incremental: false,
    reporters: ["json"],
    jsonReporter: { fileName: report },
    checkers: [],
    allowConsoleColors: false,
    ...(runner === "mocha" ? { mochaOptions: { spec: environment.testFiles.map(({ file }) => file) } } : {}),
  };
  writeFileSync(join(folder, "stryker.config.json"), JSON.stringify(settings));
  const { ended, stdout, stderr, wallMs } = await exec({
    argv: [process.execPath, join(stryker, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js"), "run", "stryker.config.json"],
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, CI: "true", TZ: "UTC", ...environment.recipe.env },
    cwd: folder,
    timeoutMs: 2 * 60 * 60 * 1000,
    outputBytes: 64 * 1024 * 1024,
  });
  if (!existsSync(report)) return `${JSON.stringify(ended)}: ${`${stdout}\n${stderr}`.trim().split("\n").slice(-8).join(" | ")}`;
  return { seconds: wallMs / 1000, judged: judgedBy(reportSchema.parse(JSON.parse(readFileSync(report, "utf8"))), environment, workspace) };
}

/** Expressions that StrykerJS puts in the place of others: in the middle of one more they are to stay together. */
const loose: ReadonlySet<string> = new Set(["LogicalOperator", "EqualityOperator", "ArithmeticOperator", "BooleanLiteral"]);

function judgedBy({ files }: z.infer<typeof reportSchema>, environment: Environment, workspace: Workspace): Judged[] {
  const text = (path: string): string => workspace.text(path) ?? "";
  return Object.entries(files).flatMap(([path, { source, mutants }]) => {
    if (source !== text(path)) throw new Error(`${path} is not what StrykerJS has read`);
    const lines = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const offset = ({ line, column }: z.infer<typeof position>): number => (lines[line - 1] ?? 0) + column - 1;
    const at = siteOf({ path, text: source }, workspace.language);
    return mutants.flatMap(({ status, mutatorName, replacement, location }) => {
      if (replacement === undefined) return [];
      const stands = loose.has(mutatorName) ? `(${replacement}\n)` : replacement;
      const mutation = { operator: mutatorName, start: offset(location.start), end: offset(location.end), replacement: stands };
      return [{ mutant: mutantOf(environment, [at(mutation)], text), status }];
    });
  });
}

type Verdict = "killed" | "survived";
interface KihonRun {
  readonly seconds: number;
  readonly siftSeconds: number;
  readonly looked: number;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Of (d). */
  readonly limitSeconds: number;
}

interface NaiveRun {
  /** For one mutant. */
  readonly seconds: number;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

const detected = (run: TestRun, environment: Environment): Verdict => {
  const stable = new Set(environment.tests.flatMap(({ id, standing }) => (standing === "stable" ? [id] : [])));
  const failing = run.report.tests.some(({ id, status }) => status === "failed" && stable.has(id));
  return failing || run.ended.kind !== "finished" || !run.report.complete || run.report.unloaded.length > 0 ? "killed" : "survived";
};

/** Two of these at a time. */
async function inPairs<T>(items: readonly T[], job: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await job(next);
  };
  await Promise.all([work(), work()]);
}

async function runNaive(mutants: readonly Mutant[], environment: Environment, workspace: Workspace): Promise<NaiveRun> {
  const begun = performance.now();
  const verdicts = new Map<string, Verdict>();
  await inPairs(mutants, async ({ id, before }) => {
    verdicts.set(id, detected(await workspace.wholeSuite(before, 10 * 60 * 1000), environment));
  });
  return { seconds: (performance.now() - begun) / 1000 / mutants.length, verdicts };
}

/** What a sift tells of its tests: how long each takes, and to which mutants it comes. */
class Tests {
  readonly #ms = new Map<string, number>();
  /** By mutant id. */
  readonly #reaching = new Map<string, Set<string>>();

  note(records: readonly SiftRecord[], mutants: readonly Mutant[]): void {
    for (const record of records) {
      // A test that another makes while it runs is part of that one's time.
      if (record.type !== "test" || record.inner === true) continue;
      const id = testId(record.file, record.path);
      this.#ms.set(id, Math.max(record.ms, this.#ms.get(id) ?? 0));
      for (const at of [...idsOf(record.ids), ...idsOf(record.odd)]) {
        const mutant = mutants[at]?.id ?? "";
        this.#reaching.set(mutant, (this.#reaching.get(mutant) ?? new Set()).add(id));
      }
    }
  }

  limitSeconds(verdicts: ReadonlyMap<string, SiftVerdict>): number {
    const of = (id: string): number => this.#ms.get(id) ?? 0;
    const all = (mutant: string): number => [...(this.#reaching.get(mutant) ?? [])].reduce((sum, id) => sum + of(id), 0);
    const ms = [...verdicts].reduce((sum, [mutant, verdict]) => {
      if (verdict.kind === "killed") return sum + of(verdict.by);
      return sum + (verdict.kind === "survived" ? all(mutant) : 0);
    }, 0);
    return ms / 1000 / 2;
  }
}

/** Killed, as StrykerJS counts: a test fails, nothing loads, or it does not end. */
async function lookedAt(mutant: Mutant, environment: Environment, workspace: Workspace): Promise<Verdict> {
  const files = reachingFiles(mutant, environment);
  if (files.length === 0) return "survived";
  return detected((await look(mutant.before, environment, files, workspace)).run, environment);
}

async function runKihon(mutants: readonly Mutant[], environment: Environment, workspace: Workspace): Promise<KihonRun> {
  const begun = performance.now();
  const reaching = new Map(mutants.map((mutant) => [mutant.id, reachingFiles(mutant, environment)]));
  const tests = new Tests();
  const said = await sift(mutants, reaching, workspace, {
    parts: 2,
    wallMs: 60 * 60 * 1000,
    hear: (records, lot) => tests.note(records, lot),
  });
  const siftSeconds = (performance.now() - begun) / 1000;
  const verdicts = new Map<string, Verdict>();
  const unsure = mutants.filter(({ id }) => said.get(id)?.kind === "unsure");
  for (const { id } of mutants)
    if (said.get(id)?.kind !== "unsure") verdicts.set(id, said.get(id)?.kind === "survived" ? "survived" : "killed");
  await inPairs(unsure, async (mutant) => {
    verdicts.set(mutant.id, await lookedAt(mutant, environment, workspace));
  });
  const seconds = (performance.now() - begun) / 1000;
  const limitSeconds = tests.limitSeconds(said);
  return { seconds, siftSeconds, looked: unsure.length, verdicts, limitSeconds };
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function compare(address: string, settings: Settings): Promise<void> {
  const log = createLog({ json: false, terminal: false, write: (text) => process.stderr.write(text), now: () => performance.now() });
  const bench = await openBench(settings.out, settings.cache, {}, log);
  try {
    const environment = await environmentOf(address, settings.out, bench);
    const workspace = await bench.workspace(environment);
    const folder = copyOf(workspace);
    linkRunner(settings.stryker, folder, environment.recipe.runner);
    const [theirs, ours, naive]: [StrykerRun[], KihonRun[], NaiveRun[]] = [[], [], []];
    let mutants: readonly Mutant[] = [];
    let refusal: string | null = null;
    try {
      for (let round = 0; round < settings.runs; round++) {
        if (refusal === null) {
          const their = await runStryker(settings, folder, environment, workspace);
          if (typeof their === "string") {
            refusal = their;
            mutants = mutantsOf(environment, workspace).filter(({ sites: [site] }) => site?.file.startsWith(settings.only));
          } else {
            theirs.push(their);
            mutants = (theirs[0] ?? their).judged.map(({ mutant }) => mutant);
          }
        }
        const distinct = [...new Map(mutants.map((mutant) => [mutant.id, mutant])).values()];
        // A workspace remembers runs; that of a new bench knows of none.
        const fresh = await openBench(settings.out, settings.cache, {}, log);
        try {
          ours.push(await runKihon(distinct, environment, await fresh.workspace(environment)));
          const drawn = rngFor("1", environment.id, "naive")
            .shuffle(distinct)
            .slice(round * settings.naive, (round + 1) * settings.naive);
          if (drawn.length > 0) naive.push(await runNaive(drawn, environment, workspace));
        } finally {
          fresh.close();
        }
        const [a, b] = [ours.at(-1), theirs.at(-1)];
        const besides = b === undefined ? "StrykerJS refused" : `StrykerJS ${b.seconds.toFixed(1)} s`;
        log.info(`${basename(address)}: round ${round + 1}: Kihon ${a?.seconds.toFixed(1)} s, ${besides}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    tell(basename(address), environment, { theirs, ours, naive, refusal });
  } finally {
    bench.close();
  }
}

interface Runs {
  readonly theirs: readonly StrykerRun[];
  readonly ours: readonly KihonRun[];
  readonly naive: readonly NaiveRun[];
  /** Why StrykerJS judged nothing, in its own words; the mutants are our own then. */
  readonly refusal: string | null;
}

function tell(name: string, environment: Environment, { theirs, ours, naive, refusal }: Runs): void {
  const [judged, verdicts] = [theirs[0]?.judged ?? [], ours[0]?.verdicts];
  const count = verdicts?.size ?? 0;
  const rates = (runs: readonly { seconds: number }[]): number[] => runs.map(({ seconds }) => (60 * count) / seconds);
  print(
    `${name}: ${environment.recipe.runner} ${environment.recipe.runnerVersion}, ${environment.tests.length} tests, ${count} mutants, ${ours.length} runs; median (range)`,
  );
  print(
    `  Kihon      ${spread(ours.map(({ seconds }) => seconds))} s, ${spread(rates(ours))} a minute; sift ${spread(ours.map(({ siftSeconds }) => siftSeconds))} s, ${ours[0]?.looked} looked at by themselves`,
  );
  if (refusal === null) {
    print(`  StrykerJS  ${spread(theirs.map(({ seconds }) => seconds))} s, ${spread(rates(theirs))} a minute`);
    print(`  ratio      ${spread(theirs.map(({ seconds }, at) => seconds / (ours[at]?.seconds ?? Number.NaN)))}`);
  } else print(`  StrykerJS  refuses: ${refusal}`);
  if (naive.length > 0) {
    const each = naive.map(({ seconds }) => 60 / seconds);
    const ratios = naive.map(({ seconds }, at) => (seconds * count) / (ours[at]?.seconds ?? Number.NaN));
    const tried = naive.flatMap((run) => [...run.verdicts]);
    const differing = tried.filter(([id, verdict]) => verdict !== verdicts?.get(id));
    print(
      `  naive      ${spread(each)} a minute, ratio ${spread(ratios)}; ${differing.length} of ${tried.length} mutants are judged otherwise`,
    );
    for (const [id, verdict] of differing) print(`    ${verdicts?.get(id)}, naively ${verdict}: ${id}`);
  }
  print(
    `  limit      ${spread(ours.map(({ limitSeconds }) => limitSeconds))} s, of which Kihon takes ${spread(ours.map(({ seconds, limitSeconds }) => seconds / limitSeconds))} times as long`,
  );
  if (refusal !== null) return;
  const theirVerdict = (status: string): Verdict | null => {
    if (["Killed", "Timeout", "RuntimeError"].includes(status)) return "killed";
    return ["Survived", "NoCoverage"].includes(status) ? "survived" : null;
  };
  const other = judged.filter(({ mutant, status }) => theirVerdict(status) !== null && theirVerdict(status) !== verdicts?.get(mutant.id));
  const share = (said: readonly (Verdict | null | undefined)[]): string => {
    const told = said.filter((verdict) => verdict === "killed" || verdict === "survived");
    const killed = told.filter((verdict) => verdict === "killed").length;
    return `${killed} of ${told.length} (${((100 * killed) / told.length).toFixed(1)} %)`;
  };
  print(
    `  killed     Kihon ${share([...(verdicts?.values() ?? [])])}, StrykerJS ${share(judged.map(({ status }) => theirVerdict(status)))}`,
  );
  print(`  ${other.length} of ${judged.length} are judged otherwise`);
  for (const { mutant, status } of other.slice(0, 40)) {
    const [site] = mutant.sites;
    print(
      `    ${verdicts?.get(mutant.id)}, StrykerJS ${status}: ${site?.file}:${site?.startLine} ${JSON.stringify(site?.original)} → ${JSON.stringify(site?.replacement)}`,
    );
  }
}

const { values, positionals } = parseArgs({
  options: {
    stryker: { type: "string" },
    out: { type: "string" },
    runs: { type: "string", default: "5" },
    naive: { type: "string", default: "4" },
    only: { type: "string", default: "" },
    cache: { type: "string" },
  },
  allowPositionals: true,
});
if (values.stryker === undefined || values.out === undefined || positionals.length === 0) {
  process.stderr.write("usage: node bench/judge.ts --stryker FOLDER --out FOLDER [--runs 5] [--naive 4] [--cache FOLDER] REPOSITORY...\n");
  process.exitCode = 2;
} else {
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  for (const address of positionals)
    await compare(resolve(address), {
      stryker: resolve(values.stryker),
      out,
      runs: Number(values.runs),
      naive: Number(values.naive),
      only: values.only,
      cache: values.cache,
    });
}
