/** Every skill that applies poses its drafts, over all observed changes of one environment at once. Pure, but where a language model may reword them. */
import { join } from "node:path";
import { z } from "zod";
import { rngFor } from "../../lib/rng.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import type { Audited } from "../../schemas/audit.ts";
import { candidateSchema } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { draftSchema } from "../../schemas/instance.ts";
import type { OddTests } from "../../schemas/observation.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { PoseContext } from "../../skills/contract.ts";
import { frameDistance } from "../../skills/frame-distance.ts";
import { allSkills } from "../../skills/index.ts";
import { specificationOf, specificationVersion } from "../../skills/specification.ts";
import type { Bench } from "../bench.ts";
import type { Result, Stage } from "../contract.ts";
import { rewriteAll } from "../rewrite.ts";
import type { ObservedRecord } from "./6-observe.ts";
import { few, judged, withoutTests } from "./7-audit.ts";

export const posedSchema = z
  .object({
    draft: draftSchema,
    candidate: candidateSchema,
    /** Tests of the environment that an audit doubts: nothing is asked with them. */
    doubted: z.array(z.string()).readonly(),
  })
  .readonly();
export type PosedRecord = z.infer<typeof posedSchema>;
/** All observed changes of one environment, and what audits of some said. */
export interface Posable {
  readonly environment: Environment;
  readonly observed: readonly ObservedRecord[];
  readonly audits: readonly Audited[];
}

const quarantined = (environment: Environment, doubted: ReadonlySet<string>): Environment => ({
  ...environment,
  tests: environment.tests.map((test) => (doubted.has(test.id) ? { ...test, standing: "quarantined" } : test)),
});

interface Believed {
  readonly observed: readonly ObservedRecord[];
  readonly doubted: ReadonlySet<string>;
  /** Of the environment and its changes, those of which nothing may be asked. */
  readonly gone: readonly Result<PosedRecord>[];
}

/** What audits leave of what was observed. */
export function believed({ environment, observed, audits }: Posable, limit: number): Believed {
  const { unsound, doubted } = judged(audits, limit);
  const goes = (id: string, reason: "audit/unsound" | "audit/doubted", detail: string): Result<PosedRecord> => ({
    ...{ id, parent: id },
    outcome: drop(reason, detail),
  });
  if (unsound !== null) {
    const ids = [environment.id, ...observed.map(({ candidate }) => candidate.id)];
    return { observed: [], doubted, gone: ids.map((id) => goes(id, "audit/unsound", unsound)) };
  }
  const { left = [], lost = [] } = Object.groupBy(observed, ({ observation }) =>
    observation.failToPass.every((test) => doubted.has(test)) ? "lost" : "left",
  );
  return {
    observed: left.map((record) => withoutTests(record, doubted)),
    doubted,
    gone: lost.map(({ candidate, observation }) => goes(candidate.id, "audit/doubted", `an audit doubts ${few(observation.failToPass)}`)),
  };
}

function* posed(posable: Posable, workspace: Workspace, { config }: Bench): Generator<Result<PosedRecord>> {
  const { observed, doubted, gone } = believed(posable, config.auditLimit);
  yield* gone;
  const all = [...observed].sort((a, b) => (a.candidate.id < b.candidate.id ? -1 : 1));
  const observedOf = new Map(all.map((one) => [one.candidate.id, one]));
  const context: PoseContext = {
    environment: quarantined(posable.environment, doubted),
    all,
    language: workspace.language,
    runner: workspace.runner,
    text: (path) => workspace.text(path),
    paths: () => workspace.paths(),
    copies: () => workspace.copies(),
    rng: (item, use) => rngFor(config.seed, item, use),
  };
  for (const skill of allSkills) {
    if (!config.skills.includes(skill.name)) continue;
    for (const { subject, outcome } of skill.pose(context)) {
      if (!outcome.kept) {
        yield { id: `${skill.name}:${subject}`, parent: subject.split("/")[0] ?? subject, outcome };
        continue;
      }
      const own = observedOf.get(outcome.value.changeId);
      if (holdsHalfPair(outcome.value)) {
        yield {
          id: outcome.value.id,
          parent: outcome.value.changeId,
          outcome: drop("pose/not-text", "half a surrogate pair has no UTF-8 form"),
        };
        continue;
      }
      yield {
        id: outcome.value.id,
        parent: outcome.value.changeId,
        outcome: own
          ? keep({ draft: asObserved(outcome.value, own, context), candidate: own.candidate, doubted: [...doubted].sort() })
          : drop("pose/no-candidate", outcome.value.changeId),
      };
    }
  }
}

const oddTestsOf = ({ observation }: ObservedRecord): OddTests => {
  const { absentToPass, skippedToPass, passToFail, failToFail, flaky, atBase = {} } = observation;
  return { absentToPass, skippedToPass, passToFail, failToFail, flaky, atBase };
};

/** With what was seen of its change. A question for unit tests is of many changes: none of their tests and failures is its own. */
function asObserved(draft: PosedRecord["draft"], observed: ObservedRecord, context: PoseContext): PosedRecord["draft"] {
  if (draft.skill === "unit-tests") return draft;
  const [distance, specification] = [frameDistance(observed), specificationOf(draft, observed, context)];
  return {
    ...draft,
    oddTests: oddTestsOf(observed),
    ...(distance === undefined ? {} : { frameDistance: distance }),
    ...(specification === undefined ? {} : { specification }),
  };
}

/** JSON writes half of a surrogate pair as an escape, and a whole pair as it is. */
const holdsHalfPair = (draft: PosedRecord["draft"]): boolean => /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/.test(JSON.stringify(draft));

/** The same results, each kept question reworded where its new words may stand. */
async function reworded(results: readonly Result<PosedRecord>[], bench: Bench): Promise<readonly Result<PosedRecord>[]> {
  const { llm: settings, seed } = bench.config;
  if (settings === null) return results;
  const questions = results.flatMap(({ outcome }) => (outcome.kept ? [outcome.value] : []));
  const rewriter = { settings, seed, key: bench.llmKey, shelf: join(bench.place.cache, "llm-answers") };
  const records = await rewriteAll(questions, rewriter);
  const verdicts = Map.groupBy(records, ({ draft }) => String(draft.facts["llm"]));
  const counts = [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([verdict, { length }]) => `${length} ${verdict}`);
  bench.log.info(`pose: ${records.length} prompts were given to a language model: ${counts.join(", ") || "none"}`);
  const next = records.values();
  return results.map((result) => (result.outcome.kept ? { ...result, outcome: keep(next.next().value as PosedRecord) } : result));
}

export const poseStage: Stage<Posable, PosedRecord> = {
  name: "pose",
  // Rises with the version of any skill, so that the ledger's earlier drafts are not taken for today's.
  version: allSkills.reduce((sum, skill) => sum + skill.version, specificationVersion),
  resource: "cpu",
  output: posedSchema,
  settings: ["seed", "skills", "llm", "auditLimit"],
  async *work([posable], bench) {
    if (!posable) return;
    const workspace = await bench.workspace(posable.environment);
    yield* await reworded([...posed(posable, workspace, bench)], bench);
  },
};
