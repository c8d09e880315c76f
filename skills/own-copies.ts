/**
 * Copies of the package in its own dependencies that cannot be taken out, since the runner is built from one. A test that holds the sources against
 * such a copy needs no word of the question. What it cannot bear is a copy with the very defect beside right sources: an honest test does not notice.
 */
import { toLines } from "../lib/diff.ts";
import { type LineRun, replacementsOf } from "../lib/replacements.ts";
import type { Candidate } from "../schemas/candidate.ts";
import type { Layer } from "../schemas/layer.ts";
import type { PoseContext } from "./contract.ts";

/** Lines around a run that are taken to it, one by one to either side, until it stands in one place only. */
const mostAround = 3;

/** What a file's lines are to become, in lines without their indentation: a copy may be compiled, and is indented as its compiler has it. */
interface Swap {
  readonly old: readonly string[];
  readonly now: readonly string[];
}

const bare = (lines: readonly string[]): string[] => lines.map((line) => line.trim());

/** The run with so many lines around it. */
function swapOf(lines: readonly string[], run: LineRun, replacement: string, around: number): Swap {
  const [from, to] = [run.line - 1, run.line - 1 + run.lines];
  const [above, below] = [lines.slice(Math.max(0, from - around), from), lines.slice(to, to + around)];
  return {
    old: bare([...above, ...lines.slice(from, to), ...below]),
    now: bare([...above, ...toLines(replacement), ...below]),
  };
}

/** Indexes at which some lines stand in others, one after the other. */
const placesOf = (wanted: readonly string[], lines: readonly string[]): number[] =>
  lines.flatMap((_, at) => (wanted.length > 0 && wanted.every((line, offset) => lines[at + offset] === line) ? [at] : []));

/** The text with one run of lines as they are to be; null where they do not stand in it, or in several places. */
function swapped(text: string, swaps: readonly Swap[]): string | null {
  const lines = toLines(text);
  const trimmed = bare(lines);
  for (const { old, now } of swaps) {
    const [at, second] = placesOf(old, trimmed);
    if (at !== undefined && second === undefined)
      return [...lines.slice(0, at), ...now.map((line) => `${line}\n`), ...lines.slice(at + old.length)].join("");
  }
  return null;
}

/** A copy's file with all that makes the defect; null where a part of it has no place there. */
function spoilt(copy: string, candidate: Candidate, context: PoseContext): string | null {
  let text = copy;
  for (const [file, wrong] of Object.entries(candidate.before)) {
    const right = context.text(file);
    if (right === null || wrong === null) return null;
    const lines = toLines(right);
    for (const { before, after } of replacementsOf(right, wrong, 1)) {
      const swaps = Array.from({ length: mostAround + 1 }, (_, around) => swapOf(lines, before, after.text, around));
      const next = swapped(
        text,
        swaps.filter(({ old }) => old.length > 0),
      );
      if (next === null) return null;
      text = next;
    }
  }
  return text === copy ? null : text;
}

/**
 * The defect in each copy that is left: in all files of it that hold the lines. Empty where no copy is left; null where one cannot be given the
 * defect, and so may stand for what is right.
 */
export function defectInCopies(candidate: Candidate, context: PoseContext): Layer | null {
  const left = context.environment.recipe.ownCopies?.kept ?? [];
  if (left.length === 0) return {};
  const layer: Record<string, string> = {};
  for (const folder of left) {
    const files = context.copies().filter(({ path }) => path.startsWith(`${folder}/`));
    const made = files.flatMap(({ path, text }) => {
      const wrong = spoilt(text, candidate, context);
      return wrong === null ? [] : [[path, wrong] as const];
    });
    if (made.length === 0) return null;
    Object.assign(layer, Object.fromEntries(made));
  }
  return layer;
}
