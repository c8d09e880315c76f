/** The packages of a repository: its root, or the workspaces that have a test script of their own. */

import { matchesGlob } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import type { GitRepository } from "../lib/git.ts";
import { readJson } from "../lib/json.ts";

const manifestSchema = z.looseObject({
  workspaces: z
    .union([z.array(z.string()), z.looseObject({ packages: z.array(z.string()).optional() })])
    .optional()
    .catch(undefined),
  scripts: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
const pnpmSchema = z.looseObject({ packages: z.array(z.string()).optional() }).nullable();

/** Null where the text is no manifest: a broken package.json in a fixture folder is nobody's package. */
function readManifest(text: string | undefined): z.infer<typeof manifestSchema> | null {
  return text === undefined ? null : readJson(text, manifestSchema);
}

/** None where the text is no YAML or names no packages. */
function readPnpm(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    return pnpmSchema.safeParse(parse(text)).data?.packages ?? [];
  } catch (error) {
    if (error instanceof YAMLParseError) return [];
    throw error;
  }
}

function patternsOf(root: z.infer<typeof manifestSchema>, pnpm: string | undefined): readonly string[] {
  const { workspaces } = root;
  const own = Array.isArray(workspaces) ? workspaces : (workspaces?.packages ?? []);
  return [...own, ...readPnpm(pnpm)].map((pattern) => pattern.replace(/^(!?)\.\//, "$1").replace(/\/$/, ""));
}

const isMember = (folder: string, patterns: readonly string[]): boolean => {
  const [no, yes] = [patterns.filter((pattern) => pattern.startsWith("!")), patterns.filter((pattern) => !pattern.startsWith("!"))];
  return yes.some((pattern) => matchesGlob(folder, pattern)) && !no.some((pattern) => matchesGlob(folder, pattern.slice(1)));
};

/** The words of a script that runs tests itself rather than asking its workspaces to. */
const runsTests = /(?:^|[\s/&|;])(?:vitest|jest|mocha|ava)(?=\s|$)|\s--test(?=[\s=]|$)/;
const ownTests = ({ scripts }: z.infer<typeof manifestSchema>): boolean =>
  Object.entries(scripts ?? {}).some(([name, words]) => /^test(?:$|[:-])/.test(name) && typeof words === "string" && runsTests.test(words));

/** The workspaces that have a test script; the root alone (".") where it runs tests itself or has no such workspace. */
export async function packageDirs(repository: GitRepository, commit: string): Promise<readonly string[]> {
  const { entries } = await repository.treeOf(commit);
  const wanted = entries.filter(({ path }) => path === "pnpm-workspace.yaml" || path === "package.json" || path.endsWith("/package.json"));
  const texts = await repository.readTexts(wanted.filter(({ path }) => !path.split("/").includes("node_modules")));
  return packagesOf(texts);
}

/** From the manifests of a tree, path → text. None where the root has no manifest. */
export function packagesOf(texts: ReadonlyMap<string, string>): readonly string[] {
  const root = readManifest(texts.get("package.json"));
  if (root === null) return [];
  if (ownTests(root)) return ["."];
  const patterns = patternsOf(root, texts.get("pnpm-workspace.yaml"));
  const members = [...texts.keys()]
    .filter((path) => path.endsWith("/package.json"))
    .map((path) => path.slice(0, -"/package.json".length))
    .filter((folder) => isMember(folder, patterns) && readManifest(texts.get(`${folder}/package.json`))?.scripts?.["test"] !== undefined)
    .sort();
  return members.length > 0 ? members : ["."];
}
