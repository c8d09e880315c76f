/**
 * What each condition of a baseline's runs finds by itself: node bench/conditions.ts --out FOLDER REPOSITORY...
 *
 * Runs the whole suite of each repository's newest revision under the usual conditions, then with one thing changed at a time, those included that the
 * repository itself fixes, and lists how many stable tests come out otherwise, and how long the run took. Then a whole baseline, timed.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { plural } from "../lib/plural.ts";
import { type BaselineSite, baseline, run } from "../pipeline/environment/baseline.ts";
import { type Conditions, clockMs, inWords, usual } from "../pipeline/environment/conditions.ts";
import { createLog } from "../pipeline/log.ts";
import type { TestRun } from "../sandbox/workspace.ts";
import { environmentOf, openBench } from "./stand.ts";

const { values, positionals } = parseArgs({
  options: { out: { type: "string" }, cache: { type: "string" }, repeats: { type: "string", default: "3" } },
  allowPositionals: true,
});
if (values.out === undefined || positionals.length === 0)
  throw new Error("usage: node bench/conditions.ts --out FOLDER [--cache FOLDER] [--repeats N] REPOSITORY...");

const changes: readonly Partial<Conditions>[] = [
  { seed: 1 },
  { moved: { timeZone: "Pacific/Chatham" } },
  { moved: { timeZone: "America/St_Johns" } },
  { moved: { locale: "tr_TR.UTF-8" } },
  { moved: { locale: "ar_EG.UTF-8" } },
  { moved: { workers: 1 } },
  { moved: { clockMs } },
];

/** Tests that passed in the one run and not in the other. */
function lost(before: TestRun, after: TestRun): readonly string[] {
  const status = new Map(after.report.tests.map((test) => [test.id, test.status]));
  return before.report.tests.filter((test) => test.status === "passed" && status.get(test.id) !== "passed").map(({ id }) => id);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

mkdirSync(values.out, { recursive: true });
const log = createLog({ json: false, terminal: false, write: (text) => process.stderr.write(text), now: () => performance.now() });
const bench = await openBench(values.out, values.cache, {}, log);
try {
  for (const address of positionals) {
    const environment = await environmentOf(address, values.out, bench);
    const { recipe, revision } = environment;
    const { installed, runner, language } = await bench.workspace(environment);
    const site: BaselineSite = {
      ...{ jobs: bench.jobs, recipe, packageDir: revision.packageDir, installed, runner, language },
      ...{ repeats: Number(values.repeats), runTimeoutMs: bench.config.runTimeoutMs },
    };
    const first = await run(site, "all", null);
    const fixed = Object.entries(recipe.env).map(([name, value]) => `${name}=${value}`);
    console.log(
      `${revision.repository.name}: ${plural(first.report.tests.length, "test")} by ${recipe.runner}, ${seconds(first.result.usage.wallMs)}; it fixes ${fixed.join(" ") || "nothing"}`,
    );
    for (const change of changes) {
      const conditions = { ...usual, ...change };
      if (conditions.seed !== null && !runner.canShuffle) continue;
      const one = await run(site, "all", conditions.seed, {}, { moved: conditions.moved });
      const off = lost(first, one);
      const end = one.report.complete ? "" : ", not to its end";
      console.log(
        `  ${inWords(conditions).join(" ").padEnd(24)} ${String(off.length).padStart(5)}  ${seconds(one.result.usage.wallMs)}${end}  ${off.slice(0, 3).join("; ")}`,
      );
    }
    const began = performance.now();
    const found = await baseline(site);
    const took = seconds(performance.now() - began);
    if (!found.kept) throw new Error(`${found.reason}: ${found.detail}`);
    const standing = Object.groupBy(found.value.tests, (test) => test.standing);
    console.log(
      `  a baseline: ${standing.stable?.length ?? 0} stable, ${standing.quarantined?.length ?? 0} quarantined, ${standing.failing?.length ?? 0} failing, ${took}`,
    );
    for (const words of found.value.runs) console.log(`    run: ${words.join(" ") || "as it is"}`);
    for (const { id, passed, seen, under } of found.value.quarantine.slice(0, 20))
      console.log(`    ${passed} of ${seen}  ${under.join(" ") || "nothing"}  ${id}`);
    for (const why of found.value.givenUp) console.log(`    without ${why}`);
  }
} finally {
  bench.close();
}
