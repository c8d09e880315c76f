/** From a repository's files to how it is installed, built and run: detection put together, nothing executed. */
import type { ManifestFacts } from "../../languages/contract.ts";
import { runnerNamed } from "../../languages/index.ts";
import { detectBuild, detectEnv, detectNodeVersion, detectPackageManager, detectRunner } from "../../languages/javascript/manifest.ts";
import type { Recipe } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";

export const x = [runnerNamed, detectBuild, detectEnv, detectNodeVersion, detectPackageManager, detectRunner, drop, keep];
export type Y = [ManifestFacts, Recipe, Outcome<number>];
