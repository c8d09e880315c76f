/** Pure judgement: of a finished run against what a trial expects, of locations, of a review. */
import type { Expectation, Finding, Location, Score } from "../schemas/instance.ts";
import type { TestResult } from "../schemas/report.ts";
import type { TestRun } from "../sandbox/workspace.ts";

export interface Verdict {
  readonly held: boolean;
  /** Code of what did not hold; null when it held. */
  readonly reason: string | null;
  readonly detail: string;
  /** Share of the expected outcomes that were seen, in [0, 1]. */
  readonly share: number;
}

const held: Verdict = { held: true, reason: null, detail: "", share: 1 };
const not = (reason: string, detail: string, share = 0): Verdict => ({ held: false, reason, detail, share });

const failedByItself = (test: TestResult | undefined): boolean =>
  test?.status === "failed" && (test.failure?.kind === "assertion" || test.failure?.kind === "error");

/** Things that void a run whatever was expected: nobody gets reward from a run that did not end as runs end. */
function voided(run: TestRun, bail: boolean): Verdict | null {
  if (run.ended.kind !== "finished") return not(run.ended.kind, `the run ended: ${run.ended.kind}`);
  if (run.ended.failedCommand !== null) return not("build-failed", `command ${run.ended.failedCommand} exited with ${run.ended.exitCode}`);
  if (run.report.forged > 0) return not("report-forged", `${run.report.forged} lines on the report channel without the run's nonce`);
  const failing = run.report.tests.some((test) => test.status === "failed");
  if (!run.report.complete && !(bail && failing)) return not("ended-early", "the runner never said that it was done");
  const { tests, unloaded, strays } = run.report;
  if (tests.length === 0 && unloaded.length === 0) return not("no-tests", "the run shows no test");
  const green = unloaded.length === 0 && strays.length === 0 && tests.every((test) => test.status !== "failed");
  if (green && run.ended.exitCode !== 0) return not("exit-code", `no test failed and the runner exited with ${run.ended.exitCode}`);
  if (!green && run.ended.exitCode === 0) return not("exit-code", "a test failed and the runner exited with 0");
  return null;
}

function judgeTests(run: TestRun, pass: readonly string[], fail: readonly string[]): Verdict {
  const byId = new Map(run.report.tests.map((test) => [test.id, test]));
  const missed = pass.filter((id) => byId.get(id)?.status !== "passed");
  const survived = fail.filter((id) => !failedByItself(byId.get(id)));
  const total = pass.length + fail.length;
  const share = total === 0 ? 1 : (total - missed.length - survived.length) / total;
  const first = missed[0] ?? survived[0];
  if (first === undefined) return held;
  const seen = byId.get(first)?.status ?? "absent";
  return not(missed.length > 0 ? "tests-failed" : "tests-passed", `${missed.length + survived.length} of ${total}, first: ${first} (${seen})`, share);
}

/** `answerPath` is needed by the two expectations that look at the answer's own tests. */
export function judgeRun(run: TestRun, expect: Expectation, answerPath: string | null, bail: boolean): Verdict {
  const nothing = voided(run, bail);
  if (nothing) return nothing;
  if (expect.kind === "tests") return judgeTests(run, expect.pass, expect.fail);
  if (expect.kind === "some-fail") {
    const wanted = new Set(expect.among);
    const failing = run.report.tests.filter((test) => wanted.has(test.id) && failedByItself(test));
    return failing.length > 0 ? held : not("tests-passed", `none of ${expect.among.length} tests failed`);
  }
  const broken = run.report.unloaded[0];
  if (broken) return not("does-not-load", `${broken.failure.name}: ${broken.failure.message}`.slice(0, 300));
  const own = run.report.tests.filter((test) => test.file === answerPath);
  const failed = own.filter((test) => test.status === "failed");
  const passed = own.filter((test) => test.status === "passed").length;
  if (expect.kind === "answer-passes") {
    const wrong = failed[0] ?? null;
    if (wrong) return not("fails-where-it-must-pass", `${wrong.id}: ${wrong.failure?.message ?? ""}`.slice(0, 300));
    if (run.report.strays.length > 0) return not("stray-error", run.report.strays[0]?.message.slice(0, 300) ?? "");
    return passed > 0 ? held : not("no-tests", "the answer has no test that passes");
  }
  if (failed.length === 0) return not("passes-where-it-must-fail", `${passed} tests passed`);
  return failed.some(failedByItself) ? held : not("failed-otherwise", `by ${failed[0]?.failure?.kind ?? "nothing known"}`);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const f1 = (precision: number, recall: number): number => (precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall));

/** File set equal to gold gives 1. More than max(5, 2 × gold) locations is no answer. */
export function judgeLocations(given: readonly Location[], gold: readonly Location[]): Score {
  const cap = Math.max(5, 2 * gold.length);
  const none = { reward: 0 as const, components: { "file-f1": 0, "symbol-f1": 0 } };
  if (given.length === 0) return { ...none, reason: "no-answer", detail: "no location is named" };
  if (given.length > cap) return { ...none, reason: "too-many-locations", detail: `${given.length} of at most ${cap}` };
  const score = (mine: ReadonlySet<string>, theirs: ReadonlySet<string>) => {
    const both = [...mine].filter((item) => theirs.has(item)).length;
    const [precision, recall] = [ratio(both, mine.size), ratio(both, theirs.size)];
    return { precision, recall, f1: f1(precision, recall), equal: both === mine.size && both === theirs.size };
  };
  const file = score(new Set(given.map((item) => item.file)), new Set(gold.map((item) => item.file)));
  const named = (items: readonly Location[]) => new Set(items.flatMap((item) => (item.symbol === null ? [] : [`${item.file}#${item.symbol}`])));
  const symbol = score(named(given), named(gold));
  return {
    reward: file.equal ? 1 : 0,
    components: {
      "file-precision": file.precision,
      "file-recall": file.recall,
      "file-f1": file.f1,
      "symbol-precision": symbol.precision,
      "symbol-recall": symbol.recall,
      "symbol-f1": symbol.f1,
    },
    reason: file.equal ? null : "other-files",
    detail: "",
  };
}

const lines = (findings: readonly Finding[], slack: number): Set<string> => {
  const found = new Set<string>();
  for (const { file, startLine, endLine } of findings) {
    const last = Math.min(endLine, startLine + 200) + slack;
    for (let line = Math.max(1, startLine - slack); line <= last; line++) found.add(`${file}:${line}`);
  }
  return found;
};

/** The verdict must be right; where changes are requested, one of at most 3 findings overlaps the defect (± 1 line). */
export function judgeReview(
  given: { verdict: string; findings: readonly Finding[] },
  gold: { verdict: string; defects: readonly Finding[] },
): Score {
  const verdict = given.verdict === gold.verdict;
  const wanted = lines(gold.defects, 0);
  const tolerant = lines(gold.defects, 1);
  const named = lines(given.findings, 0);
  const overlap = [...named].filter((line) => tolerant.has(line)).length;
  const lineF1 = gold.verdict === "approve" ? (given.findings.length === 0 && verdict ? 1 : 0) : f1(ratio(overlap, named.size), ratio(Math.min(overlap, wanted.size), wanted.size));
  const components = { verdict: verdict ? 1 : 0, "line-f1": Math.min(1, lineF1) };
  const no = (reason: string, detail: string): Score => ({ reward: 0, components, reason, detail });
  if (!verdict) return no("wrong-verdict", `${given.verdict} where it is ${gold.verdict}`);
  if (gold.verdict === "approve") return { reward: 1, components, reason: null, detail: "" };
  if (given.findings.length > 3) return no("too-many-findings", `${given.findings.length} of at most 3`);
  const wide = given.findings.find((finding) => finding.endLine - finding.startLine > 20);
  if (wide) return no("finding-too-wide", `${wide.file}:${wide.startLine}-${wide.endLine}`);
  return overlap > 0 ? { reward: 1, components, reason: null, detail: "" } : no("defect-not-found", "no finding overlaps the defect");
}
