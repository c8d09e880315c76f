/** What to change, said outright: the code as it stands and as it must be, at its place. */
import { type Replacement, replacementsOf } from "../lib/replacements.ts";
import type { Commit, Mutant } from "../schemas/candidate.ts";
import type { Layer } from "../schemas/layer.ts";
import { drop, keep, type Outcome } from "../schemas/outcome.ts";
import type { PoseContext } from "./contract.ts";
import { quoted } from "./symptoms.ts";

/**
 * What one instruction may hold. SWE-bench's accepted patches change 32.8 lines in 3 functions on average (arXiv 2310.06770, table 1): twice
 * the lines, in three times the places, leave it an edit of a code base; beyond, the answer is a transcript of its question.
 */
export const instructionLimits = { changes: 9, lines: 66 } as const;

/** A block of code, fenced by more backticks than it has. */
const fenced = (text: string): string[] => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return ["`".repeat(longest + 1), text, "`".repeat(longest + 1)];
};

const where = (symbol: string | null): string => (symbol === null ? "outside of any function" : `in ${quoted(symbol)}`);

/** Of a mutant: sites that share their lines are said once. */
export function mutantSteps(mutant: Mutant, tree: Layer, clean: Layer, context: PoseContext): string[] {
  const steps = mutant.sites.map((site) => {
    const noun = context.language.mutators.find((mutator) => mutator.name === site.operator)?.noun;
    const from = spanLines(tree[site.file], site.replacement, site, mutant);
    const to = spanLines(clean[site.file], site.original, site, null);
    const place = `In ${quoted(site.file)}, ${where(site.symbol)}, at line ${from.line}${noun === undefined ? "" : ` (what is wrong: ${noun})`}`;
    return { change: `${from.text}\0${to.text}`, text: stepText(place, from.text, to.text) };
  });
  return [...new Map(steps.map(({ change, text }) => [change, text])).values()].flat();
}

function stepText(place: string, from: string, to: string): string[] {
  if (from.trim() === "") return [`${place}, this is missing and must be put back:`, "", ...fenced(to), ""];
  if (to.trim() === "") return [`${place}, this must be removed:`, "", ...fenced(from), ""];
  return [`${place}, replace`, "", ...fenced(from), "", "with", "", ...fenced(to), ""];
}

/** Whole lines around a site in a text; with a mutant, offsets are moved by the sites before this one. */
function spanLines(
  text: string | null | undefined,
  piece: string,
  site: Mutant["sites"][number],
  mutant: Mutant | null,
): { text: string; line: number } {
  if (typeof text !== "string") return { text: piece, line: site.startLine };
  const shift = (mutant?.sites ?? [])
    .filter((other) => other.file === site.file && other.start < site.start)
    .reduce((sum, other) => sum + other.replacement.length - (other.end - other.start), 0);
  const start = site.start + shift;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", start + piece.length);
  return { text: text.slice(from, to < 0 ? undefined : to), line: text.slice(0, start).split("\n").length };
}

const bare = (text: string): string => text.replace(/\r?\n$/, "");

/** One change of a fix: in a file that is there before and after, or a file that comes or goes. */
interface Step {
  readonly lines: number;
  readonly text: readonly string[];
}

function replaceStep(path: string, before: string, { before: old, after: now }: Replacement, context: PoseContext): Step {
  const [first, last] = old.lines === 0 ? [old.line - 1, old.line] : [old.line, old.line + old.lines - 1];
  const around = context.language
    .units({ path, text: before })
    .filter((unit) => unit.startLine <= first && last <= unit.endLine)
    .reduce<{ name: string; start: number; end: number } | null>(
      (best, unit) => (best === null || unit.end - unit.start < best.end - best.start ? unit : best),
      null,
    );
  const place = `In ${quoted(path)}, ${where(around?.name ?? null)}`;
  const lines = Math.max(old.lines, now.lines);
  if (old.lines === 0) {
    const above = old.line === 1 ? "before line 1" : `after line ${old.line - 1}`;
    return { lines, text: [`${place}, ${above}, insert`, "", ...fenced(bare(now.text)), ""] };
  }
  const at = old.lines === 1 ? `at line ${first}` : `at lines ${first} to ${last}`;
  if (now.lines === 0) return { lines, text: [`${place}, ${at}, remove`, "", ...fenced(bare(old.text)), ""] };
  return { lines, text: [`${place}, ${at}, replace`, "", ...fenced(bare(old.text)), "", "with", "", ...fenced(bare(now.text)), ""] };
}

function stepsOf(path: string, before: string | null, after: string | null, context: PoseContext): Step[] {
  const count = (text: string): number => bare(text).split("\n").length;
  if (before === null) {
    return after === null ? [] : [{ lines: count(after), text: [`Add the file ${quoted(path)} with`, "", ...fenced(bare(after)), ""] }];
  }
  if (after === null) return [{ lines: 1, text: [`Remove the file ${quoted(path)}.`, ""] }];
  // A last line that gets its line break, or loses it, is nothing to say.
  const said = replacementsOf(before, after).filter(
    ({ before: old, after: now }) => bare(old.text) !== bare(now.text) || old.lines !== now.lines,
  );
  return said.map((replacement) => replaceStep(path, before, replacement, context));
}

/** Of a fix: every change of it in the order of the files, numbered where there are several. */
export function commitSteps({ before }: Commit, context: PoseContext): Outcome<{ steps: string[]; changes: number }> {
  const steps = Object.keys(before)
    .sort()
    .flatMap((path) => stepsOf(path, before[path] ?? null, context.text(path), context));
  if (steps.length === 0) return drop("editing/no-instruction", "no line that could be told differs");
  const lines = steps.reduce((sum, step) => sum + step.lines, 0);
  if (steps.length > instructionLimits.changes || lines > instructionLimits.lines)
    return drop("editing/too-long", `${steps.length} changes over ${lines} lines`);
  const total = steps.length;
  if (total === 1) return keep({ steps: steps.flatMap(({ text }) => text), changes: 1 });
  const numbered = steps.flatMap(({ text: [head = "", ...rest] }, at) => [`Change ${at + 1} of ${total}. ${head}`, ...rest]);
  return keep({
    steps: [...numbered, "All line numbers are those of the tree as it is, before any of these changes.", ""],
    changes: total,
  });
}
