/**
 * The provider `podman`: a container for each job, made of an image that is named by its digest. For root on Linux, where podman can be started as
 * a program; nothing of it runs between jobs. What isolates is what bubblewrap has (namespaces, overlay, control groups, a system-call filter), but that
 * the programs and libraries that a job sees are the image's.
 *
 * The image must have sh, bash, env, cp, rm, mkfifo, xargs and setpriv, as every Debian and Ubuntu has, and a C library that Node runs on.
 */
import { readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exec } from "../lib/exec.ts";
import { adoptFolder, asTrouble } from "./adopt.ts";
import { openCanary } from "./canary.ts";
import { type Cgroups, engineGroupName, findCgroups, removeEngineGroup, removeStaleEngineGroups } from "./cgroups.ts";
import { ARCHIVE, collectPaths, type HardLimits, readHardLimits, runChain } from "./chain.ts";
import { type Job, type RunResult, type SandboxPromise, type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { examine } from "./examine.ts";
import { writeEtc } from "./guest-root.ts";
import { type FolderGround, inJobFolder, type Prepared } from "./job-folder.ts";
import { architecture, slotUser, TOOL_PATH } from "./machine.ts";
import { COVERED, type Engine, engineFiles, jobLinks, podmanChain, podmanScript } from "./podman-command.ts";
import { findImage } from "./podman-image.ts";
import { openRunFolder } from "./run-folder.ts";
import { seccompProfile } from "./seccomp.ts";
import { openGate, type SandboxSettings } from "./settings.ts";
import { tryOut } from "./try-out.ts";

/** The first version that has all options that are used, and the one that this was tried with. */
const OLDEST = [4, 3] as const;
const TOOLS = ["sh", "setpriv", "unshare", "mount", "sed", "cp", "ln", "chown", "env", "readlink", "tar"] as const;
/** Programs that make containers, for where the engine's own choice does not work (crun knows no mixture of control groups 1 and 2). */
const RUNTIMES = [null, "runc", "crun"] as const;

/** What is found out once per process. */
interface Ground extends FolderGround {
  readonly cgroups: Cgroups;
  readonly hard: HardLimits;
  readonly engine: Engine;
  /** Version of podman. */
  readonly version: string;
}

/** Makes the provider. Nothing is touched before the first call of its functions. */
export function podman(settings: SandboxSettings = {}): SandboxProvider {
  let ground: Promise<Ground> | undefined;
  const stand = (): Promise<Ground> => {
    ground ??= layGround(settings);
    return ground;
  };
  const provider: SandboxProvider = {
    name: "podman",
    version: "1",
    isolates: true,
    ...(settings.image === undefined ? {} : { image: settings.image }),
    available: async () => {
      try {
        await stand();
        return { ok: true, reason: "" };
      } catch (error) {
        if (!(error instanceof SandboxTrouble)) throw error;
        return { ok: false, reason: error.message };
      }
    },
    examine: async () => [...(await examine(provider)), whatRuns(await stand())],
    run: async (job, signal) => {
      try {
        return await runJob(await stand(), job, signal);
      } catch (error) {
        throw asTrouble(error);
      }
    },
    adopt: (folder) => adoptFolder(folder, slotUser()),
  };
  return Object.freeze(provider);
}

/** No trial: what the trials ran in. */
const whatRuns = ({ engine, version, settings, cgroups }: Ground): SandboxPromise => ({
  name: "what jobs run in",
  holds: true,
  detail: `containers of ${settings.image} by podman ${version} with ${engine.runtime ?? "its own runtime"}; control groups (version ${cgroups.version}) hold memory and processes${cgroups.holdsProcessors ? " and the share of the processors" : "; the share of the processors is not held"}`,
});

async function layGround(settings: SandboxSettings): Promise<Ground> {
  const version = await engineVersion();
  const machine = architecture();
  if (machine === null) throw new SandboxTrouble(`there is no system-call filter for ${process.arch}`);
  if (process.getuid?.() !== 0)
    throw new SandboxTrouble(`podman ${version} is here, and Kihon has jobs in containers as root alone: bubblewrap is for ordinary users`);
  const image = await findImage(settings.image);
  const cgroups = await findCgroups();
  if (cgroups === null) throw new SandboxTrouble("no control group can be made here, without which a container's limits are not held");
  const folder = await openRunFolder(settings.tmp);
  await removeStaleEngineGroups();
  const etc = await layEngine(join(folder.path, "engine"), engineFiles(image.store, image.driver, seccompProfile(machine)));
  const ground = {
    settings,
    folder,
    gate: openGate(settings, folder),
    user: slotUser(),
    cgroups,
    hard: readHardLimits(readFileSync("/proc/self/limits", "utf8")),
    reachable: new Set<string>(),
    canaryPort: await openCanary(),
    removesInside: true,
    version,
  };
  const reasons: string[] = [];
  for (const runtime of RUNTIMES) {
    const tried = { ...ground, engine: { runtime, imageId: image.id, etc } };
    const { ok, reason } = await tryOut(
      { run: (job) => runJob(tried, job, undefined), adopt: (path) => adoptFolder(path, ground.user) },
      () => "",
    );
    if (ok) return tried;
    reasons.push(`with ${runtime ?? "its own runtime"}: ${reason}`);
  }
  throw new SandboxTrouble(`podman ${version} makes no container that holds a job: ${reasons.join("; ")}`);
}

async function engineVersion(): Promise<string> {
  for (const tool of ["podman", ...TOOLS]) {
    const { ended } = await exec({ argv: [tool, "--version"], env: { PATH: TOOL_PATH }, timeoutMs: 20_000, outputBytes: 100_000 });
    if (ended.kind === "not-started") throw new SandboxTrouble(`the program ${tool} is missing`);
  }
  const { stdout } = await exec({ argv: ["podman", "--version"], env: { PATH: TOOL_PATH }, timeoutMs: 20_000, outputBytes: 100_000 });
  const [version = stdout.trim(), major = 0, minor = 0] = stdout.match(/(\d+)\.(\d+)[.\w-]*/) ?? [];
  if (Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1])) return version;
  throw new SandboxTrouble(`podman ${version} is too old: ${OLDEST.join(".")} or newer is needed`);
}

/** Writes what every job's engine starts from; gives the names of the files for /etc. */
async function layEngine(folder: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return writeEtc(folder);
}

const runJob = (ground: Ground, job: Job, signal: AbortSignal | undefined): Promise<RunResult> =>
  inJobFolder(ground, job, signal, async (prepared) => {
    const group = await ground.cgroups.open(job.limits);
    const engineGroup = engineGroupName();
    try {
      await layJob(ground, prepared, group.joins);
      const { engine, hard, user } = ground;
      const script = podmanScript({ engine, job, prepared, hard, user, group: engineGroup, kihon: process.pid });
      const chain = { argv: podmanChain(script, collectPaths(job)), channels: [ARCHIVE], writableTree: prepared.writableTree, group };
      return await runChain(job, chain, signal);
    } finally {
      // Nobody waits for the kernel to let go of empty groups.
      void group.remove();
      void removeEngineGroup(engineGroup);
    }
  });

/** What of a job's folder is the engine's. */
async function layJob(ground: Ground, prepared: Prepared, joins: readonly string[]): Promise<void> {
  const links = jobLinks(prepared);
  const seen = [prepared.folder, prepared.temporary, ...Object.values(links)];
  const covered = seen.find((path) => path?.startsWith(`${COVERED}/`));
  if (covered !== undefined)
    throw new SandboxTrouble(`${covered} is out of a container's reach, since it lies in ${COVERED}: keep Kihon's folders elsewhere`);
  for (const [name, path] of Object.entries(links)) await symlink(path, join(prepared.folder, name));
  await symlink(join(ground.folder.path, "engine"), join(prepared.folder, "engine"));
  await writeFile(join(prepared.folder, "joins"), joins.map((file) => `${file}\n`).join(""));
}
