/**
 * Readers of foreign text against spoilt texts: `node bench/fuzz.ts [--cases 1000000] [--seed 1]` tries every property of
 * `tests/fuzz/properties.ts` and ends with the counter-example of the first that does not hold.
 */
import { parseArgs } from "node:util";
import { fuzz } from "../tests/fuzz/properties.ts";

const { values } = parseArgs({ options: { cases: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } } });
const started = performance.now();
const done = fuzz(Number(values.cases), Number(values.seed), (name, runs, ms) => {
  process.stdout.write(`${String(runs).padStart(8)} cases ${(ms / 1000).toFixed(1).padStart(7)} s  ${name}\n`);
});
process.stdout.write(`${done} cases, seed ${values.seed}, ${((performance.now() - started) / 1000).toFixed(0)} s: every property holds\n`);
