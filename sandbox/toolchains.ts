/** Node binaries and package managers, as npm packages, each version once in the cache. They come from the registry by npm itself. */
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import semver from "semver";
import { RetryLater } from "../lib/errors.ts";
import { type ExecResult, exec, ownEnvironment } from "../lib/exec.ts";
import { exists } from "../lib/exists.ts";
import { shortId } from "../lib/hash.ts";
import { openWorkFolder, publish } from "./work-folder.ts";

export interface Tool {
  /** Exact version. */
  readonly version: string;
  /** Host folder: `bin/node` for Node; for a package manager the package's own folder. */
  readonly folder: string;
}

/** npm as the user has it set up: its registry, its certificates. The only thing that sees the user's environment, and it runs no foreign code. */
const npm = (words: readonly string[], timeoutMs: number, cwd: string): Promise<ExecResult> =>
  exec({ argv: ["npm", ...words], env: ownEnvironment(), timeoutMs, outputBytes: 16 * 1024 ** 2, cwd });

const succeeded = (result: ExecResult): boolean => result.ended.kind === "exited" && result.ended.code === 0;

/** The registry answered, and has nothing that fits. */
export class NoSuchTool extends Error {
  override readonly name = "NoSuchTool";
  constructor(tool: string, range: string) {
    super(`the registry has no ${tool} for "${range}"`);
  }
}

/** The highest version in the registry that satisfies a range. */
async function newest(name: string, range: string): Promise<string> {
  // From "/": Kihon may stand in the repository, whose .npmrc could name a registry with the user's secrets in its address.
  const result = await npm(["view", `${name}@${range}`, "version", "--json"], 60_000, "/");
  const text = result.stdout.trim();
  if (!succeeded(result) && !/E404|ETARGET/.test(`${text}${result.stderr}`)) {
    throw new RetryLater(`the registry did not say which versions of ${name} there are: ${result.stderr.slice(0, 300)}`);
  }
  if (!succeeded(result) || text === "") throw new NoSuchTool(name, range);
  const versions: unknown = JSON.parse(text);
  const all = (Array.isArray(versions) ? versions : [versions]).filter((version): version is string => typeof version === "string");
  const best = semver.maxSatisfying(all, range) ?? all.at(-1);
  if (best === undefined) throw new NoSuchTool(name, range);
  return best;
}

/** The best version of the cache that satisfies the range. */
async function cached(shelf: string, range: string): Promise<string | null> {
  if (!(await exists(shelf))) return null;
  return semver.maxSatisfying(await readdir(shelf), range);
}

const noteMs = 7 * 24 * 60 * 60 * 1000;

/** What was the newest when it was asked for, a week ago at most; null where that is not known, or no longer here. */
async function noted(shelf: string, note: string): Promise<string | null> {
  if (!(await exists(note)) || Date.now() - (await stat(note)).mtimeMs > noteMs) return null;
  const version = semver.valid(await readFile(note, "utf8"));
  return version !== null && (await exists(join(shelf, version))) ? version : null;
}

async function resolvedIn(shelf: string, name: string, range: string): Promise<string> {
  const note = join(shelf, `.newest-${shortId([range])}`);
  const known = await noted(shelf, note);
  if (known !== null) return known;
  try {
    const version = await newest(name, range);
    await mkdir(shelf, { recursive: true });
    await writeFile(note, version);
    return version;
  } catch (error) {
    const here = error instanceof RetryLater ? await cached(shelf, range) : null;
    if (here === null) throw error;
    return here;
  }
}

const resolving = new Map<string, Promise<string>>();

/**
 * The newest version in a range, by the registry and not by what other repositories happened to ask for; the best of the cache where the registry
 * does not answer. Asked once in a process, and once a week of a cache.
 */
function versionIn(shelf: string, name: string, range: string): Promise<string> {
  const key = `${shelf}\0${range}`;
  const known = resolving.get(key) ?? resolvedIn(shelf, name, range);
  resolving.set(key, known);
  known.catch(() => resolving.delete(key));
  return known;
}

/** `name@range` in `<cache>/toolchains/<name>/<version>`, fetched by npm without scripts when it is not there. */
async function fetchPackage(cache: string, name: string, range: string): Promise<Tool> {
  const shelf = join(cache, "toolchains", name.replace("/", "+"));
  const version = semver.valid(range) ?? (await versionIn(shelf, name, range));
  const folder = join(shelf, version);
  if (!(await exists(folder))) {
    const work = await openWorkFolder(shelf);
    const words = [
      "install",
      "--prefix",
      work,
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      "--install-strategy=shallow",
    ];
    const result = await npm([...words, `${name}@${version}`], 300_000, work);
    if (!succeeded(result)) {
      await rm(work, { recursive: true, force: true });
      throw new RetryLater(`npm could not fetch ${name}@${version}: ${result.stderr.slice(-400)}`);
    }
    await publish(join(work, "node_modules", name), folder);
    await rm(work, { recursive: true, force: true });
  }
  return { version, folder };
}

/** Node for this machine's architecture: where the one that runs Kihon will do, nothing is fetched. */
export async function nodeTool(cache: string, range: string): Promise<Tool> {
  const name = `node-${process.platform}-${process.arch}`;
  const own = join(cache, "toolchains", name, process.versions.node);
  if (!semver.satisfies(process.versions.node, range)) return fetchPackage(cache, name, range);
  if (!(await exists(own))) {
    const work = await openWorkFolder(join(cache, "toolchains", name));
    await mkdir(join(work, "bin"));
    await copyFile(process.execPath, join(work, "bin", "node"));
    await chmod(join(work, "bin", "node"), 0o755);
    await chmod(work, 0o755);
    await publish(work, own);
  }
  return { version: process.versions.node, folder: own };
}

const packages = { npm: "npm", pnpm: "pnpm", yarn: "yarn", "yarn-berry": "@yarnpkg/cli-dist" } as const;
const entries = { npm: "bin/npm-cli.js", pnpm: "bin/pnpm.cjs", yarn: "bin/yarn.js", "yarn-berry": "bin/yarn.js" } as const;
export type ManagerName = keyof typeof packages;

/** A package manager and the script that starts it, relative to its folder. */
export async function managerTool(cache: string, name: ManagerName, range: string): Promise<Tool & { readonly entry: string }> {
  const tool = await fetchPackage(cache, packages[name], range);
  return { ...tool, entry: entries[name] };
}
