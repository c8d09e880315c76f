/**
 * A share of the verdicts on an environment's mutants, computed a second time by the whole suite in a fresh workspace. What comes out
 * differently goes, and with it what rests on the tests that did. Where too many were judged wrongly, nothing of the environment stays.
 */
import { rngFor } from "../../lib/rng.ts";
import { type Audit, auditSchema, type Disagreement } from "../../schemas/audit.ts";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Config } from "../../schemas/config.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Observation } from "../../schemas/observation.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Result, Stage } from "../contract.ts";
import { audit, type Claim } from "../environment/audit.ts";
import type { ObservedRecord } from "./6-observe.ts";

/** What was said of the changes of one environment. */
export interface Auditable {
  readonly environment: Environment;
  readonly observed: readonly ObservedRecord[];
  /** Of the mutants that no test was said to notice, those that are to be audited. */
  readonly survivors: readonly { readonly candidate: Candidate; readonly by: Claim["by"] }[];
}

/** By its id alone, so that the same are audited whatever else a run holds. */
export const isAudited = (candidateId: string, { seed, audit: share }: Pick<Config, "seed" | "audit">): boolean =>
  rngFor(seed, candidateId, "audit").next() < share;

/** A commit was run in three trees of its own; its verdict is the slow one already. */
function claimsOf({ observed, survivors }: Auditable, config: Config): Claim[] {
  const killed = observed.flatMap(({ candidate, observation }) =>
    candidate.kind === "mutant" && isAudited(candidate.id, config) ? [{ mutant: candidate, by: "observe" as const, observation }] : [],
  );
  const survived = survivors.flatMap(({ candidate, by }) =>
    candidate.kind === "mutant" ? [{ mutant: candidate, by, observation: null }] : [],
  );
  return [...killed, ...survived];
}

/** Tests of an environment that an audit saw do something else than was said. */
export const doubtedTests = ({ disagreements }: Audit): readonly string[] => [
  ...new Set(disagreements.flatMap(({ toPass, toFail }) => [...toPass, ...toFail])),
];

/**
 * Where several verdicts are off by the same tests, these are the cause, such as a test that reads the sources as text: quarantined, they explain
 * it. So does a whole suite that flickers. What is left was judged wrongly.
 */
export function unexplained({ disagreements }: Audit): readonly Disagreement[] {
  const doubts = new Map<string, number>();
  for (const { toPass, toFail } of disagreements) for (const id of [...toPass, ...toFail]) doubts.set(id, (doubts.get(id) ?? 0) + 1);
  const isKnown = (id: string): boolean => (doubts.get(id) ?? 0) > 1;
  return disagreements.filter(({ toPass, toFail, ended, flaky }) => !flaky && (ended !== null || ![...toPass, ...toFail].every(isKnown)));
}

function without<T extends Omit<Observation, "variants" | "atBase">>(observation: T, doubted: ReadonlySet<string>): T {
  const sound = (ids: readonly string[]): string[] => ids.filter((id) => !doubted.has(id));
  const gone = [...observation.failToPass, ...observation.passToPass].filter((id) => doubted.has(id));
  return {
    ...observation,
    failToPass: sound(observation.failToPass),
    passToPass: sound(observation.passToPass),
    failures: Object.fromEntries(Object.entries(observation.failures).filter(([id]) => !doubted.has(id))),
    flaky: [...observation.flaky, ...gone],
  };
}

/** As it would be if these tests had been quarantined from the start. */
export function withoutTests(record: ObservedRecord, doubted: ReadonlySet<string>): ObservedRecord {
  const { variants, ...observation } = record.observation;
  const sound = variants
    ?.map((variant) => ({ ...variant, observation: without(variant.observation, doubted) }))
    .filter((variant) => variant.observation.failToPass.length > 0);
  return { ...record, observation: { ...without(observation, doubted), ...(sound === undefined ? {} : { variants: sound }) } };
}

const few = (ids: readonly string[]): string => `${ids.slice(0, 2).join(", ")}${ids.length > 2 ? ` and ${ids.length - 2} more` : ""}`;

export function inWords({ by, toPass, toFail, ended, flaky }: Disagreement): string {
  const said = by === "sift" ? "a sift" : "a look";
  const parts = [
    ...(ended === null ? [] : [`the whole suite: ${ended}`]),
    ...(toPass.length === 0 ? [] : [`does not pass in the whole suite: ${few(toPass)}`]),
    ...(toFail.length === 0 ? [] : [`does not fail in the whole suite: ${few(toFail)}`]),
  ];
  return `otherwise than ${said} said${flaky ? ", and not each time" : ""}: ${parts.join("; ")}`;
}

function* outcomes({ environment, observed }: Auditable, found: Audit, config: Config): Generator<Result<Audit>> {
  const { id } = environment;
  const { disagreements, recomputed } = found;
  const wrong = unexplained(found);
  if (wrong.length > config.auditLimit * recomputed) {
    const why = `${wrong.length} of ${recomputed} verdicts came out differently, such as ${wrong[0]?.candidateId}: ${wrong[0] ? inWords(wrong[0]) : ""}`;
    yield { id, parent: id, outcome: drop("audit/unsound", why) };
    for (const { candidate } of observed) yield { id: candidate.id, parent: candidate.id, outcome: drop("audit/unsound", why) };
    return;
  }
  yield { id, parent: id, outcome: keep(found) };
  const differ = new Set(disagreements.map(({ candidateId }) => candidateId));
  for (const one of disagreements) yield { id: one.candidateId, parent: one.candidateId, outcome: drop("audit/disagrees", inWords(one)) };
  const doubted = new Set(doubtedTests(found));
  for (const record of observed) {
    const { candidate, observation } = record;
    if (differ.has(candidate.id) || observation.failToPass.some((test) => !doubted.has(test))) continue;
    yield { id: candidate.id, parent: candidate.id, outcome: drop("audit/doubted", `an audit doubts ${few(observation.failToPass)}`) };
  }
}

async function auditOf(auditable: Auditable, bench: Bench): Promise<Audit> {
  const { environment } = auditable;
  const claims = claimsOf(auditable, bench.config);
  if (claims.length === 0) return { environmentId: environment.id, recomputed: 0, disagreements: [] };
  const workspace = await bench.workspace(environment);
  const found = await Promise.all(claims.map((claim) => audit(claim, workspace, bench.config.runTimeoutMs)));
  const disagreements = found.flatMap((one) => (one === null ? [] : [one]));
  return { environmentId: environment.id, recomputed: claims.length, disagreements };
}

export const auditStage: Stage<Auditable, Audit> = {
  name: "audit",
  version: 1,
  resource: "sandbox",
  output: auditSchema,
  settings: ["seed", "audit", "auditLimit", "runTimeoutMs"],
  async *work([auditable], bench) {
    if (auditable) yield* outcomes(auditable, await auditOf(auditable, bench), bench.config);
  },
};
