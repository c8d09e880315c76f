/**
 * Control groups, where this machine lets us make them: the sum of a job's memory and its number of processes are held, and its CPU time and peak
 * memory are counted. Version 2 where `memory` and `pids` are delegated, else version 1 where its hierarchies are writable, else nothing.
 *
 * A group is named `kihon-<pid>-<serial>`; one whose owner is dead is removed by the next process that starts, with whatever still lives in it.
 */
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { killQuietly } from "../lib/exec.ts";
import { ownerIsAlive } from "./run-folder.ts";

export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly processors?: number;
}

export interface CgroupUsage {
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  /** The kernel ended a process of the group for want of memory. */
  readonly outOfMemory: boolean;
}

/** The group of one job. */
export interface Cgroup {
  /** Files into which a process writes its pid to join. */
  readonly joins: readonly string[];
  usage(): Promise<CgroupUsage>;
  remove(): Promise<void>;
}

export interface Cgroups {
  readonly version: 1 | 2;
  /** The share of the processors is held, too. */
  readonly holdsProcessors: boolean;
  open(limits: CgroupLimits): Promise<Cgroup>;
}

/** Microseconds in which a group may use its share of processors: the kernel's own default. */
const PERIOD_US = 100_000;
const quotaUs = (processors: number): number => Math.round(processors * PERIOD_US);

const PREFIX = "kihon-";
/** The sandbox's own processes (shells, unshare, bubblewrap), which the job's number does not count. */
const OWN_PROCESSES = 10;

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** What the kernel answers where a group cannot be made, entered or written here. */
const REFUSALS = new Set(["EACCES", "EPERM", "EROFS", "ENOENT", "EBUSY", "ENODEV", "EINVAL", "EOPNOTSUPP", "ENOSPC"]);

/** True when `act` went through, false when the kernel refused it. */
async function allowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (REFUSALS.has(errorCode(error) ?? "")) return false;
    throw error;
  }
}

async function numberIn(path: string): Promise<number | null> {
  try {
    const value = Number((await readFile(path, "utf8")).trim());
    return Number.isFinite(value) ? value : null;
  } catch (error) {
    if (REFUSALS.has(errorCode(error) ?? "")) return null;
    throw error;
  }
}

/** `name value` lines, as memory.events and memory.oom_control have them. */
async function entryIn(path: string, name: string): Promise<number | null> {
  try {
    const line = (await readFile(path, "utf8")).split("\n").find((text) => text.startsWith(`${name} `));
    return line === undefined ? null : Number(line.slice(name.length + 1));
  } catch (error) {
    if (REFUSALS.has(errorCode(error) ?? "")) return null;
    throw error;
  }
}

/** A group empties when its last process is reaped, shortly after the job; where much memory is given back, it takes seconds. */
async function removeGroup(path: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      if (errorCode(error) !== "EBUSY") throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Ends what lives in a group: its pids, as far as this process can see them. */
async function emptyGroup(path: string): Promise<void> {
  await allowed(async () => {
    const pids = (await readFile(join(path, "cgroup.procs"), "utf8")).split("\n").map(Number);
    for (const pid of pids) if (pid > 1 && pid !== process.pid) killQuietly(pid);
  });
}

/** Removes a group and those in it. */
async function removeBelow(path: string): Promise<void> {
  const found: string[] = [];
  if (!(await allowed(async () => found.push(...(await foldersIn(path)))))) return;
  for (const name of found) await removeBelow(join(path, name));
  await emptyGroup(path);
  await removeGroup(path);
}

const foldersIn = async (path: string): Promise<readonly string[]> =>
  (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** Removes the groups under `parent` whose owner is dead and whose name has the ending. */
async function removeStale(parent: string, ending = ""): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX) || !name.endsWith(ending) || ownerIsAlive(name.slice(PREFIX.length))) continue;
    await removeBelow(join(parent, name));
  }
}

/** Where a hierarchy is mounted, and the part of it that the mount shows. */
export interface CgroupMount {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly point: string;
  readonly root: string;
}

/** Reads /proc/self/mountinfo. */
export function cgroupMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split("\n").flatMap((line): CgroupMount[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [type = "", , options = ""] = after.split(" ");
    const [, , , root = "/", point = "/"] = before.split(" ");
    if (type === "cgroup2") return [{ version: 2, controllers: [], point, root }];
    if (type === "cgroup") return [{ version: 1, controllers: options.split(","), point, root }];
    return [];
  });
}

/** The folder of this process's own group in a mounted hierarchy, from the text of /proc/self/cgroup. */
export function ownGroup(mount: CgroupMount, membership: string): string {
  for (const line of membership.split("\n")) {
    const [, controllers = "", ...rest] = line.split(":");
    const path = rest.join(":");
    const same =
      mount.version === 2 ? line.startsWith("0::") : controllers.split(",").some((name) => name !== "" && mount.controllers.includes(name));
    if (!same) continue;
    const below = mount.root === "/" ? path : path.startsWith(mount.root) ? path.slice(mount.root.length) : "/";
    return join(mount.point, below.startsWith("/..") ? "/" : below);
  }
  return mount.point;
}

/** Version 2: the nearest group above this process whose children may have `memory` and `pids`, and in which we may make one. */
async function findVersion2(mount: CgroupMount, membership: string): Promise<Cgroups | null> {
  for (let parent = ownGroup(mount, membership); parent.startsWith(mount.point); parent = dirname(parent)) {
    const control = join(parent, "cgroup.subtree_control");
    const has = async (): Promise<boolean> => {
      const given = (await readFile(control, "utf8")).trim().split(/\s+/);
      return given.includes("memory") && given.includes("pids");
    };
    const trial = join(parent, `${PREFIX}${process.pid}-trial`);
    const works =
      (await allowed(() => access(join(parent, "cgroup.procs"), constants.W_OK))) &&
      ((await has()) || ((await allowed(() => writeFile(control, "+memory +pids"))) && (await has()))) &&
      (await allowed(() => mkdir(trial)));
    if (!works) continue;
    await removeGroup(trial);
    await removeStale(parent);
    const given = async (): Promise<boolean> => (await readFile(control, "utf8")).trim().split(/\s+/).includes("cpu");
    const holdsProcessors = (await given()) || ((await allowed(() => writeFile(control, "+cpu"))) && (await given()));
    return { version: 2, holdsProcessors, open: (limits) => openVersion2(parent, limits, holdsProcessors) };
  }
  return null;
}

let serial = 0;
const groupName = (): string => `${PREFIX}${process.pid}-${serial++}`;

async function openVersion2(parent: string, limits: CgroupLimits, holdsProcessors: boolean): Promise<Cgroup> {
  const group = join(parent, groupName());
  await mkdir(group);
  await writeFile(join(group, "memory.max"), String(limits.memoryBytes));
  await allowed(() => writeFile(join(group, "memory.swap.max"), "0"));
  await writeFile(join(group, "pids.max"), String(limits.processes + OWN_PROCESSES));
  if (holdsProcessors && limits.processors !== undefined)
    await writeFile(join(group, "cpu.max"), `${quotaUs(limits.processors)} ${PERIOD_US}`);
  return {
    joins: [join(group, "cgroup.procs")],
    usage: async () => {
      const usec = await entryIn(join(group, "cpu.stat"), "usage_usec");
      return {
        cpuMs: usec === null ? null : usec / 1000,
        peakMemoryBytes: await numberIn(join(group, "memory.peak")),
        outOfMemory: ((await entryIn(join(group, "memory.events"), "oom_kill")) ?? 0) > 0,
      };
    },
    remove: () => removeGroup(group),
  };
}

/** Version 1: memory and pids must be writable; cpu and cpuacct are welcome. */
async function findVersion1(mounts: readonly CgroupMount[], membership: string): Promise<Cgroups | null> {
  const parents = new Map<string, string>();
  for (const controller of ["memory", "pids", "cpuacct", "cpu"]) {
    const mount = mounts.find(({ version, controllers }) => version === 1 && controllers.includes(controller));
    if (mount === undefined) continue;
    const parent = ownGroup(mount, membership);
    const trial = join(parent, `${PREFIX}${process.pid}-trial`);
    if (!(await allowed(() => mkdir(trial)))) continue;
    await removeGroup(trial);
    await removeStale(parent);
    parents.set(controller, parent);
  }
  if (!parents.has("memory") || !parents.has("pids")) return null;
  return { version: 1, holdsProcessors: parents.has("cpu"), open: (limits) => openVersion1(parents, limits) };
}

async function openVersion1(parents: ReadonlyMap<string, string>, limits: CgroupLimits): Promise<Cgroup> {
  const name = groupName();
  const groups = new Map([...parents].map(([controller, parent]) => [controller, join(parent, name)]));
  // Hierarchies may be mounted together (cpu,cpuacct): one folder then serves both.
  await Promise.all([...new Set(groups.values())].map((folder) => mkdir(folder)));
  const memory = groups.get("memory") as string;
  const pids = groups.get("pids") as string;
  await writeFile(join(memory, "memory.limit_in_bytes"), String(limits.memoryBytes));
  await allowed(() => writeFile(join(memory, "memory.memsw.limit_in_bytes"), String(limits.memoryBytes)));
  await writeFile(join(pids, "pids.max"), String(limits.processes + OWN_PROCESSES));
  const cpu = groups.get("cpu");
  if (cpu !== undefined && limits.processors !== undefined) {
    await writeFile(join(cpu, "cpu.cfs_period_us"), String(PERIOD_US));
    await writeFile(join(cpu, "cpu.cfs_quota_us"), String(quotaUs(limits.processors)));
  }
  const cpuacct = groups.get("cpuacct");
  return {
    joins: [...new Set(groups.values())].map((folder) => join(folder, "cgroup.procs")),
    usage: async () => {
      const [nanoseconds, peakMemoryBytes, kills] = await Promise.all([
        cpuacct === undefined ? null : numberIn(join(cpuacct, "cpuacct.usage")),
        numberIn(join(memory, "memory.max_usage_in_bytes")),
        entryIn(join(memory, "memory.oom_control"), "oom_kill"),
      ]);
      return { cpuMs: nanoseconds === null ? null : nanoseconds / 1e6, peakMemoryBytes, outOfMemory: (kills ?? 0) > 0 };
    },
    remove: async () => {
      for (const folder of new Set(groups.values())) await removeGroup(folder);
    },
  };
}

/** A container engine makes groups of its own, at the top of each hierarchy: below this name, so that they are known for ours. */
export const engineGroupName = (): string => `${groupName()}${ENGINE_SUFFIX}`;
const ENGINE_SUFFIX = "-engine";

/** The tops of all hierarchies that are seen here. */
const hierarchies = async (): Promise<readonly string[]> =>
  cgroupMounts(await readFile("/proc/self/mountinfo", "utf8")).map(({ point }) => point);

/** Removes what an engine made under a name. Its own end removes them only where the container came to its own. */
export async function removeEngineGroup(name: string): Promise<void> {
  await Promise.all((await hierarchies()).map((top) => removeBelow(join(top, name))));
}

/** Removes what engines of dead processes left. */
export async function removeStaleEngineGroups(): Promise<void> {
  await Promise.all((await hierarchies()).map((top) => removeStale(top, ENGINE_SUFFIX)));
}

/** The control groups of this machine, or null where none can be made. */
export async function findCgroups(): Promise<Cgroups | null> {
  if (process.platform !== "linux") return null;
  const membership = await readFile("/proc/self/cgroup", "utf8");
  const mounts = cgroupMounts(await readFile("/proc/self/mountinfo", "utf8"));
  for (const mount of mounts.filter(({ version }) => version === 2)) {
    const found = await findVersion2(mount, membership);
    if (found !== null) return found;
  }
  return findVersion1(mounts, membership);
}
