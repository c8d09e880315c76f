/** What a user would see of a defect, told from the failures and the changed calls that were observed. No test name, no path, no line of the fix. */
import { stripVTControlCharacters } from "node:util";
import type { Evidence } from "../languages/contract.ts";
import type { ChangedCall } from "../schemas/observation.ts";
import type { Failure } from "../schemas/report.ts";
import type { Observed, PoseContext } from "./contract.ts";

export interface Symptom {
  /** The failing test that showed it; null for a call that was recorded. */
  readonly test: string | null;
  /** The function that is called, and its source file, where the call was recorded as it was made. */
  readonly of: Pick<ChangedCall, "file" | "symbol"> | null;
  /** The call as the failing check writes it, or null where it cannot be read. */
  readonly call: string | null;
  /** The call can be made as it is written, by whoever imports its names. */
  readonly selfContained: boolean;
  readonly expected: string | null;
  readonly actual: string | null;
  /** First line of an error that was thrown where none should be. */
  readonly error: string | null;
  /** No error was thrown where one should be; `expected` is then what it is held against. */
  readonly silent: boolean;
}

const oneLine = (text: string, limit: number): string => {
  const flat = stripVTControlCharacters(text)
    .replace(/(?:file:\/\/)?\/(?:workspace|kihon|tmp)\/[^\s'")]*/g, "…")
    .replace(/[ \t]*[\r\n]+\s*/g, " ")
    .trim();
  // A cut may part a surrogate pair: half of one has no UTF-8 form.
  return flat.length > limit ? `${flat.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…` : flat;
};

type Texts = Pick<PoseContext, "language" | "text">;

/** Two values on one line each, cut where they begin to differ; null for both where what is left of them does not differ. */
function contrast(expected: string | null, actual: string | null, limit: number): readonly [string | null, string | null] {
  const [one, other] = [expected === null ? null : oneLine(expected, 10_000), actual === null ? null : oneLine(actual, 10_000)];
  if (one === null || other === null) return [one && oneLine(one, limit), other && oneLine(other, limit)];
  if (one === other) return [null, null];
  let same = 0;
  while (one[same] === other[same]) same += 1;
  const start = same < limit - 40 ? 0 : same - 40;
  const cut = (text: string): string => oneLine(`${start > 0 ? "…" : ""}${text.slice(start)}`, limit);
  return [cut(one), cut(other)];
}

/** The assertion at the innermost frame of the test's own file, or of a test module that the file loads. */
function evidenceOf(test: string, failure: Failure, context: Texts): Evidence | null {
  const own = test.slice(0, test.indexOf(" > "));
  const frame =
    failure.frames.find(({ file }) => file === own) ?? failure.frames.find(({ file }) => context.language.roleOf(file) === "test");
  const text = frame ? context.text(frame.file) : null;
  return frame && text !== null ? context.language.evidence({ path: frame.file, text }, frame.line) : null;
}

/** How node:assert, jest, vitest and chai say that nothing was thrown or rejected. */
const nothingThrown =
  /^missing expected (?:exception|rejection)|function did not throw|to throw (?:an )?error,? but it didn't|to throw an error$|instead of rejecting|to be rejected .*fulfilled/im;

/** ava says it by what came in place of it. */
const returned = /^(?:Function returned|Returned promise resolved with):/;
/** What a runner says of a test that did nothing wrong by itself: of the behaviour it says nothing. */
const runnersWords = /^Test finished without running any assertions|^Promise returned by test never resolved/;

function symptomOf(test: string, failure: Failure, context: Texts): Symptom {
  const evidence = evidenceOf(test, failure, context);
  const threw = failure.kind === "error" && failure.expected === null;
  const silent = !threw && (nothingThrown.test(failure.message) || returned.test(failure.actual ?? ""));
  const wanted = failure.expected ?? evidence?.expected ?? null;
  const [expected, actual] = threw ? [null, null] : contrast(wanted, silent ? null : failure.actual, 240);
  return {
    test,
    of: null,
    call: evidence ? oneLine(evidence.call, 240) : null,
    selfContained: evidence?.selfContained ?? false,
    expected,
    actual,
    error: threw && !runnersWords.test(failure.message) ? oneLine(`${failure.name}: ${failure.message.split("\n")[0] ?? ""}`, 240) : null,
    silent,
  };
}

function symptomOfCall({ file, symbol, call, selfContained, expected, actual, error }: ChangedCall): Symptom {
  const [one, other] = error === null ? contrast(expected, actual, 240) : [null, null];
  const told = oneLine(call, 240);
  return {
    test: null,
    of: { file, symbol },
    call: told,
    selfContained: selfContained && told === call,
    expected: one,
    actual: other,
    error: error && oneLine(error, 240),
    silent: false,
  };
}

const weight = (symptom: Symptom): number =>
  (symptom.selfContained ? 8 : 0) +
  (symptom.call === null ? 0 : 4) +
  // A recorded call cannot show the function that it was given; the line of a test can.
  (symptom.call === null || symptom.call.includes("…") ? 0 : 3) +
  (symptom.error === null && !symptom.silent ? 0 : 2) +
  (symptom.expected !== null && symptom.actual !== null ? 2 : 0);

/** The best told first, no two alike, at most `limit`. */
export function symptomsOf({ observation }: Pick<Observed, "observation">, context: Texts, limit = 3): readonly Symptom[] {
  const failures = Object.entries(observation.failures)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, 200)
    .map(([test, failure]) => symptomOf(test, failure, context));
  const calls = observation.calls.map(symptomOfCall);
  // Beside calls with their outcomes, a failure without a call is only how a test words the same.
  const all = calls.length === 0 ? failures : [...calls, ...failures.filter(({ call }) => call !== null)];
  const distinct = new Map<string, Symptom>();
  for (const symptom of all) {
    const key = JSON.stringify([symptom.call, symptom.expected, symptom.actual, symptom.error, symptom.silent]);
    if (!distinct.has(key)) distinct.set(key, symptom);
  }
  return [...distinct.values()].sort((a, b) => weight(b) - weight(a)).slice(0, limit);
}

/** Enough to work from: a call with an outcome, an error, or two different values. */
export const isTelling = (symptom: Symptom): boolean =>
  (symptom.call !== null && (symptom.error !== null || symptom.silent || symptom.actual !== null || symptom.expected !== null)) ||
  (symptom.error !== null && symptom.error.length >= 20) ||
  (symptom.expected !== null &&
    symptom.actual !== null &&
    symptom.expected !== symptom.actual &&
    symptom.expected.length + symptom.actual.length >= 8);

/** Enough to write the failing check anew: a call that can be made, a call with an error that says something, or two values that show the input. */
export const isReproducible = (symptom: Symptom): boolean =>
  isTelling(symptom) &&
  (symptom.selfContained ||
    (symptom.call !== null && symptom.error !== null && symptom.error.length >= 20) ||
    (symptom.expected !== null && symptom.actual !== null && symptom.expected.length + symptom.actual.length >= 24));

/** No failure shows what was put in: the call is in a helper of the tests, or its arguments are in a table. */
export const isThin = (observed: Pick<Observed, "observation">, context: Texts): boolean =>
  !symptomsOf(observed, context, 12).some((symptom) => symptom.selfContained && isReproducible(symptom));

/** Code in a sentence: in more backticks than it has in a row. */
export function quoted(code: string): string {
  const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  if (longest === 0) return `\`${code}\``;
  const fence = "`".repeat(longest + 1);
  return `${fence} ${code} ${fence}`;
}

/** One symptom as a sentence. */
export function tell(symptom: Symptom): string {
  const call = symptom.call === null ? "A check of the package" : quoted(symptom.call);
  const subject = symptom.call === null || symptom.selfContained ? call : `A call like ${call}`;
  if (symptom.error !== null) return `${subject} throws ${quoted(symptom.error)}, where no error is expected.`;
  if (symptom.silent) {
    return `${subject} throws no error, where one is expected${symptom.expected === null ? "" : `: ${quoted(symptom.expected)}`}.`;
  }
  const wanted = symptom.expected === null ? "" : ` Expected: ${quoted(symptom.expected)}.`;
  const got = symptom.actual === null ? "" : ` Received: ${quoted(symptom.actual)}.`;
  return `${subject} gives a wrong result.${wanted}${got}`;
}
