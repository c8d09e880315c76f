/** The library: the main job, the grader and the verifier, with the same powers as the command. */
export { BrokenRecord, RetryLater, StopRun } from "./lib/errors.ts";
export { parseConfig } from "./pipeline/config.ts";
export { type Difference, type DiffSummary, diff } from "./pipeline/diff.ts";
export type { Check } from "./pipeline/doctor.ts";
export { doctor } from "./pipeline/doctor.ts";
export { explain, type Step } from "./pipeline/explain.ts";
export { type GradeLine, type GradeOptions, gradeFile } from "./pipeline/grade.ts";
export { type Grader, openGrader } from "./pipeline/grader.ts";
export { type Inspected, type InspectOptions, inspect, type Stats, stats } from "./pipeline/inspect.ts";
export { createLog, type Log, type LogOptions } from "./pipeline/log.ts";
export { defaultPlace } from "./pipeline/place.ts";
export { type ProjectOptions, type ProjectResult, project } from "./pipeline/project.ts";
export { type RefreshOptions, type RefreshResult, refresh } from "./pipeline/refresh.ts";
export { type RunOptions, resume, run } from "./pipeline/run.ts";
export { type VerifyOptions, type VerifyResult, verify } from "./pipeline/verify.ts";
export { type Config, configSchema, type Place } from "./schemas/config.ts";
export type { Instance, KnownAnswer, Proof, Score, SkillName } from "./schemas/instance.ts";
export type { RunSummary } from "./schemas/run-summary.ts";
