/** The packages of a repository: its root, or the workspaces that have a test script of their own. */
import { matchesGlob } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { GitRepository } from "../lib/git.ts";

const manifestSchema = z.looseObject({
  workspaces: z.union([z.array(z.string()), z.looseObject({ packages: z.array(z.string()) })]).optional(),
  scripts: z.record(z.string(), z.string()).optional(),
});
const pnpmSchema = z.looseObject({ packages: z.array(z.string()).optional() }).nullable();

/** Null where the text is no manifest: a broken package.json in a fixture folder is nobody's package. */
function readManifest(text: string | undefined): z.infer<typeof manifestSchema> | null {
  if (text === undefined) return null;
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function patternsOf(root: z.infer<typeof manifestSchema>, pnpm: string | undefined): readonly string[] {
  const { workspaces } = root;
  const own = Array.isArray(workspaces) ? workspaces : (workspaces?.packages ?? []);
  const more = pnpm === undefined ? [] : (pnpmSchema.safeParse(parse(pnpm)).data?.packages ?? []);
  return [...own, ...more].map((pattern) => pattern.replace(/^\.\//, "").replace(/\/$/, ""));
}

const isMember = (folder: string, patterns: readonly string[]): boolean => {
  const [no, yes] = [patterns.filter((pattern) => pattern.startsWith("!")), patterns.filter((pattern) => !pattern.startsWith("!"))];
  return yes.some((pattern) => matchesGlob(folder, pattern)) && !no.some((pattern) => matchesGlob(folder, pattern.slice(1)));
};

/** Folders, "." first; a root without tests of its own gives way to its workspaces. */
export async function packageDirs(repository: GitRepository, commit: string): Promise<readonly string[]> {
  const { entries } = await repository.treeOf(commit);
  const wanted = entries.filter(({ path }) => path === "pnpm-workspace.yaml" || path === "package.json" || path.endsWith("/package.json"));
  const texts = await repository.readTexts(wanted);
  const root = readManifest(texts.get("package.json"));
  if (root === null) return [];
  const patterns = patternsOf(root, texts.get("pnpm-workspace.yaml"));
  const members = [...texts.keys()]
    .filter((path) => path.endsWith("/package.json"))
    .map((path) => path.slice(0, -"/package.json".length))
    .filter((folder) => isMember(folder, patterns) && readManifest(texts.get(`${folder}/package.json`))?.scripts?.["test"] !== undefined)
    .sort();
  return members.length > 0 ? members : ["."];
}
