/**
 * What the tests of the defective tree do, in a cold run of every standalone test file that reaches the change. Files that may share a
 * process do: what passes there is believed for choosing what is posed, and every premise is run file by file before anything is kept.
 */
import { z } from "zod";
import type { Workspace } from "../../sandbox/workspace.ts";
import { type Candidate, candidateSchema } from "../../schemas/candidate.ts";
import { type Environment, environmentSchema } from "../../schemas/environment.ts";
import { mergeLayers } from "../../schemas/layer.ts";
import { type Observation, observationSchema } from "../../schemas/observation.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { TestResult } from "../../schemas/report.ts";
import { isThin } from "../../skills/symptoms.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { changedCalls } from "../environment/changed-calls.ts";
import { failsByItself, inWords, type Look, look } from "../environment/look.ts";
import { variantsOf } from "../environment/variants.ts";

export const subjectSchema = z.object({ candidate: candidateSchema, environment: environmentSchema }).readonly();
export type Subject = z.infer<typeof subjectSchema>;
export const observedSchema = z
  .object({ candidate: candidateSchema, environmentId: z.string(), observation: observationSchema })
  .readonly();
export type ObservedRecord = z.infer<typeof observedSchema>;

/**
 * Test files that run a line of the change, and those that came with it: a change that only takes lines away leaves none to run. A file that
 * was added by the fix has no lines before: whoever reaches it counts.
 */
export function reachingFiles(candidate: Candidate, environment: Environment): string[] {
  const touches = (covers: Readonly<Record<string, readonly number[]>>): boolean =>
    candidate.edits.some(({ file, startLine, endLine }) => (covers[file] ?? []).some((line) => line >= startLine && line <= endLine)) ||
    Object.entries(candidate.before).some(([file, text]) => text === null && file in covers);
  const came = new Set(candidate.kind === "commit" ? candidate.testFiles : []);
  return environment.testFiles.flatMap(({ file, standalone, covers }) => (standalone && (came.has(file) || touches(covers)) ? [file] : []));
}

function classify(candidate: Candidate, environment: Environment, files: readonly string[], { run, manner }: Look): Observation {
  const seen = new Map(run.report.tests.map((test) => [test.id, test]));
  const known = environment.tests.filter((test) => files.includes(test.file));
  const stable = known.filter((test) => test.standing === "stable").map((test) => test.id);
  const failed = stable.filter((id) => seen.get(id)?.status === "failed");
  const failToPass = failed.filter((id) => failsByItself(seen.get(id) as TestResult));
  return {
    candidateId: candidate.id,
    environmentId: environment.id,
    files: [...files],
    failToPass,
    passToPass: stable.filter((id) => seen.get(id)?.status === "passed"),
    absentToPass: stable.filter((id) => !seen.has(id)),
    skippedToPass: stable.filter((id) => seen.get(id)?.status === "skipped"),
    passToFail: known.filter((test) => test.standing === "failing" && seen.get(test.id)?.status === "passed").map((test) => test.id),
    failToFail: known.filter((test) => test.standing === "failing" && seen.get(test.id)?.status === "failed").map((test) => test.id),
    flaky: known.filter((test) => test.standing === "quarantined").map((test) => test.id),
    failures: Object.fromEntries(failToPass.flatMap((id) => (seen.get(id)?.failure ? [[id, seen.get(id)?.failure]] : []))),
    manner,
    calls: [],
    ended: run.report.unloaded.length > 0 ? "load" : "finished",
  } as Observation;
}

function outcomeOf(candidate: Candidate, environment: Environment, files: readonly string[], seen: Look): Outcome<ObservedRecord> {
  const { run } = seen;
  const { ended, report } = run;
  if (ended.kind !== "finished") return drop(`observe/${ended.kind}`, `over ${files.length} test files`);
  if (ended.failedCommand !== null) return drop("observe/build-failed", `${run.result.stdout}\n${run.result.stderr}`.trim().slice(-300));
  if (report.forged > 0) return drop("observe/report-forged", `${report.forged} lines`);
  if (report.unloaded.length > 0) return drop("observe/does-not-load", report.unloaded[0]?.failure.message ?? "");
  if (!report.complete) return drop("observe/ended-early", `exit code ${ended.exitCode}`);
  const observation = classify(candidate, environment, files, seen);
  if (observation.failToPass.length > 0) {
    const other = environment.tests.length - observation.failToPass.length;
    return other > 0 || observation.passToPass.length > 0
      ? keep({ candidate, environmentId: environment.id, observation })
      : drop("observe/all-fail", "every test of the environment fails");
  }
  const [absent] = observation.absentToPass;
  if (absent !== undefined) return drop("observe/tests-vanish", `${observation.absentToPass.length} tests, first ${absent}`);
  const late = report.tests.find((test) => test.status === "failed" && !failsByItself(test));
  if (late) return drop("observe/fails-otherwise", `${late.id}: ${late.failure?.kind ?? ""}`);
  return drop("observe/survived", `${files.length} test files`);
}

/** Where no failure shows what was put in, the calls that the defect changes do. */
async function withCalls(record: ObservedRecord, workspace: Workspace): Promise<ObservedRecord> {
  const { language } = workspace;
  if (!isThin(record, { language, text: (path) => workspace.text(path) })) return record;
  const calls = await changedCalls(record.candidate, record.observation, workspace);
  return { ...record, observation: { ...record.observation, calls: [...calls] } };
}

/** The parent's tree: without the change and without the tests that came with it. What cannot be told there is absent. */
async function withBase(record: ObservedRecord, workspace: Workspace): Promise<ObservedRecord> {
  const { candidate, observation } = record;
  if (candidate.kind !== "commit" || candidate.earlier === undefined) return record;
  const { earlier } = candidate;
  const files = observation.files.filter((file) => earlier[file] !== null);
  const layer = mergeLayers(candidate.before, earlier);
  const run = files.length > 0 ? await workspace.run({ layer, files, shared: false, look: true }, 0) : null;
  const seen = new Map(run?.report.tests.map(({ id, status }) => [id, status]));
  const atBase = Object.fromEntries(observation.failToPass.map((id) => [id, seen.get(id) ?? "absent"] as const));
  return { ...record, observation: { ...observation, atBase } };
}

/** Of a commit, what its tests do on trees that are wrong in another way than the one before it. */
async function withVariants(record: ObservedRecord, workspace: Workspace, bench: Bench): Promise<ObservedRecord> {
  const { environment } = workspace;
  const variants = await variantsOf(record, workspace, bench, async (mutant, files) => {
    const outcome = outcomeOf(mutant, environment, files, await look(mutant.before, environment, files, workspace));
    return outcome.kept ? outcome.value.observation : null;
  });
  return variants.length === 0 ? record : { ...record, observation: { ...record.observation, variants } };
}

async function observe({ candidate, environment }: Subject, bench: Bench): Promise<Outcome<ObservedRecord>> {
  const files = reachingFiles(candidate, environment);
  if (files.length === 0) return drop("observe/not-reached", "no standalone test file reaches the change");
  const workspace = await bench.workspace(environment);
  const seen = await look(candidate.before, environment, files, workspace);
  const outcome = outcomeOf(candidate, environment, files, seen);
  if (outcome.kept) {
    const told = await withBase(await withCalls(outcome.value, workspace), workspace);
    return keep(await withVariants(told, workspace, bench));
  }
  return seen.manner === "apart" ? outcome : drop(outcome.reason, `${inWords(seen)}: ${outcome.detail}`);
}

export const observeStage: Stage<Subject, ObservedRecord> = {
  name: "observe",
  version: 9,
  resource: "sandbox",
  output: observedSchema,
  settings: ["seed", "runTimeoutMs", "typeCheck"],
  async *work([subject], bench) {
    if (subject) yield { id: subject.candidate.id, parent: subject.candidate.id, outcome: await observe(subject, bench) };
  },
};
