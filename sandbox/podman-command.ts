/**
 * The command lines of the provider `podman`, as pure text. One job is this chain of processes:
 *
 *     setpriv   gives up gaining privileges, dies with Kihon
 *     unshare   own mount and process namespace, of the engine too; its end is the end of the engine, its watchdog and the container
 *     sh        the engine's own folder, sized tmpfs, overlay; waits for the container; hands out what is to be collected
 *     podman    makes a container of the image, by its id, in a store of this job alone; a hook puts it into the job's control groups
 *     sh        process 1 of the container
 *     sh        runs the job's commands one after another (guest.ts)
 *
 * All that the engine keeps (its database, the container, locks, sockets) lies in memory that goes with the namespace: no other job waits for
 * it, `podman ps` of the machine never shows it, and of a job that is killed there is nothing to remove but empty control groups.
 *
 * Descriptors from Kihon: 3 report, 4 nonce, 5 status, 6 collected files. Inside the first three are the same.
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
import { layerInside, type Prepared } from "./job-folder.ts";
import { type SlotUser, TOOL_PATH } from "./machine.ts";

/** Where a chain has the engine's folder: short, since sockets lie in it. In the chain's namespace nothing else of /run is seen. */
export const COVERED = "/run";
const ENGINE = `${COVERED}/kihon`;
const SPACE = `${ENGINE}/space`;
/** Bytes of all that the engine keeps of one job; some hundred kilobytes are used. */
const ENGINE_BYTES = 64 * 2 ** 20;

/** What the engine is started with. */
export interface Engine {
  /** Name or path of the program that makes containers, or null for the engine's own choice. */
  readonly runtime: string | null;
  /** Of the image: 64 hex digits. */
  readonly imageId: string;
  /** Names of the files that lie over the image's in /etc. */
  readonly etc: readonly string[];
}

/**
 * Files of the engine's folder, path → text. `store` is where the machine's images lie, which are read and never written; `driver` is how
 * they are kept.
 */
export const engineFiles = (store: string, driver: string, seccomp: string): Readonly<Record<string, string>> => ({
  "storage.conf": [
    "[storage]",
    `driver = ${JSON.stringify(driver)}`,
    `graphroot = "${ENGINE}/store"`,
    `runroot = "${ENGINE}/state"`,
    "[storage.options]",
    `additionalimagestores = [${JSON.stringify(store)}]`,
    "",
  ].join("\n"),
  // In place of the machine's and the user's settings.
  "containers.conf": [
    "[containers]",
    "default_sysctls = []",
    "label = false",
    "[engine]",
    'cgroup_manager = "cgroupfs"',
    'events_logger = "none"',
    `hooks_dir = ["${ENGINE}/hooks"]`,
    'lock_type = "file"',
    `tmp_dir = "${ENGINE}/tmp"`,
    "[network]",
    'network_backend = "netavark"',
    `network_config_dir = "${ENGINE}/networks"`,
    "",
  ].join("\n"),
  "seccomp.json": seccomp,
  // https://github.com/containers/common/blob/main/pkg/hooks/docs/oci-hooks.5.md
  "hooks/join.json": JSON.stringify({
    version: "1.0.0",
    hook: { path: "/bin/sh", args: ["sh", `${ENGINE}/join.sh`], env: [`PATH=${TOOL_PATH}`] },
    when: { always: true },
    stages: ["createRuntime"],
  }),
  // The container's first process comes to the job's own control groups before it is anything of the image. Its state comes as JSON.
  "join.sh": [
    `pid=$(sed -n 's/.*"pid": *\\([0-9][0-9]*\\).*/\\1/p') || exit 1`,
    `while read -r file; do echo "$pid" >"$file" || exit 1; done <${ENGINE}/joins`,
    "",
  ].join("\n"),
});

/** What lies where: path on the host, as the chain sees it, and path inside. */
function binds(prepared: Prepared, etc: readonly string[]): readonly string[] {
  const { writableTree, mounts, gate } = prepared;
  const open = [
    [`${SPACE}/shm`, "/dev/shm"],
    [`${SPACE}/tmp`, "/tmp"],
    [`${SPACE}/home`, HOME],
    [writableTree === null ? `${SPACE}/tree` : `${ENGINE}/job/writable`, WORKSPACE],
  ];
  const closed = [
    ...etc.map((name) => [`${ENGINE}/etc/${name}`, `/etc/${name}`]),
    ...mounts.map(({ guest }, index) => [`${ENGINE}/job/m${index}`, guest]),
    [`${ENGINE}/job/job.sh`, SCRIPT_GUEST],
    ...(gate === null
      ? []
      : [
          [`${ENGINE}/job/gate`, GATE_GUEST],
          [`${ENGINE}/job/registry-relay.mjs`, RELAY_GUEST],
        ]),
    ...(layerInside(prepared) ? [[`${ENGINE}/job/layer`, LAYER_GUEST]] : []),
    ...(prepared.hasRemovals ? [[`${ENGINE}/job/removals`, REMOVALS_GUEST]] : []),
  ];
  const bind = ([source, target]: readonly string[], more: string): string[] => [
    "--mount",
    // Fields are CSV: a quote is doubled.
    ["type=bind", `"source=${source}"`, `"target=${target?.replaceAll('"', '""')}"`, "bind-nonrecursive=true", more].join(","),
  ];
  return [...open.flatMap((pair) => bind(pair, "ro=false")), ...closed.flatMap((pair) => bind(pair, "ro=true"))];
}

/** Links of the job's folder for `binds`, name → host path: their own names may hold what the engine's options cannot. */
export const jobLinks = ({ mounts, writableTree }: Prepared): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(mounts.map(({ host }, index) => [`m${index}`, host])),
  ...(writableTree === null ? {} : { writable: writableTree }),
});

/** Process 1: what the job prints goes to Kihon's own pipes, not through the engine. */
const FIRST = `exec >&6 2>&7 6>&- 7>&-; sh ${SCRIPT_GUEST}; exit $?`;

/** `podman run` and its words. Users inside are those of a namespace in which the jobs' user has the number that every job has. */
function podmanRun(engine: Engine, job: Job, prepared: Prepared, hard: HardLimits, user: SlotUser, group: string): readonly string[] {
  const users = (first: number): string => `0:${first - GUEST_ID}:${GUEST_ID + 1}`;
  const ulimits = Object.entries(rlimits(job.limits, hard, true)).flatMap(([name, value]) => ["--ulimit", `${name}=${value}:${value}`]);
  return [
    ...["env", "-i", `PATH=${TOOL_PATH}`, `HOME=${ENGINE}`],
    ...[`CONTAINERS_CONF=${ENGINE}/containers.conf`, `CONTAINERS_STORAGE_CONF=${ENGINE}/storage.conf`],
    ...["podman", "--log-level", "error", ...(engine.runtime === null ? [] : ["--runtime", engine.runtime])],
    ...["run", "--pull=never", "--log-driver=none", "--no-healthcheck", "--image-volume=ignore", "--systemd=false", "--sdnotify=ignore"],
    ...["--uidmap", users(user.uid), "--gidmap", users(user.gid), "--user", `${GUEST_ID}:${GUEST_ID}`, "--passwd=false"],
    ...["--network=none", "--no-hosts", "--hostname=kihon", "--pid=private", "--ipc=private", "--uts=private", "--cgroupns=private"],
    ...["--cgroups=no-conmon", "--cgroup-parent", `/${group}`],
    ...["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", `--cap-add=${KEPT_CAPABILITY}`],
    ...["--security-opt=no-new-privileges", `--security-opt=seccomp=${ENGINE}/seccomp.json`, "--security-opt=mask=/sys:/dev/mqueue"],
    ...["--unsetenv-all", "--env", `PATH=${TOOL_PATH}`, "--http-proxy=false", ...ulimits, ...binds(prepared, engine.etc)],
    ...["--preserve-fds=5", "--workdir=/", "--entrypoint=/bin/sh", engine.imageId, "-c", FIRST],
  ];
}

export interface PodmanScript {
  readonly engine: Engine;
  readonly job: Job;
  readonly prepared: Prepared;
  readonly hard: HardLimits;
  readonly user: SlotUser;
  /** Name under which the engine makes its own control groups. */
  readonly group: string;
  /** Pid of this process. */
  readonly kihon: number;
}

/** The script that prepares the places and waits for the container. Its arguments are the paths to collect. */
export function podmanScript({ engine, job, prepared, hard, user, group, kihon }: PodmanScript): string {
  const owner = `${user.uid}:${user.gid}`;
  const lowers = [...(prepared.hasLayer ? ["layer"] : []), ...job.tree.map((_, index) => `l${index}`)].join(":");
  const asJob = ["setpriv", "--reuid", `${user.uid}`, "--regid", `${user.gid}`, "--clear-groups", "--inh-caps=-all"].join(" ");
  return [
    ...announce(kihon),
    `cd ${quote(prepared.folder)}`,
    // The engine's processes are looked for by their numbers here.
    "mount -n -t proc kihon /proc",
    `mount -n -t tmpfs -o size=${ENGINE_BYTES},mode=755 kihon ${COVERED}`,
    `mkdir ${ENGINE}; cp -R engine/. ${ENGINE}/; cp joins ${ENGINE}/joins; ln -s ${quote(prepared.folder)} ${ENGINE}/job; mkdir ${SPACE}`,
    `mount -n -t tmpfs -o size=${job.limits.diskBytes},nr_inodes=${job.limits.inodes},mode=755 kihon ${SPACE}`,
    `for name in upper work tree tmp home shm; do mkdir ${SPACE}/$name; chown ${owner} ${SPACE}/$name; done`,
    ...(prepared.temporary === null ? [] : [`${asJob} cp -R -- ${quote(`${prepared.temporary}/.`)} ${SPACE}/tmp/`]),
    ...(prepared.writableTree === null
      ? [`mount -n -t overlay -o lowerdir=${lowers},upperdir=${SPACE}/upper,workdir=${SPACE}/work kihon ${SPACE}/tree`]
      : []),
    "exec 8>&6 6>&1 7>&2; set +e; echo ready >&5",
    `${podmanRun(engine, job, prepared, hard, user, group).map(quote).join(" ")} 8>&-`,
    'echo "exit $?" >&5',
    `cd ${SPACE}/tree || exit 1`,
    HAND_OUT,
  ].join("\n");
}

/** The whole chain, from the first process on. */
export const podmanChain = (script: string, collect: readonly string[]): readonly string[] => [
  ...["setpriv", "--no-new-privs", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"],
  ...["sh", "-c", script, "kihon", ...collect],
];
