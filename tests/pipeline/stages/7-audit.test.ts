import { describe, expect, it } from "vitest";
import type { Bench } from "../../../pipeline/bench.ts";
import { mutantOf } from "../../../pipeline/injection/mutant.ts";
import type { ObservedRecord } from "../../../pipeline/stages/6-observe.ts";
import { type Auditable, auditStage, isAudited, unexplained, withoutTests } from "../../../pipeline/stages/7-audit.ts";
import type { Audit, Disagreement } from "../../../schemas/audit.ts";
import { configSchema } from "../../../schemas/config.ts";
import { environmentOf, type Script, standOf, tree } from "../../grading/stand.ts";

const environment = environmentOf();
const [adds, keeps, subtracts] = ["test/add.test.js > adds", "test/add.test.js > keeps zero", "test/sub.test.js > subtracts"] as const;
const text = tree["src/add.js"] ?? "";
const place = { file: "src/add.js", symbol: "add", startLine: 2, endLine: 2, start: text.indexOf("+"), end: text.indexOf("+") + 1 };
const mutants = ["-", "*", "/", "%"].map((replacement) =>
  mutantOf(environment, [{ ...place, operator: "arithmetic", original: "+", replacement }], () => text),
);
const [minus, times, over, rest] = mutants as [(typeof mutants)[0], (typeof mutants)[0], (typeof mutants)[0], (typeof mutants)[0]];

const record = (candidate: (typeof mutants)[0], failToPass: readonly string[], passToPass: readonly string[]): ObservedRecord => ({
  candidate,
  environmentId: environment.id,
  observation: {
    ...{
      candidateId: candidate.id,
      environmentId: environment.id,
      files: ["test/add.test.js"],
      manner: "apart",
      calls: [],
      ended: "finished",
    },
    ...{ absentToPass: [], skippedToPass: [], passToFail: [], failToFail: [], flaky: [] },
    failToPass: [...failToPass],
    passToPass: [...passToPass],
    failures: Object.fromEntries(
      failToPass.map((id) => [id, { kind: "assertion", name: "Error", message: "", expected: null, actual: null, frames: [] }]),
    ),
  },
});

/** Outcomes by id, as `kept` or the reason; `suite` says what the whole suite does by what stands in place of the sum. */
async function audited(auditable: Omit<Auditable, "environment">, suite: (sign: string) => Script["files"], settings: object = {}) {
  const { workspace, asked } = standOf((read) => ({ files: suite(/a (.) b/.exec(read("src/add.js") ?? "")?.[1] ?? "") }));
  const bench = { config: configSchema.parse({ audit: 1, ...settings }), workspace: async () => workspace } as unknown as Bench;
  const said = new Map<string, string>();
  let found: Audit | null = null;
  for await (const { id, outcome } of auditStage.work([{ environment, ...auditable }], bench)) {
    said.set(id, outcome.kept ? "kept" : outcome.reason);
    if (outcome.kept) found = outcome.value;
  }
  return { said, found: found as Audit | null, runs: asked.length };
}
const asSaid = { "test/add.test.js": ["-adds", "+keeps zero"], "test/sub.test.js": ["+subtracts"] };
const green = { "test/add.test.js": ["+adds", "+keeps zero"], "test/sub.test.js": ["+subtracts"] };

describe("an audit of an environment", () => {
  const observed = [minus, times].map((mutant) => record(mutant, [adds], [keeps]));
  it("keeps all where the whole suite says the same", async () => {
    const survivors = [{ candidate: over, by: "sift" as const }];
    const { said, found, runs } = await audited({ observed, survivors }, (sign) => (sign === "/" ? green : asSaid));
    expect([...said]).toEqual([[environment.id, "kept"]]);
    expect([found?.recomputed, found?.disagreements, runs]).toEqual([3, [], 3]);
  });

  it("runs nothing where nothing is to be audited", async () => {
    const { said, found, runs } = await audited({ observed, survivors: [] }, () => ({}), { audit: 0 });
    expect([[...said], found?.recomputed, runs]).toEqual([[[environment.id, "kept"]], 0, 0]);
  });

  it("believes nothing where a verdict was wrong and no other is so by the same test", async () => {
    const { said } = await audited({ observed, survivors: [] }, (sign) => (sign === "-" ? green : asSaid));
    expect([...said]).toEqual([environment.id, minus.id, times.id].map((id) => [id, "audit/unsound"]));
  });

  it("lets go of a verdict that was wrong, and of what rests on its tests, where the limit allows it", async () => {
    const all = [...observed, record(over, [adds, keeps], []), record(rest, [keeps], [adds])];
    const { said, found } = await audited(
      { observed: all, survivors: [] },
      (sign) => ({
        ...asSaid,
        "test/add.test.js":
          { "-": green["test/add.test.js"], "/": ["-adds", "-keeps zero"], "%": ["+adds", "-keeps zero"] }[sign] ??
          asSaid["test/add.test.js"],
      }),
      { auditLimit: 0.25 },
    );
    expect(Object.fromEntries(said)).toEqual({ [environment.id]: "kept", [minus.id]: "audit/disagrees", [times.id]: "audit/doubted" });
    expect(found?.disagreements).toMatchObject([{ candidateId: minus.id, toFail: [adds], flaky: false }]);
  });

  it("names a survivor that the whole suite notices", async () => {
    const survivors = [{ candidate: over, by: "sift" as const }];
    const { said } = await audited({ observed: [], survivors }, () => asSaid, { auditLimit: 1 });
    expect(Object.fromEntries(said)).toEqual({ [environment.id]: "kept", [over.id]: "audit/disagrees" });
  });
});

it("a test that several audits doubt is the cause; one that a single audit doubts is none", () => {
  const one = (candidateId: string, toPass: readonly string[], more: Partial<Disagreement> = {}): Disagreement => ({
    ...{ candidateId, by: "observe", toPass: [...toPass], toFail: [], ended: null, flaky: false },
    ...more,
  });
  const left = (...disagreements: Disagreement[]): string[] =>
    unexplained({ environmentId: environment.id, recomputed: 10, disagreements }).map(({ candidateId }) => candidateId);
  expect(left(one("a", [subtracts]), one("b", [subtracts]))).toEqual([]);
  expect(left(one("a", [subtracts]), one("b", [adds]))).toEqual(["a", "b"]);
  expect(left(one("a", [subtracts]), one("b", [subtracts, adds]))).toEqual(["b"]);
  expect(left(one("a", [adds], { flaky: true }))).toEqual([]);
  expect(left(one("a", [], { ended: "does-not-load" }), one("b", [], { ended: "does-not-load" }))).toEqual(["a", "b"]);
});

it("an observation without tests is as if they had been quarantined", () => {
  const { observation } = withoutTests(record(minus, [adds, keeps], [subtracts]), new Set([keeps, subtracts]));
  expect(observation).toMatchObject({ failToPass: [adds], passToPass: [], flaky: [keeps, subtracts] });
  expect(Object.keys(observation.failures)).toEqual([adds]);
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
