/** Instances and environments to rows, and back. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { z } from "zod";
import { repoGroupOf } from "../lib/address.ts";
import { canonical, sha256 } from "../lib/hash.ts";
import { type Candidate, candidateSchema } from "../schemas/candidate.ts";
import { type Environment, environmentSchema, recipeSchema, testFileSchema } from "../schemas/environment.ts";
import { humanFindingSchema, type Instance, instanceSchema, leakScanSchema, specificationSchema } from "../schemas/instance.ts";
import type { Layer } from "../schemas/layer.ts";
import { oddTestsSchema } from "../schemas/observation.ts";
import {
  type EnvironmentRow,
  environmentRowSchema,
  type PrivateRow,
  type PublicRow,
  privateRowSchema,
  publicRowSchema,
  type RowPair,
  rowSchemaVersion,
} from "../schemas/row.ts";
import { difficultyFigures, difficultyOf } from "./difficulty.ts";
import { editedLanguage } from "./edited-language.ts";
import { naturalLanguage } from "./natural-language.ts";

/** What a row says beyond its instance: where it goes, and who made it. */
export interface RowContext {
  readonly split: string;
  /** Of the repository and all that belongs to it. */
  readonly group: string;
  /** Text of a file of the revision's own (healthy) tree, null where it has none: for the column `patch`. */
  readonly healthyText: (path: string) => string | null;
  /** Paths and patterns that are restored before an answer is graded. */
  readonly protectedPaths: readonly string[];
  readonly verifierVersion: string;
  /** What trials could reach: nothing, as each run of a sandbox that isolates tried first, or whatever the machine can. */
  readonly network: "none" | "open";
  readonly provenance: { readonly tool: string; readonly toolVersion: string; readonly configHash: string };
}

/** The fix: unified diff from the defective to the healthy text of every file of the layer, in path order. */
export function fixPatch(before: Layer, healthyText: (path: string) => string | null): string {
  return Object.keys(before)
    .sort()
    .map((path) => fileDiff(path, before[path] ?? null, healthyText(path)))
    .join("");
}

function fileDiff(path: string, from: string | null, to: string | null): string {
  if (from === to) return "";
  const [old, now] = [from === null ? "/dev/null" : `a/${path}`, to === null ? "/dev/null" : `b/${path}`];
  return createTwoFilesPatch(old, now, from ?? "", to ?? "", undefined, undefined, { context: 3, headerOptions: FILE_HEADERS_ONLY });
}

export function toRows(instance: Instance, environment: Environment, context: RowContext): RowPair {
  const publicRow = toPublicRow(instance, environment, context);
  const bare = toPrivateRow(instance, environment, context);
  const contentHash = sha256(canonical({ public: publicRow, private: bare }));
  const { tool, toolVersion, configHash } = context.provenance;
  const provenance = { tool, tool_version: toolVersion, config_hash: configHash, content_hash: contentHash };
  const { extra_json, ...columns } = bare;
  return { public: publicRow, private: { ...columns, provenance, extra_json } };
}

function sourceKindOf(candidate: Candidate): PublicRow["source_kind"] {
  if (candidate.kind === "mutant") return "injected";
  return candidate.mirrorOf === undefined ? "commit" : "mirrored";
}

function toPublicRow({ draft, candidate }: Instance, environment: Environment, context: RowContext): PublicRow {
  const { repository, commit, committedAt } = candidate.revision;
  return {
    instance_id: draft.id,
    skill: draft.skill,
    schema_version: rowSchemaVersion,
    repo: repository.name,
    repo_group: context.group,
    language: editedLanguage(candidate),
    license_spdx: repository.license,
    base_commit: commit,
    committed_at: committedAt,
    source_kind: sourceKindOf(candidate),
    change_id: draft.changeId,
    pair_id: draft.pairId,
    environment_id: environment.id,
    prompt: [{ role: "user", content: draft.prompt }],
    problem_statement: draft.prompt,
    interface: draft.interface,
    answer_form: draft.answerForm,
    answer_path: draft.answerPath,
    visible_layer_json: canonical(draft.visible),
    workdir: "/workspace",
    split: context.split,
    facts: Object.entries(draft.facts)
      .sort(byName)
      .map(([name, value]) => ({ name, value: String(value) })),
    difficulty: difficultyOf(draft),
    natural_language: naturalLanguage(draft.prompt),
  };
}

function toPrivateRow(
  { draft, proof, candidate, leakScan }: Instance,
  { sourceFiles }: Environment,
  context: RowContext,
): Omit<PrivateRow, "provenance"> {
  const patch = fixPatch(candidate.before, context.healthyText);
  const numericFacts = Object.keys(draft.facts).filter((name) => typeof draft.facts[name] === "number");
  return {
    instance_id: draft.id,
    skill: draft.skill,
    schema_version: rowSchemaVersion,
    change_id: draft.changeId,
    environment_id: draft.environmentId,
    candidate_json: canonical(candidate),
    judgement_json: canonical(draft.judgement),
    human_findings_json: canonical(draft.humanFindings ?? []),
    premises_json: canonical(draft.premises),
    trials_json: canonical(draft.trials),
    answers: draft.answers,
    gold: draft.answers.find(({ role }) => role === "gold")?.text ?? "",
    patch,
    test_patch: "",
    FAIL_TO_PASS: draft.failToPass,
    PASS_TO_PASS: draft.passToPass,
    odd_tests_json: canonical(draft.oddTests ?? null),
    leak_scan_json: canonical(leakScan ?? null),
    specification_json: canonical(draft.specification ?? null),
    validation: {
      repeats: proof.repeats,
      premises_held: proof.premisesHeld,
      gold_rewards: proof.gold,
      blank_reward: proof.blank,
      decoys: proof.decoys,
      probes: proof.probes,
      gold_components: Object.entries(proof.goldComponents)
        .sort(byName)
        .map(([name, value]) => ({ name, value })),
      quarantined: proof.quarantined,
    },
    verifier: { kind: draft.judgement.kind, version: context.verifierVersion },
    guards: {
      network: context.network,
      protected_paths: context.protectedPaths,
      probes_passed: proof.probes.filter(({ reward }) => reward === 0).map(({ name }) => name),
    },
    difficulty_figures: difficultyFigures({ draft, candidate, patch, sourceFiles: sourceFiles.length }),
    extra_json: canonical({ numericFacts: numericFacts.sort() }),
  };
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const extraSchema = z.looseObject({ numericFacts: z.array(z.string()) });

/** The instance behind a pair of rows. Throws a `ZodError` where a cell does not hold what its column promises. */
export function fromRows(publicRow: PublicRow, privateRow: PrivateRow): Instance {
  const open = publicRowSchema.parse(publicRow);
  const hidden = privateRowSchema.parse(privateRow);
  if (open.instance_id !== hidden.instance_id) throw new TypeError(`rows of two instances: ${open.instance_id}, ${hidden.instance_id}`);
  const numeric = new Set(extraSchema.parse(JSON.parse(hidden.extra_json)).numericFacts);
  const { validation } = hidden;
  const { frame_distance: frameDistance } = hidden.difficulty_figures;
  const humanFindings = z.array(humanFindingSchema).parse(JSON.parse(hidden.human_findings_json));
  const oddTests = oddTestsSchema.nullable().parse(JSON.parse(hidden.odd_tests_json));
  const leakScan = leakScanSchema.nullable().parse(JSON.parse(hidden.leak_scan_json));
  const specification = z.array(specificationSchema).nullable().parse(JSON.parse(hidden.specification_json));
  return instanceSchema.parse({
    draft: {
      id: open.instance_id,
      skill: open.skill,
      changeId: open.change_id,
      pairId: open.pair_id,
      environmentId: open.environment_id,
      prompt: open.problem_statement,
      visible: JSON.parse(open.visible_layer_json),
      answerForm: open.answer_form,
      answerPath: open.answer_path,
      interface: open.interface,
      facts: Object.fromEntries(open.facts.map(({ name, value }) => [name, numeric.has(name) ? Number(value) : value])),
      judgement: JSON.parse(hidden.judgement_json),
      premises: JSON.parse(hidden.premises_json),
      trials: JSON.parse(hidden.trials_json),
      answers: hidden.answers,
      failToPass: hidden.FAIL_TO_PASS,
      passToPass: hidden.PASS_TO_PASS,
      ...(oddTests === null ? {} : { oddTests }),
      ...(specification === null ? {} : { specification }),
      ...(humanFindings.length === 0 ? {} : { humanFindings }),
      ...(frameDistance === null ? {} : { frameDistance }),
    },
    proof: {
      repeats: validation.repeats,
      premisesHeld: validation.premises_held,
      gold: validation.gold_rewards,
      blank: validation.blank_reward,
      decoys: validation.decoys,
      probes: validation.probes,
      goldComponents: Object.fromEntries(validation.gold_components.map(({ name, value }) => [name, value])),
      quarantined: validation.quarantined,
    },
    candidate: candidateSchema.parse(JSON.parse(hidden.candidate_json)),
    ...(leakScan === null ? {} : { leakScan }),
  });
}

/** The hash that `toRows` gave this pair; differs from the stored one when a cell was altered. */
export function contentHashOf({ public: publicRow, private: privateRow }: RowPair): string {
  const { provenance: _, ...bare } = privateRow;
  return sha256(canonical({ public: publicRow, private: bare }));
}

/** `archive`: the deterministic tar.gz whose sha256 is `environment.archive`. */
export function toEnvironmentRow(environment: Environment, archive: Uint8Array): EnvironmentRow {
  const { repository, commit, committedAt, packageDir } = environment.revision;
  return {
    environment_id: environment.id,
    repo: repository.name,
    repo_group: repoGroupOf(repository),
    origin: repository.origin,
    base_commit: commit,
    committed_at: committedAt,
    package_dir: packageDir,
    license_spdx: repository.license,
    recipe_json: canonical(environment.recipe),
    source_files: environment.sourceFiles,
    tests: environment.tests,
    baseline_runs: (environment.steadiness?.runs ?? []).map((words) => words.join(" ")),
    quarantine: environment.steadiness?.quarantine ?? [],
    test_files_json: canonical(environment.testFiles),
    frozen_lock_file: environment.frozenLock?.file ?? null,
    frozen_lock_text: environment.frozenLock?.text ?? null,
    archive,
    archive_sha256: environment.archive,
    missing: environment.missing,
    schema_version: rowSchemaVersion,
  };
}

/** What tables of before version 4 do not have. */
const untold: Pick<EnvironmentRow, "baseline_runs" | "quarantine"> = { baseline_runs: [], quarantine: [] };

/** Of whatever version the row is. Throws a `ZodError` where a cell does not hold what its column promises. */
export function fromEnvironmentRow(row: Omit<EnvironmentRow, "archive" | keyof typeof untold> & Partial<typeof untold>): Environment {
  const cells = environmentRowSchema.parse({ ...untold, ...row, archive: new Uint8Array() });
  const runs = cells.baseline_runs.map((words) => words.split(" ").filter((word) => word !== ""));
  const { frozen_lock_file: file, frozen_lock_text: text } = cells;
  return environmentSchema.parse({
    id: cells.environment_id,
    revision: {
      repository: { name: cells.repo, origin: cells.origin, license: cells.license_spdx },
      commit: cells.base_commit,
      committedAt: cells.committed_at,
      packageDir: cells.package_dir,
    },
    recipe: recipeSchema.parse(JSON.parse(cells.recipe_json)),
    sourceFiles: cells.source_files,
    tests: cells.tests,
    ...(runs.length === 0 ? {} : { steadiness: { runs, quarantine: cells.quarantine } }),
    testFiles: z.array(testFileSchema).parse(JSON.parse(cells.test_files_json)),
    archive: cells.archive_sha256,
    frozenLock: file === null || text === null ? null : { file, text },
    missing: cells.missing,
  });
}

/** What stands for an environment in the manifest's row hash: everything but the archive's bytes, which `archive_sha256` covers. */
export function environmentHashOf(row: EnvironmentRow): string {
  const { archive: _, ...cells } = row;
  return sha256(canonical(cells));
}
