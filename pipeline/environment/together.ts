/**
 * Which test files may share a process when a mutant is observed. A process for each file costs more than most files' tests; a file is
 * taken in where the healthy tree's tests come out as in the baseline, in the written order and in another.
 */
import type { TestRun } from "../../sandbox/workspace.ts";
import type { BaselineTest, TestFile } from "../../schemas/environment.ts";
import { type BaselineSite, run } from "./baseline.ts";

/**
 * Fewer files are cheaper each by itself, for those with a failure are run again: of commander's mutants those that reach six files cost 1.3
 * times as much in one process, those that reach 22 to 33 less than half.
 */
export const fewestTogether = 8;

/** What is left out may have been what disturbed the others; after so many rounds they are all left alone. */
const rounds = 3;

/** Why a run in which files shared a process tells nothing sure, or null. */
export function unsure({ ended, report }: TestRun): string | null {
  if (ended.kind !== "finished") return ended.kind;
  if (ended.failedCommand !== null) return "build-failed";
  if (report.forged > 0) return "report-forged";
  if (report.unloaded.length > 0) return "does-not-load";
  if (report.strays.length > 0) return report.strays[0]?.message ?? "";
  if (!report.complete) return "ended-early";
  const red = report.tests.some((test) => test.status === "failed");
  if (red !== (ended.exitCode !== 0)) return `exit code ${ended.exitCode}`;
  const late = report.tests.find((test) => test.failure?.kind === "timeout" || test.failure?.kind === "load");
  return late ? `${late.id}: ${late.failure?.kind}` : null;
}

const wanted: Readonly<Record<BaselineTest["standing"], string | null>> = {
  stable: "passed",
  failing: "failed",
  skipped: "skipped",
  quarantined: null,
};

/** Files of which a test is missing, new, or came out otherwise than in the baseline. */
export function differing({ report }: TestRun, files: readonly string[], tests: readonly BaselineTest[]): string[] {
  const known = new Set(tests.map((test) => test.id));
  const seen = new Map(report.tests.map((test) => [test.id, test.status]));
  const here = new Set(files);
  const odd = tests.filter(({ id, file, standing }) => here.has(file) && wanted[standing] !== null && seen.get(id) !== wanted[standing]);
  const strange = report.tests.filter(({ id }) => !known.has(id));
  return [...new Set([...odd, ...strange].map(({ file }) => file))].sort();
}

/** The files that may, sorted; none where they are few, or where it could not be told which of them disturb the others. */
export async function filesTogether(
  site: BaselineSite,
  tests: readonly BaselineTest[],
  testFiles: readonly TestFile[],
): Promise<readonly string[]> {
  let files = testFiles.flatMap(({ file, standalone }) => (standalone ? [file] : [])).sort();
  for (let round = 0; round < rounds && site.runner.canShare && files.length >= fewestTogether; round++) {
    const runs = [await run(site, files, null, {}, { together: files }), await run(site, files, 1, {}, { together: files })];
    if (runs.some((one) => unsure(one) !== null)) return [];
    const odd = new Set(runs.flatMap((one) => differing(one, files, tests)));
    if (odd.size === 0) return files;
    files = files.filter((file) => !odd.has(file));
  }
  return [];
}
