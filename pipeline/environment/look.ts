/**
 * A look at what a defective tree's tests do, as cheap as it can be had: in one process where enough files may share it. What fails there is
 * run again file by file, so that every failure, with the words that a prompt may quote, was seen as the runner's users would see it.
 */
import type { TestRun, Workspace } from "../../sandbox/workspace.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import type { Observation } from "../../schemas/observation.ts";
import type { TestResult } from "../../schemas/report.ts";
import { fewestTogether, unsure } from "./together.ts";

export interface Look {
  readonly run: TestRun;
  readonly manner: Observation["manner"];
  /** What was wrong with the look in one process, where there was one and it is not this. */
  readonly why: string | null;
}

export const inWords = ({ manner, why }: Look): string =>
  manner === "together" ? "seen in one process" : `seen file by file, after one process: ${why}`;

/** Failed by an assertion or by a thrown error; not by a limit, a hook or a file that did not load. */
export const failsByItself = ({ failure }: TestResult): boolean => failure?.kind === "assertion" || failure?.kind === "error";

/** First stable test of these files of which the run says nothing. */
function vanished(environment: Environment, files: readonly string[], { report }: TestRun): string | undefined {
  const seen = new Set(report.tests.map((test) => test.id));
  return environment.tests.find(({ id, file, standing }) => standing === "stable" && files.includes(file) && !seen.has(id))?.id;
}

/** Files with a test that fails here and not in the healthy tree. */
function newlyRed(environment: Environment, { report }: TestRun): string[] {
  const failing = new Set(environment.tests.flatMap(({ id, standing }) => (standing === "failing" ? [id] : [])));
  return [...new Set(report.tests.flatMap(({ id, file, status }) => (status === "failed" && !failing.has(id) ? [file] : [])))].sort();
}

/** The run with what was seen of these files replaced by what each did alone; null where they did something else. */
function confirmed(run: TestRun, alone: TestRun, files: readonly string[]): TestRun | null {
  const { ended, report } = alone;
  if (ended.kind !== "finished" || ended.failedCommand !== null || !report.complete || report.forged > 0) return null;
  const outcomes = ({ report: { tests } }: TestRun): string =>
    tests
      .flatMap(({ id, file, status }) => (files.includes(file) ? [`${status} ${id}`] : []))
      .sort()
      .join("\n");
  if (report.unloaded.length > 0 || outcomes(run) !== outcomes(alone)) return null;
  const others = run.report.tests.filter(({ file }) => !files.includes(file));
  return { ...run, report: { ...report, tests: [...others, ...report.tests] } };
}

/** Why a look in one process is no observation: it is not sure, or tests are gone, or so much fails that all may as well be run alone. */
function objection(run: TestRun, red: readonly string[], files: readonly string[], environment: Environment): string | null {
  const gone = vanished(environment, files, run);
  if (gone !== undefined) return unsure(run) ?? `without ${gone}`;
  return unsure(run) ?? (red.length * 2 > files.length ? `${red.length} files fail` : null);
}

export async function look(layer: Layer, environment: Environment, files: readonly string[], workspace: Workspace): Promise<Look> {
  const apart = (): Promise<TestRun> => workspace.run({ layer, files, shared: true, look: true }, 0);
  const together = environment.testFiles.flatMap((test) => (test.together && files.includes(test.file) ? [test.file] : []));
  if (workspace.plain || together.length < fewestTogether) return { run: await apart(), manner: "apart", why: null };
  const run = await workspace.runTogether({ layer, files, together });
  const red = newlyRed(environment, run);
  const why = objection(run, red, files, environment);
  if (why !== null) return { run: await apart(), manner: "apart-again", why };
  if (red.length === 0) return { run, manner: "together", why: null };
  const whole = confirmed(run, await workspace.run({ layer, files: red, shared: false, look: true }, 0), red);
  if (whole === null) return { run: await apart(), manner: "apart-again", why: "what failed does something else alone" };
  return { run: whole, manner: "together", why: null };
}
