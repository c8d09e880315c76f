import { describe, expect, it } from "vitest";
import type { Bench } from "../../../pipeline/bench.ts";
import { mutantOf } from "../../../pipeline/injection/mutant.ts";
import type { ObservedRecord } from "../../../pipeline/stages/6-observe.ts";
import { auditId, auditStage, isAudited, judged, withoutTests, wrongIn } from "../../../pipeline/stages/7-audit.ts";
import { believed } from "../../../pipeline/stages/8-pose.ts";
import type { Audited } from "../../../schemas/audit.ts";
import { configSchema } from "../../../schemas/config.ts";
import { environmentOf, type Script, standOf, tree } from "../../grading/stand.ts";

const environment = environmentOf();
const [adds, keeps, subtracts] = ["test/add.test.js > adds", "test/add.test.js > keeps zero", "test/sub.test.js > subtracts"] as const;
const text = tree["src/add.js"] ?? "";
const start = text.indexOf("+");
const place = { file: "src/add.js", symbol: "add", startLine: 2, endLine: 2, start, end: start + 1 };
const mutants = ["-", "*", "/"].map((replacement) =>
  mutantOf(environment, [{ ...place, operator: "arithmetic", original: "+", replacement }], () => text),
);

const recordOf = (at: number, failToPass: readonly string[], passToPass: readonly string[]): ObservedRecord => {
  const candidate = mutants[at] ?? (mutants[0] as (typeof mutants)[0]);
  const failure = { kind: "assertion", name: "Error", message: "", expected: null, actual: null, frames: [] };
  return {
    candidate,
    environmentId: environment.id,
    observation: {
      ...{ candidateId: candidate.id, environmentId: environment.id, files: ["test/add.test.js"], manner: "apart", calls: [] },
      ...{ absentToPass: [], skippedToPass: [], passToFail: [], failToFail: [], flaky: [], ended: "finished" },
      failToPass: [...failToPass],
      passToPass: [...passToPass],
      failures: Object.fromEntries(failToPass.map((id) => [id, failure])) as ObservedRecord["observation"]["failures"],
    },
  };
};

const one = (candidateId: string, more: Partial<Audited> = {}): Audited => ({
  ...{ candidateId, environmentId: environment.id, by: "observe", result: "disagrees" },
  ...{ toPass: [], inCompany: [], elsewhere: [], toFail: [], flaky: false, why: "" },
  ...more,
});
const agreeing = Array.from({ length: 18 }, (_, at) => one(`agrees${at}`, { result: "agrees" }));

describe("the stage", () => {
  async function audited(files: Script["files"]) {
    const healthy = { "test/add.test.js": ["+adds", "+keeps zero"], "test/sub.test.js": ["+subtracts"] };
    const { workspace } = standOf((read) => ({ files: read("src/add.js") === text ? healthy : files }));
    const bench = { config: configSchema.parse({}), workspace: async () => workspace } as unknown as Bench;
    const { candidate, observation } = recordOf(0, [adds], [keeps]);
    const said: (string | null)[][] = [];
    for await (const { id, parent, outcome } of auditStage.work([{ candidate, environment, by: "observe", observation }], bench))
      said.push([id, parent, outcome.kept ? outcome.value.result : outcome.reason]);
    return { candidate, said };
  }
  it("keeps what an audit says of a candidate that stays", async () => {
    const { candidate, said } = await audited({ "test/add.test.js": ["-adds", "+keeps zero"], "test/sub.test.js": ["+subtracts"] });
    expect(said).toEqual([[candidate.id, candidate.id, "agrees"]]);
  });
  it("drops one of which the whole suite says something else, and keeps beside it what", async () => {
    const { candidate, said } = await audited({ "test/add.test.js": ["+adds", "+keeps zero"], "test/sub.test.js": ["+subtracts"] });
    expect(said).toEqual([
      [candidate.id, candidate.id, "audit/disagrees"],
      [auditId(candidate.id), candidate.id, "disagrees"],
    ]);
  });
});

describe("a verdict was wrong where", () => {
  const wrong = (...audits: Audited[]): string[] => wrongIn(audits).map(({ candidateId }) => candidateId);
  it("a test that comes to the candidate does something else, however many do", () => {
    expect(wrong(one("a", { toPass: [adds] }), one("b", { toPass: [adds] }))).toEqual(["a", "b"]);
    expect(wrong(one("a", { toFail: [adds] }), one("b", { result: "agrees" }))).toEqual(["a"]);
  });
  it("a test elsewhere does, of which no other audit tells", () => {
    expect(wrong(one("a", { elsewhere: [subtracts] }))).toEqual(["a"]);
    expect(wrong(one("a", { elsewhere: [subtracts] }), one("b", { elsewhere: [subtracts, keeps] }))).toEqual(["b"]);
  });
  it("and not where such a test fails with several, or the whole suite flickers, or nothing was decided", () => {
    expect(wrong(one("a", { elsewhere: [subtracts] }), one("b", { elsewhere: [subtracts] }))).toEqual([]);
    expect(wrong(one("a", { inCompany: [subtracts] }))).toEqual([]);
    expect(wrong(one("a", { toPass: [adds], flaky: true }), one("b", { result: "undecided" }))).toEqual([]);
  });
});

describe("an environment", () => {
  const said = (limit: number, ...audits: Audited[]): string | null => judged(audits, limit).unsound;
  const [wrong, another, third] = ["a", "b", "c"].map((id) => one(id, { toPass: [adds] })) as [Audited, Audited, Audited];
  it("is not believed where more verdicts were wrong than are allowed, and more than one", () => {
    expect(said(0.1, ...agreeing, wrong, another)).toBeNull();
    expect(said(0.1, ...agreeing, wrong, another, third)).toBe(
      `3 of 21 verdicts were wrong, such as that on a: otherwise than a look said: fails in the whole suite: ${adds}`,
    );
    expect(said(0.1, wrong)).toBeNull();
    expect(said(0.1, wrong, another)).toMatch(/^2 of 2 /);
    expect(said(0, ...agreeing, wrong)).toMatch(/^1 of 19 /);
    expect(said(0, ...agreeing)).toBeNull();
    expect(said(1, wrong, another)).toBeNull();
  });
  it("is judged by what was decided alone", () => {
    const open = Array.from({ length: 40 }, (_, at) => one(`u${at}`, { result: "undecided" }));
    expect(said(0.1, ...agreeing, ...open, wrong, another, third)).toMatch(/^3 of 21 /);
  });
  it("has tests in doubt wherever an audit saw them do something else", () => {
    const audits = [one("a", { toPass: [adds] }), one("b", { toFail: [keeps], flaky: true }), one("c", { elsewhere: [subtracts] })];
    expect([...judged(audits, 1).doubted]).toEqual([adds, keeps, subtracts]);
  });
});

describe("what is posed", () => {
  const observed = [recordOf(0, [adds], [keeps, subtracts]), recordOf(1, [keeps], []), recordOf(2, [adds, keeps], [])];
  it("is all of it where audits agree", () => {
    expect(believed({ environment, observed, audits: agreeing }, 0.1)).toEqual({ observed, doubted: new Set(), gone: [] });
  });
  it("is without the tests in doubt, and without whom no other test notices", () => {
    const left = believed({ environment, observed, audits: [...agreeing, one("a", { toFail: [keeps] })] }, 0.1);
    expect(left.observed.map(({ candidate, observation: { failToPass, passToPass } }) => [candidate.id, failToPass, passToPass])).toEqual([
      [mutants[0]?.id, [adds], [subtracts]],
      [mutants[2]?.id, [adds], []],
    ]);
    expect(left.gone).toMatchObject([{ id: mutants[1]?.id, outcome: { kept: false, reason: "audit/doubted" } }]);
  });
  it("is nothing of an environment that is not believed", () => {
    const { observed: left, gone } = believed({ environment, observed, audits: [one("a", { toPass: [adds] })] }, 0);
    expect(left).toEqual([]);
    expect(gone.map(({ id }) => id)).toEqual([environment.id, ...mutants.map(({ id }) => id)]);
    for (const { outcome } of gone) expect(outcome).toMatchObject({ kept: false, reason: "audit/unsound" });
  });
});

it("an observation without tests is as if they had been quarantined", () => {
  const variant = recordOf(1, [keeps], []);
  const other = recordOf(2, [adds], [keeps]);
  const variants = [variant, other].map(({ candidate, observation }) => ({
    role: "slip" as const,
    mutant: candidate as never,
    observation,
  }));
  const record = recordOf(0, [adds, keeps], [subtracts]);
  const whole = {
    ...record,
    observation: { ...record.observation, variants, atBase: { [adds]: "absent" as const, [keeps]: "failed" as const } },
  };
  const { observation } = withoutTests(whole, new Set([keeps, subtracts]));
  expect(observation).toMatchObject({ failToPass: [adds], passToPass: [], flaky: [keeps, subtracts], atBase: { [adds]: "absent" } });
  expect(Object.keys(observation.atBase ?? {})).toEqual([adds]);
  expect(Object.keys(observation.failures)).toEqual([adds]);
  expect(observation.variants?.map((left) => [left.observation.candidateId, left.observation.passToPass])).toEqual([[mutants[2]?.id, []]]);
});

it("the share that is asked for is audited, and the same of it each time", () => {
  const ids = Array.from({ length: 4_000 }, (_, at) => at.toString(16).padStart(16, "0"));
  const of = (audit: number, seed = "1") => ids.filter((id) => isAudited(id, { seed, audit }));
  expect(of(0)).toEqual([]);
  expect(of(1)).toEqual(ids);
  expect(of(0.05).length).toBeGreaterThan(150);
  expect(of(0.05).length).toBeLessThan(250);
  expect(of(0.05)).toEqual(of(0.05));
  expect(of(0.05)).not.toEqual(of(0.05, "2"));
  expect(of(0.2)).toEqual(expect.arrayContaining(of(0.05)));
});
