/**
 * Which mutants a test notices, told by hundreds at a time; those that none does go. What is kept is looked at by itself: a mutant is kept
 * as well where nothing sure can be said of it, and so is everything that is no mutant.
 */
import { z } from "zod";
import type { Pace } from "../../sandbox/workspace.ts";
import type { Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { drop, keep, type Outcome } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Stage } from "../contract.ts";
import { sift } from "../environment/sift.ts";
import type { SiftVerdict } from "../environment/sift-findings.ts";
import { reachingFiles, type Subject } from "./6-observe.ts";

export const siftedSchema = z
  .object({
    candidateId: z.string(),
    /** Of an environment that was not sifted nothing is known. */
    verdict: z.enum(["killed", "unsure", "not-sifted"]),
    /** A test that kills it, why it is unsure, or `sift/<why>` with the figure behind it. */
    said: z.string(),
  })
  .readonly();
export type Sifted = z.infer<typeof siftedSchema>;

/** Fewer are looked at sooner than their tests are loaded, twice gone through and judged by. */
export const fewestSifted = 24;

/**
 * Tests go one after another in a sift. Where a suite waits most of its time, runners have its tests wait side by side, and a look by itself is
 * cheaper: ky's suite keeps a processor busy for a twentieth of its 34 seconds, and its sift cost more than it saved.
 */
const [leastBusy, shortMs] = [0.15, 10_000];

type Verdict = SiftVerdict | { readonly kind: "not-sifted"; readonly why: string };

function outcomeOf(id: string, verdict: Verdict, files: number): Outcome<Sifted> {
  switch (verdict.kind) {
    case "survived":
      return drop("sift/survived", `${files} test files`);
    case "endless":
      return drop("sift/endless", `a loop goes on without end, over ${files} test files`);
    case "killed":
      return keep({ candidateId: id, verdict: "killed", said: `killed by ${verdict.by}` });
    case "unsure":
    case "not-sifted":
      return keep({ candidateId: id, verdict: verdict.kind, said: verdict.why });
  }
}

/** Why the mutants of an environment are not sifted, or null. */
export function hindrance(mutants: number, wanted: boolean, canSift: boolean, pace: Pace | null): string | null {
  if (!wanted) return "sift/off: switched off";
  if (!canSift) return "sift/runner: the runner cannot run its tests again and again in one process";
  if (mutants < fewestSifted) return `sift/few: ${mutants} mutants are too few to be sifted`;
  if (pace === null || pace.busy === null || pace.wallMs < shortMs || pace.busy >= leastBusy) return null;
  return `sift/waits: the suite keeps a processor busy for ${Math.round(100 * pace.busy)} % of its ${Math.round(pace.wallMs / 1000)} s`;
}

/** A part of the mutants of a large repository, in one process. */
const siftMs = 30 * 60 * 1000;

/** What a sift holds in memory grows with the mutants that it judges at once: so many, in the order of the sources, and then the next. */
const mostAtOnce = 2_500;

/** Without its texts, of which a sift needs none: ten thousand mutants of a file are not ten thousand files. */
export const lightened = (subject: Subject): Subject =>
  subject.candidate.kind === "mutant" ? { ...subject, candidate: { ...subject.candidate, before: {} } } : subject;

/** By id. The environment's tests are loaded once for all of its mutants; `reaching` are the test files that reach each. */
async function verdictsOf(
  mutants: readonly Mutant[],
  reaching: ReadonlyMap<string, readonly string[]>,
  environment: Environment,
  bench: Bench,
): Promise<ReadonlyMap<string, Verdict>> {
  const { canSift } = bench.runner(environment.recipe.runner);
  const wanted = bench.config.sift && !bench.place.plain;
  const hindered = hindrance(mutants.length, wanted, canSift, bench.pace(environment.id));
  if (hindered !== null) return new Map(mutants.map(({ id }) => [id, { kind: "not-sifted", why: hindered }]));
  const workspace = await bench.workspace(environment);
  const verdicts = new Map<string, SiftVerdict>();
  for (let at = 0; at < mutants.length; at += mostAtOnce) {
    const lot = mutants.slice(at, at + mostAtOnce);
    for (const [id, verdict] of await sift(lot, reaching, workspace, { parts: bench.place.concurrency, wallMs: siftMs }))
      verdicts.set(id, verdict);
  }
  return verdicts;
}

export const siftStage: Stage<Subject, Sifted> = {
  name: "sift",
  version: 3,
  resource: "cpu",
  output: siftedSchema,
  settings: ["sift"],
  async *work(subjects, bench) {
    const [first] = subjects;
    if (!first) return;
    const { environment } = first;
    const mutants = subjects.flatMap(({ candidate }) => (candidate.kind === "mutant" ? [candidate] : []));
    const reaching = new Map(mutants.map((mutant) => [mutant.id, reachingFiles(mutant, environment)]));
    const verdicts = await verdictsOf(mutants, reaching, environment, bench);
    for (const { candidate } of subjects) {
      const { id } = candidate;
      const verdict = verdicts.get(id) ?? { kind: "not-sifted", why: "sift/no-mutant" };
      yield { id, parent: id, outcome: outcomeOf(id, verdict, reaching.get(id)?.length ?? 0) };
    }
  },
};
