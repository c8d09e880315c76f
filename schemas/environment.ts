/** A revision, installed: how it is built and run, what its tests do when nothing is wrong, and which test file reaches which line. */
import { z } from "zod";
import { revisionSchema } from "./candidate.ts";

const argv = z.array(z.string()).min(1);

/** Limit of one test where nothing else was asked for, in milliseconds. */
export const testTimeoutMs = 20_000;

export const recipeSchema = z
  .object({
    /** Exact version; the binary is the npm package `node-<platform>-<arch>`. */
    nodeVersion: z.string(),
    /** Why that version: the file and the text that asked for it, or `default`. */
    nodeReason: z.string(),
    packageManager: z.enum(["npm", "pnpm", "yarn", "yarn-berry", "none"]),
    packageManagerVersion: z.string(),
    /** The lock file that the install obeyed, relative to the repository's root; null when there was none. */
    lockFile: z.string().nullable(),
    /** What was published at this moment or later was hidden from the install (ISO 8601 in UTC); null where nothing was. */
    registryAsOf: z.string().nullable().default(null),
    /** Newest: of the range. Lowest: direct dependencies at the lowest minor of their range. Nothing where a lock file fixes the versions. */
    directVersions: z.enum(["newest", "lowest"]).default("newest"),
    /** Why these two; empty in datasets that are older than this field. */
    registryReason: z.string().default(""),
    /** Install command, run at the repository's root with the registry and nothing else. */
    install: z.array(argv),
    /** Settings for the install alone. */
    installEnv: z.record(z.string(), z.string()),
    /** Packages whose install scripts were run because they build native code; all others stay off. */
    scriptsAllowed: z.array(z.string()),
    /**
     * Published copies of the package itself that tools had brought to `node_modules`, relative to the repository's root; absent where there are
     * none. They tell what is right, so they are taken out after the install, but for those without which the tests do not do the same.
     */
    ownCopies: z
      .object({ removed: z.array(z.string()), kept: z.array(z.string()) })
      .readonly()
      .optional(),
    /** Makes what the tests load from the sources that a layer leaves; empty when tests read the sources themselves. */
    build: z.array(argv),
    runner: z.string(),
    runnerVersion: z.string(),
    /** Extra words for the runner, taken from the repository's own test script. */
    runnerArgs: z.array(z.string()),
    /** Image, by digest, in which all of this was done and the tests were observed; absent where it was with the programs of the machine itself. */
    image: z.string().optional(),
    /** Limit of one test, in milliseconds; absent where it is `testTimeoutMs` of this file. */
    testTimeoutMs: z.int().positive().optional(),
    /** TZ, LANG and the like: fixed, and what the repository's CI sets. */
    env: z.record(z.string(), z.string()),
  })
  .readonly();
export type Recipe = z.infer<typeof recipeSchema>;

export const baselineTestSchema = z
  .object({
    id: z.string(),
    file: z.string(),
    /** stable: passed in every run, under whatever conditions; quarantined: anything mixed; failing, skipped: in every run. */
    standing: z.enum(["stable", "quarantined", "failing", "skipped"]),
  })
  .readonly();
export type BaselineTest = z.infer<typeof baselineTestSchema>;

/** A test that did not agree with itself over the runs of the baseline. */
export const unsteadyTestSchema = z
  .object({
    id: z.string(),
    /** Runs that told of it, and those of them in which it passed. */
    seen: z.int().positive(),
    passed: z.int().nonnegative(),
    /**
     * What may have made it come out otherwise than in the first run, as in `runs`: what these runs had, and none in which it came out the same.
     * Empty: nothing that was changed.
     */
    under: z.array(z.string()),
  })
  .readonly();
export type UnsteadyTest = z.infer<typeof unsteadyTestSchema>;

export const steadinessSchema = z
  .object({
    /** Of each run of the baseline in what its conditions were not the usual ones, as `name=value`: `order`, `TZ`, `LANG`, `workers`, `clock`, `load`. */
    runs: z.array(z.array(z.string())),
    /** The quarantined tests, sorted by id. Of all others the pass rate follows from how they stand: stable all runs, failing and skipped none. */
    quarantine: z.array(unsteadyTestSchema),
  })
  .readonly();

export const testFileSchema = z
  .object({
    file: z.string(),
    /** Run alone it gives the same outcomes as in the whole suite. Only such files are used to observe and to grade. */
    standalone: z.boolean(),
    /** Run in one process with the other files that have this, it gives the same outcomes. Used to observe, never to grade. */
    together: z.literal(true).optional(),
    /** Source file → sorted line numbers (from 1) that ran while this file ran alone. */
    covers: z.record(z.string(), z.array(z.int().positive())),
  })
  .readonly();
export type TestFile = z.infer<typeof testFileSchema>;

export const environmentSchema = z
  .object({
    /** 16 hex digits over (tree, recipe, resolved dependencies). */
    id: z.string().regex(/^[0-9a-f]{16}$/),
    revision: revisionSchema,
    recipe: recipeSchema,
    /** Sorted. Paths relative to the repository's root. */
    sourceFiles: z.array(z.string()),
    tests: z.array(baselineTestSchema),
    /** Absent in datasets of before it was kept. */
    steadiness: steadinessSchema.optional(),
    testFiles: z.array(testFileSchema),
    /** sha256 of the archive with which another machine rebuilds this tree. */
    archive: z.string().regex(/^[0-9a-f]{64}$/),
    /** Lock text that reproduces the dependencies; equals the repository's own where it has one. */
    frozenLock: z.object({ file: z.string(), text: z.string() }).nullable(),
    /** What could not be had: tracked paths (absent blobs, submodules), and `node_modules/<name>` for a package from outside the registry. */
    missing: z.array(z.string()),
  })
  .readonly();
export type Environment = z.infer<typeof environmentSchema>;
