/** Revision → environment: installed, its runner found, its baseline known, its coverage mapped. The one stage with registry access. */
import { looksGenerated } from "../../languages/javascript/roles.ts";
import { packTree } from "../../lib/archive.ts";
import { BrokenRecord } from "../../lib/errors.ts";
import { sha256, shortId } from "../../lib/hash.ts";
import { plural } from "../../lib/plural.ts";
import type { SandboxProvider } from "../../sandbox/contract.ts";
import type { Installed, TestRun } from "../../sandbox/workspace.ts";
import type { MinedCommit, Revision } from "../../schemas/candidate.ts";
import { type Environment, environmentSchema, type Recipe, testTimeoutMs } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { type BaselineSite, baseline, healthyRun, mapCoverage } from "../environment/baseline.ts";
import { glimpse } from "../environment/glimpse.ts";
import { installInputs, obeyed } from "../environment/inputs.ts";
import { liesInLock } from "../environment/install-failure.ts";
import { leanBuild } from "../environment/lean-build.ts";
import { withoutOutside } from "../environment/outside.ts";
import { builtFiles, dispensable, ownCopies, sameOutcomes } from "../environment/own-copies.ts";
import { packageName, packageVersion, recipesOf } from "../environment/recipe.ts";
import { filesTogether } from "../environment/together.ts";
import { type CheckedTree, readTree } from "../environment/tree.ts";

/** Sources that mutants may be injected into: of the package, parsed, not generated. */
function sourcesOf(tree: CheckedTree, packageDir: string, bench: Bench): { path: string; text: string }[] {
  const language = bench.language("javascript");
  const inside = (path: string): boolean => packageDir === "." || path.startsWith(`${packageDir}/`);
  return [...tree.texts.entries()]
    .filter(
      ([path, text]) =>
        inside(path) &&
        language.extensions.some((end) => path.endsWith(end)) &&
        language.roleOf(path) === "source" &&
        !looksGenerated(text),
    )
    .filter(([path, text]) => language.parses(path, text))
    .map(([path, text]) => ({ path, text }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A revision, and the change that it is wanted for; null where it is wanted for itself, as for mutants. */
export interface Preparable {
  readonly revision: Revision;
  readonly change: MinedCommit | null;
}

/** A revision, installed and its runner found; nothing of it was run. */
interface Ready {
  readonly site: BaselineSite;
  readonly archive: { readonly bytes: Uint8Array; readonly sha: string };
  readonly frozenLock: Environment["frozenLock"];
  /** Packages from outside the registry, which were left out. */
  readonly outside: readonly string[];
}

/** Which versions an install could take, and why, in words. */
function packagesOf({ registryAsOf, directVersions, registryReason }: Recipe): string {
  const limit = registryAsOf === null ? "" : `published before ${registryAsOf.slice(0, 10)} `;
  const lowest = directVersions === "lowest" ? "direct ones at the lowest minor of their ranges " : "";
  return `packages ${limit}${lowest}(${registryReason})`;
}

/** What other versions of the packages would not change, but cost as much time again. */
const notOfVersions: readonly string[] = [
  "prepare/install-ended",
  "prepare/baseline-hangs",
  "prepare/baseline-killed",
  "prepare/no-sources",
];

/** What a recipe makes of a revision; where that is nothing and another recipe is left, what that one does. A glimpse has seen the tree run. */
async function byRecipes<T>(
  revision: Revision,
  bench: Bench,
  make: (tree: CheckedTree, recipe: Recipe) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const tree = await readTree(bench.repository(revision.repository.name), revision.commit);
  const recipes = await recipesOf(tree, revision, bench.place.cache, Date.now());
  if (!recipes.kept) return recipes;
  const { likeliest, other } = recipes.value;
  const outcome = await make(tree, likeliest);
  if (outcome.kept || other === undefined) return outcome;
  if (outcome.reason.startsWith("glimpse/") || notOfVersions.includes(outcome.reason)) return outcome;
  // What a lock file fixes is as it was then; only where it is gone is anything else as good.
  if (likeliest.lockFile !== null && !(outcome.reason === "prepare/install-failed" && liesInLock(outcome.detail))) return outcome;
  const next = await other();
  if (!next.kept) return outcome;
  bench.log.warn(`${revision.repository.name}: ${outcome.reason}: ${outcome.detail}; once more, with ${packagesOf(next.value)}`);
  const again = await make(tree, next.value);
  return again.kept || again.reason.startsWith("glimpse/") ? again : outcome;
}

async function readied(revision: Revision, tree: CheckedTree, found: Recipe, bench: Bench): Promise<Outcome<Ready>> {
  const { config } = bench;
  const bytes = packTree(tree.entries);
  const outside = found.install.length === 0 ? [] : withoutOutside(obeyed(installInputs(tree.entries), found)).names;
  if (outside.length > 0) bench.log.warn(`${revision.repository.name}: left out, from outside the registry: ${outside.join(", ")}`);
  const archive = { bytes, sha: bench.store.put(bytes) };
  const runner = bench.runner(found.runner);
  const language = bench.language("javascript");
  const installed = await bench.install(found, revision.packageDir, archive, null, "once");
  if (!installed.kept) return installed;
  const { folders } = installed.value.installed;
  const runnerVersion = packageVersion(folders, revision.packageDir, runner.package) ?? found.nodeVersion;
  const site: BaselineSite = {
    jobs: bench.jobs,
    recipe: {
      ...found,
      ...imageOf(bench.provider),
      runnerVersion,
      ...(config.testTimeoutMs === testTimeoutMs ? {} : { testTimeoutMs: config.testTimeoutMs }),
    },
    packageDir: revision.packageDir,
    installed: installed.value.installed,
    runner,
    language,
    repeats: config.repeats,
    runTimeoutMs: config.runTimeoutMs,
  };
  return keep({ site, archive, frozenLock: installed.value.frozenLock, outside });
}

/** Whether the tests of a change tell its trees apart, and nothing more: what the bench of the history counts. */
export async function glimpseOf(change: MinedCommit, bench: Bench): Promise<Outcome<null>> {
  return byRecipes(change.revision, bench, async (tree, recipe) => {
    const ready = await readied(change.revision, tree, recipe, bench);
    if (!ready.kept) return ready;
    return (await glimpse(ready.value.site, change)).no ?? keep(null);
  });
}

/** What was installed before, as another recipe has it. */
async function installedAgain(
  recipe: Recipe,
  { packageDir }: Revision,
  archive: Ready["archive"],
  use: "often" | "once",
  bench: Bench,
): Promise<Installed> {
  const again = await bench.install(recipe, packageDir, archive, null, use);
  if (!again.kept) throw new BrokenRecord(`what was installed cannot be found again: ${again.reason}`);
  return again.value.installed;
}

interface Trimmed {
  readonly ready: Ready;
  /** A whole run of it, where there was one. */
  readonly healthy: TestRun | null;
  /** Tracked paths that it is without. */
  readonly removed: readonly string[];
}

/** The same without the tracked files that a build made, where its tests do without: a copy of what is right lies in them as well as in a dependency. */
async function withoutBuilt(
  ready: Ready,
  { revision, tree, known }: { readonly revision: Revision; readonly tree: CheckedTree; readonly known: TestRun | null },
  bench: Bench,
): Promise<Outcome<Trimmed>> {
  const { site } = ready;
  const built = builtFiles(tree.paths, site.language);
  if (built.length === 0) return keep({ ready, healthy: known, removed: [] });
  const healthy = known === null ? await healthyRun(site) : keep(known);
  if (!healthy.kept) return healthy;
  const bytes = packTree(tree.entries.filter(({ path }) => !built.includes(path)));
  const archive = { bytes, sha: sha256(bytes) };
  const bare = { ...site, installed: await installedAgain(site.recipe, revision, archive, "once", bench) };
  const without = await healthyRun(bare);
  const same = without.kept && sameOutcomes(healthy.value, without.value);
  bench.log.info(
    `${revision.repository.name}: ${plural(built.length, "tracked built file")}: ${same ? "left out" : "needed by its tests"}`,
  );
  if (!same) return keep({ ready, healthy: healthy.value, removed: [] });
  bench.store.put(bytes);
  return keep({ ready: { ...ready, site: bare, archive }, healthy: without.value, removed: built });
}

/** The same without the copies of the package itself that lie in its dependencies, as far as its tests do without. `known` is a whole run of it. */
async function withoutOwnCopies(
  { site, archive }: Ready,
  { revision, tree, known }: { readonly revision: Revision; readonly tree: CheckedTree; readonly known: TestRun | null },
  bench: Bench,
): Promise<Outcome<{ readonly site: BaselineSite; readonly healthy: TestRun | null }>> {
  const [, installed] = site.installed.folders;
  const name = packageName(tree, revision.packageDir);
  const copies = installed === undefined || name === null ? [] : ownCopies(installed, revision.packageDir, name);
  if (copies.length === 0) return keep({ site, healthy: known });
  const healthy = known === null ? await healthyRun(site) : keep(known);
  if (!healthy.kept) return healthy;
  const runs = new Map<string, TestRun>([["", healthy.value]]);
  const siteOf = async (found: NonNullable<Recipe["ownCopies"]>): Promise<BaselineSite> => {
    const recipe = { ...site.recipe, ownCopies: found };
    return { ...site, recipe, installed: await installedAgain(recipe, revision, archive, "once", bench) };
  };
  const found = await dispensable(copies, healthy.value, async (removed) => {
    const without = await healthyRun(await siteOf({ removed: [...removed], kept: [] }));
    if (without.kept) runs.set(removed.join("\n"), without.value);
    return without.kept ? without.value : null;
  });
  const told = (paths: readonly string[]): string => (paths.length === 0 ? "none" : paths.join(", "));
  bench.log.info(
    `${revision.repository.name}: copies of it in its dependencies: taken out ${told(found.removed)}; needed by its tests: ${told(found.kept)}`,
  );
  return keep({ site: await siteOf(found), healthy: runs.get(found.removed.join("\n")) ?? null });
}

const prepare = ({ revision, change }: Preparable, bench: Bench): Promise<Outcome<Environment>> =>
  byRecipes(revision, bench, async (tree, recipe) => environmentOf({ revision, change }, tree, recipe, bench));

async function environmentOf(
  { revision, change }: Preparable,
  tree: CheckedTree,
  found: Recipe,
  bench: Bench,
): Promise<Outcome<Environment>> {
  const ready = await readied(revision, tree, found, bench);
  if (!ready.kept) return ready;
  // What becomes of a change shows in its own tests, mostly: only then is it worth more.
  const seen = change === null ? { no: null, healthy: null } : await glimpse(ready.value.site, change);
  if (seen.no) return seen.no;
  const trimmed = await withoutBuilt(ready.value, { revision, tree, known: seen.healthy }, bench);
  if (!trimmed.kept) return trimmed;
  const { removed } = trimmed.value;
  const { archive, frozenLock, outside } = trimmed.value.ready;
  const alone = await withoutOwnCopies(trimmed.value.ready, { revision, tree, known: trimmed.value.healthy }, bench);
  if (!alone.kept) return alone;
  const { site: cold, healthy } = alone.value;
  const { recipe: whole } = cold;
  bench.log.info(
    `${revision.repository.name}: installed; ${whole.runner} ${whole.runnerVersion} on Node ${whole.nodeVersion} (${whole.nodeReason}); ${packagesOf(whole)}`,
  );
  const installedWith = (build: Recipe["build"]): Promise<Installed> =>
    installedAgain({ ...whole, build }, revision, archive, "often", bench);
  const warm = async (): Promise<BaselineSite> => ({ ...cold, installed: await installedWith(whole.build) });
  const first = change === null ? await warm() : cold;
  const base = await baseline(first, healthy);
  if (!base.kept) return base;
  const { runs, quarantine, givenUp } = base.value;
  for (const why of givenUp) bench.log.info(`${revision.repository.name}: its baseline was taken without ${why}`);
  const wholeSite = change === null ? first : await warm();
  const lean = await leanBuild(wholeSite, base.value, installedWith);
  const recipe = { ...whole, build: lean.build };
  const site = { ...wholeSite, recipe, installed: lean.installed };
  const sources = sourcesOf(tree, revision.packageDir, bench);
  if (sources.length === 0) return drop("prepare/no-sources", "no source file of a known language");
  const mapped = await mapCoverage(site, base.value, sources, (layer, use) => bench.over(layer, site, use));
  const together = new Set(await filesTogether(site, base.value.tests, mapped));
  const testFiles = mapped.map((test) => (together.has(test.file) ? { ...test, together: true as const } : test));
  if (!testFiles.some((test) => test.standalone)) return drop("prepare/nothing-stands-alone", "no test file passes when it is run alone");
  const environment: Environment = {
    id: shortId([revision.repository.name, revision.commit, revision.packageDir, recipe, frozenLock, ...removed]),
    revision,
    recipe,
    sourceFiles: sources.map((source) => source.path),
    tests: [...base.value.tests],
    steadiness: { runs: runs.map((words) => [...words]), quarantine: [...quarantine] },
    testFiles,
    archive: archive.sha,
    frozenLock,
    missing: [...tree.missing, ...removed, ...outside.map((name) => `node_modules/${name}`)].sort(),
  };
  bench.notePace(environment.id, base.value.pace);
  const standing = Object.groupBy(environment.tests, (test) => test.standing);
  bench.log.info(
    `${revision.repository.name}: ${recipe.build.length > 0 ? `built by ${recipe.build.map((argv) => argv.join(" ")).join(" && ")}; ` : ""}${standing.stable?.length ?? 0} stable tests in ${testFiles.length} files, ${standing.quarantined?.length ?? 0} quarantined, ${standing.failing?.length ?? 0} failing; ${together.size} files are observed in one process`,
  );
  return keep(environment);
}

export const prepareStage: Stage<Preparable, Environment> = {
  name: "prepare",
  version: 12,
  resource: "sandbox",
  output: environmentSchema,
  settings: ["repeats", "testTimeoutMs", "runTimeoutMs", "installTimeoutMs"],
  blobs: ({ archive }) => [archive],
  quota: ({ historyEnvironments }) => historyEnvironments,
  async *work([preparable], bench) {
    if (!preparable) return;
    const outcome = await prepare(preparable, bench);
    const parent = preparable.change?.id ?? revisionId(preparable.revision);
    yield { id: outcome.kept ? outcome.value.id : parent, parent, outcome };
  },
};

/** At most `historyEnvironments` are prepared for each of these: a revision that is wanted for itself stands alone. */
export const prepareQuota = ({ revision, change }: Preparable): string =>
  change === null ? revisionId(revision) : revision.repository.name;

/** Stable across machines: the repository's name, the commit, the package. */
const imageOf = ({ image }: SandboxProvider): Pick<Recipe, "image"> => (image === undefined ? {} : { image });

export const revisionId = (revision: Revision): string => shortId([revision.repository.name, revision.commit, revision.packageDir]);
