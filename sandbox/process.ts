/**
 * The provider `process`: a job as plain processes on a copy of the tree. It does NOT isolate: the code sees the host's files and its network, and only
 * the time, the output, the memory (by a watch) and the size of one file are limited. For code that the user would run anyway.
 *
 * There is no /workspace and no /kihon: in words, environment and (for mounts) the layer these paths are turned to the host's folders, and turned back in
 * what the job returns. As root the job runs as the jobs' user all the same.
 */
import { readFileSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import PQueue from "p-queue";
import { type ExecResult, exec, killQuietly } from "../lib/exec.ts";
import { adoptFolder, asTrouble, trouble } from "./adopt.ts";
import { type HardLimits, readHardLimits } from "./chain.ts";
import { type Job, type RunResult, type SandboxProvider, SandboxTrouble, type Usage } from "./contract.ts";
import { examine } from "./examine.ts";
import { checkJob, defaultPath, guestEnvironment, guestScript, readGuestStatus, WORKSPACE } from "./guest.ts";
import { type PathPair, toGuest, toHost } from "./guest-paths.ts";
import { guardJob, type Watched } from "./job-guard.ts";
import { writeLayer } from "./layer-folder.ts";
import { requireReachable, type SlotUser, slotUser, TOOL_PATH } from "./machine.ts";
import type { GateDoor, RegistryGate } from "./registry-gate.ts";
import { openRunFolder, type RunFolder } from "./run-folder.ts";
import { openGate, type SandboxSettings, withRefusals } from "./settings.ts";
import { removeTree } from "./work-folder.ts";

const STATUS_BYTES = 64 * 1024;
const COLLECT_BYTES = 64 * 1024 * 1024;
const REPORT = 0;
const STATUS = 2;
/** Marks a job's processes, so that one that left its group is found. */
const MARK = "KIHON_JOB";

interface Ground {
  readonly settings: SandboxSettings;
  readonly folder: RunFolder;
  readonly gate: RegistryGate;
  /** Jobs with the registry go one by one: lock files name the gate's one port. */
  readonly installs: PQueue;
  readonly user: SlotUser;
  readonly hard: HardLimits;
}

/** Makes the provider. Nothing is touched before the first call of its functions. */
export function processProvider(settings: SandboxSettings = {}): SandboxProvider {
  let ground: Promise<Ground> | undefined;
  const stand = (): Promise<Ground> => {
    ground ??= layGround(settings);
    return ground;
  };
  const provider: SandboxProvider = {
    name: "process",
    version: "1",
    isolates: false,
    available,
    examine: () => examine(provider),
    run: async (job, signal) => {
      const here = await stand();
      return job.network === "registry" ? here.installs.add(() => runJob(here, job, signal)) : runJob(here, job, signal);
    },
    adopt: (folder) => adoptFolder(folder, slotUser()),
  };
  return Object.freeze(provider);
}

async function layGround(settings: SandboxSettings): Promise<Ground> {
  const folder = await openRunFolder(settings.tmp);
  return {
    settings,
    folder,
    gate: openGate(settings, folder),
    installs: new PQueue({ concurrency: 1 }),
    user: slotUser(),
    hard: readHardLimits(readFileSync("/proc/self/limits", "utf8")),
  };
}

async function available(): Promise<{ ok: boolean; reason: string }> {
  if (process.platform !== "linux") return { ok: false, reason: `Kihon runs jobs on Linux, this is ${process.platform}` };
  for (const tool of ["sh", "cp", "setpriv", "prlimit"]) {
    const found = await exec({ argv: [tool, "--version"], env: { PATH: TOOL_PATH }, timeoutMs: 10_000, outputBytes: 100_000 });
    if (found.ended.kind === "not-started")
      return { ok: false, reason: `the program ${tool} is missing: install coreutils and util-linux` };
  }
  return { ok: true, reason: "" };
}

async function runJob(ground: Ground, job: Job, signal: AbortSignal | undefined): Promise<RunResult> {
  checkJob(job);
  signal?.throwIfAborted();
  const folder = await ground.folder.fresh("job");
  let door: GateDoor | null = null;
  try {
    await chmod(folder, 0o711);
    const pairs = await pathPairs(ground.user, job, folder);
    if (job.writableTree === undefined) await copyTree(ground.user, job, join(folder, "tree"));
    for (const name of ["tmp", "home"]) await privateFolder(join(folder, name), ground.user);
    if (job.temporary !== undefined) await copyOver(job.temporary, join(folder, "tmp"));
    await layOver(ground.user, job, pairs, folder);
    if (job.network === "registry") door = await openDoor(ground.gate);
    const result = await perform(ground, job, pairs, folder, signal);
    return door === null ? result : withRefusals(result, door.stats());
  } catch (error) {
    throw asTrouble(error);
  } finally {
    await door?.close();
    if (door !== null) ground.settings.onRegistry?.(door.stats());
    await removeTree(folder);
  }
}

async function openDoor(gate: RegistryGate): Promise<GateDoor> {
  try {
    return await gate.openPort();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
    throw new SandboxTrouble(`the gate's port is taken: is another Kihon installing without a sandbox? ${error.message}`);
  }
}

async function pathPairs(user: SlotUser, job: Job, folder: string): Promise<readonly PathPair[]> {
  const reach = async (path: string): Promise<string> => {
    const real = await realpath(path);
    await requireReachable(real, user);
    return real;
  };
  const mounts = await Promise.all(job.mounts.map(async ({ host, guest }) => ({ guest, host: await reach(host) })));
  const workspace = job.writableTree === undefined ? join(await realpath(folder), "tree") : await reach(job.writableTree);
  return [{ guest: WORKSPACE, host: workspace }, ...mounts];
}

async function privateFolder(path: string, user: SlotUser): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  if (user.drop) await chown(path, user.uid, user.gid);
}

/** Copies, the lowest folder first. Never hard links: a job that writes in place would change the tree itself. */
async function copyTree(user: SlotUser, job: Job, workspace: string): Promise<void> {
  await privateFolder(workspace, user);
  for (const source of job.tree.toReversed()) await copyOver(source, workspace);
  if (user.drop) await adoptFolder(workspace, user);
}

/** What a folder holds, laid into another one. */
async function copyOver(source: string, target: string): Promise<void> {
  const argv = ["cp", "-a", "--reflink=auto", "--", `${source}/.`, `${target}/`];
  const result = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 600_000, outputBytes: 100_000 });
  if (result.ended.kind !== "exited" || result.ended.code !== 0) throw trouble(`cannot copy ${source}`, result);
}

async function layOver(user: SlotUser, job: Job, pairs: readonly PathPair[], folder: string): Promise<void> {
  const [workspace, ...mounts] = pairs as readonly [PathPair, ...PathPair[]];
  const layer = Object.fromEntries(Object.entries(job.layer).map(([path, text]) => [path, text === null ? null : toHost(text, mounts)]));
  await privateFolder(join(folder, "layer"), user);
  const { removals, clashes } = await writeLayer(join(folder, "layer"), layer, [workspace.host], user);
  for (const path of [...clashes, ...removals]) await rm(join(workspace.host, path), { recursive: true, force: true });
  if (Object.keys(layer).length === 0) return;
  const argv = ["cp", "-a", "--remove-destination", "--", `${join(folder, "layer")}/.`, `${workspace.host}/`];
  const result = await exec({ argv, env: { PATH: TOOL_PATH }, timeoutMs: 60_000, outputBytes: 100_000 });
  if (result.ended.kind !== "exited" || result.ended.code !== 0) throw trouble("cannot lay the layer over the tree", result);
}

function chain(ground: Ground, job: Job, script: string): readonly string[] {
  const { user, hard } = ground;
  const drop = user.drop ? ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups", "--inh-caps=-all"] : [];
  return [
    ...["setpriv", ...drop, "--no-new-privs", "--pdeathsig", "KILL"],
    ...[
      "prlimit",
      "--core=0",
      `--nofile=${Math.min(hard.files, 8192)}`,
      `--fsize=${job.limits.diskBytes}`,
      `--data=${job.limits.memoryBytes * 4}`,
    ],
    ...["sh", script],
  ];
}

async function perform(
  ground: Ground,
  job: Job,
  pairs: readonly PathPair[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  const mapped: Job = { ...job, commands: job.commands.map((argv) => argv.map((word) => toHost(word, pairs))) };
  const workspace = (pairs[0] as PathPair).host;
  const script = join(folder, "job.sh");
  await writeFile(script, guestScript(mapped, { workspace, layerGuest: null, removalsGuest: null, relay: false, cage: null }), {
    mode: 0o644,
  });
  await chmod(script, 0o644);
  const mark = folder.split("/").at(-1) as string;
  const env = Object.entries(guestEnvironment(job, { home: join(folder, "home"), tmp: join(folder, "tmp"), path: defaultPath(job) }));
  const guard = guardJob(signal, job.limits.memoryBytes);
  if (job.writableTree !== undefined) await guard.watchFolder(workspace, { bytes: job.limits.diskBytes, inodes: job.limits.inodes });
  const result = await exec({
    argv: chain(ground, job, script),
    env: { ...Object.fromEntries(env.map(([name, value]) => [name, toHost(value, pairs)])), [MARK]: mark },
    cwd: workspace,
    timeoutMs: job.limits.wallMs,
    ...(job.nonce === undefined ? {} : { listen: { channel: REPORT, silentMs: job.limits.silentMs ?? null } }),
    outputBytes: job.limits.outputBytes,
    channels: [
      { kind: "read", maxBytes: job.nonce === undefined ? 0 : job.limits.reportBytes },
      { kind: "write", bytes: job.nonce === undefined ? "" : `${job.nonce}\n` },
      { kind: "read", maxBytes: STATUS_BYTES },
    ],
    signal: guard.signal,
    onStart: guard.watch,
  });
  await killMarked(mark);
  const watched = guard.release();
  return judge(result, job, pairs, { wallMs: result.wallMs, peakMemoryBytes: watched.peakBytes, silentMs: result.silentMs }, watched);
}

/** Kills what a job left behind outside its process group, found by the mark in its environment. */
async function killMarked(mark: string): Promise<void> {
  const wanted = `${MARK}=${mark}`;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    try {
      if ((await readFile(`/proc/${pid}/environ`, "latin1")).split("\0").includes(wanted)) killQuietly(Number(pid));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // Gone by now, or somebody else's.
      if (code !== "ENOENT" && code !== "ESRCH" && code !== "EACCES" && code !== "EPERM") throw error;
    }
  }
}

async function judge(
  result: ExecResult,
  job: Job,
  pairs: readonly PathPair[],
  usage: Omit<Usage, "cpuMs">,
  { outOfMemory, diskFull }: Watched,
): Promise<RunResult> {
  const status = (result.channels[STATUS] as Buffer).toString("latin1");
  const guest = readGuestStatus(status);
  const shared = {
    stdout: toGuest(result.stdout, pairs),
    stderr: toGuest(result.stderr, pairs),
    report: toGuest((result.channels[REPORT] as Buffer).toString("utf8"), pairs),
    usage: { ...usage, cpuMs: guest.cpuMs },
    collected: {},
  };
  if (diskFull) return { ...shared, ended: { kind: "disk-full" } };
  if (outOfMemory) return { ...shared, ended: { kind: "out-of-memory" } };
  if (result.ended.kind === "timed-out" || result.ended.kind === "output-too-large")
    return { ...shared, ended: { kind: result.ended.kind } };
  if (!guest.began) throw trouble("the job did not start", result);
  const code = result.ended.kind === "exited" ? result.ended.code : 137;
  const ended = guest.ended ?? { index: job.commands.length - 1, code };
  const collected = await collect((pairs[0] as PathPair).host, job.collect ?? []);
  if (collected === null) return { ...shared, ended: { kind: "output-too-large" } };
  const failedCommand = ended.index < job.commands.length - 1 ? ended.index : null;
  return { ...shared, ended: { kind: "finished", exitCode: ended.code, failedCommand }, collected };
}

/** Reads the wanted files; nothing is read through a symbolic link. Null where they are too large together. */
async function collect(workspace: string, wanted: readonly string[]): Promise<Record<string, Buffer> | null> {
  const files: Record<string, Buffer> = {};
  let left = COLLECT_BYTES;
  const visit = async (path: string): Promise<void> => {
    const full = join(workspace, path);
    const stat = await lstatOrNull(full);
    if (stat === null || (await realpath(full)) !== full) return;
    if (stat.isDirectory()) for (const name of (await readdir(full)).sort()) await visit(`${path}/${name}`);
    if (!stat.isFile()) return;
    left -= stat.size;
    if (left < 0) return;
    files[path] = await readFile(full);
  };
  for (const path of wanted) await visit(path.replace(/^(\.\/+)+|\/+$/g, ""));
  return left < 0 ? null : files;
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
