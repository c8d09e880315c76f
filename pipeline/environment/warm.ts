/**
 * What a runner keeps between runs (compiled sources, by content), made once by a run of the clean suite and laid read-only under every
 * later run. An answer's run sees it and cannot change it.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import type { Runner } from "../../languages/contract.ts";
import { shortId } from "../../lib/hash.ts";
import { type Installed, runTests } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";
import type { InstallSite } from "./install.ts";

/** A damaged or binary entry would be worse than none: only what survived as text is kept. */
const isText = (content: string): boolean => !content.includes("\uFFFD");

/** The same environment with the runner's caches between tree and dependencies, filled by one run where they are not on the shelf. */
export async function warmed(
  site: InstallSite,
  installed: Installed,
  test: { readonly runner: Runner; readonly recipe: Recipe; readonly packageDir: string; readonly wallMs: number },
): Promise<Installed> {
  const [tree, dependencies] = installed.folders;
  const folders = test.runner.cacheFolders.map((folder) => posix.join(test.packageDir, folder));
  if (tree === undefined || dependencies === undefined || folders.length === 0) return installed;
  const key = shortId([basename(dependencies), basename(installed.harness), test.runner.name, test.packageDir, test.recipe.env]);
  const final = join(site.cache, "warm", key);
  const layered = { ...installed, folders: [tree, final, dependencies] };
  if (existsSync(final)) return layered;
  const request = { layer: {}, files: "all", seed: null, bail: false, limits: { wallMs: test.wallMs }, collect: folders } as const;
  const { result } = await runTests(site.jobs, test.recipe, test.packageDir, installed, test.runner, request);
  mkdirSync(join(site.cache, "warm"), { recursive: true });
  const work = mkdtempSync(join(site.cache, "warm", ".work-"));
  for (const [path, content] of Object.entries(result.collected)) {
    if (!isText(content) || !folders.some((folder) => path.startsWith(`${folder}/`))) continue;
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), content);
  }
  await site.provider.adopt(work, false);
  if (existsSync(final)) rmSync(work, { recursive: true, force: true });
  else renameSync(work, final);
  return layered;
}
