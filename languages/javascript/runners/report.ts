/** Reads what a harness wrote on the report channel; one protocol for all runners. */

import { createHash } from "node:crypto";
import { z } from "zod";
import { readJson } from "../../../lib/json.ts";
import type { Failure, TestReport, TestResult } from "../../../schemas/report.ts";

const errorRecord = z.object({
  kind: z.enum(["assertion", "error", "timeout", "load"]),
  name: z.string(),
  message: z.string(),
  expected: z.string().nullable(),
  actual: z.string().nullable(),
  frames: z.array(z.object({ file: z.string(), line: z.int() })),
});

const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start") }),
  z.object({
    type: z.literal("test"),
    file: z.string(),
    path: z.array(z.string()),
    status: z.enum(["passed", "failed", "skipped"]),
    ms: z.number(),
    error: errorRecord.optional(),
  }),
  z.object({ type: z.literal("file"), file: z.string(), status: z.literal("failed"), error: errorRecord }),
  z.object({ type: z.literal("stray"), hook: z.string().optional(), error: errorRecord }),
  z.object({ type: z.literal("end") }),
]);
type ReportRecord = z.infer<typeof recordSchema>;

const longestId = 500;
const longestText = 2000;

const ansi = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, "g");
const workspacePath = /(?:file:\/\/)?\/workspace\//g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
const control = /[\u0000-\u001f\u007f-\u009f]/g;
const escapeControl = (text: string): string => text.replace(control, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** ANSI codes out, workspace paths relative. */
const plain = (text: string): string => text.replace(ansi, "").replace(workspacePath, "");

/**
 * A suite's or test's title as part of an id: no durations, no control characters, single spaces. Titles are foreign and may be as long as a
 * report: spaces go first, since a pattern that begins with any number of them tries each again.
 */
export function normaliseTitle(title: string): string {
  const single = plain(title).replace(/\s+/g, " ");
  return escapeControl(single.replace(/ ?\(\d+(?:\.\d+)? ?m?s\)/g, "").trim());
}

/** `file > suite > title`; ids longer than 500 characters end with a hash of the whole. */
export function testId(file: string, path: readonly string[]): string {
  const whole = [file, ...path].map(normaliseTitle).join(" > ").toWellFormed();
  if (whole.length <= longestId) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 16);
  return `${whole.slice(0, longestId - digest.length - 1).toWellFormed()}~${digest}`;
}

/** Foreign text, and a cut, may hold half a surrogate pair, which no UTF-8 file can keep. */
const text = (value: string): string => plain(value).slice(0, longestText).toWellFormed();

const failureOf = (error: z.infer<typeof errorRecord>): Failure => ({
  kind: error.kind,
  name: text(error.name),
  message: text(error.message),
  expected: error.expected === null ? null : text(error.expected),
  actual: error.actual === null ? null : text(error.actual),
  frames: error.frames.slice(0, 20),
});

/** A failed test always has a failure, even where the runner gave no error. */
const unexplained: Failure = { kind: "error", name: "", message: "", expected: null, actual: null, frames: [] };

/** Null for a line without the nonce. A line with the nonce that is no record cannot come from the harness, so it counts as forged too. */
function recordOf(line: string, nonce: string): ReportRecord | null {
  return line.startsWith(`${nonce} `) ? readJson(line.slice(nonce.length + 1), recordSchema) : null;
}

/**
 * Nonce-marked lines → report. `complete` needs the `end` record to be the last one.
 * Repeated ids of a file are numbered in the order of the report.
 */
export function parseReport(report: string, nonce: string): TestReport {
  if (nonce === "") throw new RangeError("a report is read with the nonce of its run; the nonce was empty");
  const tests: TestResult[] = [];
  const unloaded: { file: string; failure: Failure }[] = [];
  const strays: Failure[] = [];
  const hooks: { file: string; failure: Failure }[] = [];
  const counts = new Map<string, number>();
  const ids = new Set<string>();
  let forged = 0;
  let complete = false;
  for (const line of report.split("\n")) {
    if (line === "") continue;
    const record = recordOf(line, nonce);
    if (record === null) {
      forged += 1;
      continue;
    }
    complete = record.type === "end";
    if (record.type === "test") {
      const bare = testId(record.file, record.path);
      const numbered = (count: number): string => (count === 1 ? bare : `${bare} #${count}`);
      let count = (counts.get(bare) ?? 0) + 1;
      // A title may itself end like a number of ours.
      while (ids.has(numbered(count))) count += 1;
      counts.set(bare, count);
      const id = numbered(count);
      ids.add(id);
      const failure = record.status === "failed" ? (record.error === undefined ? unexplained : failureOf(record.error)) : null;
      tests.push({ id, file: record.file, status: record.status, durationMs: Math.max(0, record.ms), failure });
    } else if (record.type === "file") unloaded.push({ file: record.file, failure: failureOf(record.error) });
    else if (record.type === "stray") {
      const failure = failureOf(record.error);
      strays.push(failure);
      if (record.hook !== undefined) hooks.push({ file: record.hook, failure });
    }
  }
  return { tests, unloaded, strays, ...(hooks.length === 0 ? {} : { hooks }), complete, forged };
}
