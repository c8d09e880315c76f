/**
 * What else an answer could break. The draft's trials run the tests that reach the change in question; an answer may touch other code too, and
 * then the tests that reach that code must pass as well.
 */
import { changedLines, unifiedDiff } from "../lib/diff.ts";
import { innermost } from "../lib/innermost.ts";
import type { Workspace } from "../sandbox/workspace.ts";
import type { TestFile } from "../schemas/environment.ts";
import type { Draft, Trial } from "../schemas/instance.ts";
import { type Layer, mergeLayers } from "../schemas/layer.ts";

/** Name of the trial, and of its figure among the components. */
const name = "elsewhere";

interface Lines {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

type Bench = Pick<Workspace, "environment" | "language" | "text">;

/** Lines of the healthy file that the answer leaves otherwise, with the one before and the one after. Null: the whole file. */
function touched(path: string, healthy: string, answered: string | null): readonly Lines[] | null {
  if (answered === null) return null;
  return changedLines(unifiedDiff([{ path, before: healthy, after: answered }])).before.map(({ file, start, end }) => ({
    file,
    start: start - 1,
    end: end + 1,
  }));
}

/** A range of lines that no test runs by themselves (a comment, a signature) stands for the unit around it. */
function widened({ file, start, end }: Lines, text: string, { language }: Bench): Lines | null {
  const unit = innermost(language.units({ path: file, text }), (one) => one.startLine <= start + 1 && end - 1 <= one.endLine);
  return unit === null ? null : { file, start: unit.startLine, end: unit.endLine };
}

const runs = ({ covers }: TestFile, { file, start, end }: Lines): boolean =>
  Object.hasOwn(covers, file) && (covers[file] ?? []).some((line) => line >= start && line <= end);

/** The test files that could notice what was done to one file. */
function noticing(path: string, answered: string | null, bench: Bench): readonly TestFile[] {
  const healthy = bench.text(path);
  const files = bench.environment.testFiles.filter(({ standalone }) => standalone);
  // A new file does nothing by itself: what loads it was changed too.
  if (healthy === null || healthy === answered) return [];
  const all = files.filter(({ covers }) => Object.hasOwn(covers, path));
  const ranges = touched(path, healthy, answered);
  if (ranges === null) return all;
  return ranges.flatMap((range) => {
    const direct = files.filter((file) => runs(file, range));
    if (direct.length > 0) return direct;
    const unit = widened(range, healthy, bench);
    const near = unit === null ? [] : files.filter((file) => runs(file, unit));
    return near.length > 0 ? near : all;
  });
}

/**
 * The tests that reach what a patch left otherwise than the healthy tree has it, but for those that the draft's own trials run: on the
 * healthy tree they pass. Null where there are none, as for an answer that restores the tree.
 */
export function elsewhere(draft: Pick<Draft, "answerForm" | "trials">, answer: Layer, bench: Bench): Trial | null {
  const trials = draft.trials.filter((trial) => trial.answer === "patch" && trial.expect.kind === "tests");
  const [first] = trials;
  if (draft.answerForm !== "patch" || first === undefined) return null;
  const known = new Set(trials.flatMap(({ files }) => files));
  const left = mergeLayers(first.layer, answer);
  const found = new Set(Object.entries(left).flatMap(([path, text]) => noticing(path, text, bench).map(({ file }) => file)));
  const files = bench.environment.testFiles.flatMap(({ file }) => (found.has(file) && !known.has(file) ? [file] : []));
  const pass = bench.environment.tests.flatMap(({ id, file, standing }) => (standing === "stable" && files.includes(file) ? [id] : []));
  return pass.length === 0 ? null : { name, layer: first.layer, answer: "patch", files, expect: { kind: "tests", pass, fail: [] } };
}
