/**
 * The inside of a sandbox: the places a job sees, its environment, and the small script that runs its commands one after another.
 *
 * Descriptors inside: 3 report, 4 nonce (the last command only), 5 status (the script only). The script tells on 5 how far it came, in lines:
 * `began`; `interface <name>` for each that it has and `canary <silent or heard>`, the probe of the network before anything foreign runs; `times`
 * and two lines of sh's `times`; `ended <index> <code>`; `relay` when the registry relay did not start.
 *
 * In a cage the script itself has an environment that no job chose, and one capability that is good for nothing in a sandbox. The commands have
 * none: so the kernel refuses them the script's memory and descriptors (a process is traced only by one with at least its capabilities,
 * ptrace(2), "Ptrace access mode checking").
 */
import { posix } from "node:path";
import type { Job } from "./contract.ts";
import { SandboxTrouble } from "./contract.ts";

export const WORKSPACE = "/workspace";
/** Guest path of the toolchain whose `bin/node` starts the relay, and whose `bin` leads the default PATH. */
export const NODE_GUEST = "/kihon/node";
export const RELAY_GUEST = "/kihon/registry-relay.mjs";
export const GATE_GUEST = "/kihon/registry";
/** Loopback port of the registry inside; the network namespace is the job's own, so it only must not be one that tests like to use. */
export const RELAY_PORT = 14_873;

/** One word for sh, whatever is in it. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Throws where a job's own description cannot be carried out faithfully. */
export function checkJob(job: Job): void {
  const trees = job.tree.length > 0 ? 1 : 0;
  if (trees + (job.writableTree === undefined ? 0 : 1) !== 1) throw new SandboxTrouble("a job has either a tree or a writable tree");
  if (job.commands.length === 0 || job.commands.some((argv) => argv.length === 0))
    throw new SandboxTrouble("a job has a command with no words");
  const bad = Object.keys(job.env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (bad !== undefined) throw new SandboxTrouble(`the environment name ${JSON.stringify(bad)} cannot pass through sh`);
  const mount = job.mounts.find(({ guest }) => !/^\/kihon\/[^\0]+$/.test(guest) || guest.split("/").includes(".."));
  if (mount !== undefined) throw new SandboxTrouble(`the guest path ${mount.guest} is not under /kihon/`);
  if (job.writableTree !== undefined && (job.collect ?? []).length > 0) throw new SandboxTrouble("collect works with a tree only");
  const outside = [job.cwd, ...(job.collect ?? [])].find((path) => path.startsWith("/") || path.split("/").includes(".."));
  if (outside !== undefined) throw new SandboxTrouble(`${outside} is not inside the workspace`);
}

/** The environment of a job: `env` over the places that every job has. */
export function guestEnvironment(
  job: Job,
  places: { readonly home: string; readonly tmp: string; readonly path: string },
): Record<string, string> {
  const registry = job.network === "registry" ? registryEnvironment(`http://127.0.0.1:${RELAY_PORT}/`) : {};
  return { PATH: places.path, HOME: places.home, TMPDIR: places.tmp, ...registry, ...job.env };
}

/** What npm, pnpm and both yarns read to find their registry. */
export function registryEnvironment(base: string): Record<string, string> {
  return {
    npm_config_registry: base,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    pnpm_config_registry: base,
    YARN_REGISTRY: base,
    YARN_NPM_REGISTRY_SERVER: base.replace(/\/$/, ""),
    YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
    YARN_ENABLE_TELEMETRY: "0",
    // Another host is refused at once and in words, instead of a name that does not resolve.
    https_proxy: base,
    HTTPS_PROXY: base,
    npm_config_https_proxy: base,
    YARN_HTTPS_PROXY: base,
    no_proxy: "127.0.0.1,localhost",
    NO_PROXY: "127.0.0.1,localhost",
    COREPACK_NPM_REGISTRY: base.replace(/\/$/, ""),
    COREPACK_INTEGRITY_KEYS: "0",
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  };
}

export const defaultPath = (job: Job): string => {
  const system = "/usr/local/bin:/usr/bin:/bin";
  return job.mounts.some(({ guest }) => guest === NODE_GUEST) ? `${NODE_GUEST}/bin:${system}` : system;
};

export interface ScriptOptions {
  /** The workspace as the script sees it. */
  readonly workspace: string;
  /** The job's layer lies here and is copied over the workspace (writable trees, which have no overlay). */
  readonly layerGuest: string | null;
  /** File of NUL-ended paths to remove from the workspace first. */
  readonly removalsGuest: string | null;
  readonly relay: boolean;
  /** Null where the provider does not isolate: the commands have then the script's own environment, and nothing is probed. */
  readonly cage: Cage | null;
}

export interface Cage {
  /** The commands' whole environment, but for PWD. */
  readonly env: Readonly<Record<string, string>>;
  /** A port of the host's loopback where Kihon listens: nobody may answer there. */
  readonly canaryPort: number;
}

/** Loopback, and tunnels that modules of the kernel put into every new namespace: they are down, and lead nowhere. */
const IDLE_INTERFACES = ["lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"];

/** Lists the network's interfaces and knocks at Kihon's own door; ends there where something is open. Builtins of sh, but for the knock. */
const probeNetwork = (canaryPort: number): readonly string[] => [
  'while IFS=" :" read -r name rest; do',
  `case "$name" in Inter-*|face) ;; *) echo "interface $name" >&5; case "$name" in ${IDLE_INTERFACES.join("|")}) ;; *) exit 1;; esac;; esac`,
  "done </proc/net/dev",
  `if bash -c 'exec 3<>/dev/tcp/127.0.0.1/${canaryPort}' 2>/dev/null 3>&- 4>&- 5>&-; then echo "canary heard" >&5; exit 1; fi`,
  'echo "canary silent" >&5',
];

/** Without the script's capability, and with an environment that is told behind it. */
const BARE = "setpriv --ambient-caps=-all --inh-caps=-all env -i";

/** What stands before a command's own words. The environment comes last, so that none of it is in force while there is a capability. */
function cagePrefix({ env }: Cage, cwd: string): string {
  const pairs = Object.entries({ PWD: cwd, ...env }).map(([name, value]) => quote(`${name}=${value}`));
  return `${BARE} ${pairs.join(" ")} `;
}

/** The script that `sh` runs as the sandbox's only program. */
export function guestScript(job: Job, options: ScriptOptions): string {
  const last = job.commands.length - 1;
  const workspace = quote(options.workspace);
  const lines = ["echo began >&5", ...(options.cage === null ? [] : probeNetwork(options.cage.canaryPort)), `cd ${workspace} || exit 1`];
  if (options.removalsGuest !== null) lines.push(`xargs -0 rm -rf -- <${options.removalsGuest} || { echo layer >&5; exit 1; }`);
  if (options.layerGuest !== null)
    lines.push(`cp -R --remove-destination ${options.layerGuest}/. ${workspace}/ || { echo layer >&5; exit 1; }`);
  if (options.relay) {
    lines.push(
      "mkfifo /tmp/.kihon-relay",
      `${BARE} ${NODE_GUEST}/bin/node ${RELAY_GUEST} ${GATE_GUEST}/socket ${RELAY_PORT} >/tmp/.kihon-relay 3>&- 4>&- 5>&- &`,
      "read -r ready </tmp/.kihon-relay; rm -f /tmp/.kihon-relay",
      '[ "$ready" = ready ] || { echo relay >&5; exit 1; }',
    );
  }
  const cwd = posix.normalize(`${options.workspace}/${job.cwd}`).replace(/\/$/, "");
  const prefix = options.cage === null ? "" : cagePrefix(options.cage, cwd);
  lines.push(`cd ${quote(cwd)} || { echo "ended 0 127" >&5; exit 127; }`);
  for (const [index, argv] of job.commands.entries()) {
    const words = argv.map(quote).join(" ");
    const closed = index === last && job.nonce !== undefined ? "5>&-" : "3>&- 4>&- 5>&-";
    lines.push(`${prefix}${words} ${closed}`, "code=$?");
    if (index < last) lines.push(`[ $code -eq 0 ] || { echo times >&5; times >&5; echo "ended ${index} $code" >&5; exit $code; }`);
  }
  lines.push("echo times >&5", "times >&5", `echo "ended ${last} $code" >&5`, "exit $code", "");
  return lines.join("\n");
}

export interface GuestStatus {
  readonly began: boolean;
  /** What went wrong before the commands, in our own set-up. */
  readonly trouble: "relay" | "layer" | null;
  /** What the probe found: nothing but loopback and nobody there, or something more; null where there was none. */
  readonly network: "cut" | "open" | null;
  readonly ended: { readonly index: number; readonly code: number } | null;
  readonly cpuMs: number | null;
}

function readNetwork(lines: readonly string[]): GuestStatus["network"] {
  const interfaces = lines.filter((line) => line.startsWith("interface ")).map((line) => line.slice("interface ".length));
  if (lines.includes("canary heard") || interfaces.some((name) => !IDLE_INTERFACES.includes(name))) return "open";
  return lines.includes("canary silent") && interfaces.length > 0 ? "cut" : null;
}

/** Reads the script's status lines. Written where the job cannot, but read with care all the same. */
export function readGuestStatus(text: string): GuestStatus {
  const lines = text.split("\n");
  const last = [...text.matchAll(/^ended (\d+) (\d+)$/gm)].at(-1);
  const times = lines.lastIndexOf("times");
  return {
    began: lines.includes("began"),
    trouble: lines.includes("relay") ? "relay" : lines.includes("layer") ? "layer" : null,
    network: readNetwork(lines),
    ended: last === undefined ? null : { index: Number(last[1]), code: Number(last[2]) },
    cpuMs: times < 0 ? null : readTimes(lines[times + 2] ?? ""),
  };
}

/** `0m1.250000s 0m0.010000s` (children's user and system time) in milliseconds. */
function readTimes(line: string): number | null {
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) return null;
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
}
