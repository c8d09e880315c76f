/** A sift by each real runner, installed from the registry, against what the suite does on each mutant in a process of its own. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { environmentOf, mutantsOf, openBench } from "../../bench/stand.ts";
import { createLog } from "../../index.ts";
import { initLanguages } from "../../languages/index.ts";
import { rngFor } from "../../lib/rng.ts";
import { look } from "../../pipeline/environment/look.ts";
import { sift } from "../../pipeline/environment/sift.ts";
import type { SiftVerdict } from "../../pipeline/environment/sift-findings.ts";
import { reachingFiles } from "../../pipeline/stages/6-observe.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";
import { cache, scratch } from "./stand.ts";

await initLanguages();
const { path: folder, remove } = scratch();
afterAll(remove);

/** What can be told apart: by value, by an error, by time, by a hook, once only, while it is loaded, in another process. */
const functions = `
function clamp(value, low, high) {
  if (value < low) return low;
  if (value > high) return high;
  return value;
}
function total(list) {
  let sum = 0;
  for (let at = 0; at < list.length; at++) sum += list[at];
  return sum;
}
async function later(value) {
  await null;
  if (typeof value !== "number") throw new TypeError("no number");
  return value + 1;
}
const kept = new Map();
function squared(value) {
  if (!kept.has(value)) kept.set(value, value * value);
  return kept.get(value);
}
const limits = [1, 2 + 3];
function limit() {
  return limits[1];
}
const powers = [];
for (let power = 1; power < 60; power += power) powers.push(power);
if (powers.length !== 6) throw new RangeError("powers");
const spare = { unread: "spare" };
class Counter {
  count = 0;
  add(by = 1) {
    this.count += by;
    return this.count > 100 ? 100 : this.count;
  }
}
`;
const names = "clamp, total, later, squared, limit, powers, spare, Counter";

interface Dialect {
  readonly runner: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly esm: boolean;
  readonly script: string;
  readonly head: string;
  readonly test: (title: string, body: string) => string;
  readonly equal: (actual: string, expected: string) => string;
  readonly rejects: (call: string) => string;
  readonly beforeEach: (body: string) => string;
}

const withExpect = {
  test: (title: string, body: string) => `test(${JSON.stringify(title)}, async () => { ${body} });\n`,
  equal: (actual: string, expected: string) => `expect(${actual}).toEqual(${expected});`,
  rejects: (call: string) => `expect.assertions(1); try { await ${call}; } catch (error) { expect(error.name).toBe("TypeError"); }`,
  beforeEach: (body: string) => `beforeEach(() => { ${body} });\n`,
};
const withAssert = {
  equal: (actual: string, expected: string) => `assert.deepStrictEqual(${actual}, ${expected});`,
  rejects: (call: string) => `await assert.rejects(${call}, TypeError);`,
  beforeEach: (body: string) => `beforeEach(() => { ${body} });\n`,
};

const dialects: readonly Dialect[] = [
  {
    runner: "vitest",
    packages: { vitest: "4.0.17" },
    esm: true,
    script: "vitest run",
    head: 'import { beforeEach, expect, test } from "vitest";\n',
    ...withExpect,
  },
  { runner: "jest", packages: { jest: "29.7.0" }, esm: false, script: "jest", head: "", ...withExpect },
  { runner: "jest", packages: { jest: "30.5.2" }, esm: false, script: "jest", head: "", ...withExpect },
  {
    runner: "mocha",
    packages: { mocha: "10.8.2" },
    esm: false,
    script: "mocha 'test/*.test.js'",
    head: 'const assert = require("assert");\n',
    test: (title, body) => `it(${JSON.stringify(title)}, async () => { ${body} });\n`,
    ...withAssert,
  },
  {
    runner: "node-test",
    packages: {},
    esm: true,
    script: "node --test 'test/*.test.js'",
    head: 'import assert from "node:assert";\nimport test, { beforeEach } from "node:test";\n',
    test: (title, body) => `test(${JSON.stringify(title)}, async () => { ${body} });\n`,
    ...withAssert,
  },
  {
    runner: "ava",
    packages: { ava: "6.4.1" },
    esm: true,
    script: "ava",
    head: 'import test from "ava";\n',
    test: (title, body) => `test(${JSON.stringify(title)}, async (t) => { ${body} });\n`,
    equal: (actual, expected) => `t.deepEqual(${actual}, ${expected});`,
    rejects: (call) => `await t.throwsAsync(${call}, { instanceOf: TypeError });`,
    beforeEach: (body) => `test.beforeEach(() => { ${body} });\n`,
  },
];

function treeOf({ packages, esm, script, head, test, equal, rejects, beforeEach }: Dialect): Record<string, string> {
  const own = esm ? `import { ${names} } from "../src/kit.js";\n` : `const { ${names} } = require("../src/kit.js");\n`;
  const spawning = esm
    ? 'import { execFileSync } from "node:child_process";\n'
    : 'const { execFileSync } = require("node:child_process");\n';
  return {
    "package.json": JSON.stringify({
      name: "kit",
      version: "1.0.0",
      license: "MIT",
      ...(esm ? { type: "module" } : {}),
      scripts: { test: script },
      devDependencies: packages,
    }),
    "src/kit.js": functions + (esm ? `export { ${names} };\n` : `module.exports = { ${names} };\n`),
    "src/print.js": 'function line(list) {\n  return "size " + list.length;\n}\nconsole.log(line([1, 2]));\n',
    "test/values.test.js": [
      head + own,
      "let counter;\n",
      beforeEach("counter = new Counter();"),
      test("clamps", equal("[clamp(0, 1, 3), clamp(2, 1, 3), clamp(9, 1, 3)]", "[1, 2, 3]")),
      test("sums", equal("total([1, 2, 3])", "6")),
      test("counts", equal("[counter.add(), counter.add(5)]", "[1, 6]")),
      test("has a limit", equal("limit()", "5")),
      test("has powers", equal("powers[5]", "32")),
    ].join(""),
    "test/more.test.js": [
      head + own,
      test("squares", equal("[squared(3), squared(3)]", "[9, 9]")),
      test("waits", equal("await later(1)", "2")),
      test("refuses", rejects('later("1")')),
    ].join(""),
    // vitest and jest share out four files, and not three.
    "test/again.test.js": head + own + test("squares", equal("squared(3)", "9")),
    "test/prints.test.js":
      head + spawning + test("prints", equal('String(execFileSync(process.execPath, ["src/print.js"])).trim()', '"size 2"')),
  };
}

interface Stand {
  readonly environment: Environment;
  readonly workspace: Workspace;
  readonly mutants: readonly Mutant[];
}

/** The repository, prepared as in any run, and every mutant of it that a test file reaches. */
async function standFor(dialect: Dialect): Promise<Stand> {
  const repository = await ScratchRepository.make();
  afterAll(() => repository[Symbol.dispose]());
  await repository.commit("first", treeOf(dialect));
  const out = join(folder, [dialect.runner, ...Object.values(dialect.packages)].join("-"));
  mkdirSync(out);
  chmodSync(out, 0o755);
  const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
  const bench = await openBench(out, cache, { repeats: 1 }, log);
  afterAll(() => bench.close());
  const environment = await environmentOf(repository.work, out, bench);
  const workspace = await bench.workspace(environment);
  return { environment, workspace, mutants: mutantsOf(environment, workspace) };
}

const spoken = ({ sites: [site] }: Mutant): string => `${site?.original} → ${site?.replacement} in ${site?.file}:${site?.startLine}`;

/** Mutants of which a cold run of every test file that reaches them says otherwise. */
async function disagreements(stand: Stand, verdicts: ReadonlyMap<string, SiftVerdict>): Promise<string[]> {
  const { environment, workspace, mutants } = stand;
  const said = (kind: SiftVerdict["kind"]): Mutant[] => mutants.filter(({ id }) => verdicts.get(id)?.kind === kind);
  const killed = rngFor("1", "sift", "audit").shuffle(said("killed")).slice(0, 6);
  const differs = async (kind: SiftVerdict["kind"], mutant: Mutant): Promise<string[]> => {
    const { run } = await look(mutant.before, environment, reachingFiles(mutant, environment), workspace);
    // As the runner itself has it: a hook that fails leaves tests out, and is told by the exit code.
    const failing = run.ended.kind !== "finished" || run.ended.exitCode !== 0;
    return failing === (kind === "killed") ? [] : [`${kind}: ${spoken(mutant)}`];
  };
  const looks = [...said("survived").map((mutant) => differs("survived", mutant)), ...killed.map((mutant) => differs("killed", mutant))];
  return (await Promise.all(looks)).flat();
}

describe.each(dialects)("by $runner $packages", (dialect) => {
  it("says of no mutant what a run of its own does not show", async () => {
    const stand = await standFor(dialect);
    const { environment, workspace, mutants } = stand;
    const reaching = new Map(mutants.map((mutant) => [mutant.id, reachingFiles(mutant, environment)]));
    const verdicts = await sift(mutants, reaching, workspace, { parts: 2, filesForWorker: 1, wallMs: 120_000 });
    const told = mutants.map((mutant) => ({ mutant, verdict: verdicts.get(mutant.id) as SiftVerdict }));
    const counts = Object.groupBy(told, ({ verdict }) => verdict.kind);
    expect(told.length).toBeGreaterThan(40);
    expect(counts.killed?.length ?? 0).toBeGreaterThan(told.length / 3);
    expect(counts.survived?.map(({ mutant }) => spoken(mutant)) ?? []).toEqual(expect.arrayContaining([expect.stringContaining("100")]));
    expect(counts.endless?.map(({ mutant }) => spoken(mutant)) ?? []).toEqual(expect.arrayContaining([expect.stringContaining("++ → --")]));
    const why = (text: string): unknown => expect.objectContaining({ verdict: { kind: "unsure", why: expect.stringContaining(text) } });
    // What another process runs is left to a run of its own.
    expect(counts.unsure).toEqual(expect.arrayContaining([why("works in another process")]));
    // What matters while files are loaded, or is computed once and kept, is not.
    expect(counts.unsure).not.toEqual(expect.arrayContaining([why("while files are loaded")]));
    expect(counts.unsure).not.toEqual(expect.arrayContaining([why("does something else")]));
    const saidOf = (text: string): unknown => told.find(({ mutant }) => spoken(mutant).startsWith(text))?.verdict;
    expect(saidOf("+ → - in src/kit.js:22")).toMatchObject({ kind: "killed" });
    expect(saidOf("* → / in src/kit.js:19")).toMatchObject({ kind: "killed" });
    expect(saidOf("!== → === in src/kit.js:28")).toEqual({ kind: "killed", by: "a file that does not load" });
    expect(saidOf("spare →  in src/kit.js:29")).toEqual({ kind: "survived" });
    expect(saidOf("+= → = in src/kit.js:27")).toEqual({ kind: "endless" });
    expect(await disagreements(stand, verdicts)).toEqual([]);
  });
});
