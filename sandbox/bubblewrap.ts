/** The provider `bubblewrap`: namespaces, overlay, limits and a system-call filter, for root and for ordinary users of Linux. */
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ExecResult, exec, killGroup, killQuietly } from "../lib/exec.ts";
import { adoptFolder, asTrouble, trouble } from "./adopt.ts";
import {
  bwrapArguments,
  commandEnvironment,
  type GuestRoot,
  type HardLimits,
  LAYER_GUEST,
  layerInside,
  outerCommand,
  outerScript,
  type Prepared,
  REMOVALS_GUEST,
  readHardLimits,
  removalsInside,
} from "./bubblewrap-command.ts";
import { openCanary } from "./canary.ts";
import { type Cgroup, type Cgroups, findCgroups } from "./cgroups.ts";
import { type Job, type RunResult, type SandboxPromise, type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { examine } from "./examine.ts";
import { checkJob, guestScript, NODE_GUEST, readGuestStatus, WORKSPACE } from "./guest.ts";
import { makeGuestRoot } from "./guest-root.ts";
import { guardJob, type Watched } from "./job-guard.ts";
import { writeLayer } from "./layer-folder.ts";
import { architecture, requireReachable, type SlotUser, slotUser, TOOL_PATH } from "./machine.ts";
import { parseStat } from "./memory-watch.ts";
import type { GateDoor, RegistryGate } from "./registry-gate.ts";
import { openRunFolder, type RunFolder } from "./run-folder.ts";
import { seccompProgram } from "./seccomp.ts";
import { openGate, type SandboxSettings, withRefusals } from "./settings.ts";
import { readTar } from "./tar.ts";

const TOOLS = [
  "sh",
  "setpriv",
  "unshare",
  "mount",
  "mkdir",
  "cp",
  "env",
  "prlimit",
  "bwrap",
  "xargs",
  "rm",
  "readlink",
  "tar",
  "chown",
  "bash",
] as const;
/** Cap on what `collect` hands out: the largest that is sensible to hold in memory. */
const COLLECT_BYTES = 64 * 1024 * 1024;
/** Bytes of the status channel; some hundred are used. */
const STATUS_BYTES = 64 * 1024;

const RELAY = fileURLToPath(new URL("./harness/registry-relay.mjs", import.meta.url));

/** Channel indices of `exec`, from descriptor 3 on. */
const REPORT = 0;
const STATUS = 2;
const COLLECTED = 5;

/** What is found out once per process. */
interface Ground {
  readonly settings: SandboxSettings;
  readonly folder: RunFolder;
  readonly gate: RegistryGate;
  readonly user: SlotUser;
  readonly root: GuestRoot;
  readonly cgroups: Cgroups | null;
  readonly hard: HardLimits;
  /** Host paths that the jobs' user was found to reach. */
  readonly reachable: Set<string>;
  readonly seccomp: Buffer;
  readonly canDisableUserns: boolean;
  /** Where this process listens on loopback, for jobs to find nobody there. */
  readonly canaryPort: number;
}

/** Makes the provider. Nothing is touched before the first call of its functions. */
export function bubblewrap(settings: SandboxSettings = {}): SandboxProvider {
  let ground: Promise<Ground> | undefined;
  const stand = (): Promise<Ground> => {
    ground ??= layGround(settings);
    return ground;
  };
  const provider: SandboxProvider = {
    name: "bubblewrap",
    version: "2",
    isolates: true,
    available: () => available(provider),
    examine: async () => [...(await examine(provider)), whatHolds((await stand()).cgroups)],
    run: async (job, signal) => {
      try {
        return await runJob(await stand(), job, signal);
      } catch (error) {
        throw asTrouble(error);
      }
    },
    adopt: async (folder) => adoptFolder(folder, slotUser()),
  };
  return Object.freeze(provider);
}

async function layGround(settings: SandboxSettings): Promise<Ground> {
  const machine = architecture();
  if (machine === null) throw new SandboxTrouble(`there is no system-call filter for ${process.arch}`);
  const folder = await openRunFolder(settings.tmp);
  const version = await exec({ argv: ["bwrap", "--version"], env: { PATH: TOOL_PATH }, timeoutMs: 10_000, outputBytes: 10_000 });
  const cgroups = await findCgroups();
  const [major = 0, minor = 0] = (version.stdout.match(/(\d+)\.(\d+)/) ?? []).slice(1).map(Number);
  return {
    settings,
    folder,
    gate: openGate(settings, folder),
    user: slotUser(),
    root: await makeGuestRoot(folder.path),
    cgroups,
    hard: readHardLimits(readFileSync("/proc/self/limits", "utf8")),
    seccomp: seccompProgram(machine, cgroups !== null),
    reachable: new Set(),
    canDisableUserns: major > 0 || minor >= 8,
    canaryPort: await openCanary(),
  };
}

/** No trial: what a trial of the limits leans on here. */
function whatHolds(cgroups: Cgroups | null): SandboxPromise {
  const detail =
    cgroups === null
      ? "no control group can be made here: memory is watched and summed 20 times a second, memory of no process (memfd, System V) is refused, processes are counted by an rlimit, the share of the processors is not held"
      : `control groups (version ${cgroups.version}) hold memory and processes${cgroups.holdsProcessors ? " and the share of the processors" : "; the share of the processors is not held"}`;
  return { name: "what holds the limits", holds: true, detail };
}

async function available(provider: SandboxProvider): Promise<{ ok: boolean; reason: string }> {
  if (process.platform !== "linux") return { ok: false, reason: `bubblewrap needs Linux, this is ${process.platform}` };
  for (const tool of TOOLS) {
    const found = await exec({ argv: [tool, "--version"], env: { PATH: TOOL_PATH }, timeoutMs: 10_000, outputBytes: 100_000 });
    if (found.ended.kind === "not-started") return { ok: false, reason: MISSING[tool] ?? `the program ${tool} is missing` };
  }
  return tryOut(provider);
}

const MISSING: Readonly<Record<string, string>> = {
  bwrap: "bubblewrap is missing: install it (`apt install bubblewrap`, `dnf install bubblewrap`)",
  setpriv: "setpriv is missing: install util-linux",
  bash: "bash is missing: install it (it knocks at Kihon's own door to see that a job's network is cut)",
  unshare: "unshare is missing: install util-linux",
  prlimit: "prlimit is missing: install util-linux",
};

/** The smallest job there is, as a trial. */
async function tryOut(provider: SandboxProvider): Promise<{ ok: boolean; reason: string }> {
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
    return { ok: false, reason: `${error.message}${usernsHint()}` };
  } finally {
    folder.remove();
  }
}

const TRIAL_JOB = {
  layer: {},
  mounts: [],
  cwd: "",
  commands: [["rm", "file"]],
  env: {},
  network: "none",
  limits: { wallMs: 10_000, memoryBytes: 2 ** 28, processes: 16, outputBytes: 10_000, diskBytes: 2 ** 20, inodes: 1000, reportBytes: 0 },
} as const;

/** The settings by which distributions switch user namespaces off. */
function usernsHint(): string {
  const settings = [
    { file: "/proc/sys/user/max_user_namespaces", off: "0", cure: "sysctl user.max_user_namespaces=10000" },
    { file: "/proc/sys/kernel/unprivileged_userns_clone", off: "0", cure: "sysctl kernel.unprivileged_userns_clone=1" },
    {
      file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
      off: "1",
      cure: "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    },
  ];
  const wrong = settings.find(({ file, off }) => existsSync(file) && readFileSync(file, "utf8").trim() === off);
  return wrong === undefined ? "" : `; unprivileged user namespaces are off here: \`${wrong.cure}\``;
}

async function runJob(ground: Ground, job: Job, signal: AbortSignal | undefined): Promise<RunResult> {
  checkJob(job);
  signal?.throwIfAborted();
  const folder = await ground.folder.fresh("job");
  let door: GateDoor | null = null;
  let group: Cgroup | null = null;
  try {
    const prepared = await prepare(ground, job, folder);
    if (prepared.gate !== null) door = await openDoor(ground, prepared.gate.folder);
    group = (await ground.cgroups?.open(job.limits)) ?? null;
    const result = await perform(ground, job, prepared, group, signal);
    return door === null ? result : withRefusals(result, door.stats());
  } finally {
    await door?.close();
    if (door !== null) ground.settings.onRegistry?.(door.stats());
    // Nobody waits for the kernel to let go of an empty group.
    void group?.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The job's own door to the registry: a socket that the jobs' user may use, in a folder that only it may enter. */
async function openDoor(ground: Ground, folder: string): Promise<GateDoor> {
  const socket = join(folder, "socket");
  // struct sockaddr_un holds 108 bytes, with the ending zero.
  if (Buffer.byteLength(socket) > 107)
    throw new SandboxTrouble(`the path of the registry's socket is too long: ${socket}; set TMPDIR to a shorter one`);
  const door = await ground.gate.openSocket(socket);
  await chmod(socket, 0o600);
  if (ground.user.drop) await chown(socket, ground.user.uid, ground.user.gid);
  return door;
}

/** Lays out the gate's folder and the relay, for jobs that have the registry. */
async function prepareGate(ground: Ground, job: Job, folder: string): Promise<Prepared["gate"]> {
  if (job.network === "none") return null;
  if (!job.mounts.some(({ guest }) => guest === NODE_GUEST))
    throw new SandboxTrouble(`a job with the registry needs a mount at ${NODE_GUEST}`);
  const gate = { folder: join(folder, "gate"), relay: join(folder, "registry-relay.mjs") };
  await mkdir(gate.folder, { mode: 0o700 });
  if (ground.user.drop) await chown(gate.folder, ground.user.uid, ground.user.gid);
  await copyFile(RELAY, gate.relay);
  await chmod(gate.relay, 0o644);
  return gate;
}

/** Lays out the job's folder on the host. */
async function prepare(ground: Ground, job: Job, folder: string): Promise<Prepared> {
  const { user } = ground;
  const reach = async (path: string): Promise<string> => {
    const real = await realpath(path);
    if (!ground.reachable.has(real)) await requireReachable(real, user);
    ground.reachable.add(real);
    return real;
  };
  const own = async (name: string): Promise<void> => {
    await mkdir(join(folder, name), { mode: 0o755 });
    if (user.drop) await chown(join(folder, name), user.uid, user.gid);
  };
  const [tree, writableTree, mounts, temporary] = await Promise.all([
    Promise.all(job.tree.map(reach)),
    job.writableTree === undefined ? null : reach(job.writableTree),
    Promise.all(job.mounts.map(async ({ host, guest }) => ({ host: await reach(host), guest }))),
    job.temporary === undefined ? null : reach(job.temporary),
    chmod(folder, 0o711),
    own("space"),
    own("layer"),
  ]);
  await Promise.all(tree.map((path, index) => symlink(path, join(folder, `l${index}`))));
  const written = await writeLayer(join(folder, "layer"), job.layer, writableTree === null ? tree : [writableTree], user);
  const removals = writableTree === null ? written.removals : [...written.clashes, ...written.removals];
  if (removals.length > 0) await writeReadable(join(folder, "removals"), removals.map((path) => `${path}\0`).join(""));
  const prepared: Prepared = {
    folder,
    hasLayer: Object.values(job.layer).some((text) => text !== null),
    hasRemovals: removals.length > 0,
    writableTree,
    temporary,
    mounts,
    gate: await prepareGate(ground, job, folder),
  };
  const script = guestScript(job, {
    layerGuest: layerInside(prepared) ? LAYER_GUEST : null,
    workspace: WORKSPACE,
    removalsGuest: removalsInside(prepared) ? REMOVALS_GUEST : null,
    relay: prepared.gate !== null,
    cage: { env: commandEnvironment(job), canaryPort: ground.canaryPort },
  });
  await writeReadable(join(folder, "job.sh"), script);
  return prepared;
}

async function writeReadable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}

async function perform(
  ground: Ground,
  job: Job,
  prepared: Prepared,
  group: Cgroup | null,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  const collect = (job.collect ?? []).map((path) => path.replace(/^(\.\/+)+|\/+$/g, ""));
  const script = outerScript(job, prepared, ground.hard, group !== null, process.pid);
  const bwrap = bwrapArguments(ground.root, prepared, ground.canDisableUserns);
  let status = "";
  const guard = guardJob(signal, job.limits.memoryBytes);
  if (prepared.writableTree !== null)
    await guard.watchFolder(prepared.writableTree, { bytes: job.limits.diskBytes, inodes: job.limits.inodes });
  const result = await exec({
    argv: outerCommand(script, collect, ground.user, group?.joins ?? []),
    env: { PATH: TOOL_PATH },
    cwd: "/",
    timeoutMs: job.limits.wallMs,
    ...(job.nonce === undefined ? {} : { listen: { channel: REPORT, silentMs: job.limits.silentMs ?? null } }),
    outputBytes: job.limits.outputBytes,
    channels: [
      { kind: "read", maxBytes: job.nonce === undefined ? 0 : job.limits.reportBytes },
      { kind: "write", bytes: job.nonce === undefined ? "" : `${job.nonce}\n` },
      { kind: "read", maxBytes: STATUS_BYTES, onBytes: (bytes) => (status += bytes.toString("latin1")) },
      { kind: "write", bytes: bwrap.map((word) => `${word}\0`).join("") },
      { kind: "write", bytes: ground.seccomp },
      { kind: "read", maxBytes: COLLECT_BYTES },
    ],
    signal: guard.signal,
    kill: (pid) => killChain(pid, status),
    onStart: (pid) => {
      if (group === null) guard.watch(pid);
    },
  });
  return judge(result, job, group, guard.release());
}

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
  const collected = readTar(result.channels[COLLECTED] as Buffer);
  if (collected === null) throw trouble("the collected files did not come through", result);
  // Without its last word the script was killed, by whatever reached process 1: that is no end with 0.
  const ended = guest.ended ?? { index: job.commands.length - 1, code: Math.max(Number(code), 137) };
  const failedCommand = ended.index < job.commands.length - 1 ? ended.index : null;
  return { ...shared, ended: { kind: "finished", exitCode: ended.code, failedCommand }, collected };
}
