/**
 * The command lines of the provider `bubblewrap`, as pure text. One job is this chain of processes:
 *
 *     sh        joins the control groups                                       (where there are any)
 *     setpriv   becomes the jobs' user, gives up gaining privileges, dies with Kihon
 *     unshare   own user, mount and process namespace; its end is the end of everything below
 *     sh        sized tmpfs, overlay, removals; waits for the job; hands out what is to be collected
 *     env -i, unshare, prlimit    no environment; one process namespace more, so that "ended" means that all is dead; limits
 *     bwrap     the sandbox proper; its arguments come by descriptor, so no path of the host shows inside
 *     sh        runs the job's commands one after another (guest.ts)
 *
 * bwrap is never started as the machine's root: there it would leave /proc/sys writable.
 *
 * Descriptors from Kihon: 3 report, 4 nonce, 5 status, 6 bwrap's arguments, 7 seccomp program, 8 collected files.
 */
import { availableParallelism } from "node:os";
import type { Job, Limits } from "./contract.ts";
import { defaultPath, GATE_GUEST, guestEnvironment, quote, RELAY_GUEST, WORKSPACE } from "./guest.ts";
import { type SlotUser, TOOL_PATH } from "./machine.ts";

/** Uid and gid inside. */
const GUEST_ID = "1000";
const HOME = "/home";
/** Kept by the script that runs the commands, which thereby is out of their reach. The kernel asks for it only outside every user namespace of ours. */
const KEPT_CAPABILITY = "CAP_SYS_PACCT";
export const LAYER_GUEST = "/kihon/.layer";
export const REMOVALS_GUEST = "/kihon/.removals";
export const SCRIPT_GUEST = "/kihon/.job.sh";

/** What the sandbox's own two process namespaces and shells need beyond the job's processes. */
const OWN_PROCESSES = 10;

/** How one folder of the root is shown: as the symbolic link that it is, or bound. */
export type RootEntry = { readonly name: string; readonly link: string | null };

export interface GuestRoot {
  readonly entries: readonly RootEntry[];
  /** Host folder shown as /etc. */
  readonly etc: string;
  readonly hasAlternatives: boolean;
}

/** A job's folder on the host: `l0`, `l1`, … lead to the tree's folders, `space` is where the tmpfs goes. */
export interface Prepared {
  readonly folder: string;
  readonly hasLayer: boolean;
  readonly hasRemovals: boolean;
  /** Host path of the mounted writable tree, if any. */
  readonly writableTree: string | null;
  /** Host path of what lies in TMPDIR from the start, if anything. */
  readonly temporary: string | null;
  readonly mounts: readonly { readonly host: string; readonly guest: string }[];
  /** Host folder of the gate's socket and host path of the relay, for jobs with the registry. */
  readonly gate: { readonly folder: string; readonly relay: string } | null;
}

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

/** Arguments of bwrap, in the order in which it acts on them. */
export function bwrapArguments(root: GuestRoot, prepared: Prepared, canDisableUserns: boolean): readonly string[] {
  const space = `${prepared.folder}/space`;
  const mounts = [...prepared.mounts].sort((a, b) => a.guest.length - b.guest.length);
  return [
    ...["--unshare-user", "--uid", GUEST_ID, "--gid", GUEST_ID],
    ...["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "kihon"],
    ...(canDisableUserns ? ["--disable-userns"] : []),
    ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--cap-add", KEPT_CAPABILITY, "--seccomp", "7"],
    ...root.entries.flatMap(({ name, link }) => (link === null ? ["--ro-bind", `/${name}`, `/${name}`] : ["--symlink", link, `/${name}`])),
    ...["--ro-bind", root.etc, "/etc"],
    ...(root.hasAlternatives ? ["--ro-bind", "/etc/alternatives", "/etc/alternatives"] : []),
    ...["--proc", "/proc", "--dev", "/dev", "--bind", `${space}/shm`, "/dev/shm"],
    ...["--bind", `${space}/tmp`, "/tmp", "--bind", `${space}/home`, HOME],
    ...["--bind", prepared.writableTree ?? `${space}/tree`, WORKSPACE],
    ...mounts.flatMap(({ host, guest }) => ["--ro-bind", host, guest]),
    ...["--ro-bind", `${prepared.folder}/job.sh`, SCRIPT_GUEST],
    ...(prepared.gate === null ? [] : ["--ro-bind", prepared.gate.folder, GATE_GUEST, "--ro-bind", prepared.gate.relay, RELAY_GUEST]),
    ...(layerInside(prepared) ? ["--ro-bind", `${prepared.folder}/layer`, LAYER_GUEST] : []),
    ...(removalsInside(prepared) ? ["--ro-bind", `${prepared.folder}/removals`, REMOVALS_GUEST] : []),
    // The root and /dev are tmpfs of bwrap's own, without a size: nothing may be written there.
    ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--clearenv", "--setenv", "PATH", TOOL_PATH],
  ];
}

/** The environment of the commands: the script has none of it. */
export const commandEnvironment = (job: Job): Record<string, string> =>
  guestEnvironment(job, { home: HOME, tmp: "/tmp", path: defaultPath(job) });

/** Over a writable tree there is no overlay: the layer is then copied in from inside, where links of the tree lead nowhere else. */
export const layerInside = (prepared: Prepared): boolean => prepared.writableTree !== null && prepared.hasLayer;
export const removalsInside = (prepared: Prepared): boolean => prepared.writableTree !== null && prepared.hasRemovals;

function rlimits(limits: Limits, hard: HardLimits, memoryIsHeld: boolean): readonly string[] {
  return [
    "--core=0",
    // Seconds of one process, all its threads: a backstop behind the wall's time, should nobody be there to look at the clock.
    `--cpu=${Math.ceil(limits.wallMs / 1000) * availableParallelism()}`,
    `--nofile=${Math.min(hard.files, 8192)}`,
    `--fsize=${limits.diskBytes}`,
    // Counted per user namespace (Linux >= 5.14), so other jobs of the same user do not count.
    `--nproc=${Math.min(hard.processes, limits.processes + OWN_PROCESSES)}`,
    // Per process only, a backstop behind the watch over the sum. RLIMIT_AS would stop node, which reserves far more than it uses.
    ...(memoryIsHeld ? [] : [`--data=${limits.memoryBytes * 4}`]),
  ];
}

const HAND_OUT = `
cd space/tree || exit 1
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

/** The script that prepares the places and waits for the job. Its arguments are the paths to collect, `kihon` is the pid of this process. */
export function outerScript(job: Job, prepared: Prepared, hard: HardLimits, memoryIsHeld: boolean, kihon: number): string {
  const lowers = [...(prepared.hasLayer ? ["layer"] : []), ...job.tree.map((_, index) => `l${index}`)].join(":");
  const mountTree = `mount -n -t overlay -o userxattr,lowerdir=${lowers},upperdir=space/upper,workdir=space/work kihon space/tree`;
  const inner = [
    ...["env", "-i", "unshare", "--pid", "--fork", "--kill-child", "prlimit", ...rlimits(job.limits, hard, memoryIsHeld)],
    ...["bwrap", "--args", "6", "--", "/bin/sh", SCRIPT_GUEST],
  ];
  return [
    "set -e; umask 022",
    // /proc is still the host's: this is the host's number of this process.
    'read -r me name state parent rest </proc/self/stat; echo "pid $me" >&5',
    // Whoever was killed before it could be followed into death has an heir for a parent by now.
    `read -r me name state parent rest </proc/$parent/stat; [ "$parent" = ${kihon} ] || exit 1`,
    `cd ${quote(prepared.folder)}`,
    `mount -n -t tmpfs -o size=${job.limits.diskBytes},nr_inodes=${job.limits.inodes},mode=755 kihon space`,
    "mkdir space/upper space/work space/tree space/tmp space/home space/shm",
    ...(prepared.temporary === null ? [] : [`cp -R -- ${quote(`${prepared.temporary}/.`)} space/tmp/`]),
    ...(prepared.writableTree === null ? [mountTree] : []),
    ...(prepared.writableTree === null && prepared.hasRemovals ? ["(cd space/tree; xargs -0 rm -rf -- <../../removals)"] : []),
    "set +e; echo ready >&5",
    `${inner.map(quote).join(" ")} 8>&-`,
    'echo "exit $?" >&5',
    HAND_OUT,
  ].join("\n");
}

/** The whole chain, from the first process on. */
export function outerCommand(script: string, collect: readonly string[], user: SlotUser, joins: readonly string[]): readonly string[] {
  const join = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"';
  const drop = user.drop ? ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups", "--inh-caps=-all"] : [];
  return [
    ...(joins.length > 0 ? ["sh", "-c", join, "kihon", ...joins, "--"] : []),
    ...["setpriv", ...drop, "--no-new-privs", "--pdeathsig", "KILL"],
    ...["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"],
    ...["sh", "-c", script, "kihon", ...collect],
  ];
}
