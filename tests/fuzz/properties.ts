/**
 * What holds of every text that somebody else wrote: reading it ends, throws nothing but the error that is named for it, and takes nothing
 * for what it is not. Texts are made by spoiling right ones, for chance alone hardly ever gets past a reader's first line.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parsePatch as parseAnswerPatch, parseLocations, parseReview, parseTestFile } from "../../grading/answers.ts";
import { judgeLocations, judgeReview, touches } from "../../grading/judge.ts";
import { parseReport } from "../../languages/javascript/runners/report.ts";
import { applyPatch, changedLines, unifiedDiff } from "../../lib/diff.ts";
import { StopRun } from "../../lib/errors.ts";
import { PatchError } from "../../lib/patch.ts";
import { pathTrouble } from "../../lib/paths.ts";
import { parseConfig } from "../../pipeline/config.ts";
import { Ledger } from "../../pipeline/ledger.ts";
import { environmentSchema } from "../../schemas/environment.ts";
import { draftSchema } from "../../schemas/instance.ts";
import { environmentOf } from "../grading/stand.ts";
import { repositoryProperties } from "./foreign.ts";
import { asserting, hold, jsonOr, only, type Property, woundedOf } from "./wounds.ts";

const tree: Readonly<Record<string, string>> = {
  "src/a.js": "export function a(x) {\n  if (x < 1) return 1;\n  return x;\n}\n",
  "src/b c.js": "one\r\ntwo\r\nthree",
  "test/a.test.js": "it('is', () => {});\n",
  "package.json": "{}\n",
};
const read = (path: string): string | null => (Object.hasOwn(tree, path) ? (tree[path] ?? null) : null);
const patches = [
  unifiedDiff([
    { path: "src/a.js", before: tree["src/a.js"] ?? "", after: "export function a(x) {\n  if (x <= 1) return 1;\n  return x;\n}\n" },
  ]),
  unifiedDiff([
    { path: "src/b c.js", before: tree["src/b c.js"] ?? "", after: "one\r\n2\r\nthree\r\n" },
    { path: "src/new.js", before: null, after: "1;\n" },
    { path: "test/a.test.js", before: tree["test/a.test.js"] ?? "", after: null },
  ]),
  "diff --git a/src/a.js b/src/z.js\nsimilarity index 100%\nrename from src/a.js\nrename to src/z.js\n",
];

const locations = [
  '{"locations":[{"file":"src/a.js","symbol":"a"},{"file":"src/b.js"}]}',
  '{"locations":[{"file":"./src/../src/a.js","symbol":"C#m()"}]}',
  '{"locations":[]}',
];
const gold = [{ file: "src/a.js", symbol: "C.m" }];
const reviews = [
  '{"verdict":"request_changes","findings":[{"file":"src/a.js","startLine":2,"endLine":3,"category":"defect"}]}',
  '{"verdict":"approve","findings":[]}',
  '{"verdict":"request_changes","findings":[{"file":"src/a.js","startLine":1,"endLine":30,"category":"x"},{"file":"b","startLine":4,"endLine":4}]}',
];
const defects = [{ file: "src/a.js", startLine: 3, endLine: 3, category: "defect" }];

const nonce = "5f0c1d5f0c1d5f0c1d5f0c1d5f0c1d5f";
const report = [
  { type: "start" },
  { type: "test", file: "a.js", path: ["s", "t"], status: "passed", ms: 1 },
  {
    type: "test",
    file: "a.js",
    path: ["s", "t"],
    status: "failed",
    ms: 1,
    error: { kind: "assertion", name: "E", message: "m", expected: "1", actual: "2", frames: [{ file: "a.js", line: 1 }] },
  },
  { type: "test", file: "a.js", path: ["s", "t #2"], status: "skipped", ms: 1 },
  { type: "stray", error: { kind: "error", name: "E", message: "m", expected: null, actual: null, frames: [] } },
  { type: "end" },
]
  .map((record) => `${nonce} ${JSON.stringify(record)}\n`)
  .join("");

const config = JSON.stringify({
  repos: ["x"],
  mutants: 5,
  perSkill: 2,
  seed: "1",
  skills: ["editing"],
  github: { repositories: ["a/b"], limit: 3, api: "https://api.github.com" },
});
const draft = JSON.stringify({
  ...{
    id: "00000000000000d1",
    skill: "localization",
    changeId: "00000000000000c1",
    pairId: null,
    environmentId: "00000000000000e1",
    prompt: "p",
    visible: { "a.js": null },
  },
  ...{
    answerForm: "locations",
    answerPath: null,
    interface: [],
    facts: { n: 1 },
    judgement: { kind: "locations", gold },
    premises: [],
    trials: [],
  },
  ...{ answers: [{ role: "gold", name: "gold", text: "x" }], failToPass: [], passToPass: [] },
});

const lines = fc.array(fc.constantFrom("a", "b", "", "  c", "-- x", "++ y", "@@ -1 +1 @@", "é漢😀", "\r", "\\ No newline"), {
  maxLength: 12,
});
const text = fc
  .tuple(lines, fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([all, ending, ended]) => all.join(ending) + (ended && all.length > 0 ? ending : ""));

let kept: Buffer | null = null;
/** A ledger with two pieces of work, as it lies on the disk. */
function ledgerBytes(): Buffer {
  if (kept !== null) return kept;
  const folder = mkdtempSync(join(tmpdir(), "kihon-fuzz-"));
  const path = join(folder, "ledger.sqlite");
  const ledger = new Ledger(path, { write: true });
  for (const input of ["one", "two"]) {
    const verdict = { id: input, parent: null, blob: null, reason: "screen/none", detail: "x".repeat(500) };
    ledger.record({ stage: "mine", version: 1, input, settings: "s" }, [verdict], { wallMs: 1, tries: 1 });
  }
  ledger.close();
  kept = readFileSync(path);
  rmSync(folder, { recursive: true, force: true });
  return kept;
}

/** Every way in which a ledger is read. */
function readAll(path: string): void {
  const ledger = new Ledger(path, { write: false });
  try {
    ledger.lookup({ stage: "mine", version: 1, input: "one", settings: "s" });
    ledger.explain("one");
    ledger.troubles();
  } finally {
    ledger.close();
  }
}

const ownProperties: readonly Property[] = [
  {
    name: "a spoilt patch is laid within the tree or refused in words",
    weight: 6,
    of: asserting(
      fc.property(woundedOf(...patches), (patch) => {
        const result = applyPatch(patch, read);
        if ("error" in result) return hold(result.error.length > 0, "an error says what is wrong");
        for (const [path, after] of Object.entries(result.layer)) {
          hold(pathTrouble(path) === null, `the path ${JSON.stringify(path)} is a path of the tree`);
          hold(after === null || typeof after === "string", "a file is a text or is gone");
          if (after === null) hold(read(path) !== null || !Object.hasOwn(tree, path), "what goes was there");
        }
      }),
    ),
  },
  {
    name: "a spoilt patch has changed lines that are lines, or is no patch",
    weight: 3,
    of: asserting(
      fc.property(woundedOf(...patches), (patch) =>
        only(PatchError, () => {
          const { before, after } = changedLines(patch);
          for (const { start, end } of [...before, ...after]) hold(start >= 1 && end >= start, "a range has a first and a last line");
        }),
      ),
    ),
  },
  {
    name: "a diff of two texts, laid on the first, is the second",
    weight: 3,
    of: asserting(
      fc.property(text, text, fc.integer({ min: 0, max: 4 }), (before, after, context) => {
        if (before === after || (context === 0 && before !== "")) return;
        const result = applyPatch(unifiedDiff([{ path: "x.js", before, after }], context), (path) => (path === "x.js" ? before : null));
        hold("layer" in result && result.layer["x.js"] === after, "it comes out as it was");
      }),
    ),
  },
  {
    name: "an answer that is a spoilt patch gives a layer or a code",
    weight: 2,
    of: asserting(
      fc.property(woundedOf(...patches), (patch) => {
        const parsed = parseAnswerPatch(patch, read);
        hold(parsed.ok || /^[a-z-]+$/.test(parsed.reason), "a reason is a code");
      }),
    ),
  },
  {
    name: "spoilt locations are paid only where they name the gold and nothing else",
    weight: 5,
    of: asserting(
      fc.property(woundedOf(...locations), (answer) => {
        const parsed = parseLocations(answer);
        if (!parsed.ok) return hold(/^[a-z-]+$/.test(parsed.reason), "a reason is a code");
        for (const symbols of [false, true]) {
          const score = judgeLocations(parsed.value, gold, symbols);
          hold(
            Object.values(score.components).every((figure) => figure >= 0 && figure <= 1),
            "figures lie in [0, 1]",
          );
          if (score.reward === 1)
            hold(
              new Set(parsed.value.map(({ file }) => file)).size === 1 && parsed.value[0]?.file === "src/a.js",
              "the file is the gold file",
            );
          if (score.reward === 1 && symbols)
            hold(
              parsed.value.every(({ symbol }) => symbol === null || ["C.m", "m"].includes(symbol)),
              "the symbol is the gold symbol",
            );
        }
      }),
    ),
  },
  {
    name: "a spoilt review is paid only where it is right and within its limits",
    weight: 5,
    of: asserting(
      fc.property(woundedOf(...reviews), (answer) => {
        const parsed = parseReview(answer);
        if (!parsed.ok) return hold(/^[a-z-]+$/.test(parsed.reason), "a reason is a code");
        const rejecting = judgeReview(parsed.value, { verdict: "request_changes", defects });
        const approving = judgeReview(parsed.value, { verdict: "approve", defects: [] });
        hold(rejecting.reward + approving.reward <= 1, "no answer is right for both arms");
        for (const { components } of [rejecting, approving])
          hold(
            Object.values(components).every((figure) => figure >= 0 && figure <= 1),
            "figures lie in [0, 1]",
          );
        if (rejecting.reward === 1)
          hold(
            parsed.value.findings.length <= 3 && parsed.value.findings.some((one) => touches(one, defects[0] as (typeof defects)[number])),
            "a finding meets the defect",
          );
      }),
    ),
  },
  {
    name: "a test file is taken as it is, or refused by a code",
    weight: 1,
    of: asserting(
      fc.property(woundedOf("import x from 'y';\nit('z', () => {});\n", ""), (answer) => {
        const parsed = parseTestFile(answer);
        hold(parsed.ok ? parsed.value === answer && !answer.includes("\0") : /^[a-z-]+$/.test(parsed.reason), "nothing of it is changed");
      }),
    ),
  },
  {
    name: "a spoilt report is complete only by its last line, and a line without the nonce is counted",
    weight: 5,
    of: asserting(
      fc.property(woundedOf(report), (said) => {
        const parsed = parseReport(said, nonce);
        const all = said.split("\n").filter((line) => line !== "");
        hold(parsed.forged >= all.filter((line) => !line.startsWith(`${nonce} `)).length, "a forged line counts");
        if (parsed.complete)
          hold(
            all.some((line) => line.startsWith(`${nonce} `) && line.includes('"end"')),
            "somebody who knows the nonce said the end",
          );
        hold(new Set(parsed.tests.map(({ id }) => id)).size === parsed.tests.length, "ids are unique");
        hold(
          parsed.tests.every(({ status, failure }) => (status === "failed") === (failure !== null)),
          "a failed test has a failure",
        );
      }),
    ),
  },
  {
    name: "a report under another nonce says nothing",
    weight: 1,
    of: asserting(
      fc.property(woundedOf(report), (said) => {
        const { tests, complete, unloaded, strays } = parseReport(said, "00".repeat(16));
        hold(tests.length + unloaded.length + strays.length === 0 && !complete, "nothing of it is believed");
      }),
    ),
  },
  {
    name: "a spoilt configuration is one, or stops the run in words",
    weight: 3,
    of: asserting(fc.property(woundedOf(config), (words) => only(StopRun, () => void parseConfig(jsonOr(words))))),
  },
  {
    name: "a spoilt draft is one, or is refused",
    weight: 2,
    of: asserting(
      fc.property(woundedOf(draft), (words) => {
        const parsed = draftSchema.safeParse(jsonOr(words));
        if (parsed.success) hold(draftSchema.safeParse(parsed.data).success, "what was read can be read again");
      }),
    ),
  },
  {
    name: "a spoilt environment is one, or is refused",
    weight: 1,
    of: asserting(
      fc.property(woundedOf(JSON.stringify(environmentOf())), (words) => {
        const parsed = environmentSchema.safeParse(jsonOr(words));
        if (parsed.success) hold(environmentSchema.safeParse(parsed.data).success, "what was read can be read again");
      }),
    ),
  },
  {
    name: "a spoilt ledger opens with what it held, or stops the run in words",
    weight: 0.02,
    of: asserting(
      fc.property(
        fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.integer({ min: 0, max: 255 }) }), { maxLength: 30 }),
        (wounds) => {
          const folder = mkdtempSync(join(tmpdir(), "kihon-fuzz-"));
          try {
            const path = join(folder, "ledger.sqlite");
            const bytes = Buffer.from(ledgerBytes());
            for (const { at, byte } of wounds) bytes[Math.floor(at * (bytes.length - 1))] = byte;
            writeFileSync(path, bytes);
            only(StopRun, () => readAll(path));
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
        },
      ),
    ),
  },
];

export const properties: readonly Property[] = [...ownProperties, ...repositoryProperties];

/** Runs each property so many times as its weight has it; what fails is thrown with its counter-example. */
export function fuzz(cases: number, seed: number, tell: (name: string, runs: number, ms: number) => void): number {
  const whole = properties.reduce((sum, { weight }) => sum + weight, 0);
  let done = 0;
  for (const { name, weight, of } of properties) {
    const numRuns = Math.max(1, Math.round((cases * weight) / whole));
    const started = performance.now();
    of({ numRuns, seed });
    tell(name, numRuns, performance.now() - started);
    done += numRuns;
  }
  return done;
}
