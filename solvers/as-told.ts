/** Replays an instruction that says every line: what it earns is the share of the skill that is transcription. */
import { toLines, unifiedDiff } from "../lib/diff.ts";
import type { Solver, SolverView } from "./contract.ts";

interface Step {
  readonly file: string;
  /** From 1; lines from here on go, so many of them. */
  readonly line: number;
  readonly gone: number;
  readonly text: string;
}

const lined = (block: string): string => (block === "" || block.endsWith("\n") ? block : `${block}\n`);

/** The fenced blocks of a part of the question, without their fences. */
const blocksIn = (text: string): string[] => [...text.matchAll(/^(`{3,})\n([\s\S]*?)\n?\1$/gm)].map(([, , block = ""]) => lined(block));

function stepOf(part: string): Step | null {
  const head =
    /^(?:Change \d+ of \d+\. )?In `([^`]+)`, (?:in `[^`]+`|outside of any function), (before|after|at) lines? (\d+)(?: to (\d+))?/.exec(
      part,
    );
  const [first = "", second = ""] = blocksIn(part);
  if (head === null || first === "") return null;
  const [, file = "", place, from] = head;
  const line = place === "after" ? Number(from) + 1 : Number(from);
  const sentence = part.slice(0, part.indexOf("```"));
  if (/, insert\s*$/.test(sentence) || /put back:\s*$/.test(sentence)) return { file, line, gone: 0, text: first };
  const gone = toLines(first).length;
  return { file, line, gone, text: /, replace\s*$/.test(sentence) ? second : "" };
}

/** Whole lines put in place of others, the last first. */
function applied(text: string, steps: readonly Step[]): string {
  const lines = toLines(text);
  for (const { line, gone, text: wanted } of [...steps].sort((a, b) => b.line - a.line)) lines.splice(line - 1, gone, ...toLines(wanted));
  return lines.join("");
}

function solve(view: SolverView): string | null {
  const parts = view.prompt.split(/^(?=(?:Change \d+ of \d+\. )?In `)/m);
  const steps = parts.flatMap((part) => stepOf(part) ?? []);
  const byFile = Map.groupBy(steps, ({ file }) => file);
  const changes = [...byFile].flatMap(([path, own]) => {
    const before = view.text(path);
    return before === null ? [] : [{ path, before, after: applied(before, own) }];
  });
  return changes.length === 0 ? null : unifiedDiff(changes);
}

export const asTold: Solver = Object.freeze<Solver>({
  name: "as-told",
  about: "copies the blocks of an instruction into the lines that it names",
  skills: ["editing"],
  solve,
});
