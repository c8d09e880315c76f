/**
 * What the chains of the isolating providers have in common: who a job is inside, its places, its limits, and what the chain's own script tells.
 *
 * The script is process 1 of a namespace of its own, whose end is the end of everything below. It tells on the status channel, in lines: `pid <n>`,
 * its number on the host; `ready`; then what the script inside tells (guest.ts); `exit <code>` of that; `collected <code>` of the archive.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type Channel, type ExecResult, exec, killGroup, killQuietly } from "../lib/exec.ts";
import { trouble } from "./adopt.ts";
import type { Cgroup } from "./cgroups.ts";
import type { Job, Limits, RunResult } from "./contract.ts";
import { defaultPath, guestEnvironment, readGuestStatus } from "./guest.ts";
import { guardJob, type Watched } from "./job-guard.ts";
import { TOOL_PATH } from "./machine.ts";
import { parseStat } from "./memory-watch.ts";
import { readTar } from "./tar.ts";

/** Uid and gid inside. */
export const GUEST_ID = 1000;
export const HOME = "/home";
/** Kept by the script that runs the commands, which thereby is out of their reach. The kernel asks for it only outside every user namespace of ours. */
export const KEPT_CAPABILITY = "CAP_SYS_PACCT";
export const LAYER_GUEST = "/kihon/.layer";
export const REMOVALS_GUEST = "/kihon/.removals";
export const SCRIPT_GUEST = "/kihon/.job.sh";

/** The archive of what is collected: capped at the largest that is sensible to hold in memory. */
export const ARCHIVE: Channel = { kind: "read", maxBytes: 64 * 1024 * 1024 };
/** Bytes of the status channel; some hundred are used. */
const STATUS_BYTES = 64 * 1024;

/** Channel indices of `exec`, from descriptor 3 on. */
const REPORT = 0;
const STATUS = 2;

/** What the sandbox's own two process namespaces and shells need beyond the job's processes. */
const OWN_PROCESSES = 10;

/** Hard limits of this process, which a limit of ours must not exceed; Infinity where there is none. */
export interface HardLimits {
  readonly files: number;
  readonly processes: number;
}

/** Reads /proc/self/limits. */
export function readHardLimits(text: string): HardLimits {
  const hard = (name: string): number => {
    const value = text.match(new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, "m"))?.[1];
    return value === undefined || value === "unlimited" ? Number.POSITIVE_INFINITY : Number(value);
  };
  return { files: hard("Max open files"), processes: hard("Max processes") };
}

/** Limits of each single process, by the names that prlimit and container engines have for them. */
export function rlimits(limits: Limits, hard: HardLimits, memoryIsHeld: boolean): Readonly<Record<string, number>> {
  return {
    core: 0,
    // Seconds of one process, all its threads: a backstop behind the wall's time, should nobody be there to look at the clock.
    cpu: Math.ceil(limits.wallMs / 1000) * availableParallelism(),
    nofile: Math.min(hard.files, 8192),
    fsize: limits.diskBytes,
    // Counted per user namespace (Linux >= 5.14), so other jobs of the same user do not count.
    nproc: Math.min(hard.processes, limits.processes + OWN_PROCESSES),
    // Per process only, a backstop behind the watch over the sum. RLIMIT_AS would stop node, which reserves far more than it uses.
    ...(memoryIsHeld ? {} : { data: limits.memoryBytes * 4 }),
  };
}

/** The environment of the commands: the script has none of it. */
export const commandEnvironment = (job: Job): Record<string, string> =>
  guestEnvironment(job, { home: HOME, tmp: "/tmp", path: defaultPath(job) });

/** First lines of the chain's script: its number, and the end where nobody is left who would end it. `kihon` is the pid of this process. */
export const announce = (kihon: number): readonly string[] => [
  "set -e; umask 022",
  // /proc is still the host's: this is the host's number of this process.
  'read -r me name state parent rest </proc/self/stat; echo "pid $me" >&5',
  // Whoever was killed before it could be followed into death has an heir for a parent by now.
  `read -r me name state parent rest </proc/$parent/stat; [ "$parent" = ${kihon} ] || exit 1`,
];

/** Last lines of the chain's script, in the folder of the job's tree: its arguments are the paths to collect, the archive goes to descriptor 8. */
export const HAND_OUT = `
top=$(pwd -P)
for path; do
  shift
  # A path that leads through a symbolic link is not the job's own file.
  if [ -e "$path" ] && [ "$(readlink -f -- "$path")" = "$top/$path" ]; then set -- "$@" "$path"; fi
done
if [ $# -gt 0 ]; then
  tar --format=gnu --hard-dereference --numeric-owner -cf - -- "$@" >&8
  echo "collected $?" >&5
fi
`;

/** The paths to collect as the chain's script takes them. */
export const collectPaths = (job: Job): readonly string[] => (job.collect ?? []).map((path) => path.replace(/^(\.\/+)+|\/+$/g, ""));

/**
 * Ends a chain. The best victim is the shell that is process 1 of the outer namespace: its parent `unshare` then returns only when every process
 * below is gone. Before it has told its number, the whole group.
 */
function killChain(pid: number, status: string): void {
  const shell = Number(status.match(/^pid (\d+)$/m)?.[1]);
  if (Number.isInteger(shell) && parentOf(shell) === pid) killQuietly(shell);
  else killGroup(pid);
}

function parentOf(pid: number): number | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")).parent;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
}

/** A chain as it is started. */
export interface Chain {
  readonly argv: readonly string[];
  /** Descriptors from 6 on; the last one is the archive's. */
  readonly channels: readonly Channel[];
  readonly writableTree: string | null;
  readonly group: Cgroup | null;
}

/** Runs a chain to its end, under the limits that are held from outside. */
export async function runChain(job: Job, chain: Chain, signal: AbortSignal | undefined): Promise<RunResult> {
  const { limits, nonce } = job;
  let status = "";
  const guard = guardJob(signal, limits.memoryBytes);
  if (chain.writableTree !== null) await guard.watchFolder(chain.writableTree, { bytes: limits.diskBytes, inodes: limits.inodes });
  const result = await exec({
    argv: chain.argv,
    env: { PATH: TOOL_PATH },
    cwd: "/",
    timeoutMs: limits.wallMs,
    ...(nonce === undefined ? {} : { listen: { channel: REPORT, silentMs: limits.silentMs ?? null } }),
    outputBytes: limits.outputBytes,
    channels: [
      { kind: "read", maxBytes: nonce === undefined ? 0 : limits.reportBytes },
      { kind: "write", bytes: nonce === undefined ? "" : `${nonce}\n` },
      { kind: "read", maxBytes: STATUS_BYTES, onBytes: (bytes) => (status += bytes.toString("latin1")) },
      ...chain.channels,
    ],
    signal: guard.signal,
    kill: (pid) => killChain(pid, status),
    onStart: (pid) => {
      if (chain.group === null) guard.watch(pid);
    },
  });
  return judge(result, job, chain.group, guard.release());
}

async function judge(result: ExecResult, job: Job, group: Cgroup | null, watched: Watched): Promise<RunResult> {
  const usage = (await group?.usage()) ?? null;
  const status = (result.channels[STATUS] as Buffer).toString("latin1");
  const guest = readGuestStatus(status);
  const shared = {
    stdout: result.stdout,
    // unshare complains when the shell that it waits for is killed, as it is at the end of a job's time.
    stderr: result.stderr.replace(/unshare: sigprocmask unblock failed: .*\n/, ""),
    report: (result.channels[REPORT] as Buffer).toString("utf8"),
    usage: {
      wallMs: result.wallMs,
      cpuMs: usage?.cpuMs ?? guest.cpuMs,
      peakMemoryBytes: usage?.peakMemoryBytes ?? watched.peakBytes,
      silentMs: result.silentMs,
    },
  };
  if (watched.diskFull) return { ...shared, ended: { kind: "disk-full" }, collected: {} };
  if (usage?.outOfMemory || watched.outOfMemory) return { ...shared, ended: { kind: "out-of-memory" }, collected: {} };
  if (result.ended.kind === "timed-out" || result.ended.kind === "output-too-large") {
    return { ...shared, ended: { kind: result.ended.kind }, collected: {} };
  }
  const code = status.match(/^exit (\d+)$/m)?.[1];
  if (!guest.began || code === undefined) throw trouble("the sandbox did not start", result);
  if (guest.trouble !== null) throw trouble(`the sandbox could not prepare the job (${guest.trouble})`, result);
  if (guest.network !== "cut")
    throw trouble(guest.network === null ? "the job's network was not probed" : "the job's network is not cut", result);
  const collected = readTar(result.channels.at(-1) as Buffer);
  if (collected === null) throw trouble("the collected files did not come through", result);
  // Without its last word the script was killed, by whatever reached process 1: that is no end with 0.
  const ended = guest.ended ?? { index: job.commands.length - 1, code: Math.max(Number(code), 137) };
  const failedCommand = ended.index < job.commands.length - 1 ? ended.index : null;
  return { ...shared, ended: { kind: "finished", exitCode: ended.code, failedCommand }, collected };
}
