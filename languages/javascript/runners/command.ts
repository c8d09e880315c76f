/** The command line that starts a harness main script: one JSON word, then the files, seen from the package's folder. */
import { posix } from "node:path";
import type { RunnerCommand, TestPlan } from "../../contract.ts";

export interface Request {
  readonly script: string;
  /** Flags for the `node` that runs the main script. */
  readonly nodeFlags: readonly string[];
  /** Members of the JSON word beside the usual ones. */
  readonly members: Readonly<Record<string, unknown>>;
}

const here = (packageDir: string): string => (packageDir === "" ? "." : packageDir);

export function harnessCommand(plan: TestPlan, request: Request): RunnerCommand {
  const cwd = here(plan.packageDir);
  const word = JSON.stringify({
    up: posix.relative(cwd, ".") || ".",
    seed: plan.seed,
    timeoutMs: plan.testTimeoutMs,
    ...(plan.together === undefined ? {} : { together: plan.together.map((file) => posix.relative(cwd, file)) }),
    ...(plan.sift === undefined ? {} : { sift: true }),
    ...(plan.workers === undefined ? {} : { workers: plan.workers }),
    ...request.members,
  });
  const files = plan.files === "all" ? [] : plan.files.map((file) => posix.relative(cwd, file));
  const script = posix.join(plan.harness, request.script);
  return { argv: ["node", ...request.nodeFlags, script, word, ...files], env: {}, cwd, layer: {} };
}
