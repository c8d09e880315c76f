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
import {
  announce,
  GUEST_ID,
  HAND_OUT,
  type HardLimits,
  HOME,
  KEPT_CAPABILITY,
  LAYER_GUEST,
  REMOVALS_GUEST,
  rlimits,
  SCRIPT_GUEST,
} from "./chain.ts";
import type { Job } from "./contract.ts";
import { GATE_GUEST, quote, RELAY_GUEST, WORKSPACE } from "./guest.ts";
import { layerInside, type Prepared, removalsInside } from "./job-folder.ts";
import { type SlotUser, TOOL_PATH } from "./machine.ts";

/** How one folder of the root is shown: as the symbolic link that it is, or bound. */
export type RootEntry = { readonly name: string; readonly link: string | null };

export interface GuestRoot {
  readonly entries: readonly RootEntry[];
  /** Host folder shown as /etc. */
  readonly etc: string;
  readonly hasAlternatives: boolean;
}

/** Arguments of bwrap, in the order in which it acts on them. */
export function bwrapArguments(root: GuestRoot, prepared: Prepared, canDisableUserns: boolean): readonly string[] {
  const space = `${prepared.folder}/space`;
  const mounts = [...prepared.mounts].sort((a, b) => a.guest.length - b.guest.length);
  return [
    ...["--unshare-user", "--uid", `${GUEST_ID}`, "--gid", `${GUEST_ID}`],
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

/** The script that prepares the places and waits for the job. Its arguments are the paths to collect, `kihon` is the pid of this process. */
export function outerScript(job: Job, prepared: Prepared, hard: HardLimits, memoryIsHeld: boolean, kihon: number): string {
  const lowers = [...(prepared.hasLayer ? ["layer"] : []), ...job.tree.map((_, index) => `l${index}`)].join(":");
  const mountTree = `mount -n -t overlay -o userxattr,lowerdir=${lowers},upperdir=space/upper,workdir=space/work kihon space/tree`;
  const limits = Object.entries(rlimits(job.limits, hard, memoryIsHeld)).map(([name, value]) => `--${name}=${value}`);
  const inner = [
    ...["env", "-i", "unshare", "--pid", "--fork", "--kill-child", "prlimit", ...limits],
    ...["bwrap", "--args", "6", "--", "/bin/sh", SCRIPT_GUEST],
  ];
  return [
    ...announce(kihon),
    `cd ${quote(prepared.folder)}`,
    `mount -n -t tmpfs -o size=${job.limits.diskBytes},nr_inodes=${job.limits.inodes},mode=755 kihon space`,
    "mkdir space/upper space/work space/tree space/tmp space/home space/shm",
    ...(prepared.temporary === null ? [] : [`cp -R -- ${quote(`${prepared.temporary}/.`)} space/tmp/`]),
    ...(prepared.writableTree === null ? [mountTree] : []),
    ...(prepared.writableTree === null && prepared.hasRemovals ? ["(cd space/tree; xargs -0 rm -rf -- <../../removals)"] : []),
    "set +e; echo ready >&5",
    `${inner.map(quote).join(" ")} 8>&-`,
    'echo "exit $?" >&5',
    "cd space/tree || exit 1",
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
