/** The language that a change is written in: a fact of the row, told from the paths of the files that it edits. */
import type { Candidate } from "../schemas/candidate.ts";

export type EditedLanguage = "typescript" | "javascript";

const isTyped = (path: string): boolean => /\.[mc]?tsx?$/.test(path);

/** What weighs: edited lines, each once; where a change only takes files away, it has none. */
function linesOf({ edits }: Candidate): ReadonlySet<string> {
  const lines = edits.flatMap(({ file, startLine, endLine }) =>
    Array.from({ length: endLine - startLine + 1 }, (_, at) => `${startLine + at}\0${file}`),
  );
  return new Set(lines);
}

const balance = (paths: Iterable<string>): number => [...paths].reduce((sum, path) => sum + (isTyped(path) ? 1 : -1), 0);

/** Of a change over both, the one with more edited lines; of as many, the one with more files; of as many again, TypeScript. */
export const editedLanguage = (candidate: Candidate): EditedLanguage =>
  (balance(linesOf(candidate)) || balance(Object.keys(candidate.before))) < 0 ? "javascript" : "typescript";
