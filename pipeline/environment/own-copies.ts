/**
 * Copies of what is under test: published ones in the package's own dependencies (runners and linters are built from such packages too), and what
 * builds left in the tree. A test that compares the sources with one of them knows what is right without a word of the question, so they are taken
 * out wherever the suite does the same without.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import type { Language, SourceFile } from "../../languages/contract.ts";
import { textOf } from "../../lib/git.ts";
import { readJson } from "../../lib/json.ts";
import type { TestRun } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";

const named = z.object({ name: z.string() });

/** Whole runs of the suite that finding out which copies can go may take. */
const mostRuns = 12;

const foldersIn = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** Package folders that lie in a `node_modules` folder, and in theirs. Links are not followed: what they lead to lies elsewhere in it, or is the tree's own. */
function* packagesIn(root: string, modules: string): Generator<string> {
  if (!existsSync(join(root, modules))) return;
  for (const name of foldersIn(join(root, modules))) {
    const path = `${modules}/${name}`;
    if (name === ".pnpm") for (const one of foldersIn(join(root, path))) yield* packagesIn(root, `${path}/${one}/node_modules`);
    if (name.startsWith(".")) continue;
    const packages = name.startsWith("@") ? foldersIn(join(root, path)).map((one) => `${path}/${one}`) : [path];
    for (const folder of packages) {
      yield folder;
      yield* packagesIn(root, `${folder}/node_modules`);
    }
  }
}

/** Copies of a package below `node_modules` of an installed folder and of the package's own folder in it, sorted; by the manifests' names, so aliases are found. */
export function ownCopies(folder: string, packageDir: string, name: string): readonly string[] {
  const places = packageDir === "." ? ["node_modules"] : ["node_modules", `${packageDir}/node_modules`];
  const isCopy = (path: string): boolean => {
    const manifest = join(folder, path, "package.json");
    // A link may lead anywhere.
    return (
      lstatSync(manifest, { throwIfNoEntry: false })?.isFile() === true && readJson(readFileSync(manifest, "utf8"), named)?.name === name
    );
  };
  return places.flatMap((place) => [...packagesIn(folder, place)].filter(isCopy)).sort();
}

/** Tracked code that a tool made, of the sources as they are or were. What is installed is no part of a tree. */
export const builtFiles = (paths: readonly string[], { roleOf, extensions }: Pick<Language, "roleOf" | "extensions">): readonly string[] =>
  paths.filter(
    (path) => roleOf(path) === "generated" && extensions.some((ending) => path.endsWith(ending)) && !/(?:^|\/)node_modules\//.test(path),
  );

/** Do two runs of a whole suite tell the same of every test? */
export function sameOutcomes(a: TestRun, b: TestRun): boolean {
  const told = ({ report }: TestRun): string => JSON.stringify(report.tests.map(({ id, status }) => [id, status]).sort());
  return told(a) === told(b);
}

/**
 * Which copies can go: all of them, or those of them that can, found by halves, as most trees have many copies of which the runner needs one.
 * `runWithout` is a whole run of the healthy tree without some, null where it is no run that a baseline could be made of.
 */
export async function dispensable(
  copies: readonly string[],
  healthy: TestRun,
  runWithout: (removed: readonly string[]) => Promise<TestRun | null>,
): Promise<NonNullable<Recipe["ownCopies"]>> {
  const removed: string[] = [];
  let runs = 0;
  const canGo = async (some: readonly string[]): Promise<boolean> => {
    if (runs === mostRuns) return false;
    runs += 1;
    const without = await runWithout([...removed, ...some].sort());
    return without !== null && sameOutcomes(healthy, without);
  };
  /** What can go of these; false where all of them can. `isNeeded` says that one of them is known to be needed. */
  const sort = async (some: readonly string[], isNeeded: boolean): Promise<boolean> => {
    if (!isNeeded && (await canGo(some))) {
      removed.push(...some);
      return false;
    }
    if (some.length === 1) return true;
    const half = Math.ceil(some.length / 2);
    const first = await sort(some.slice(0, half), false);
    await sort(some.slice(half), !first);
    return true;
  };
  await sort(copies, false);
  return { removed: removed.sort(), kept: copies.filter((copy) => !removed.includes(copy)) };
}

/** The scripts of some packages of an installed folder, without what is nested in them, sorted by path. */
export const scriptsOf = (folder: string, packages: readonly string[]): readonly SourceFile[] =>
  packages
    .flatMap((one) =>
      readdirSync(join(folder, one), { recursive: true, withFileTypes: true }).flatMap((entry) => {
        const path = relative(folder, join(entry.parentPath, entry.name));
        const isOwn = entry.isFile() && /\.[cm]?js$/.test(path) && !path.slice(one.length).includes("/node_modules/");
        const text = isOwn ? textOf(readFileSync(join(folder, path))) : null;
        return text === null ? [] : [{ path, text }];
      }),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));
