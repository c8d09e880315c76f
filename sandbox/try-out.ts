/** The smallest job there is, as a trial of whether a provider works here. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { openRunFolder } from "./run-folder.ts";

const TRIAL_JOB = {
  layer: {},
  mounts: [],
  cwd: "",
  commands: [["rm", "file"]],
  env: {},
  network: "none",
  limits: { wallMs: 10_000, memoryBytes: 2 ** 28, processes: 16, outputBytes: 10_000, diskBytes: 2 ** 20, inodes: 1000, reportBytes: 0 },
} as const;

/** Runs it. `hint` says what may be the cause where the sandbox itself fails. */
export async function tryOut(
  provider: Pick<SandboxProvider, "run" | "adopt">,
  hint: () => string,
): Promise<{ ok: boolean; reason: string }> {
  const folder = await openRunFolder();
  try {
    const tree = await folder.fresh("trial");
    await chmod(tree, 0o755);
    await writeFile(join(tree, "file"), "");
    await provider.adopt(tree, true);
    const result = await provider.run({ ...TRIAL_JOB, tree: [tree] });
    const ok = result.ended.kind === "finished" && result.ended.exitCode === 0;
    return { ok, reason: ok ? "" : `a trial job ended with ${JSON.stringify(result.ended)}: ${result.stderr}` };
  } catch (error) {
    if (!(error instanceof SandboxTrouble)) throw error;
    return { ok: false, reason: `${error.message}${hint()}` };
  } finally {
    folder.remove();
  }
}
