import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../../pipeline/log.ts";
import { imageForTests, providersForTests } from "../engine.ts";
import { type HostileStand, hostileStand } from "./stand.ts";
import { hostileSuites, secondRun, strangeTitles } from "./suites.ts";

const settings = imageForTests();
const { here, left } = providersForTests(settings);
const isolating = here.filter(({ provider }) => provider.isolates);

describe.skip.each([...left])("$name: $why", () => {
  test.todo("contains every hostile suite");
});

describe.each(isolating)("contained by $name:", ({ name }) => {
  let stand: HostileStand;
  beforeAll(async () => {
    stand = await hostileStand(name, settings);
  }, 60_000);
  afterAll(() => stand.close());

  test.each(hostileSuites)("$name", async (suite) => {
    const run = await stand.attack(suite);
    const { ended, report, result } = run;
    const lines = result.stdout.split("\n").filter((line) => line.includes("GOT") || line.includes("no "));
    expect(suite.holds(run), JSON.stringify([ended, report, lines, result.stderr]).slice(0, 3000)).toBe(true);
    expect(await stand.breachesOf(run)).toEqual([]);
  });

  test("a suite that would misbehave on its second run finds nothing of the first", async () => {
    const runs = [await stand.attack({ script: secondRun }), await stand.attack({ script: secondRun })];
    for (const { report, result } of runs) expect([report.complete, result.stdout.includes("GOT")], result.stdout).toEqual([true, false]);
    expect(runs[1]?.report.tests.map(({ id, status }) => [id, status])).toEqual(
      runs[0]?.report.tests.map(({ id, status }) => [id, status]),
    );
  });

  test("titles of ten megabytes, with the commands of a terminal and half characters in them", async () => {
    const run = await stand.attack({ script: strangeTitles, limits: { reportBytes: 64 * 2 ** 20, wallMs: 60_000, memoryBytes: 2 ** 31 } });
    expect(run.ended).toMatchObject({ kind: "finished", failedCommand: null });
    expect([run.report.complete, run.report.forged, run.report.tests.length]).toEqual([true, 0, 5]);
    for (const { id } of run.report.tests) {
      expect(id.length).toBeLessThanOrEqual(500);
      expect(id.isWellFormed()).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(id).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
    const lines: string[] = [];
    const log = createLog({ json: false, terminal: true, write: (text) => lines.push(text), now: () => 0 });
    log.warn(run.result.stdout, { of: JSON.stringify(run.report.tests.map(({ failure }) => failure)) });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(lines.join("").slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(await stand.breachesOf(run)).toEqual([]);
  });

  test("after all of these a healthy suite passes as ever", async () => {
    const run = await stand.attack({ script: 'test("fine", () => {});' });
    expect(run.report).toMatchObject({ complete: true, forged: 0, tests: [{ id: "attack.test.cjs > fine", status: "passed" }] });
  });
});
