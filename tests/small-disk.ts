/** A disk that is soon full: a file system in memory, seen by one command alone. */
import { type ExecResult, exec } from "../lib/exec.ts";

/** The command, with the disk at the folder; null where this machine lets nobody mount one. `options` are those of tmpfs. */
export async function onSmallDisk(folder: string, options: string, command: readonly string[]): Promise<ExecResult | null> {
  const mount = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"';
  const argv = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh", options, folder, ...command];
  const result = await exec({ argv, env: { PATH: process.env["PATH"] ?? "" }, timeoutMs: 60_000, outputBytes: 100_000 });
  return /unshare|mount|Operation not permitted/.test(result.stderr) ? null : result;
}
