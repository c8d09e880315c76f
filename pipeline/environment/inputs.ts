/** What an install reads of a tree: manifests, lock files, registry settings, patches. */
import { matchesGlob } from "node:path";
import type { ArchiveEntry } from "../../lib/archive.ts";
import type { Recipe } from "../../schemas/environment.ts";

/** At the root of a tree: what the one or the other client goes by in choosing versions. npm reads yarn's too. */
export const lockNames: readonly string[] = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"];

const patterns = ["package.json", ...lockNames, "pnpm-workspace.yaml", ".pnpmfile.cjs", ".yarnrc", ".yarnrc.yml", ".npmrc", "*.patch"];

/** Without the lock files where the recipe obeys none: then none may be found. */
export const obeyed = (
  inputs: Readonly<Record<string, string>>,
  { lockFile }: Pick<Recipe, "lockFile">,
): Readonly<Record<string, string>> =>
  lockFile !== null ? inputs : Object.fromEntries(Object.entries(inputs).filter(([path]) => !lockNames.includes(path)));

/** Path → text of everything that an install's result depends on, without what lies in test fixtures. */
export function installInputs(entries: readonly ArchiveEntry[]): Readonly<Record<string, string>> {
  const wanted = (path: string): boolean => patterns.some((pattern) => matchesGlob(path.slice(path.lastIndexOf("/") + 1), pattern));
  const found = entries.flatMap((entry) =>
    entry.kind === "file" && wanted(entry.path) ? [[entry.path, Buffer.from(entry.bytes).toString("utf8")] as const] : [],
  );
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
