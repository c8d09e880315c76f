/**
 * What the whole road costs: `node bench/run.ts [--runs 3] [--plain] [--repo PATH] [--mutants 80] [--per-skill 10] [--cache FOLDER]`.
 *
 * Does so many fresh runs of a repository (the bundled one) and prints the median, with the range, of the time of each stage, of the processor
 * time and of the proven instances for a minute of that. With `--plain`, runs in which nothing is made faster take turns with these; their
 * rows must be the same.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { configSchema, createLog, defaultPlace, run } from "../index.ts";
import { openDataset } from "../output/dataset-reader.ts";
import { spread } from "./stand.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    plain: { type: "boolean", default: false },
    repo: { type: "string", default: join(import.meta.dirname, "..", "examples", "demo-repository.bundle") },
    mutants: { type: "string", default: "80" },
    "per-skill": { type: "string", default: "10" },
    cache: { type: "string" },
  },
});
const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => performance.now() });
const config = configSchema.parse({
  repos: [resolve(values.repo)],
  mutants: Number(values.mutants),
  perSkill: Number(values["per-skill"]),
});

interface Took {
  readonly stages: readonly { readonly name: string; readonly wallMs: number }[];
  readonly wall: number;
  /** In the sandbox, and Kihon's own. */
  readonly cpu: number;
  readonly rows: readonly string[];
}

async function once(plain: boolean): Promise<Took> {
  const out = mkdtempSync(join(tmpdir(), "kihon-bench-"));
  try {
    const before = process.cpuUsage();
    const place = defaultPlace({ out, plain, ...(values.cache === undefined ? {} : { cache: values.cache }) });
    const { stages, repositories } = await run(config, place, { log });
    const own = process.cpuUsage(before);
    const rows: string[] = [];
    for await (const { draft } of (await openDataset(out)).instances()) rows.push(JSON.stringify(draft));
    const [found] = repositories;
    const cpu = (found?.cpuMs ?? Number.NaN) / 1000 + (own.user + own.system) / 1e6;
    return { stages, wall: (found?.wallMs ?? 0) / 1000, cpu, rows };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const rate = ({ rows, cpu }: Took): number => rows.length / (cpu / 60);
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function tell(name: string, taken: readonly Took[]): void {
  print(`${name}:`);
  for (const [at, stage] of (taken[0]?.stages ?? []).entries())
    print(`  ${stage.name.padEnd(10)} ${spread(taken.map(({ stages }) => (stages[at]?.wallMs ?? 0) / 1000))} s of work`);
  print(`  whole run  ${spread(taken.map(({ wall }) => wall))} s, ${spread(taken.map(({ cpu }) => cpu))} CPU seconds`);
  print(`  instances  ${taken[0]?.rows.length}, ${spread(taken.map(rate))} proven per CPU-minute`);
}

const [fast, plain]: [Took[], Took[]] = [[], []];
for (let round = 0; round < Number(values.runs); round++) {
  fast.push(await once(false));
  if (values.plain) plain.push(await once(true));
}
print(
  `Node ${process.version}, ${availableParallelism()} processors, ${values.runs} runs, ${values.mutants} mutants, ${values["per-skill"]} instances a skill; median (range)`,
);
tell("as it is", fast);
if (values.plain) {
  tell("nothing made faster", plain);
  print(`ratio ${spread(fast.map((took, at) => rate(took) / rate(plain[at] as Took)))}`);
  const rows = [...fast, ...plain].map((took) => [...took.rows].sort().join("\n"));
  if (new Set(rows).size !== 1) {
    print("the rows differ");
    process.exitCode = 1;
  }
}
