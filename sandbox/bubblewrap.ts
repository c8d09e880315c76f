/** The provider `bubblewrap`: namespaces, overlay, limits and a system-call filter, for root and for ordinary users of Linux. */
import { existsSync, readFileSync } from "node:fs";
import { exec } from "../lib/exec.ts";
import { adoptFolder, asTrouble } from "./adopt.ts";
import { bwrapArguments, type GuestRoot, outerCommand, outerScript } from "./bubblewrap-command.ts";
import { openCanary } from "./canary.ts";
import { type Cgroups, findCgroups } from "./cgroups.ts";
import { ARCHIVE, collectPaths, type HardLimits, readHardLimits, runChain } from "./chain.ts";
import { type Job, type RunResult, type SandboxPromise, type SandboxProvider, SandboxTrouble } from "./contract.ts";
import { examine } from "./examine.ts";
import { makeGuestRoot } from "./guest-root.ts";
import { type FolderGround, inJobFolder } from "./job-folder.ts";
import { architecture, slotUser, TOOL_PATH } from "./machine.ts";
import { openRunFolder } from "./run-folder.ts";
import { seccompProgram } from "./seccomp.ts";
import { openGate, type SandboxSettings } from "./settings.ts";
import { tryOut } from "./try-out.ts";

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
/** What is found out once per process. */
interface Ground extends FolderGround {
  readonly root: GuestRoot;
  readonly cgroups: Cgroups | null;
  readonly hard: HardLimits;
  readonly seccomp: Buffer;
  readonly canDisableUserns: boolean;
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
    removesInside: false,
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
  return tryOut(provider, usernsHint);
}

const MISSING: Readonly<Record<string, string>> = {
  bwrap: "bubblewrap is missing: install it (`apt install bubblewrap`, `dnf install bubblewrap`)",
  setpriv: "setpriv is missing: install util-linux",
  bash: "bash is missing: install it (it knocks at Kihon's own door to see that a job's network is cut)",
  unshare: "unshare is missing: install util-linux",
  prlimit: "prlimit is missing: install util-linux",
};

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

const runJob = (ground: Ground, job: Job, signal: AbortSignal | undefined): Promise<RunResult> =>
  inJobFolder(ground, job, signal, async (prepared) => {
    const group = (await ground.cgroups?.open(job.limits)) ?? null;
    const script = outerScript(job, prepared, ground.hard, group !== null, process.pid);
    const bwrap = bwrapArguments(ground.root, prepared, ground.canDisableUserns);
    const chain = {
      argv: outerCommand(script, collectPaths(job), ground.user, group?.joins ?? []),
      channels: [{ kind: "write", bytes: bwrap.map((word) => `${word}\0`).join("") }, { kind: "write", bytes: ground.seccomp }, ARCHIVE],
      writableTree: prepared.writableTree,
      group,
    } as const;
    try {
      return await runChain(job, chain, signal);
    } finally {
      // Nobody waits for the kernel to let go of an empty group.
      void group?.remove();
    }
  });
