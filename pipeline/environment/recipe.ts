/** From a repository's files to how it is installed, built and run: detection put together, nothing executed. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ManifestFacts } from "../../languages/contract.ts";
import {
  detectBuild,
  detectEnv,
  detectNodeVersion,
  detectPackageManager,
  detectRunner,
  nativePackages,
  type PackageManagerChoice,
} from "../../languages/javascript/manifest.ts";
import { readJson } from "../../lib/json.ts";
import { managerTool, NoSuchTool, nodeTool } from "../../sandbox/toolchains.ts";
import type { Recipe } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { CheckedTree } from "./tree.ts";

const objectSchema = z.record(z.string(), z.unknown());

/** Null where the text is not there or no JSON object. */
function parseManifest(text: string | undefined): Readonly<Record<string, unknown>> | null {
  return text === undefined ? null : readJson(text, objectSchema);
}

/** A repository that asks for nothing runs on the Node that runs Kihon, where that is a long-term line. */
const nodeRange = (range: string, evidence: string): string =>
  evidence === "default" && ["22", "24"].includes(process.versions.node.split(".")[0] ?? "") ? process.versions.node : range;

/** Exact versions of Node and the package manager, fetched where they are not in the cache. */
async function toolVersions(
  cache: string,
  range: string,
  { install, manager, version }: PackageManagerChoice,
): Promise<Outcome<Pick<Recipe, "nodeVersion" | "packageManagerVersion">>> {
  try {
    const node = await nodeTool(cache, range);
    const tool = install.length === 0 ? null : await managerTool(cache, manager === "none" ? "npm" : manager, version);
    return keep({ nodeVersion: node.version, packageManagerVersion: tool?.version ?? version });
  } catch (error) {
    if (error instanceof NoSuchTool) return drop("prepare/no-tool", error.message);
    throw error;
  }
}

export async function recipeOf(tree: CheckedTree, packageDir: string, cache: string): Promise<Outcome<Recipe>> {
  const manifestPath = packageDir === "." ? "package.json" : `${packageDir}/package.json`;
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
  const manager = detectPackageManager(facts);
  const node = detectNodeVersion(facts);
  const versions = await toolVersions(cache, nodeRange(node.range, node.evidence), manager);
  if (!versions.kept) return versions;
  return keep({
    ...versions.value,
    nodeReason: node.evidence,
    packageManager: manager.manager,
    lockFile: manager.lockFile,
    install: manager.install.map((argv) => [...argv]),
    installEnv: { ...manager.env },
    scriptsAllowed: manager.install.length > 0 ? [...nativePackages(facts)] : [],
    build: build.steps.map((argv) => [...argv]),
    runner: runner.name,
    runnerVersion: "",
    runnerArgs: [...detection.args],
    env: { ...detectEnv(facts) },
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
