/**
 * What Node and the tools keep between runs, made once by a run of the clean suite: the runner's own cache, V8's code of the dependencies'
 * modules, tsx's and Babel's transforms. A later run sees it (or a copy of its own) and cannot change it. What was made of single sources lies apart
 * too, for runs that may see nothing else of it.
 *
 * All of it is kept by content, but for Babel's, which is kept by options, path and time stamp. What a layer holds is written when its job starts,
 * after whatever lies in the tree. What a transform is made of besides must not change either: nothing is kept where a plugin is the
 * repository's own, or reads other files.
 */
import { isUtf8 } from "node:buffer";
import { existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { crc32 } from "node:zlib";
import semver from "semver";
import { z } from "zod";
import type { Language, Runner } from "../../languages/contract.ts";
import { sha256, shortId } from "../../lib/hash.ts";
import { readJson } from "../../lib/json.ts";
import { WORKSPACE } from "../../sandbox/guest.ts";
import { openWorkFolder, publish, removeTree } from "../../sandbox/work-folder.ts";
import { guestHarness, type Installed, runTests, type TestRequest, withoutKept } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";
import type { InstallSite } from "./install.ts";

/** Where the filling run's compile cache and TMPDIR lie in the workspace, from where they can be collected. */
const place = "node_modules/.cache/kihon-warm";
/** Raised when other things are on a shelf, or lie elsewhere. */
const shelfVersion = 2;
/** Packages that keep what they made of a source in the tree, in `node_modules/.cache/<name>`. */
const keepers = ["@babel/register"];
/** `NODE_COMPILE_CACHE` came with it. */
const compiles = ">=22.1.0";

export interface WarmTest {
  readonly runner: Runner;
  readonly language: Language;
  readonly recipe: Recipe;
  readonly packageDir: string;
  readonly wallMs: number;
}

/**
 * The name that Node gives the cached code of a module: the CRC32 of its kind (0 CommonJS, 1 ES module) and its path or address
 * (GetCacheKey in src/compile_cache.cc). A Node that names otherwise finds nothing, which is only slow.
 */
export const compiledNames = (path: string): readonly string[] =>
  [crc32(path, crc32(Buffer.of(0))), crc32(`file://${path}`, crc32(Buffer.of(1)))].map((sum) => sum.toString(16).padStart(8, "0"));

/** Babel plugins that put into a source what they find in other files. */
const readers = [
  "babel-plugin-macros",
  "babel-plugin-preval",
  "babel-plugin-codegen",
  "babel-plugin-inline-import",
  "babel-plugin-inline-json-import",
];

/** Empty where there is nothing; null where it is no plain file: a link may lead anywhere. */
function plainText(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "";
  return stat.isFile() ? readFileSync(path, "utf8") : null;
}

/** Does what Babel makes of a source hang on that source and on what is installed alone? Its configuration may lie at the root and in the package. */
export function isPureBabel(tree: string, dependencies: string, packageDir: string): boolean {
  const places = [...new Set([".", packageDir])];
  if (places.some((place) => readers.some((name) => existsSync(join(dependencies, place, "node_modules", name))))) return false;
  return places.every((place) => {
    const names = readdirSync(join(tree, place)).filter((name) => /^(?:\.babelrc|babel\.config)(?:\.|$)/.test(name));
    const manifest = readJson(plainText(join(tree, place, "package.json")) ?? "", z.looseObject({ babel: z.unknown() }));
    const texts = [...names.map((name) => plainText(join(tree, place, name))), JSON.stringify(manifest?.babel ?? null)];
    return texts.every((text) => text !== null && !/["'`]\.{1,2}\//.test(text));
  });
}

/** The names for all modules of the dependencies that the tree itself has not. */
function dependencyNames(tree: string, dependencies: string): ReadonlySet<string> {
  const entries = readdirSync(dependencies, { recursive: true, withFileTypes: true });
  const modules = entries.filter((entry) => entry.isFile() && /\.[cm]?js$/.test(entry.name));
  const paths = modules.map((entry) => join(entry.parentPath, entry.name).slice(dependencies.length + 1));
  return new Set(paths.filter((path) => !existsSync(join(tree, path))).flatMap((path) => compiledNames(`${WORKSPACE}/${path}`)));
}

/**
 * Where a file that the filling run left belongs on the shelf; null where it is not to be kept. Node checks cached code against its source
 * by length and CRC32 alone, which an answer could be written to match: nothing is kept for the repository's own sources.
 */
export function shelved(path: string, folders: readonly string[], isDependency: (name: string) => boolean): string | null {
  if (folders.some((folder) => path.startsWith(`${folder}/`))) return `tree/${path}`;
  if (!path.startsWith(`${place}/`)) return null;
  const inner = path.slice(place.length + 1);
  const compiled = /^compiled\/v[\w.-]+\/([0-9a-f]{8})$/.exec(inner)?.[1];
  if (compiled !== undefined) return isDependency(compiled) ? inner : null;
  // tsx names a transform by the SHA-1 of text and options, after the day it was made.
  return /^temporary\/tsx(?:-\d+)?\/\d+-[0-9a-f]{40}$/.test(inner) ? inner : null;
}

/** The recipe of the run that fills the caches. */
function filling(recipe: Recipe): Recipe {
  const options = [recipe.env["NODE_OPTIONS"] ?? "", `--require ${guestHarness}/warm-preload.cjs`].join(" ").trim();
  const [compiled, temporary] = ["compiled", "temporary"].map((name) => `${WORKSPACE}/${place}/${name}`) as [string, string];
  return { ...recipe, env: { ...recipe.env, NODE_COMPILE_CACHE: compiled, TMPDIR: temporary, NODE_OPTIONS: options } };
}

const sourcesList = "sources.json";
const sourceMap = z.looseObject({ sourcesContent: z.tuple([z.string()]) });

/**
 * What was made of one source alone, as its source map tells, a second time in a folder of its own, and which source that was. A text that no source
 * of the tree has, or a test has as well, is none.
 */
function shelveSources(work: string, tree: string, { roleOf, extensions }: Language): void {
  const made = join(work, "tree");
  if (!existsSync(made)) return;
  const files = readdirSync(tree, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(tree.length + 1)] : []))
    .filter((path) => extensions.some((end) => path.endsWith(end)));
  const byText = Map.groupBy(files, (path) => sha256(readFileSync(join(tree, path))));
  const paths: Record<string, string[]> = {};
  for (const entry of readdirSync(made, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".map"))) {
    const code = entry.slice(0, -".map".length);
    const map = readJson(readFileSync(join(made, entry), "utf8"), sourceMap);
    const sources = map === null ? [] : (byText.get(sha256(map.sourcesContent[0])) ?? []);
    if (sources.length === 0 || !existsSync(join(made, code)) || sources.some((path) => roleOf(path) !== "source")) continue;
    for (const path of [entry, code]) {
      mkdirSync(dirname(join(work, "sources", path)), { recursive: true });
      linkSync(join(made, path), join(work, "sources", path));
    }
    for (const source of sources) paths[source] = [...(paths[source] ?? []), code, entry];
  }
  if (Object.keys(paths).length > 0) writeFileSync(join(work, sourcesList), JSON.stringify(paths));
}

/** The installed environment with what is on the shelf for it. */
function layered(installed: Installed, shelf: string): Installed {
  const [tree, ...below] = installed.folders as [string, ...string[]];
  const [cache, compiled, temporary] = ["tree", "compiled", "temporary"].map((name) => join(shelf, name)) as [string, string, string];
  const listed = join(shelf, sourcesList);
  const paths = existsSync(listed) ? readJson(readFileSync(listed, "utf8"), z.record(z.string(), z.array(z.string()))) : null;
  return {
    ...installed,
    ...(existsSync(cache) ? { folders: [tree, cache, ...below], bare: installed.folders } : {}),
    ...(paths === null ? {} : { ofSources: { folder: join(shelf, "sources"), paths } }),
    ...(existsSync(compiled) ? { compiled } : {}),
    ...(existsSync(temporary) ? { temporary } : {}),
  };
}

/** The same environment with caches, filled by one run where they are not on the shelf. */
export async function warmed(site: InstallSite, installed: Installed, test: WarmTest): Promise<Installed> {
  const [tree, dependencies] = installed.folders;
  if (tree === undefined || dependencies === undefined) return installed;
  // Without a sandbox the folder of compiled code would lie open to every run, under paths that no later run has.
  const isolated = site.provider.isolates;
  const isKeeping = (name: string): boolean => existsSync(join(dependencies, test.packageDir, "node_modules", name));
  const able = isolated ? keepers.filter(isKeeping) : [];
  const kept = able.length > 0 && isPureBabel(tree, dependencies, test.packageDir) ? able : [];
  const own = [...test.runner.cacheFolders, ...kept.map((name) => `node_modules/.cache/${name}`)];
  const folders = own.map((folder) => posix.join(test.packageDir, folder));
  const useful = semver.satisfies(test.recipe.nodeVersion, compiles) || existsSync(join(dependencies, "node_modules", "tsx"));
  if (folders.length === 0 && !(isolated && useful)) return installed;
  const { recipe } = test;
  // The tree is part of the key: what one repository's tests leave here is never read by another's, whatever they install.
  const places = [tree, dependencies, installed.harness].map((folder) => basename(folder));
  const key = shortId([shelfVersion, ...places, test.runner.name, test.packageDir, recipe.env, recipe.build, isolated, folders]);
  const final = join(site.cache, "warm", key);
  if (existsSync(final)) return layered(installed, final);
  const names = dependencyNames(tree, dependencies);
  const work = await filled(site, installed, isolated ? { ...test, recipe: filling(recipe) } : test, {
    layer: {},
    collect: isolated ? [...folders, place] : folders,
    shelved: (path) => shelved(path, folders, (name) => names.has(name)),
  });
  if (isPureBabel(tree, dependencies, test.packageDir)) shelveSources(work, tree, test.language);
  await site.provider.adopt(work, false);
  await publish(work, final);
  return layered(installed, final);
}

/** A folder with what one run of the whole suite left, as it is to lie on the shelf. */
async function filled(
  site: InstallSite,
  installed: Installed,
  { runner, recipe, packageDir, wallMs }: WarmTest,
  { shelved, ...request }: Pick<TestRequest, "layer" | "coverageFile" | "collect"> & { readonly shelved: (path: string) => string | null },
): Promise<string> {
  const asked = { ...request, files: "all", seed: null, limits: { wallMs } } as const;
  const { result } = await runTests(site.jobs, recipe, packageDir, installed, runner, asked);
  const work = await openWorkFolder(join(site.cache, "warm"));
  for (const [path, content] of Object.entries(result.collected)) {
    const kept = shelved(path);
    // What jest keeps in bytes is its map of the tree, by time stamps and not by content.
    if (kept === null || (kept.startsWith("tree/") && !isUtf8(content))) continue;
    mkdirSync(dirname(join(work, kept)), { recursive: true });
    writeFileSync(join(work, kept), content);
  }
  return work;
}

/**
 * `use` of the same environment with what the runner itself keeps of a layer's texts, made by one run of the whole suite over it: for many runs
 * over one layer. It is gone afterwards.
 */
export async function warmedOver<T>(
  site: InstallSite,
  installed: Installed,
  test: WarmTest,
  over: Pick<TestRequest, "layer" | "coverageFile">,
  use: (installed: Installed) => Promise<T>,
): Promise<T> {
  const folders = test.runner.cacheFolders.map((folder) => posix.join(test.packageDir, folder));
  if (folders.length === 0) return use(installed);
  const cold = withoutKept(installed);
  const work = await filled(site, cold, test, { ...over, collect: folders, shelved: (path) => shelved(path, folders, () => false) });
  try {
    await site.provider.adopt(work, false);
    return await use(layered(cold, work));
  } finally {
    await removeTree(work);
  }
}
