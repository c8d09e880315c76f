/** Answers as solvers give them: text. Everything is parsed here, with limits, and nothing in an answer is executed on the way. */
import { posix } from "node:path";
import { z } from "zod";
import { applyPatch } from "../lib/diff.ts";
import { foldersOf } from "../lib/paths.ts";
import type { Finding, Location } from "../schemas/instance.ts";
import { type Layer, readOver } from "../schemas/layer.ts";

export const maxAnswerBytes = 1024 * 1024;

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string; readonly detail: string };
const bad = (reason: string, detail: string): Parsed<never> => ({ ok: false, reason, detail });

const locationsSchema = z.object({ locations: z.array(z.object({ file: z.string(), symbol: z.string().nullish() })) });
/** A number, or its digits. */
const lineNumber = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .pipe(z.int().positive());
/** The category is for people; a finding without one is as good. One without its last line, or with a `line` alone, is of one line. */
const findingSchema = z
  .preprocess(
    (given) => (given !== null && typeof given === "object" && "line" in given ? { startLine: given.line, ...given } : given),
    z.object({ file: z.string(), startLine: lineNumber, endLine: lineNumber.nullish(), category: z.unknown().optional() }),
  )
  .transform(({ file, startLine, endLine, category }) => ({
    file,
    startLine,
    endLine: endLine ?? startLine,
    category: typeof category === "string" ? category : "defect",
  }))
  .refine(({ startLine, endLine }) => startLine <= endLine, "a finding ends at or after its first line");
/** As the services that host reviews have it. */
const verdictWords = new Map([
  ["approved", "approve"],
  ["changes_requested", "request_changes"],
]);
const reviewSchema = z.object({
  verdict: z
    .string()
    .transform((word) => word.trim().toLowerCase().replaceAll(/[ -]/g, "_"))
    .transform((word) => verdictWords.get(word) ?? word)
    .pipe(z.enum(["approve", "request_changes"])),
  findings: z
    .array(findingSchema)
    .nullish()
    .transform((findings) => findings ?? []),
});

/** What stands in the one fence that is around the answer, or the answer. */
const unfenced = (text: string): string => /^\s*```[\w-]*[ \t]*\r?\n([\s\S]*?\n)```\s*$/.exec(text)?.[1] ?? text;

function parseJson(text: string): Parsed<unknown> {
  if (text.trim() === "") return bad("no-answer", "the answer is empty");
  if (Buffer.byteLength(text) > maxAnswerBytes) return bad("answer-too-large", `more than ${maxAnswerBytes} bytes`);
  try {
    return { ok: true, value: JSON.parse(unfenced(text)) };
  } catch (error) {
    if (error instanceof SyntaxError) return bad("malformed-answer", error.message);
    throw error;
  }
}

/** One spelling for `./a`, `x/../a`, `a`, `.\\a` and `/workspace/a`. */
const normalPath = (path: string): string =>
  posix.normalize(
    path
      .trim()
      .replaceAll("\\", "/")
      .replace(/^\/workspace\//, ""),
  );
/**
 * One spelling for `Class#method`, `Class.prototype.method`, `export function method(a: string): void`, `this.method` and `Class.method`; null where
 * nothing is named.
 */
const normalSymbol = (symbol: string | null | undefined): string | null =>
  symbol
    ?.trim()
    .replace(/^`(.*)`$/, "$1")
    .replace(/^(?:(?:export|default|get|set|async|static|public|private|protected|function|class|const|let|var)\*? +)+/, "")
    .replace(/^(?:this|module\.exports|exports)\.(?=.)/, "")
    .replace(/[<(].*$/s, "")
    .replace(/\.$/, "")
    .replace(/(?<=[\w$])#/g, ".")
    .replace(".prototype.", ".")
    .replace("::", ".") || null;

/** `{"locations":[{"file","symbol"?}]}`; repeated entries count once. */
export function parseLocations(text: string): Parsed<readonly Location[]> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = locationsSchema.safeParse(json.value);
  if (!parsed.success) return bad("malformed-answer", z.prettifyError(parsed.error).slice(0, 300));
  const seen = new Map<string, Location>();
  for (const { file, symbol } of parsed.data.locations) {
    const location = { file: normalPath(file), symbol: normalSymbol(symbol) };
    seen.set(`${location.file}\0${location.symbol ?? ""}`, location);
  }
  return { ok: true, value: [...seen.values()] };
}

/** `{"verdict","findings":[{"file","startLine","endLine","category"}]}`. */
export function parseReview(text: string): Parsed<{ verdict: "approve" | "request_changes"; findings: readonly Finding[] }> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = reviewSchema.safeParse(json.value);
  if (!parsed.success) return bad("malformed-answer", z.prettifyError(parsed.error).slice(0, 300));
  const findings = parsed.data.findings.map((finding) => ({ ...finding, file: normalPath(finding.file) }));
  return { ok: true, value: { verdict: parsed.data.verdict, findings } };
}

/** A unified diff against the solver's tree → what it changes there. `read` gives the solver's tree. */
export function parsePatch(text: string, read: (path: string) => string | null): Parsed<Layer> {
  if (text.trim() === "") return bad("no-answer", "the patch is empty");
  if (Buffer.byteLength(text) > maxAnswerBytes) return bad("answer-too-large", `more than ${maxAnswerBytes} bytes`);
  const applied = applyPatch(text, read);
  if ("error" in applied) return bad("patch-does-not-apply", applied.error);
  const { layer } = applied;
  const after = readOver(layer, read);
  const written = Object.keys(layer).filter((path) => layer[path] !== null);
  const both = written.flatMap(foldersOf).find((path) => after(path) !== null);
  return both === undefined ? { ok: true, value: layer } : bad("patch-does-not-apply", `${both} would be a file and a folder`);
}

/** The whole text of one test file. */
export function parseTestFile(text: string): Parsed<string> {
  if (text.trim() === "") return bad("no-answer", "the file is empty");
  if (Buffer.byteLength(text) > maxAnswerBytes) return bad("answer-too-large", `more than ${maxAnswerBytes} bytes`);
  if (text.includes("\0")) return bad("malformed-answer", "the file holds a NUL byte");
  return { ok: true, value: unfenced(text) };
}
