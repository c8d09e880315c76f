/**
 * Do the tests that came with a change tell its two trees apart? A run of either tree answers it, mostly, before an environment is prepared, which
 * costs many. It only chooses: what is posed is observed anew.
 */
import type { TestRun } from "../../sandbox/workspace.ts";
import type { MinedCommit } from "../../schemas/candidate.ts";
import { type Dropped, drop } from "../../schemas/outcome.ts";
import { type BaselineSite, healthyRun, objection, run } from "./baseline.ts";
import { failsByItself } from "./look.ts";

const filesOf = ({ report }: TestRun): readonly string[] =>
  [...new Set([...report.tests, ...report.unloaded].map(({ file }) => file))].sort();

/**
 * In which files is looked, first and, where nothing is seen there, then: those with tests that the change touched; the others where it also
 * touched what tests read, as helpers and fixtures.
 */
export function filesToGlimpse({ testFiles }: Pick<MinedCommit, "testFiles">, healthy: TestRun): readonly (readonly string[])[] {
  const all = filesOf(healthy);
  const [own, others] = [all.filter((file) => testFiles.includes(file)), all.filter((file) => !testFiles.includes(file))];
  return [own, own.length < testFiles.length ? others : []].filter((files) => files.length > 0);
}

/** Why the tests of these files do not tell the trees apart; null where one fails by itself in `broken` and passes in `healthy`. */
export function unmoved(files: readonly string[], healthy: TestRun, broken: TestRun): Dropped | null {
  const { ended, report } = broken;
  const over = `over ${files.length} test files`;
  if (ended.kind !== "finished") return drop(`glimpse/${ended.kind}`, over);
  if (ended.failedCommand !== null)
    return drop("glimpse/does-not-build", `${broken.result.stdout}\n${broken.result.stderr}`.trim().slice(-300));
  const good = new Set(healthy.report.tests.flatMap(({ id, file, status }) => (status === "passed" && files.includes(file) ? [id] : [])));
  if (good.size === 0) return drop("glimpse/fails-with-the-change", over);
  const bad = report.tests.filter(({ id, status }) => status === "failed" && good.has(id));
  if (bad.some(failsByItself)) return null;
  const [late] = bad;
  if (late) return drop("glimpse/fails-otherwise", `${late.id}: ${late.failure?.kind ?? ""}`);
  const [unloaded] = report.unloaded;
  if (unloaded) return drop("glimpse/does-not-load", unloaded.failure.message);
  if (!report.complete) return drop("glimpse/ended-early", over);
  const seen = new Set(report.tests.map(({ id }) => id));
  const absent = [...good].filter((id) => !seen.has(id));
  if (absent.length > 0) return drop("glimpse/tests-vanish", `${absent.length} tests, first ${absent[0]}`);
  return drop("glimpse/no-fail-to-pass", `${good.size} tests ${over} pass with the change and without it`);
}

/** A run that tells nothing takes no longer than the healthy one, by much. */
const limitsAfter = ({ result }: TestRun, { runTimeoutMs }: BaselineSite): { wallMs: number } => ({
  wallMs: Math.min(runTimeoutMs, Math.max(20_000, 4 * result.usage.wallMs + 10_000)),
});

/** The files that the change touched, alone, on both trees; "unclear" where they may not be all that tells, or do not run like that. */
async function byOwnFiles(site: BaselineSite, { testFiles, before }: MinedCommit): Promise<Dropped | null | "unclear"> {
  const named = testFiles.filter((path) => site.language.extensions.some((end) => path.endsWith(end)));
  if (named.length === 0) return "unclear";
  const healthy = await run(site, named, null);
  const trouble = objection(healthy, site);
  if (trouble !== null) return trouble.reason === "prepare/build-failed" ? trouble : "unclear";
  const passed = new Set(healthy.report.tests.flatMap(({ file, status }) => (status === "passed" ? [file] : [])));
  const files = filesOf(healthy).filter((file) => passed.has(file) && testFiles.includes(file));
  if (files.length === 0) return "unclear";
  const no = unmoved(files, healthy, await run(site, files, null, before, { limits: limitsAfter(healthy, site) }));
  return no === null || files.length === testFiles.length ? no : "unclear";
}

/** The tree without the change beside a whole run of the healthy one. */
async function byAllFiles(site: BaselineSite, commit: MinedCommit, healthy: TestRun): Promise<Dropped | null> {
  let first: Dropped | null = null;
  for (const files of filesToGlimpse(commit, healthy)) {
    const no = unmoved(files, healthy, await run(site, files, null, commit.before, { limits: limitsAfter(healthy, site) }));
    if (no?.reason !== "glimpse/no-fail-to-pass") return no;
    first ??= no;
  }
  return first ?? drop("glimpse/no-tests", `no test file that was run is among ${commit.testFiles.length}`);
}

export interface Glimpsed {
  /** Why nothing more is to be spent on the change; null where its trees can be told apart. */
  readonly no: Dropped | null;
  /** A whole run of the healthy tree, where one was needed. */
  readonly healthy: TestRun | null;
}

/** Cold runs of both trees of a change: of the files that it touched, and of the whole suite only where these leave it open. */
export async function glimpse(site: BaselineSite, commit: MinedCommit): Promise<Glimpsed> {
  const own = await byOwnFiles(site, commit);
  if (own !== "unclear") return { no: own, healthy: null };
  const whole = await healthyRun(site);
  if (!whole.kept) return { no: whole, healthy: null };
  return { no: await byAllFiles(site, commit, whole.value), healthy: whole.value };
}
