/**
 * A share of the verdicts on candidates, computed a second time by the whole suite in a fresh workspace. A candidate whose verdict differs goes.
 * `judged` says what all audits of an environment mean for the others.
 */
import { shortId } from "../../lib/hash.ts";
import { rngFor } from "../../lib/rng.ts";
import { type Audited, auditedSchema } from "../../schemas/audit.ts";
import type { Config } from "../../schemas/config.ts";
import type { Observation } from "../../schemas/observation.ts";
import { drop, keep } from "../../schemas/outcome.ts";
import type { Stage } from "../contract.ts";
import { audit, type Claim } from "../environment/audit.ts";
import { type ObservedRecord, reachingFiles, type Subject } from "./6-observe.ts";

/** A candidate whose tests were observed, or that no test was said to notice. */
export interface Auditable extends Subject {
  readonly by: Claim["by"];
  readonly observation: Observation | null;
}

/** By its id alone, so that the same are audited whatever else a run holds. */
export const isAudited = (candidateId: string, { seed, audit: share }: Pick<Config, "seed" | "audit">): boolean =>
  rngFor(seed, candidateId, "audit").next() < share;

export const few = (ids: readonly string[]): string =>
  `${ids.slice(0, 2).join(", ")}${ids.length > 2 ? ` and ${ids.length - 2} more` : ""}`;

export function inWords({ by, toPass, elsewhere, inCompany, toFail, flaky }: Audited): string {
  const said = by === "sift" ? "a sift" : "a look";
  const failing = [...toPass, ...elsewhere, ...inCompany];
  const parts = [
    ...(failing.length === 0 ? [] : [`fails in the whole suite: ${few(failing)}`]),
    ...(toFail.length === 0 ? [] : [`passes in the whole suite: ${few(toFail)}`]),
  ];
  return `otherwise than ${said} said${flaky ? ", and not each time" : ""}: ${parts.join("; ")}`;
}

const doubtedBy = ({ toPass, elsewhere, inCompany, toFail }: Audited): readonly string[] => [
  ...toPass,
  ...elsewhere,
  ...inCompany,
  ...toFail,
];

/**
 * Audits that say that a verdict was wrong. Not so a whole suite that flickers; nor tests that fail with several candidates without coming to
 * any, such as one that reads the sources as text, or that fail by the company of other files alone: no verdict speaks of these.
 */
export function wrongIn(audits: readonly Audited[]): readonly Audited[] {
  const counts = new Map<string, number>();
  for (const { elsewhere } of audits) for (const id of elsewhere) counts.set(id, (counts.get(id) ?? 0) + 1);
  const isOdd = ({ toPass, toFail, elsewhere }: Audited): boolean =>
    toPass.length + toFail.length > 0 || elsewhere.some((id) => counts.get(id) === 1);
  return audits.filter((one) => one.result === "disagrees" && !one.flaky && isOdd(one));
}

/** One wrong verdict is no pattern, where some are allowed. */
const fewestWrong = 2;

/** What the audits of an environment mean for whatever else was said there. */
export interface Judged {
  /** Why nothing of it is believed, or null. */
  readonly unsound: string | null;
  /** Tests that did something else than was said: nothing is asked with them. */
  readonly doubted: ReadonlySet<string>;
}

export function judged(audits: readonly Audited[], limit: number): Judged {
  const decided = audits.filter(({ result }) => result !== "undecided");
  const wrong = wrongIn(decided);
  const tooMany = wrong.length > limit * decided.length && (limit === 0 || wrong.length >= fewestWrong);
  const [first] = wrong;
  const unsound =
    tooMany && first
      ? `${wrong.length} of ${decided.length} verdicts were wrong, such as that on ${first.candidateId}: ${inWords(first)}`
      : null;
  return { unsound, doubted: new Set(audits.flatMap(doubtedBy)) };
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
  if (doubted.size === 0) return record;
  const { variants, atBase, ...observation } = record.observation;
  const sound = variants
    ?.map((variant) => ({ ...variant, observation: without(variant.observation, doubted) }))
    .filter((variant) => variant.observation.failToPass.length > 0);
  const base = atBase && Object.fromEntries(Object.entries(atBase).filter(([id]) => !doubted.has(id)));
  return {
    ...record,
    observation: {
      ...without(observation, doubted),
      ...(base === undefined ? {} : { atBase: base }),
      ...(sound === undefined ? {} : { variants: sound }),
    },
  };
}

/** Of a candidate that goes, what was found is kept beside it under this id. */
export const auditId = (candidateId: string): string => shortId(["audit", candidateId]);

export const auditStage: Stage<Auditable, Audited> = {
  name: "audit",
  version: 1,
  resource: "sandbox",
  output: auditedSchema,
  settings: ["runTimeoutMs"],
  async *work([auditable], bench) {
    if (!auditable) return;
    const { candidate, environment, by, observation } = auditable;
    const claim = { candidate, by, observation, reaching: reachingFiles(candidate, environment) };
    const found = await audit(claim, await bench.workspace(environment), bench.config.runTimeoutMs);
    if (found.result !== "disagrees") return yield { id: candidate.id, parent: candidate.id, outcome: keep(found) };
    yield { id: candidate.id, parent: candidate.id, outcome: drop("audit/disagrees", inWords(found)) };
    yield { id: auditId(candidate.id), parent: candidate.id, outcome: keep(found) };
  },
};
