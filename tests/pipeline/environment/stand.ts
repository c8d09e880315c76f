/** What tests of environments stand on: small trees whose tests are node:test's, run in the sandbox. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { languages, runnerNamed } from "../../../languages/index.ts";
import type { BaselineSite } from "../../../pipeline/environment/baseline.ts";
import { chooseProvider } from "../../../sandbox/index.ts";
import { environmentOf } from "../../grading/stand.ts";
import { nodeFolder, treeFor } from "../../sandbox/stand.ts";

/** Of a tree, which lies in the folder with a copy of the harness, the site of its baseline. The languages must be there. */
export async function sitesIn(folder: string): Promise<(tree: Readonly<Record<string, string>>, repeats: number) => Promise<BaselineSite>> {
  const [runner, [language]] = [runnerNamed("node-test"), languages];
  if (!runner || !language) throw new Error("the language or the runner is not listed");
  const provider = await chooseProvider({ trusted: true });
  const harness = join(folder, "harness");
  cpSync(join(import.meta.dirname, "../../../languages/javascript/harness"), harness, { recursive: true });
  await provider.adopt(harness, false);
  const { recipe } = environmentOf();
  return async (tree, repeats) => {
    const installed = { folders: [await treeFor(provider, folder, tree)], node: nodeFolder, harness, builds: null };
    return { jobs: provider, recipe, packageDir: ".", installed, runner, language, repeats, runTimeoutMs: 30_000 };
  };
}
