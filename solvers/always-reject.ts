import { reviewLimits } from "../grading/judge.ts";
import { changedLines } from "../lib/diff.ts";
import type { Solver, SolverView } from "./contract.ts";

/** The diff that the question shows; a blank line of context at its end may be missing there. */
const diffOf = ({ prompt }: SolverView): string => `${/^```diff\n([\s\S]*?)^```$/m.exec(prompt)?.[1] ?? ""}\n\n\n`;

export const alwaysReject: Solver = Object.freeze<Solver>({
  name: "always-reject",
  about: "asks for changes in every diff, and names the lines that the diff wrote, as far as an answer may",
  skills: ["review"],
  solve(view) {
    let left: number = reviewLimits.lines;
    const findings = changedLines(diffOf(view)).after.slice(0, reviewLimits.findings);
    return JSON.stringify({
      verdict: "request_changes",
      findings: findings.flatMap(({ file, start, end }) => {
        const lines = Math.min(end - start + 1, left);
        left -= lines;
        return lines === 0 ? [] : [{ file, startLine: start, endLine: start + lines - 1, category: "defect" }];
      }),
    });
  },
});
