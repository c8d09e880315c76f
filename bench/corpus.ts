/**
 * The main job on many repositories, with no setting for any of them: `node bench/corpus.ts --out FOLDER [--mutants 200] [--per-skill 22] [--concurrency N] REPOSITORY...`.
 *
 * Each is run, every row of its dataset is proven again with a cache of its own that starts empty, and what the rows promise is read back
 * by an independent reader. What is finished is kept in `FOLDER/figures.json` and not done again; the table of all is printed at the end.
 * Exits 1 where a run failed, a row was not proven again, or a promise is broken.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { exec, ownEnvironment } from "../lib/exec.ts";
import { type RunSummary, runSummarySchema } from "../schemas/run-summary.ts";
import { recheck } from "./recheck.ts";

const verifySchema = z.object({ rows: z.int(), proven: z.int(), failures: z.array(z.unknown()), infrastructure: z.int() });

const figureSchema = z.object({
  name: z.string(),
  /** Of this project. */
  commit: z.string(),
  summary: runSummarySchema,
  runSeconds: z.number(),
  verified: verifySchema,
  verifySeconds: z.number(),
  /** Rows whose stored proof breaks a promise. */
  broken: z.int(),
});
export type Figure = z.infer<typeof figureSchema>;

const root = join(import.meta.dirname, "..");

/** Runs a program of this project with this Node; its output as text and how long it took. Throws with its last words where it fails. */
async function perform(words: readonly string[], okCodes: readonly number[]): Promise<{ stdout: string; seconds: number }> {
  const { ended, stdout, stderr, wallMs } = await exec({
    argv: [process.execPath, ...words],
    env: ownEnvironment(),
    cwd: root,
    timeoutMs: 6 * 60 * 60 * 1000,
    outputBytes: 64 * 1024 * 1024,
  });
  if (ended.kind !== "exited" || !okCodes.includes(ended.code))
    throw new Error(`${words[1]} ended ${JSON.stringify(ended)}: ${stderr.trim().split("\n").slice(-3).join(" | ")}`);
  return { stdout, seconds: wallMs / 1000 };
}

const nameOf = (repository: string): string => basename(repository).replace(/\.(?:git|bundle)$/, "");

interface Words {
  /** Of `kihon run` alone. */
  readonly run: readonly string[];
  /** Of every command that runs tests. */
  readonly place: readonly string[];
}

async function measure(repository: string, out: string, words: Words, commit: string): Promise<Figure> {
  const name = nameOf(repository);
  const [dataset, cache] = [join(out, name), join(out, `${name}-empty-cache`)];
  // Exit 1 says that no row came of it, or that something was not finished: the summary tells both.
  const ran = await perform(["cli.ts", "run", "--repo", repository, "--out", dataset, ...words.run, ...words.place, "--json"], [0, 1]);
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  try {
    // Exit 1 says that rows were not proven again: they are counted.
    const verified = await perform(["cli.ts", "verify", dataset, "--cache", cache, ...words.place, "--json"], [0, 1]);
    const checks = await recheck(dataset);
    return {
      name,
      commit,
      summary: runSummarySchema.parse(JSON.parse(ran.stdout)),
      runSeconds: ran.seconds,
      verified: verifySchema.parse(JSON.parse(verified.stdout)),
      verifySeconds: verified.seconds,
      broken: checks.reduce((sum, { broken }) => sum + new Set(Object.values(broken).flat()).size, 0),
    };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

const minutes = (seconds: number): string => (seconds / 60).toFixed(1);
const skills = ["localization", "editing", "unit-tests", "reproduction", "review"] as const;

function reasonsOf({ stages }: RunSummary): string {
  const dropped = stages.flatMap((stage) => stage.dropped).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  return dropped.map(({ reason, count }) => `${reason} ${count}`).join(", ");
}

/** Markdown: a row for each repository, then why the others of its candidates are not in it. */
export function tableOf(figures: readonly Figure[]): string {
  const head = [
    ...["repository", "runner", "generated", "covered", "taken", "killed", ...skills, "run min", "sandbox CPU min", "peak MiB"],
    ...["proven again", "verify min", "broken promises", "at"],
  ];
  const rows = figures.flatMap((figure) =>
    figure.summary.repositories.map(({ mutants, instances, environments, cpuMs, peakMemoryBytes }) => [
      figure.name,
      environments.map(({ runner, runnerVersion }) => `${runner} ${runnerVersion}`).join(", "),
      ...[mutants.generated, mutants.covered, mutants.sampled, mutants.killed].map(String),
      ...skills.map((skill) => String(instances[skill] ?? 0)),
      minutes(figure.runSeconds),
      cpuMs === null ? "" : minutes(cpuMs / 1000),
      peakMemoryBytes === null ? "" : (peakMemoryBytes / 2 ** 20).toFixed(0),
      `${figure.verified.proven} of ${figure.verified.rows}`,
      minutes(figure.verifySeconds),
      String(figure.broken),
      figure.commit.slice(0, 7),
    ]),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const dropped = figures.map(({ name, summary }) => `- ${name}: ${reasonsOf(summary)}`);
  return [line(head), line(head.map(() => "---")), ...rows.map(line), "", ...dropped].join("\n");
}

export const isGood = ({ verified, broken }: Figure): boolean => verified.rows > 0 && verified.proven === verified.rows && broken === 0;

function readFigures(path: string): Figure[] {
  return existsSync(path) ? z.array(figureSchema).parse(JSON.parse(readFileSync(path, "utf8"))) : [];
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      out: { type: "string" },
      mutants: { type: "string", default: "200" },
      "per-skill": { type: "string", default: "22" },
      concurrency: { type: "string" },
    },
    allowPositionals: true,
  });
  if (values.out === undefined || positionals.length === 0) {
    process.stderr.write("usage: node bench/corpus.ts --out FOLDER [--mutants 200] [--per-skill 22] [--concurrency N] REPOSITORY...\n");
    return 2;
  }
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  const path = join(out, "figures.json");
  const words = {
    run: ["--mutants", values.mutants, "--per-skill", values["per-skill"]],
    place: values.concurrency === undefined ? [] : ["--concurrency", values.concurrency],
  };
  const { stdout } = await exec({
    argv: ["git", "-C", root, "rev-parse", "HEAD"],
    env: { PATH: process.env["PATH"] ?? "" },
    timeoutMs: 10_000,
    outputBytes: 1000,
  });
  let failed = false;
  for (const repository of positionals.map((given) => resolve(given))) {
    const known = readFigures(path);
    if (known.some(({ name }) => name === nameOf(repository))) continue;
    process.stderr.write(`${repository}\n`);
    try {
      const figures = [...known, await measure(repository, out, words, stdout.trim())];
      writeFileSync(`${path}.new`, JSON.stringify(figures, null, 2));
      renameSync(`${path}.new`, path);
    } catch (error) {
      failed = true;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const figures = readFigures(path);
  process.stdout.write(`${tableOf(figures)}\n`);
  return !failed && figures.every(isGood) ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
