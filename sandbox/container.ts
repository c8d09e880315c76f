/**
 * Jobs in a container that is thrown away after one grading: no namespaces can be made there, so the container itself is what isolates from the
 * host, and this keeps the jobs from one another and from what the grader knows. Around the provider that runs plain processes:
 *
 * - folders that jobs stand on belong to root, and those that are closed cannot be reached by the jobs' user at all (`close`);
 * - after each job every process of the jobs' user is killed and everything is removed that it left in a place where anybody may write, so that
 *   no job learns from one before it which tree it stands on.
 *
 * Jobs go one by one. The network is not cut here: the container has none.
 */
import { chmod } from "node:fs/promises";
import PQueue from "p-queue";
import { type ExecResult, exec } from "../lib/exec.ts";
import { trouble } from "./adopt.ts";
import { type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { type SlotUser, slotUser, TOOL_PATH } from "./machine.ts";

export interface Container extends SandboxProvider {
  /** Bars the jobs' user from a folder for good: jobs get copies of what lies in it. */
  close(folder: string): Promise<void>;
}

/** Kinds of file systems that hold no files of ours. */
const kernels = new Set(["proc", "sysfs", "cgroup", "cgroup2", "devpts", "securityfs", "debugfs", "tracefs", "bpf", "pstore"]);

/** Mount points of `/proc/self/mountinfo` below which files can be left; spaces in names are written `\040`. */
export function mountPoints(text: string): readonly string[] {
  const points = text
    .trimEnd()
    .split("\n")
    .flatMap((line) => {
      const words = line.split(" ");
      const kind = words[words.indexOf("-") + 1] ?? "";
      return kernels.has(kind)
        ? []
        : [(words[4] ?? "/").replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))];
    });
  return [...new Set(["/", ...points])];
}

const run = (argv: readonly string[], outputBytes = 16 * 1024 ** 2): Promise<ExecResult> =>
  exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 600_000, outputBytes });

/** `find` says 1 for a file that went away under it; what it found is printed all the same. */
async function found(words: readonly string[], places: readonly string[]): Promise<readonly string[]> {
  if (places.length === 0) return [];
  const result = await run(["find", ...places, "-xdev", ...words, "-print0"]);
  if (result.ended.kind !== "exited") throw trouble("cannot look for what a job may have left", result);
  return result.stdout.split("\0").filter((path) => path !== "");
}

/** What every user may write: the folders, and plain files, which lose that right. */
async function openPlaces(mounts: readonly string[]): Promise<readonly string[]> {
  const files = await found(["-type", "f", "-perm", "-0002"], mounts);
  for (let at = 0; at < files.length; at += 500) await run(["chmod", "o-w", "--", ...files.slice(at, at + 500)]);
  return found(["-type", "d", "-perm", "-0002"], mounts);
}

/** Removes the traces of a job. `kill -1` reaches every process of the user but the one that asks. */
async function sweep(user: SlotUser, places: readonly string[]): Promise<void> {
  const as = ["setpriv", "--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups", "--inh-caps=-all"];
  await run([...as, "sh", "-c", "ipcrm --all >/dev/null 2>&1; kill -KILL -1 2>/dev/null; exit 0"]);
  const left = await found(["-uid", String(user.uid)], places);
  for (let at = 0; at < left.length; at += 500) {
    const removed = await run(["rm", "-rf", "--", ...left.slice(at, at + 500)]);
    if (removed.ended.kind !== "exited" || removed.ended.code !== 0) throw trouble("cannot remove what a job left", removed);
  }
}

/**
 * `processes` is the provider that runs plain processes. Throws `SandboxTrouble` where Kihon is not root in the container: then jobs would be
 * the same user as the grader. `mountinfo` is the text of `/proc/self/mountinfo`.
 */
export function inContainer(processes: SandboxProvider, mountinfo: string): Container {
  const user = slotUser();
  if (!user.drop) throw new SandboxTrouble("in a container the grader must be root, so that the code under test can be another user");
  const mounts = mountPoints(mountinfo);
  const jobs = new PQueue({ concurrency: 1 });
  let places: Promise<readonly string[]> | undefined;
  return Object.freeze({
    name: "container",
    version: "1",
    isolates: false,
    available: () => processes.available(),
    examine: () => processes.examine(),
    run: (job: Parameters<SandboxProvider["run"]>[0], signal?: AbortSignal) =>
      jobs.add(async () => {
        places ??= openPlaces(mounts);
        const writable = await places;
        try {
          return await processes.run(job, signal);
        } finally {
          await sweep(user, writable);
        }
      }),
    async adopt(folder: string, write: boolean) {
      if (write) return processes.adopt(folder, true);
      for (const argv of [
        ["chown", "-R", "--no-dereference", "0:0", "--", folder],
        ["chmod", "-R", "a+rX,go-w", "--", folder],
      ]) {
        const result = await run(argv);
        if (result.ended.kind !== "exited" || result.ended.code !== 0) throw trouble(`cannot take ${folder} from the jobs' user`, result);
      }
    },
    close: (folder: string) => chmod(folder, 0o700),
  });
}
