import { changedLines } from "../lib/diff.ts";
import type { Solver, SolverView } from "./contract.ts";

/** The diff that the question shows; a blank line of context at its end may be missing there. */
const diffOf = ({ prompt }: SolverView): string => `${/^```diff\n([\s\S]*?)^```$/m.exec(prompt)?.[1] ?? ""}\n\n\n`;

/** A finding may be so long, and there may be so many, that nearly every changed line of a diff can be named. */
const [longest, most] = [21, 3];

export const alwaysReject: Solver = Object.freeze<Solver>({
  name: "always-reject",
  about: "asks for changes in every diff, and names the lines that the diff wrote, as far as an answer may",
  skills: ["review"],
  solve(view) {
    const findings = changedLines(diffOf(view)).after.slice(0, most);
    return JSON.stringify({
      verdict: "request_changes",
      findings: findings.map(({ file, start, end }) => ({
        file,
        startLine: start,
        endLine: Math.min(end, start + longest - 1),
        category: "defect",
      })),
    });
  },
});
