/**
 * A tree and its dependencies as two read-only folders. Trees are kept by the hash of their archive, dependencies by the hash of
 * everything an install reads, so that revisions with the same lock file share one install.
 */
import { lstat, mkdir, readdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import semver from "semver";
import { z } from "zod";
import { readTree, unpackTree } from "../../lib/archive.ts";
import { BrokenRecord, RetryLater } from "../../lib/errors.ts";
import { exists } from "../../lib/exists.ts";
import { shortId } from "../../lib/hash.ts";
import { holdFolder, noteSize } from "../../lib/held-folders.ts";
import { readJson } from "../../lib/json.ts";
import type { RunResult, SandboxProvider } from "../../sandbox/contract.ts";
import { restoreLockHosts, rewriteLockHosts } from "../../sandbox/registry-gate.ts";
import { configuredRegistry, RegistryUpstream } from "../../sandbox/registry-upstream.ts";
import { newestOn } from "../../sandbox/registry-versions.ts";
import { managerTool, nodeTool, type Tool } from "../../sandbox/toolchains.ts";
import { linkTree, openWorkFolder, publish, removeTree } from "../../sandbox/work-folder.ts";
import { defaultLimits, type JobRunner, jobEnvironment, toolMounts } from "../../sandbox/workspace.ts";
import type { Environment, Recipe } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { Log } from "../log.ts";
import { installInputs, lockNames, obeyed } from "./inputs.ts";
import { installFailure, isLackOfRoom } from "./install-failure.ts";
import { anyVersion, withLowest } from "./lowest.ts";
import { withoutOutside } from "./outside.ts";

export interface InstallSite {
  readonly cache: string;
  readonly provider: SandboxProvider;
  readonly jobs: JobRunner;
  readonly harness: string;
  readonly timeoutMs: number;
  readonly log: Log;
  /** The one that npm is set to, where none is named. */
  readonly registry?: string;
}

/** The archive, unpacked once. */
export async function treeFolder(site: InstallSite, archive: Uint8Array, sha: string): Promise<string> {
  const final = join(site.cache, "trees", sha);
  if (await exists(final)) return final;
  const work = await openWorkFolder(join(site.cache, "trees"));
  await unpackTree(archive, work);
  await site.provider.adopt(work, false);
  await publish(work, final);
  return final;
}

/** Of a path in a tree, as `lib/paths.ts` has it. */
const longestPath = 1024;
/** The largest lock files that there are have some megabytes. */
const largestLockBytes = 64_000_000;

/** Relative paths of the outermost `node_modules` folders under a folder. */
async function modulesUnder(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    // A script that ran may have made folders deeper than any path may be long.
    if (!entry.isDirectory() || entry.name === ".git" || path.length > longestPath) continue;
    if (entry.name === "node_modules") found.push(path);
    else found.push(...(await modulesUnder(folder, path)));
  }
  return found;
}

/** What a client says when the registry did not answer: nothing is known of the repository then. */
const unreachable = /gate: the registry cannot be reached|the registry answered (?:429|5\d\d)|\b(?:E429|E50[0234])\b/;

export interface Dependencies {
  readonly folder: string;
  readonly frozenLock: Environment["frozenLock"];
}

const frozenName = ".kihon-frozen-lock.json";

async function readFrozen(folder: string): Promise<Dependencies> {
  const text = await readFile(join(folder, frozenName), "utf8");
  return { folder, frozenLock: JSON.parse(text) as Dependencies["frozenLock"] };
}

const throughGate = async (path: string): Promise<void> => writeFile(path, rewriteLockHosts(await readFile(path, "utf8")));

/** The lock that a lock-less install made, or the repository's own; host names as the public registry's. */
async function lockOf(work: string, recipe: Recipe): Promise<Environment["frozenLock"]> {
  const file = recipe.lockFile ?? "package-lock.json";
  // A script that ran may have put a link there: only a plain file is read.
  if (!(await exists(join(work, file)))) return null;
  const stat = await lstat(join(work, file));
  if (!stat.isFile()) return null;
  if (stat.size > largestLockBytes) throw new BrokenRecord(`the install left a lock file of ${stat.size} bytes`);
  return { file, text: restoreLockHosts(await readFile(join(work, file), "utf8")) };
}

/** The date limit is npm's own option. A frozen lock fixes the versions by itself. */
const installWords = (recipe: Recipe, frozen: Environment["frozenLock"]): Recipe["install"] =>
  recipe.registryAsOf === null || frozen !== null
    ? recipe.install
    : recipe.install.map((argv) => [...argv, `--before=${recipe.registryAsOf}`]);

const LITTLE_ROOM = 500_000_000;

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function performInstall(
  site: InstallSite,
  recipe: Recipe,
  work: string,
  node: string,
  frozen: Environment["frozenLock"],
): Promise<Outcome<null>> {
  const result = await managerJob(site, recipe, work, node, installWords(recipe, frozen));
  if (result.ended.kind !== "finished") return drop("prepare/install-ended", `the install ended: ${result.ended.kind}`);
  const said = `${result.stderr}\n${result.stdout}`;
  if (result.ended.exitCode !== 0 && unreachable.test(said))
    throw new RetryLater(`the registry did not answer an install: ${unreachable.exec(said)?.[0]}`);
  if (result.ended.exitCode !== 0) {
    const cause = installFailure(said);
    // The same is said where the repository asks for more than an install may have.
    if (isLackOfRoom(cause) && (await freeBytes(work)) < LITTLE_ROOM)
      throw new RetryLater(`the disk of the cache is full: make room on it, or choose another folder with --cache (${site.cache})`);
    return drop("prepare/install-failed", cause);
  }
  if (recipe.scriptsAllowed.length === 0) return keep(null);
  const built = await managerJob(site, recipe, work, node, [["npm", "rebuild", ...recipe.scriptsAllowed]]);
  if (built.ended.kind === "finished" && built.ended.exitCode === 0) return keep(null);
  // Many of them bring a prebuilt or a plain fallback: whether one is missed is for the baseline to show.
  site.log.warn(
    `native packages were not built (${recipe.scriptsAllowed.join(", ")}): ${installFailure(`${built.stderr}\n${built.stdout}`)}`,
  );
  return keep(null);
}

const enginesSchema = z.object({ engines: z.object({ node: z.string() }) });

/** Whether a package manager says of itself that it starts on a Node. */
async function startsOn(tool: Tool, nodeVersion: string): Promise<boolean> {
  const manifest = readJson(await readFile(join(tool.folder, "package.json"), "utf8"), enginesSchema);
  return manifest === null || semver.satisfies(nodeVersion, manifest.engines.node);
}

/** Words of the package manager, run in a writable tree with the registry. Scripts run only where the words allow them. */
async function managerJob(site: InstallSite, recipe: Recipe, work: string, own: string, words: Recipe["install"]): Promise<RunResult> {
  const manager = recipe.packageManager === "none" ? "npm" : recipe.packageManager;
  const tool = await managerTool(site.cache, manager, recipe.packageManagerVersion);
  // On the tests' own Node where it starts there: npm prefers versions that take that Node, and native code is built for it.
  const node = (await startsOn(tool, recipe.nodeVersion)) ? own : (await nodeTool(site.cache, process.versions.node)).folder;
  const commands = words.map((argv) => ["/kihon/node/bin/node", `/kihon/manager/${tool.entry}`, ...argv.slice(1)]);
  return site.jobs.run({
    tree: [],
    writableTree: work,
    layer: {},
    mounts: [...toolMounts({ node, harness: site.harness }), { host: tool.folder, guest: "/kihon/manager" }],
    cwd: ".",
    commands,
    env: { ...jobEnvironment(recipe), ...recipe.installEnv, npm_config_update_notifier: "false", npm_config_package_lock: "true" },
    network: "registry",
    limits: { ...defaultLimits, wallMs: site.timeoutMs, diskBytes: 8 * 1024 ** 3, inodes: 1_000_000 },
  });
}

/** What an install reads: the recipe and every manifest, lock and registry setting of the tree; what it builds is for the image's C library. */
const dependenciesKey = (
  { image }: SandboxProvider,
  recipe: Recipe,
  inputs: Readonly<Record<string, string>>,
  frozen: Environment["frozenLock"],
): string => {
  const { nodeVersion, packageManager, packageManagerVersion, registryAsOf, directVersions, install, scriptsAllowed } = recipe;
  const client = [nodeVersion, packageManager, packageManagerVersion, install, scriptsAllowed];
  return shortId([client, registryAsOf, directVersions, inputs, frozen, ...(image === undefined ? [] : [image])]);
};

/** What of these an install reads in another form than they have in the tree. A lock that is given fixes the versions. */
async function installTexts(
  site: InstallSite,
  recipe: Recipe,
  all: Readonly<Record<string, string>>,
  frozen: Environment["frozenLock"],
): Promise<Readonly<Record<string, string>>> {
  const inputs = obeyed(all, recipe);
  const { texts } = withoutOutside(inputs);
  if (recipe.directVersions !== "lowest") return texts;
  const found = { ...inputs, ...texts };
  const open = frozen === null ? anyVersion(found) : [];
  if (open.length === 0) return { ...texts, ...withLowest(found) };
  const registry = new RegistryUpstream(site.registry ?? (await configuredRegistry()), join(site.cache, "tarballs"));
  const chosen = await Promise.all(open.map(async (name) => [name, await newestOn(registry, name, recipe.nodeVersion)] as const));
  return { ...texts, ...withLowest(found, new Map(chosen.flatMap(([name, version]) => (version === null ? [] : [[name, version]])))) };
}

/** A finished install for the key that resolved to the lock that is asked for (any, where none is). */
async function finished(folder: string, frozen: Environment["frozenLock"]): Promise<Dependencies | null> {
  if (!(await exists(join(folder, frozenName)))) return null;
  const found = await readFrozen(folder);
  return frozen === null || found.frozenLock?.text === frozen.text ? found : null;
}

async function clearWork(site: InstallSite, folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    if (!(await removeTree(folder))) site.log.warn(`${folder} could not be removed; the next start tries again`);
}

/** The same without some of its folders. */
async function thinned(site: InstallSite, { folder, frozenLock }: Dependencies, removed: readonly string[]): Promise<Dependencies> {
  const final = join(site.cache, "dependencies", shortId([basename(folder), removed]));
  await holdFolder(final);
  if (await exists(final)) return { folder: final, frozenLock };
  const work = await openWorkFolder(join(site.cache, "dependencies"));
  try {
    await linkTree(folder, work);
    for (const path of removed) if (!(await removeTree(join(work, path)))) throw new Error(`${path} of ${work} cannot be removed`);
    await site.provider.adopt(work, false);
    await publish(work, final);
    await noteSize(final);
    return { folder: final, frozenLock };
  } finally {
    await clearWork(site, [work]);
  }
}

/** What the recipe's install makes, as a folder; the tree itself is left alone, since an install may rewrite tracked files. */
export async function dependencies(
  site: InstallSite,
  recipe: Recipe,
  archive: Uint8Array,
  frozen: Environment["frozenLock"],
): Promise<Outcome<Dependencies>> {
  const whole = await installedWhole(site, recipe, archive, frozen);
  const removed = recipe.ownCopies?.removed ?? [];
  return whole.kept && removed.length > 0 ? keep(await thinned(site, whole.value, removed)) : whole;
}

/** Installs once per key. */
async function installedWhole(
  site: InstallSite,
  recipe: Recipe,
  archive: Uint8Array,
  frozen: Environment["frozenLock"],
): Promise<Outcome<Dependencies>> {
  const inputs = installInputs(readTree(archive));
  const plain = join(site.cache, "dependencies", dependenciesKey(site.provider, recipe, inputs, null));
  const final = frozen === null ? plain : join(site.cache, "dependencies", dependenciesKey(site.provider, recipe, inputs, frozen));
  for (const folder of new Set([plain, final])) await holdFolder(folder);
  const found = (await finished(plain, frozen)) ?? (await finished(final, frozen));
  if (found) return keep(found);
  const node = await nodeTool(site.cache, recipe.nodeVersion);
  const work = await openWorkFolder(join(site.cache, "dependencies"));
  const result = await openWorkFolder(join(site.cache, "dependencies"));
  try {
    let lock: Dependencies["frozenLock"] = frozen;
    if (recipe.install.length > 0) {
      await unpackTree(archive, work);
      if (recipe.lockFile === null) for (const name of lockNames) await rm(join(work, name), { recursive: true, force: true });
      for (const [path, text] of Object.entries(await installTexts(site, recipe, inputs, frozen))) await writeFile(join(work, path), text);
      if (frozen) await writeFile(join(work, frozen.file), frozen.text);
      // yarn 1 fetches the addresses of its lock file as they stand; every other client asks the registry it is given.
      if (recipe.packageManager === "yarn" && recipe.lockFile !== null) await throughGate(join(work, recipe.lockFile));
      await site.provider.adopt(work, true);
      const installed = await performInstall(site, recipe, work, node.folder, frozen);
      if (!installed.kept) return installed;
      lock = await lockOf(work, recipe);
      for (const path of await modulesUnder(work)) {
        await mkdir(dirname(join(result, path)), { recursive: true });
        await rename(join(work, path), join(result, path));
      }
    }
    await writeFile(join(result, frozenName), JSON.stringify(lock));
    await site.provider.adopt(result, false);
    await publish(result, final);
    await noteSize(final);
    return keep(await readFrozen(final));
  } finally {
    await clearWork(site, [work, result]);
  }
}
