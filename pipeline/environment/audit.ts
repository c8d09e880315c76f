/** A verdict on a mutant, held against what the whole suite says of its plain source in a fresh workspace. */
import { isDeepStrictEqual } from "node:util";
import type { TestRun, Workspace } from "../../sandbox/workspace.ts";
import type { Disagreement } from "../../schemas/audit.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Observation } from "../../schemas/observation.ts";

/** What was said of a mutant, and who said it. */
export interface Claim {
  readonly mutant: Mutant;
  readonly by: Disagreement["by"];
  /** What its tests were seen to do; null where none was said to notice it. */
  readonly observation: Pick<Observation, "files" | "failToPass" | "passToPass"> | null;
}

type Difference = Pick<Disagreement, "toPass" | "toFail" | "ended">;

/** Of a run that gave no whole report nothing more can be said. */
function endOf({ ended, report }: TestRun): string | null {
  if (ended.kind !== "finished") return ended.kind;
  if (ended.failedCommand !== null) return "build-failed";
  if (report.unloaded.length > 0) return "does-not-load";
  return report.complete ? null : "ended-early";
}

/** Tests whose outcome was said. A file that nobody ran does not come to the mutant: there, every test was said to pass. */
function saidOf({ observation }: Claim, environment: Environment): ReadonlyMap<string, "pass" | "fail"> {
  const ran = new Set(observation?.files);
  const passes = new Set(observation?.passToPass);
  const fails = new Set(observation?.failToPass);
  const alone = new Set(environment.testFiles.flatMap(({ file, standalone }) => (standalone ? [file] : [])));
  const said = new Map<string, "pass" | "fail">();
  for (const { id, file, standing } of environment.tests) {
    if (standing !== "stable" || !alone.has(file)) continue;
    if (fails.has(id)) said.set(id, "fail");
    else if (!ran.has(file) || passes.has(id)) said.set(id, "pass");
  }
  return said;
}

/** In what a run of the whole suite differs from the claim, or null. */
export function differenceOf(claim: Claim, environment: Environment, run: TestRun): Difference | null {
  const ended = endOf(run);
  if (ended !== null) return { toPass: [], toFail: [], ended };
  const passed = new Set(run.report.tests.flatMap(({ id, status }) => (status === "passed" ? [id] : [])));
  const failed = new Set(run.report.tests.flatMap(({ id, status }) => (status === "failed" ? [id] : [])));
  const [toPass, toFail]: [string[], string[]] = [[], []];
  for (const [id, said] of saidOf(claim, environment)) {
    if (said === "pass" && !passed.has(id)) toPass.push(id);
    if (said === "fail" && !failed.has(id)) toFail.push(id);
  }
  return toPass.length + toFail.length === 0 ? null : { toPass, toFail, ended: null };
}

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])].sort();

/** So often more is a whole suite run that says something else than the claim: does it say so each time? */
const again = 2;

/** Null where the whole suite says the same. `wallMs` is the limit of one run of it. */
export async function audit(claim: Claim, workspace: Workspace, wallMs: number): Promise<Disagreement | null> {
  const look = async (): Promise<Difference | null> =>
    differenceOf(claim, workspace.environment, await workspace.wholeSuite(claim.mutant.before, wallMs));
  const first = await look();
  if (first === null) return null;
  let [all, flaky] = [first, false];
  for (let at = 0; at < again; at++) {
    const next = await look();
    flaky ||= !isDeepStrictEqual(next, first);
    if (next !== null)
      all = { toPass: union(all.toPass, next.toPass), toFail: union(all.toFail, next.toFail), ended: all.ended ?? next.ended };
  }
  return { candidateId: claim.mutant.id, by: claim.by, ...all, flaky };
}
