/**
 * What a mutant costs when there are many: `node bench/growth.ts --out FOLDER [--counts 100,1000,10000] [--cache FOLDER] REPOSITORY`.
 *
 * The stage `sift` is given so many mutants of one environment, chosen by seed, each number in a process of its own. Prints wall and sandbox time
 * for a mutant, and the most memory of Kihon's own process and of a job; exits 1 where a mutant of a larger number costs over a fifth more than one
 * of the smallest, or where Kihon's own memory grows by more than a fifth.
 */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { exec, ownEnvironment } from "../lib/exec.ts";
import { rngFor } from "../lib/rng.ts";
import { createLog } from "../pipeline/log.ts";
import { lightened, siftStage } from "../pipeline/stages/5-sift.ts";
import { environmentOf, mutantsOf, openBench } from "./stand.ts";

const { values, positionals } = parseArgs({
  options: {
    out: { type: "string" },
    counts: { type: "string", default: "100,1000,10000" },
    cache: { type: "string" },
    part: { type: "string" },
  },
  allowPositionals: true,
});
const [repository = ""] = positionals;
const figures = z.object({
  mutants: z.int(),
  survived: z.int(),
  seconds: z.number(),
  cpuSeconds: z.number(),
  ownMb: z.number(),
  jobMb: z.number(),
});
type Figures = z.infer<typeof figures>;

async function measure(count: number, out: string): Promise<Figures> {
  const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => performance.now() });
  const bench = await openBench(out, values.cache, {}, log);
  try {
    const environment = await environmentOf(resolve(repository), out, bench);
    const all = mutantsOf(environment, await bench.workspace(environment));
    const chosen = rngFor("1", environment.id, "growth")
      .shuffle([...all])
      .slice(0, count);
    const subjects = chosen.map((candidate) => lightened({ candidate, environment }));
    const started = performance.now();
    let survived = 0;
    for await (const { outcome } of siftStage.work(subjects, bench)) if (!outcome.kept) survived += 1;
    const usage = bench.jobs.usage();
    return {
      mutants: chosen.length,
      survived,
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (usage.cpuMs ?? Number.NaN) / 1000,
      ownMb: process.resourceUsage().maxRSS / 1024,
      jobMb: (usage.peakMemoryBytes ?? Number.NaN) / 2 ** 20,
    };
  } finally {
    bench.close();
  }
}

async function inOwnProcess(count: string, out: string): Promise<Figures> {
  const more = values.cache === undefined ? [] : ["--cache", resolve(values.cache)];
  const { ended, stdout, stderr } = await exec({
    argv: [process.execPath, import.meta.filename, "--part", count, "--out", out, ...more, resolve(repository)],
    env: ownEnvironment(),
    timeoutMs: 4 * 60 * 60 * 1000,
    outputBytes: 1_000_000,
  });
  if (ended.kind !== "exited" || ended.code !== 0) throw new Error(stderr);
  return figures.parse(JSON.parse(stdout));
}

if (values.out === undefined || repository === "") {
  process.stderr.write("usage: node bench/growth.ts --out FOLDER [--counts 100,1000,10000] [--cache FOLDER] REPOSITORY\n");
  process.exitCode = 2;
} else {
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  if (values.part !== undefined) process.stdout.write(JSON.stringify(await measure(Number(values.part), out)));
  else {
    let first: Figures | null = null;
    for (const count of values.counts.split(",")) {
      const one = await inOwnProcess(count, out);
      first ??= one;
      const [ms, cpuMs] = [one.seconds, one.cpuSeconds].map((seconds) => (1000 * seconds) / one.mutants);
      process.stdout.write(
        `${one.mutants} mutants: ${one.seconds.toFixed(1)} s, ${ms?.toFixed(1)} ms and ${cpuMs?.toFixed(1)} CPU ms each, ${one.survived} dropped; memory ${one.ownMb.toFixed(0)} MiB, of a job ${one.jobMb.toFixed(0)} MiB\n`,
      );
      const dearer = one.seconds / one.mutants > (1.2 * first.seconds) / first.mutants;
      if (dearer || one.ownMb > 1.2 * first.ownMb) process.exitCode = 1;
    }
  }
}
