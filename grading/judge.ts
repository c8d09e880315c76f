/** Pure judgement: of a finished run against what a trial expects, of locations, of a review. */

import type { TestRun } from "../sandbox/workspace.ts";
import type { Expectation, Finding, Location, Score } from "../schemas/instance.ts";
import type { Failure, TestResult } from "../schemas/report.ts";

export interface Verdict {
  readonly held: boolean;
  /** Code of what did not hold; null when it held. */
  readonly reason: string | null;
  readonly detail: string;
  /** Share of the expected outcomes that were seen, in [0, 1]. */
  readonly share: number;
}

export interface RunFacts {
  /** Whose tests are the answer's, for the two expectations that look at them. */
  readonly answerPath: string | null;
  /** Every test id of the environment, where the answer is code that runs in the tests' process; null where nobody could add a test. */
  readonly known: ReadonlySet<string> | null;
}

const held: Verdict = { held: true, reason: null, detail: "", share: 1 };
const not = (reason: string, detail: string, share = 0): Verdict => ({ held: false, reason, detail: detail.slice(0, 400), share });

const byItself = (failure: Failure | null): boolean => failure?.kind === "assertion" || failure?.kind === "error";
const failedByItself = (test: TestResult | undefined): boolean => test?.status === "failed" && byItself(test.failure);

/** Things that void a run whatever was expected: nobody gets reward from a run that did not end as runs end. */
function voided(run: TestRun): Verdict | null {
  if (run.ended.kind !== "finished") return not(run.ended.kind, `the run ended: ${run.ended.kind}`);
  if (run.ended.failedCommand !== null) return not("build-failed", `command ${run.ended.failedCommand} exited with ${run.ended.exitCode}`);
  if (run.report.forged > 0) return not("report-forged", `${run.report.forged} lines on the report channel without the run's nonce`);
  if (!run.report.complete) return not("ended-early", "the runner never said that it was done");
  const { tests, unloaded, strays, hooks = [] } = run.report;
  if (tests.length === 0 && unloaded.length === 0 && hooks.length === 0) return not("no-tests", "the run shows no test");
  const green = unloaded.length === 0 && strays.length === 0 && tests.every((test) => test.status !== "failed");
  if (green && run.ended.exitCode !== 0) return not("exit-code", `no test failed and the runner exited with ${run.ended.exitCode}`);
  if (!green && run.ended.exitCode === 0) return not("exit-code", "a test failed and the runner exited with 0");
  return null;
}

/**
 * A test that the environment does not know and that bears the name of an expected one. Code under test that registers tests of its own
 * can take a hidden test's name before that test does; the true result then stands under ` #2`.
 */
function impostor(run: TestRun, expected: ReadonlySet<string>, known: ReadonlySet<string>): string | null {
  const bare = (id: string): string => id.replace(/(?: #\d+)+$/, "");
  const names = new Set([...expected].map(bare));
  return run.report.tests.find(({ id }) => !known.has(id) && bare(id) !== id && names.has(bare(id)))?.id ?? null;
}

function judgeTests(run: TestRun, pass: readonly string[], fail: readonly string[], known: RunFacts["known"]): Verdict {
  const total = pass.length + fail.length;
  if (total === 0) return not("nothing-expected", "the trial asks for no test");
  const doubled = known && impostor(run, new Set([...pass, ...fail]), known);
  if (doubled) return not("impostor-test", `the tree has no such test: ${doubled}`);
  const byId = new Map(run.report.tests.map((test) => [test.id, test]));
  const missed = pass.filter((id) => byId.get(id)?.status !== "passed");
  const survived = fail.filter((id) => !failedByItself(byId.get(id)));
  const first = missed[0] ?? survived[0];
  if (first === undefined) return held;
  const seen = byId.get(first)?.status ?? "absent";
  const wrong = missed.length + survived.length;
  const reason =
    missed.length > 0 ? "tests-failed" : survived.some((id) => byId.get(id)?.status === "passed") ? "tests-passed" : "failed-otherwise";
  return not(reason, `${wrong} of ${total}, first: ${first} (${seen})`, (total - wrong) / total);
}

/** Of the answer's own tests. A run of the answer's file alone has no other tests; if it shows some, they must not fail either. */
function judgeAnswer(run: TestRun, wanted: "answer-passes" | "answer-fails", answerPath: string | null): Verdict {
  const broken = run.report.unloaded[0];
  if (broken) return not("does-not-load", `${broken.failure.name}: ${broken.failure.message}`);
  const own = run.report.tests.filter((test) => test.file === answerPath);
  const passed = own.filter((test) => test.status === "passed").length;
  if (wanted === "answer-passes") {
    const wrong = run.report.tests.find((test) => test.status === "failed");
    if (wrong) return not("fails-where-it-must-pass", `${wrong.id}: ${wrong.failure?.message ?? ""}`);
    const stray = run.report.strays[0];
    if (stray) return not("stray-error", stray.message);
    return passed > 0 ? held : not("no-tests", "the answer has no test that passes");
  }
  const failed = own.filter((test) => test.status === "failed");
  // A hook of the file acts for the tests behind it, which runners leave out when it fails. Of one outside of any suite mocha does not know the file.
  if (run.report.hooks?.some(({ file, failure }) => (file === answerPath || file === "") && byItself(failure))) return held;
  if (failed.length === 0) return not("passes-where-it-must-fail", `${passed} tests passed`);
  return failed.some(failedByItself) ? held : not("failed-otherwise", `by ${failed[0]?.failure?.kind ?? "nothing known"}`);
}

/** Had a test of the answer failed by itself before the run was cut off? One that has shown the defect may be followed by one that hangs for it. */
const failedBefore = ({ ended, report }: TestRun, answerPath: string | null): boolean =>
  (ended.kind === "timed-out" || ended.kind === "out-of-memory") &&
  !report.complete &&
  report.forged === 0 &&
  report.tests.some((test) => test.file === answerPath && failedByItself(test));

export function judgeRun(run: TestRun, expect: Expectation, { answerPath, known }: RunFacts): Verdict {
  if (expect.kind === "answer-fails" && failedBefore(run, answerPath)) return held;
  const nothing = voided(run);
  if (nothing) return nothing;
  if (expect.kind === "tests") return judgeTests(run, expect.pass, expect.fail, known);
  if (expect.kind !== "some-fail") return judgeAnswer(run, expect.kind, answerPath);
  const among = new Set(expect.among);
  const doubled = known && impostor(run, among, known);
  if (doubled) return not("impostor-test", `the tree has no such test: ${doubled}`);
  const failing = run.report.tests.some((test) => among.has(test.id) && failedByItself(test));
  return failing ? held : not("tests-passed", `none of ${expect.among.length} tests failed`);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const f1 = (precision: number, recall: number): number => (precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall));

function overlap(mine: ReadonlySet<string>, theirs: ReadonlySet<string>) {
  const both = [...mine].filter((item) => theirs.has(item)).length;
  const [precision, recall] = [ratio(both, mine.size), ratio(both, theirs.size)];
  return { precision, recall, f1: f1(precision, recall), equal: both === mine.size && both === theirs.size };
}

/** `method` names `Class.method`; more of the way to it may be said, or all, and a private member without its sign. */
function names(given: Location, gold: Location): boolean {
  const [mine, theirs] = [given.symbol, gold.symbol].map((symbol) => symbol?.replaceAll("#", ""));
  return given.file === gold.file && mine !== undefined && theirs !== undefined && (theirs === mine || theirs.endsWith(`.${mine}`));
}

/** As the reward counts them: of the symbols that are named, those that name a place of gold, and the other way round. */
function symbolOverlap(given: readonly Location[], gold: readonly Location[]) {
  const [said, wanted] = [given, gold].map((items) => items.filter(({ symbol }) => symbol !== null)) as [Location[], Location[]];
  const precision = ratio(said.filter((one) => wanted.some((place) => names(one, place))).length, said.length);
  const recall = ratio(wanted.filter((place) => said.some((one) => names(one, place))).length, wanted.length);
  return { wanted: wanted.length, precision, recall, f1: f1(precision, recall) };
}

/** Each place of gold is named by its symbol, and no other symbol is. A place without one stands for its file. */
function sameSymbols(given: readonly Location[], gold: readonly Location[]): boolean {
  const wanted = gold.filter(({ symbol }) => symbol !== null);
  const said = given.filter(({ symbol }) => symbol !== null);
  return wanted.every((place) => said.some((one) => names(one, place))) && said.every((one) => wanted.some((place) => names(one, place)));
}

/**
 * File set equal to gold gives 1; with `symbols` the places in them must be equal too. More than max(5, 2 × gold) locations is no answer.
 * Figures over symbols are given only where gold names a symbol.
 */
export function judgeLocations(given: readonly Location[], gold: readonly Location[], symbols = false): Score {
  const cap = Math.max(5, 2 * gold.length);
  const counted = given.length > cap ? [] : given;
  const file = overlap(new Set(counted.map((item) => item.file)), new Set(gold.map((item) => item.file)));
  const symbol = symbolOverlap(counted, gold);
  const components = {
    "file-precision": file.precision,
    "file-recall": file.recall,
    "file-f1": file.f1,
    ...(symbol.wanted === 0 ? {} : { "symbol-precision": symbol.precision, "symbol-recall": symbol.recall, "symbol-f1": symbol.f1 }),
  };
  const no = (reason: string, detail: string): Score => ({ reward: 0, components, reason, detail });
  if (given.length === 0) return no("no-answer", "no location is named");
  if (given.length > cap) return no("too-many-locations", `${given.length} of at most ${cap}`);
  if (!file.equal) return no("other-files", "");
  return symbols && !sameSymbols(counted, gold) ? no("other-symbols", "") : { reward: 1, components, reason: null, detail: "" };
}

/** What a review may name at most: findings, and lines in all of them together. */
export const reviewLimits = { findings: 3, lines: 21 } as const;
const tolerance = 1;

const linesOf = ({ startLine, endLine }: Finding): number => endLine - startLine + 1;
const linesIn = (findings: readonly Finding[]): number => findings.reduce((sum, finding) => sum + Math.max(0, linesOf(finding)), 0);
const hasLines = ({ startLine, endLine }: Finding): boolean => startLine <= endLine;
/** A diff names files with `a/` or `b/` before them, and so may who reads it. */
const sameFile = (a: string, b: string): boolean => a === b || [`a/${a}`, `b/${a}`].includes(b) || [`a/${b}`, `b/${b}`].includes(a);
/** Do two findings meet, or stand side by side? */
export const touches = (a: Finding, b: Finding): boolean =>
  sameFile(a.file, b.file) && a.startLine <= b.endLine + tolerance && b.startLine <= a.endLine + tolerance && hasLines(a) && hasLines(b);

/** Each line of the findings as a finding of its own; a line that is named twice counts once. */
function singleLines(findings: readonly Finding[]): Finding[] {
  const lines = new Map<string, Finding>();
  for (const finding of findings) {
    for (let line = finding.startLine; line <= finding.endLine; line++)
      lines.set(`${finding.file}:${line}`, { ...finding, startLine: line, endLine: line });
  }
  return [...lines.values()];
}

/** Precision: named lines within a line of the defect; recall: defective lines within a line of a named one. */
function lineF1(given: readonly Finding[], defects: readonly Finding[]): number {
  const [mine, theirs] = [singleLines(given), singleLines(defects)];
  const near = (lines: readonly Finding[], others: readonly Finding[]): number =>
    lines.filter((line) => others.some((other) => touches(other, line))).length;
  return f1(ratio(near(mine, theirs), mine.length), ratio(near(theirs, mine), theirs.length));
}

/** The verdict must be right; where changes are requested, one of at most 3 findings, which together have few lines, overlaps the defect (± 1 line). */
export function judgeReview(
  given: { verdict: string; findings: readonly Finding[] },
  gold: { verdict: string; defects: readonly Finding[] },
): Score {
  const verdict = given.verdict === gold.verdict;
  const widest = Math.max(reviewLimits.lines, linesIn(gold.defects));
  const lines = linesIn(given.findings);
  const wide = lines > widest;
  const many = given.findings.length > reviewLimits.findings;
  const approving = gold.verdict === "approve";
  const figure = approving ? Number(verdict && given.findings.length === 0) : many || wide ? 0 : lineF1(given.findings, gold.defects);
  const components = { verdict: verdict ? 1 : 0, "line-f1": figure };
  const no = (reason: string, detail: string): Score => ({ reward: 0, components, reason, detail });
  if (!verdict) return no("wrong-verdict", `${given.verdict} where it is ${gold.verdict}`);
  if (approving) return { reward: 1, components, reason: null, detail: "" };
  if (many) return no("too-many-findings", `${given.findings.length} of at most ${reviewLimits.findings}`);
  if (wide) return no("findings-too-wide", `${lines} lines of at most ${widest}`);
  const found = given.findings.some((finding) => gold.defects.some((defect) => touches(finding, defect)));
  return found ? { reward: 1, components, reason: null, detail: "" } : no("defect-not-found", "no finding overlaps the defect");
}
