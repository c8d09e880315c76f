/** A verdict on a candidate, held against what the whole suite says of its plain source in a fresh workspace. */
import type { TestRun, Workspace } from "../../sandbox/workspace.ts";
import type { Audited } from "../../schemas/audit.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Observation } from "../../schemas/observation.ts";
import { failsByItself } from "./look.ts";

/** What was said of a candidate, and who said it. */
export interface Claim {
  readonly candidate: Candidate;
  readonly by: Audited["by"];
  /** What its tests were seen to do; null where none was said to notice it. */
  readonly observation: Pick<Observation, "files" | "failToPass" | "passToPass"> | null;
  /** Test files that are known to come to it. */
  readonly reaching: readonly string[];
}

/** Why a run says nothing of single tests, or null. */
function hindrance({ ended, report }: TestRun): string | null {
  if (ended.kind !== "finished") return ended.kind;
  if (ended.failedCommand !== null) return "the build fails";
  if (report.tests.length === 0) return "no test was run";
  return report.complete ? null : "the suite ends early";
}

/** Ids of the stable tests that pass here, of files that stand alone. What does not is none to hold a verdict against. */
function passing(environment: Environment, { report }: TestRun): readonly { id: string; file: string }[] {
  const passed = new Set(report.tests.flatMap(({ id, status }) => (status === "passed" ? [id] : [])));
  const alone = new Set(environment.testFiles.flatMap(({ file, standalone }) => (standalone ? [file] : [])));
  return environment.tests.filter(({ id, file, standing }) => standing === "stable" && alone.has(file) && passed.has(id));
}

/**
 * Tests that do otherwise in this run than was said. Of a file that nobody ran it was said that it does not come to the candidate: there, every
 * test passes. What failed by a limit, or is skipped, tells nothing.
 */
function differing(claim: Claim, tests: readonly { id: string; file: string }[], { report }: TestRun): ReadonlySet<string> {
  const { observation } = claim;
  const [ran, passes, fails] = [observation?.files, observation?.passToPass, observation?.failToPass].map((ids) => new Set(ids));
  const seen = new Map(report.tests.map((test) => [test.id, test]));
  const unloaded = new Set(report.unloaded.map(({ file }) => file));
  return new Set(
    tests.flatMap(({ id, file }) => {
      const test = seen.get(id);
      if (fails?.has(id)) return test?.status === "passed" ? [id] : [];
      if (ran?.has(file) && !passes?.has(id)) return [];
      const failed = test === undefined ? unloaded.has(file) : test.status === "failed" && failsByItself(test);
      return failed ? [id] : [];
    }),
  );
}

/** The whole suite on the healthy tree, once for each workspace: what it does there is what a candidate's run is held against. */
const controls = new WeakMap<Workspace, Promise<TestRun>>();
function control(workspace: Workspace, wallMs: number): Promise<TestRun> {
  const known = controls.get(workspace);
  if (known !== undefined) return known;
  const run = workspace.wholeSuite({}, wallMs);
  controls.set(workspace, run);
  run.catch(() => controls.delete(workspace));
  return run;
}

/** Which of these tests fail as well where each of their files is run by itself. */
async function failingAlone(
  { candidate }: Claim,
  tests: readonly { id: string; file: string }[],
  workspace: Workspace,
): Promise<ReadonlySet<string>> {
  const failing = new Set<string>();
  for (const file of new Set(tests.map((test) => test.file))) {
    const { report } = await workspace.run({ layer: candidate.before, files: [file], shared: false }, 0);
    const passed = new Set(report.tests.flatMap(({ id, status }) => (status === "passed" ? [id] : [])));
    for (const test of tests) if (test.file === file && !passed.has(test.id)) failing.add(test.id);
  }
  return failing;
}

/** Built anew and with nothing kept, a suite takes longer than the looks whose limit it is. */
const slower = 4;
const leastMs = 60_000;

/** So often is a whole suite run that says something else than the claim; what it says in most of these runs counts. */
const runs = 3;

/** `wallMs` is the limit of one run of the whole suite as it is otherwise made. */
export async function audit(claim: Claim, workspace: Workspace, wallMs: number): Promise<Audited> {
  const { environment } = workspace;
  const head = { candidateId: claim.candidate.id, environmentId: environment.id, by: claim.by };
  const nothing = { toPass: [], elsewhere: [], inCompany: [], toFail: [], flaky: false };
  const undecided = (why: string): Audited => ({ ...head, ...nothing, result: "undecided", why });
  const healthy = await control(workspace, slower * wallMs);
  const unhealthy = hindrance(healthy);
  if (unhealthy !== null) return undecided(`without the change: ${unhealthy}`);
  const tests = passing(environment, healthy);
  const limitMs = Math.max(leastMs, slower * healthy.result.usage.wallMs);
  const counts = new Map<string, number>();
  for (let at = 0; at < runs; at++) {
    const run = await workspace.wholeSuite(claim.candidate.before, limitMs);
    const why = hindrance(run);
    if (why !== null) return undecided(why);
    for (const id of differing(claim, tests, run)) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (counts.size === 0) return { ...head, ...nothing, result: "agrees", why: "" };
  }
  const found = tests.filter(({ id }) => (counts.get(id) ?? 0) * 2 > runs);
  if (found.length === 0) return { ...head, ...nothing, result: "agrees", why: "" };
  const isFailing = new Set(claim.observation?.failToPass);
  const of = (holds: (test: { id: string; file: string }) => boolean): string[] => found.filter(holds).map(({ id }) => id);
  const comes = ({ file }: { file: string }): boolean => claim.reaching.includes(file);
  const far = found.filter((test) => !isFailing.has(test.id) && !comes(test));
  const alone = await failingAlone(claim, far, workspace);
  return {
    ...head,
    result: "disagrees",
    toPass: of((test) => !isFailing.has(test.id) && comes(test)),
    elsewhere: far.flatMap(({ id }) => (alone.has(id) ? [id] : [])),
    inCompany: far.flatMap(({ id }) => (alone.has(id) ? [] : [id])),
    toFail: of((test) => isFailing.has(test.id)),
    flaky: counts.values().some((count) => count < runs),
    why: "",
  };
}
