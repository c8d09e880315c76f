/**
 * What the whole road costs on the bundled repository: wall time of each stage, runs in the sandbox, and proven instances per CPU-minute.
 * `node bench/run.ts [--runs 3]` does so many fresh runs and prints the median with the range.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { configSchema, createLog, defaultPlace, run } from "../index.ts";
import { spread } from "./stand.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "3" } } });
const repository = join(import.meta.dirname, "..", "examples", "demo-repository.bundle");
const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => performance.now() });

const stages = new Map<string, number[]>();
const [walls, cpus, rates]: number[][] = [[], [], []];
for (let round = 0; round < Number(values.runs); round++) {
  const out = mkdtempSync(join(tmpdir(), "kihon-bench-"));
  try {
    const config = configSchema.parse({ repos: [repository], mutants: 80, perSkill: 10 });
    const summary = await run(config, defaultPlace({ out }), { log });
    for (const { name, wallMs } of summary.stages) stages.set(name, [...(stages.get(name) ?? []), wallMs / 1000]);
    const [found] = summary.repositories;
    const instances = Object.values(found?.instances ?? {}).reduce((sum, count) => sum + (count ?? 0), 0);
    walls?.push((found?.wallMs ?? 0) / 1000);
    cpus?.push((found?.cpuMs ?? 0) / 1000);
    rates?.push(instances / ((found?.cpuMs ?? Number.NaN) / 60_000));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
process.stdout.write(
  `Node ${process.version}, ${availableParallelism()} processors, ${values.runs} runs, 80 mutants, 10 instances a skill; median (range)\n`,
);
for (const [name, seconds] of stages) process.stdout.write(`${name.padEnd(10)} ${spread(seconds)} s of work\n`);
process.stdout.write(`whole run  ${spread(walls ?? [])} s, ${spread(cpus ?? [])} CPU seconds in the sandbox\n`);
process.stdout.write(`instances  ${spread(rates ?? [])} proven per CPU-minute\n`);
