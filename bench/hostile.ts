/**
 * Attacks that are too heavy for every day: `node bench/hostile.ts`. Each goes the road of a run of tests, with the limits that real runs have.
 * Prints how each ended, how long it took and what this process needed meanwhile; exits 1 where something was reached or left behind.
 */

import { defaultLimits } from "../sandbox/workspace.ts";
import { type Attack, hostileStand } from "../tests/sandbox/hostile/stand.ts";
import { hostileSuites } from "../tests/sandbox/hostile/suites.ts";

interface Heavy extends Attack {
  readonly name: string;
  /** Where the run must come to its end, the tests that it must tell of. */
  readonly tests: number | null;
}

const heavy: readonly Heavy[] = [
  { name: "100,000 tests", script: 'for (let n = 0; n < 100_000; n++) test("t" + n, () => {});', tests: 100_000 },
  { name: "100,000 tests of one name", script: 'for (let n = 0; n < 100_000; n++) test("same", () => {});', tests: 100_000 },
  { name: "three titles of 10 MB", script: "for (const c of 'xyz') test(c.repeat(10 * 2 ** 20), () => {});", tests: 3 },
  { name: "a title of ten million spaces", script: 'test(" ".repeat(10_000_000) + "(1", () => {});', tests: 1 },
  {
    name: "60 MB of errors",
    script: 'for (let n = 0; n < 60; n++) test("e" + n, () => { throw new Error("x".repeat(2 ** 20)); });',
    tests: 60,
  },
  ...hostileSuites.map(({ name, script, env = {}, limits }) => ({
    name,
    script,
    env,
    limits: { wallMs: limits?.wallMs ?? 120_000 },
    tests: null,
  })),
];

const stand = await hostileStand();
let failed = false;
for (const { name, tests, ...attack } of heavy) {
  const started = performance.now();
  const run = await stand.attack({ ...attack, limits: { ...defaultLimits, ...attack.limits } });
  const breaches = await stand.breachesOf(run);
  const told = tests === null || run.report.tests.length === tests || run.ended.kind !== "finished";
  failed ||= breaches.length > 0 || !told;
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  const memory = String(Math.round(process.memoryUsage().rss / 2 ** 20)).padStart(5);
  console.log(`${seconds} s ${memory} MiB  ${run.ended.kind.padEnd(16)} ${String(run.report.tests.length).padStart(6)} tests  ${name}`);
  for (const breach of breaches) console.log(`    BREACH: ${breach}`);
  if (!told) console.log(`    the report tells of ${run.report.tests.length} tests, not of ${tests}`);
}
stand.close();
process.exitCode = failed ? 1 : 0;
