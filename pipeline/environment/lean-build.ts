/**
 * A build without what the tests do not need, found by trying: a mutant is built hundreds of times, and a repository's build script also
 * makes documentation, type declarations and bundles that no test loads.
 */
import type { Installed } from "../../sandbox/workspace.ts";
import type { Recipe } from "../../schemas/environment.ts";
import type { Layer } from "../../schemas/layer.ts";
import { type Baseline, type BaselineSite, run } from "./baseline.ts";
import { differing } from "./together.ts";

type Build = Recipe["build"];

/** Does one run of all files say what the baseline said? */
async function agrees(site: BaselineSite, found: Baseline): Promise<boolean> {
  const one = await run(site, "all", null);
  if (one.ended.kind !== "finished" || one.ended.failedCommand !== null || !one.report.complete) return false;
  return differing(one, [...new Set(found.tests.map(({ file }) => file))], found.tests).length === 0;
}

const isCompiler = (argv: readonly string[]): boolean => argv.some((word) => /(?:^|\/)tsc$/.test(word));

/** Smaller builds to try in turn, each made from what was accepted so far: `same` asks that it writes the very same files. */
function* smaller(build: Build): Generator<{ of: (build: Build) => Build; same: boolean }> {
  for (const step of build.toReversed()) yield { of: (now) => now.filter((argv) => argv !== step), same: false };
  for (const step of build) {
    if (isCompiler(step)) yield { of: (now) => now.map((argv) => (argv === step ? [...argv, "--noCheck"] : argv)), same: true };
  }
}

const isSame = (a: Layer, b: Layer): boolean => {
  const paths = Object.keys(a);
  return paths.length === Object.keys(b).length && paths.every((path) => a[path] === b[path]);
};

/**
 * The smallest build found by which the tests do what the baseline saw. A compiler's type check is left out where its output is the same
 * without; that mutants keep their types is the injection's own check.
 */
export async function leanBuild(
  site: BaselineSite,
  found: Baseline,
  /** The environment with another build. */
  withBuild: (build: Build) => Promise<Installed>,
): Promise<{ readonly build: Build; readonly installed: Installed }> {
  let best = { build: site.recipe.build, installed: site.installed };
  let made = await best.installed.builds?.over({});
  if (!made?.ok) return best;
  for (const { of, same } of smaller(best.build)) {
    const build = of(best.build);
    if (build.length === 0 || (build.length === best.build.length && !same)) continue;
    const installed = await withBuild(build);
    const other = await installed.builds?.over({});
    if (!other?.ok) continue;
    const recipe = { ...site.recipe, build };
    if (!isSame(made.layer, other.layer) && (same || !(await agrees({ ...site, recipe, installed }, found)))) continue;
    best = { build, installed };
    made = other;
  }
  return best;
}
