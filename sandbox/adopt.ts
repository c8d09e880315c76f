/** Gives a host folder to the jobs' user. */
import { type ExecResult, exec } from "../lib/exec.ts";
import { SandboxTrouble } from "./contract.ts";
import { requireReachable, type SlotUser, TOOL_PATH } from "./machine.ts";

/** What a failed process of the sandbox's own said. */
export const trouble = (what: string, result: ExecResult): SandboxTrouble =>
  new SandboxTrouble(`${what}: ${JSON.stringify(result.ended)} ${result.stderr.slice(-2000)}`.trim());

/** What the system refused Kihon itself (no space, no descriptors, a folder that is gone) is trouble too; everything else goes through. */
export function asTrouble(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  return new SandboxTrouble(`the machine refused the sandbox: ${error.message}`, { cause: error });
}

/** As root: the folder and all in it becomes the jobs' user's, which copy-up in the overlay needs. As an ordinary user it is so already. */
export async function adoptFolder(folder: string, user: SlotUser): Promise<void> {
  if (user.drop) {
    const argv = ["chown", "-R", "--no-dereference", `${user.uid}:${user.gid}`, "--", folder];
    const result = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 600_000, outputBytes: 10_000 });
    if (result.ended.kind !== "exited" || result.ended.code !== 0) throw trouble(`cannot give ${folder} to the sandbox's user`, result);
  }
  await requireReachable(folder, user);
}
