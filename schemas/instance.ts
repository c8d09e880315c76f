/** A posed question, the trials that grade its answers, and the answers whose verdict is known. All of it is data. */
import { z } from "zod";
import { candidateSchema } from "./candidate.ts";
import { layerSchema } from "./layer.ts";
import { oddTestsSchema } from "./observation.ts";

export const atomicSkills = ["localization", "editing", "unit-tests", "reproduction", "review"] as const;
/** Tasks that take several of these: posed only where they are asked for, and held out from what is trained on. */
export const composites = ["bug-fix"] as const;
export const skills = [...atomicSkills, ...composites] as const;
export const skillSchema = z.enum(skills);
export const isComposite = (skill: SkillName): boolean => (composites as readonly string[]).includes(skill);
export type SkillName = z.infer<typeof skillSchema>;

/**
 * What must come out of one run.
 * - `tests`: every id in `pass` passed, every id in `fail` failed by assertion or thrown error. Nothing else is asked.
 * - `some-fail`: at least one id of `among` failed by assertion or thrown error.
 * - `answer-passes`: the answer's own file loaded, has at least one passing test, and none of its tests failed.
 * - `answer-fails`: it loaded, and at least one of its tests failed by assertion or thrown error in the tree's code or the test itself.
 */
export const expectationSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("tests"), pass: z.array(z.string()), fail: z.array(z.string()) }),
  z.object({ kind: z.literal("some-fail"), among: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal("answer-passes") }),
  z.object({ kind: z.literal("answer-fails") }),
]);
export type Expectation = z.infer<typeof expectationSchema>;

/** One graded run, as data: the environment's tree, `layer` over it, the answer over that, `files` run, `expect` judged. */
const trialShape = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/),
  layer: layerSchema,
  /** patch: a unified diff applied to the solver's tree; file: the whole answer at `answerPath`; none: the answer stays out. */
  answer: z.enum(["none", "patch", "file"]),
  files: z.array(z.string()).min(1),
  expect: expectationSchema,
});
export const trialSchema = trialShape.readonly();
const posedTrialSchema = trialShape
  .extend({
    /** It may turn out that right answers do not hold here: then it leaves the draft, and what is admitted does not bear this. */
    tentative: z.literal(true).optional(),
  })
  .readonly();
export type Trial = z.infer<typeof posedTrialSchema>;

export const locationSchema = z.object({ file: z.string(), symbol: z.string().nullable() }).readonly();
export type Location = z.infer<typeof locationSchema>;
export const findingSchema = z
  .object({ file: z.string(), startLine: z.int().positive(), endLine: z.int().positive(), category: z.string() })
  .readonly();
export type Finding = z.infer<typeof findingSchema>;

/** What a reviewer said of lines that later commits of the pull request changed: evidence beside the labels, which come from execution. */
export const humanFindingSchema = z
  .object({
    file: z.string(),
    /** The first of several lines of `commit`, which end at `line`. Absent for a remark on one. */
    startLine: z.int().positive().optional(),
    line: z.int().positive(),
    /** The commit that it was said of: an earlier head of the pull request. */
    commit: z.string(),
    /** The thread was marked as settled. */
    resolved: z.boolean(),
    body: z.string(),
    /** ISO 8601 in UTC; absent in rows that were made before it was kept. */
    createdAt: z.string().optional(),
    /** Who says that the lines were changed: git, or the forge alone where git has not got that commit or cannot compare it. */
    changeToldBy: z.enum(["git", "forge"]),
    /** The lines, with what was changed in one go with them, and what the head that was merged has in their place. Absent where it is not known. */
    was: z.string().optional(),
    became: z.string().optional(),
    /** Of a commit whose diff is the one that is shown, on lines of it: what a test shows to be wrong lies there. Absent for every other. */
    agrees: z.boolean().optional(),
  })
  .readonly();
export type HumanFinding = z.infer<typeof humanFindingSchema>;

/** What the answer is compared with where no run is needed; `trials` where only runs decide. */
export const judgementSchema = z.discriminatedUnion("kind", [
  /** `symbols`: the files alone could be guessed, so the symbols in them are asked for too. */
  z.object({ kind: z.literal("locations"), gold: z.array(locationSchema).min(1), symbols: z.literal(true).optional() }),
  z.object({ kind: z.literal("review"), verdict: z.enum(["approve", "request_changes"]), defects: z.array(findingSchema) }),
  z.object({ kind: z.literal("trials") }),
]);
export type Judgement = z.infer<typeof judgementSchema>;

export const answerFormSchema = z.enum(["locations", "patch", "test-file", "review"]);
export type AnswerForm = z.infer<typeof answerFormSchema>;

export const knownAnswerSchema = z
  .object({
    role: z.enum(["gold", "blank", "decoy", "probe"]),
    name: z.string().regex(/^[a-z0-9-]+$/),
    text: z.string(),
    /** A decoy that is wrong only if a test says so: left out of the draft where it earns reward when the draft is proven. */
    tentative: z.literal(true).optional(),
  })
  .readonly();
export type KnownAnswer = z.infer<typeof knownAnswerSchema>;

/**
 * Where a question says less than its judgement asks, each with what shows it (`skills/specification.ts`).
 * - `hidden-name`: hidden tests use a name that nothing visible gives; the evidence says whether the question states it.
 * - `exact-message`: hidden tests fail where a text that the repair writes, and nothing visible gives, is worded otherwise.
 * - `ambiguous-location`: another known defect, at another place, was seen to do to the tests exactly what this one does.
 */
export const specificationSchema = z
  .object({ label: z.enum(["hidden-name", "exact-message", "ambiguous-location"]), evidence: z.string() })
  .readonly();
export type Specification = z.infer<typeof specificationSchema>;

export const draftSchema = z
  .object({
    /** 16 hex digits over (skill, change, variant): stable across runs. */
    id: z.string().regex(/^[0-9a-f]{16}$/),
    skill: skillSchema,
    /** The candidate behind it: all views of one change share it, and stay on one side of a split. */
    changeId: z.string(),
    /** The other arm of a matched pair, else null. */
    pairId: z.string().nullable(),
    environmentId: z.string(),
    /** All that the solver reads. */
    prompt: z.string(),
    /** The solver's tree is the environment's tree with this over it (hidden files are null here). */
    visible: layerSchema,
    answerForm: answerFormSchema,
    /** Where a test-file answer is written; null for the other forms. */
    answerPath: z.string().nullable(),
    /** Names that the hidden tests rely on and the text does not otherwise give. */
    interface: z.array(z.string()),
    /** Public figures about the question: operators, sizes, counts. */
    facts: z.record(z.string(), z.union([z.string(), z.number()])),
    judgement: judgementSchema,
    /** Runs without the answer that prove the labels: made when the instance is proven and when it is verified. */
    premises: z.array(trialSchema),
    /** Runs with the answer: each must hold for reward 1. */
    trials: z.array(posedTrialSchema),
    answers: z.array(knownAnswerSchema),
    failToPass: z.array(z.string()),
    passToPass: z.array(z.string()),
    /** What reviewers of the pull request found: of a review's wrong diff, in that diff; else in any earlier one. Absent where there is nothing. */
    humanFindings: z.array(humanFindingSchema).readonly().optional(),
    /** Tests of the files that were run which are neither of these. Absent where the question is of several changes, and in old rows. */
    oddTests: oddTestsSchema.optional(),
    /** Calls between where a failure shows and where the defect lies (`skills/frame-distance.ts`). Absent where it is not known. */
    frameDistance: z.int().nonnegative().optional(),
    /** Where it says less than is asked. Absent where nobody looked. */
    specification: z.array(specificationSchema).readonly().optional(),
  })
  .readonly();
export type Draft = z.infer<typeof draftSchema>;

/** What grading an answer gives. */
export const scoreSchema = z
  .object({
    /** Strict: 0 or 1. */
    reward: z.union([z.literal(0), z.literal(1)]),
    /** Dense figures, each in [0, 1]. */
    components: z.record(z.string(), z.number().min(0).max(1)),
    /** Why it is not 1, in a code; null when it is. */
    reason: z.string().nullable(),
    detail: z.string(),
  })
  .readonly();
export type Score = z.infer<typeof scoreSchema>;

export const proofSchema = z
  .object({
    /** Repeats of the gold answer and of each premise. */
    repeats: z.int().positive(),
    premisesHeld: z.int(),
    gold: z.array(z.number()),
    blank: z.number(),
    decoys: z.array(z.object({ name: z.string(), reward: z.number(), reason: z.string().nullable() })),
    probes: z.array(z.object({ name: z.string(), reward: z.number(), reason: z.string().nullable() })),
    goldComponents: z.record(z.string(), z.number()),
    quarantined: z.array(z.string()),
  })
  .readonly();
export type Proof = z.infer<typeof proofSchema>;

/** Where something of an answer lies, and what of it (`pipeline/leak-scan/`). */
export const leakFindingSchema = z
  .object({
    kind: z.enum(["gold", "identifier", "hidden-test", "commit-id", "history"]),
    surface: z.enum(["prompt", "files", "environment", "caches"]),
    /** Empty where the surface is the prompt. */
    path: z.string(),
  })
  .readonly();
export type LeakFinding = z.infer<typeof leakFindingSchema>;

/** What a solver can open was held against what it must not find. */
export const leakScanSchema = z
  .object({
    verdict: z.enum(["clean", "noted"]),
    scanned: z.array(leakFindingSchema.unwrap().shape.surface).readonly(),
    /** What stood elsewhere all along, and so is no leak. */
    noted: z.array(leakFindingSchema).readonly(),
  })
  .readonly();
export type LeakScan = z.infer<typeof leakScanSchema>;

export const instanceSchema = z
  .object({
    draft: draftSchema,
    proof: proofSchema,
    candidate: candidateSchema,
    /** Absent where the row is older than the scan. */
    leakScan: leakScanSchema.optional(),
  })
  .readonly();
export type Instance = z.infer<typeof instanceSchema>;
