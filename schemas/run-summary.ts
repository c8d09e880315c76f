/** What a run did, in figures: the pipeline fills it, the dataset card and the report read it. */
import { z } from "zod";
import { disagreementSchema } from "./audit.ts";
import { contaminationFactsSchema } from "./contamination.ts";
import { unsteadyTestSchema } from "./environment.ts";
import { skillSchema } from "./instance.ts";
import { reasonSchema } from "./outcome.ts";
import { splitProofSchema, splitSettingsSchema } from "./selection.ts";

const count = z.int().nonnegative();
/** As the user gave it. Absent where nothing was given. */
/** False where a user trusted the code and had it run on the machine itself. */
const isolated = z.literal(false).optional();
const citation = z.object({ author: z.string().nullable(), year: z.int().nullable() }).readonly().optional();
const perSkill = z.partialRecord(skillSchema, count);

/** Over all environments of a run. Tests of several revisions count once in each. */
export const flakinessSchema = z
  .object({
    tests: count,
    /** Did not agree with themselves over the runs of a baseline. */
    quarantined: count,
    /** Quarantined of all tests, 0 to 1. */
    share: z.number().min(0).max(1),
    /** By condition (`order`, `TZ`, `LANG`, `workers`, `clock`, `load`; `nothing` where none tells the runs apart): quarantined tests. One test may be under several. */
    under: z.record(z.string(), count),
  })
  .readonly();
export type Flakiness = z.infer<typeof flakinessSchema>;

const licenceOfRepository = {
  license: z.string().nullable(),
  licenseFrom: z.array(z.string()).readonly().optional(),
  /** Where anybody may look at it. Absent where it has no such address, or it was not kept. */
  address: z.string().optional(),
  /** Lines of its licence files that say whose it is. Absent where there are none, or they were not kept. */
  copyright: z.array(z.string()).readonly().optional(),
};

export const repositorySummarySchema = z
  .object({
    name: z.string(),
    commit: z.string(),
    ...licenceOfRepository,
    environments: z.array(
      z.object({
        id: z.string(),
        runner: z.string(),
        runnerVersion: z.string(),
        nodeVersion: z.string(),
        tests: count,
        quarantined: count,
        /** The quarantined tests, where it was kept how often they passed. */
        unsteady: z.array(unsteadyTestSchema).optional(),
        files: count,
      }),
    ),
    mutants: z.object({
      generated: count,
      /** On a line that some test file reaches. */
      covered: count,
      sampled: count,
      observed: count,
      killed: count,
    }),
    /** Changes of the history, not mutants. Absent in summaries of before they were counted. */
    history: z
      .object({
        /** Changes of sources and tests that were tried as fixes. */
        changes: count,
        /** Those whose tests tell the trees apart, and that have an environment of their own. */
        prepared: count,
        /** Those with an observed fail-to-pass test. */
        observed: count,
        /** Changes taken back in the newest tree, and those of them with a failing test. */
        mirrors: count,
        mirrorsFailing: count,
      })
      .optional(),
    /** Of each skill that was asked for, 0 where none was proven; older summaries have no zeros. */
    instances: perSkill,
    wallMs: z.number().nonnegative(),
    /** Null where the machine gives none. */
    cpuMs: z.number().nonnegative().nullable(),
    peakMemoryBytes: z.number().nonnegative().nullable(),
  })
  .readonly();
export type RepositorySummary = z.infer<typeof repositorySummarySchema>;

export const stageSummarySchema = z
  .object({
    name: z.string(),
    in: count,
    kept: count,
    dropped: z.array(z.object({ reason: reasonSchema, count })),
    retried: count,
    /** On the clock, in the process that wrote the summary. Absent in summaries of before it was measured. */
    tookMs: z.number().nonnegative().optional(),
    /** Over all records, as if one had been worked on after the other, in whatever process. */
    wallMs: z.number().nonnegative(),
    cpuMs: z.number().nonnegative().nullable(),
  })
  .readonly();
export type StageSummary = z.infer<typeof stageSummarySchema>;

export const siftSummarySchema = z
  .object({
    repository: z.string(),
    environmentId: z.string(),
    mutants: count,
    survived: count,
    endless: count,
    killed: count,
    /** Looked at by themselves, for the sift could not tell. */
    unsure: count,
    /** Why nothing is known of any of them: the sift was left out (`sift/<why>`), or it failed; null where something is. */
    nothing: z.string().nullable(),
  })
  .readonly();
export type SiftSummary = z.infer<typeof siftSummarySchema>;

export const runSummarySchema = z
  .object({
    tool: z.string(),
    toolVersion: z.string(),
    seed: z.string(),
    configHash: z.string(),
    /** ISO 8601, UTC. */
    startedAt: z.string(),
    finishedAt: z.string(),
    repositories: z.array(repositorySummarySchema),
    /** Absent in summaries of before it was counted. */
    flakiness: flakinessSchema.optional(),
    /** Packages of which no environment came to be, or of whose environment nothing is believed, and why. */
    leftOut: z.array(z.object({ name: z.string(), packageDir: z.string(), reason: z.string(), detail: z.string() })).optional(),
    stages: z.array(stageSummarySchema),
    /** Of every environment with mutants. Absent in summaries of before it was counted. */
    sifts: z.array(siftSummarySchema).optional(),
    sandbox: z.object({
      provider: z.string(),
      /** By digest; absent where jobs had the machine's own programs. */
      image: z.string().optional(),
      promises: z.array(z.object({ name: z.string(), holds: z.boolean(), detail: z.string() })),
    }),
    isolated,
    /** Absent in summaries of before it was kept. */
    contamination: contaminationFactsSchema.optional(),
    citation,
    /** How well a classifier over diff tokens tells the two review arms apart (0.5 is chance); null when there was too little to say. */
    reviewCue: z.object({ accuracy: z.number().min(0).max(1), rows: count }).nullable(),
    /** Absent in summaries of before it was made. */
    splitProof: splitProofSchema.optional(),
    /** Absent as above. */
    splitSettings: splitSettingsSchema.optional(),
    /** Verdicts recomputed the slow way, and those that came out differently; null when none was. */
    audit: z
      .object({
        recomputed: count,
        disagreed: count,
        /** Those of which the whole suite gave no whole report: they are in neither figure. Absent in summaries of before they were counted. */
        undecided: count.optional(),
        disagreements: z.array(disagreementSchema.unwrap().extend({ repository: z.string() })).optional(),
      })
      .nullable(),
    /** Records given up because the sandbox or the registry failed, not because of what they are. */
    infrastructureFailures: count,
    /** Targets of the takedown list that meant nothing. Absent where nothing was exported. */
    unmatched: z.array(z.string()).optional(),
    /** Nothing was proven, so the rows of the export before stay in the folder. */
    stands: z.literal(true).optional(),
  })
  .readonly();
export type RunSummary = z.infer<typeof runSummarySchema>;

/** What the card tells of a run: without times and without the machine, so that equal runs give equal cards and manifests. */
export const runFactsSchema = z
  .object({
    tool: z.string(),
    toolVersion: z.string(),
    seed: z.string(),
    configHash: z.string(),
    repositories: z.array(
      z.object({
        name: z.string(),
        commit: z.string(),
        ...licenceOfRepository,
        /** `id` and `tests` are absent in facts of before they were kept. */
        environments: z.array(z.object({ id: z.string().optional(), tests: count.optional(), quarantined: count })),
      }),
    ),
    /** Absent as below. */
    flakiness: flakinessSchema.optional(),
    stages: z.array(z.object({ name: z.string(), in: count, kept: count, dropped: z.array(z.object({ reason: reasonSchema, count })) })),
    isolated,
    contamination: contaminationFactsSchema.optional(),
    citation,
    reviewCue: z.object({ accuracy: z.number().min(0).max(1), rows: count }).nullable(),
    splitProof: splitProofSchema.optional(),
    splitSettings: splitSettingsSchema.optional(),
    audit: z.object({ recomputed: count, disagreed: count }).nullable(),
    infrastructureFailures: count,
  })
  .readonly();
export type RunFacts = z.infer<typeof runFactsSchema>;

/** What the card must not tell: `timings.json`, beside the manifest that knows nothing of it. */
export const timingsSchema = z
  .object({
    startedAt: z.string(),
    finishedAt: z.string(),
    stages: z.array(
      z.object({
        name: z.string(),
        /** As in `stageSummarySchema`; null where it was not measured. */
        tookMs: z.number().nonnegative().nullable(),
        workMs: z.number().nonnegative(),
        cpuMs: z.number().nonnegative().nullable(),
      }),
    ),
  })
  .readonly();
export type Timings = z.infer<typeof timingsSchema>;
