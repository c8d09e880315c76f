/** A job's folder on the host: what of it lies there for a chain to mount. For the providers that isolate. */
import { chmod, chown, copyFile, mkdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandEnvironment, LAYER_GUEST, REMOVALS_GUEST } from "./chain.ts";
import { type Job, type RunResult, SandboxTrouble } from "./contract.ts";
import { checkJob, guestScript, NODE_GUEST, WORKSPACE } from "./guest.ts";
import { writeLayer } from "./layer-folder.ts";
import { requireReachable, type SlotUser } from "./machine.ts";
import type { GateDoor, RegistryGate } from "./registry-gate.ts";
import type { RunFolder } from "./run-folder.ts";
import { type SandboxSettings, withRefusals } from "./settings.ts";

const RELAY = fileURLToPath(new URL("./harness/registry-relay.mjs", import.meta.url));

/** What a folder is laid out from. */
export interface FolderGround {
  readonly settings: SandboxSettings;
  readonly folder: RunFolder;
  readonly gate: RegistryGate;
  readonly user: SlotUser;
  /** Host paths that the jobs' user was found to reach. */
  readonly reachable: Set<string>;
  /** Where this process listens on loopback, for jobs to find nobody there. */
  readonly canaryPort: number;
  /** What a layer removes is removed by the job's own user inside; else by the chain, and inside from writable trees alone. */
  readonly removesInside: boolean;
}

/** A job's folder on the host: `l0`, `l1`, … lead to the tree's folders, `job.sh` is the script inside, `layer` and `removals` its layer. */
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

/** Over a writable tree there is no overlay: the layer is then copied in from inside, where links of the tree lead nowhere else. */
export const layerInside = (prepared: Prepared): boolean => prepared.writableTree !== null && prepared.hasLayer;
export const removalsInside = (prepared: Prepared): boolean => prepared.writableTree !== null && prepared.hasRemovals;

/** Lays a job's folder out, runs its chain, and removes it. */
export async function inJobFolder(
  ground: FolderGround,
  job: Job,
  signal: AbortSignal | undefined,
  chain: (prepared: Prepared) => Promise<RunResult>,
): Promise<RunResult> {
  checkJob(job);
  signal?.throwIfAborted();
  const folder = await ground.folder.fresh("job");
  let door: GateDoor | null = null;
  try {
    const prepared = await prepare(ground, job, folder);
    if (prepared.gate !== null) door = await openDoor(ground, prepared.gate.folder);
    const result = await chain(prepared);
    return door === null ? result : withRefusals(result, door.stats());
  } finally {
    await door?.close();
    if (door !== null) ground.settings.onRegistry?.(door.stats());
    await rm(folder, { recursive: true, force: true });
  }
}

/** The job's own door to the registry: a socket that the jobs' user may use, in a folder that only it may enter. */
async function openDoor(ground: FolderGround, folder: string): Promise<GateDoor> {
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
async function prepareGate(ground: FolderGround, job: Job, folder: string): Promise<Prepared["gate"]> {
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
async function prepare(ground: FolderGround, job: Job, folder: string): Promise<Prepared> {
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
    removalsGuest: removalsInside(prepared) || (ground.removesInside && prepared.hasRemovals) ? REMOVALS_GUEST : null,
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
