/** From a repository's files to how it is installed, built and run: detection put together, nothing executed. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { z } from "zod";
import type { ManifestFacts } from "../../languages/contract.ts";
import {
  detectBuild,
  detectEnv,
  detectNodeVersion,
  detectPackageManager,
  detectRunner,
  lockless,
  nativePackages,
  type PackageManagerChoice,
} from "../../languages/javascript/manifest.ts";
import { readJson } from "../../lib/json.ts";
import { registryTellsDates } from "../../sandbox/registry-dates.ts";
import { managerTool, NoSuchTool, nodeTool } from "../../sandbox/toolchains.ts";
import type { Revision } from "../../schemas/candidate.ts";
import type { Recipe } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { CheckedTree } from "./tree.ts";

const objectSchema = z.record(z.string(), z.unknown());

/** Null where the text is not there or no JSON object. */
function parseManifest(text: string | undefined): Readonly<Record<string, unknown>> | null {
  return text === undefined ? null : readJson(text, objectSchema);
}

const manifestOf = (packageDir: string): string => (packageDir === "." ? "package.json" : `${packageDir}/package.json`);

/** What a package calls itself; null where it does not. */
export function packageName(tree: CheckedTree, packageDir: string): string | null {
  const name = parseManifest(tree.texts.get(manifestOf(packageDir)))?.["name"];
  return typeof name === "string" ? name : null;
}

/** A repository that asks for nothing runs on the Node that runs Kihon, where that is a long-term line. */
const nodeRange = (range: string, evidence: string): string =>
  evidence === "default" && ["22", "24"].includes(process.versions.node.split(".")[0] ?? "") ? process.versions.node : range;

/** What fetches tools; that there is none of the version that is asked for says something of the repository. */
async function toolFor<T>(fetched: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return keep(await fetched());
  } catch (error) {
    if (error instanceof NoSuchTool) return drop("prepare/no-tool", error.message);
    throw error;
  }
}

/** Exact versions of Node and the package manager, fetched where they are not in the cache. */
async function toolsOf(
  cache: string,
  facts: ManifestFacts,
  committedAt: string,
): Promise<Outcome<Pick<Recipe, "nodeVersion" | "nodeReason" | "packageManagerVersion"> & { readonly manager: PackageManagerChoice }>> {
  return toolFor(async () => {
    const wanted = detectNodeVersion(facts, committedAt);
    const node = await nodeTool(cache, nodeRange(wanted.range, wanted.evidence));
    const manager = detectPackageManager(facts, semver.major(node.version));
    const tool =
      manager.install.length === 0 ? null : await managerTool(cache, manager.manager === "none" ? "npm" : manager.manager, manager.version);
    return {
      nodeVersion: node.version,
      nodeReason: wanted.evidence,
      packageManagerVersion: tool?.version ?? manager.version,
      manager,
    };
  });
}

/**
 * The start of the calendar month (UTC) after a commit: revisions of one month share one install, and no version is hidden that its author had.
 * Null while that month lies ahead, since nothing was published then.
 */
export function registryLimit(committedAt: string, now: number): string | null {
  const at = new Date(committedAt);
  const limit = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1);
  return limit > now ? null : new Date(limit).toISOString();
}

type RegistryView = Pick<Recipe, "registryAsOf" | "directVersions" | "registryReason">;

/**
 * What of the registry an install without a lock file sees: what was there when the revision was made. Where the registry does not tell what
 * that was: all of it, and where no environment comes of that, the versions that the manifest names.
 */
async function registryViews(
  cache: string,
  { install, evidence }: PackageManagerChoice,
  committedAt: string,
  now: number,
): Promise<readonly [RegistryView, RegistryView?]> {
  const newest = { registryAsOf: null, directVersions: "newest" } as const;
  if (install.length === 0) return [{ ...newest, registryReason: "nothing is installed" }];
  const limit = registryLimit(committedAt, now);
  const asked = `${evidence}; committed at ${committedAt}`;
  if (limit === null) return [{ ...newest, registryReason: asked }];
  if (await registryTellsDates(cache)) return [{ ...newest, registryAsOf: limit, registryReason: asked }];
  const undated = `${asked}; the registry in use does not tell when versions were published`;
  return [
    { ...newest, registryReason: undated },
    { registryAsOf: null, directVersions: "lowest", registryReason: `${undated}, and the newest of all ranges gave no environment` },
  ];
}

export interface Recipes {
  readonly likeliest: Recipe;
  /** To be tried where no environment comes of the likeliest, if there is one. It is made when it is asked for: that may take a fetch. */
  readonly other?: () => Promise<Outcome<Recipe>>;
}

/**
 * What pnpm starts finds all packages that it has laid beside each other, for its commands set this path; vitest before 0.29 finds vite by it
 * alone. The tests' runner is started without pnpm.
 */
const hoisted = { NODE_PATH: "/workspace/node_modules/.pnpm/node_modules" } as const;

/** `now`: milliseconds since 1970. */
export async function recipesOf(tree: CheckedTree, revision: Revision, cache: string, now: number): Promise<Outcome<Recipes>> {
  const { packageDir, committedAt } = revision;
  const manifestPath = manifestOf(packageDir);
  const [manifest, rootManifest] = [parseManifest(tree.texts.get(manifestPath)), parseManifest(tree.texts.get("package.json"))];
  if (manifest === null) return drop("prepare/no-manifest", `${manifestPath} is missing or no JSON`);
  const facts: ManifestFacts = {
    manifest,
    rootManifest: rootManifest ?? manifest,
    paths: tree.paths,
    packageDir,
    read: (path) => tree.texts.get(path) ?? null,
  };
  const choice = detectRunner(facts);
  if (choice.runner === null) return drop("prepare/no-runner", choice.reason);
  const { runner, detection } = choice;
  const build = detectBuild(facts, runner, detection.args);
  if (build === null) return drop("prepare/no-build", "the tests load built files and no script says how they are built");
  const tools = await toolsOf(cache, facts, committedAt);
  if (!tools.kept) return tools;
  const { manager, ...versions } = tools.value;
  const recipeBy = (client: PackageManagerChoice, packageManagerVersion: string, view: RegistryView): Recipe => ({
    ...versions,
    packageManagerVersion,
    packageManager: client.manager,
    lockFile: client.lockFile,
    install: client.install.map((argv) => [...argv]),
    installEnv: { ...client.env },
    scriptsAllowed: client.install.length > 0 ? [...nativePackages(facts)] : [],
    build: build.steps.map((argv) => [...argv]),
    runner: runner.name,
    runnerVersion: "",
    runnerArgs: [...detection.args],
    env: { ...(client.manager === "pnpm" ? hoisted : {}), ...detectEnv(facts) },
    ...view,
  });
  const own = (view: RegistryView): Recipe => recipeBy(manager, versions.packageManagerVersion, view);
  const { lockFile } = manager;
  if (lockFile === null) {
    const [view, second] = await registryViews(cache, manager, committedAt, now);
    return keep({ likeliest: own(view), ...(second === undefined ? {} : { other: async () => keep(own(second)) }) });
  }
  const free = lockless(facts, semver.major(versions.nodeVersion));
  const other = async (): Promise<Outcome<Recipe>> => {
    const [view] = await registryViews(cache, free, committedAt, now);
    const tool = await toolFor(() => managerTool(cache, "npm", free.version));
    if (!tool.kept) return tool;
    const registryReason = `${lockFile} cannot be installed any more; ${view.registryReason}`;
    return keep(recipeBy(free, tool.value.version, { ...view, registryReason }));
  };
  return keep({
    likeliest: own({ registryAsOf: null, directVersions: "newest", registryReason: `${lockFile} fixes the versions` }),
    other,
  });
}

/** The installed version of a runner's package, looked up as Node would from the package's folder; null for a built-in runner. */
export function packageVersion(folders: readonly string[], packageDir: string, name: string | null): string | null {
  if (name === null) return null;
  const places = packageDir === "." ? [""] : [packageDir, ""];
  for (const place of places) {
    for (const folder of folders) {
      const path = join(folder, place, "node_modules", name, "package.json");
      if (existsSync(path)) return String(parseManifest(readFileSync(path, "utf8"))?.["version"] ?? "unknown");
    }
  }
  return "unknown";
}
