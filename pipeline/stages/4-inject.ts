/**
 * Revision → mutants: every place where an operator applies on covered code, a spread sample of them, gated one by one; and mirrors: the
 * changes of its history that can be taken back in its tree.
 */
import { foreignFile } from "../../filters/permissive.ts";
import type { Unit } from "../../languages/contract.ts";
import { rngFor } from "../../lib/rng.ts";
import type { Workspace } from "../../sandbox/workspace.ts";
import { type Candidate, type Commit, candidateSchema, type Mutant } from "../../schemas/candidate.ts";
import type { Environment } from "../../schemas/environment.ts";
import { type Dropped, drop, keep } from "../../schemas/outcome.ts";
import type { Bench } from "../bench.ts";
import type { Result, Stage } from "../contract.ts";
import { combine } from "../injection/combine.ts";
import { type Gate, openGate } from "../injection/gate.ts";
import { mirrorId, mirrorOf } from "../injection/mirror.ts";
import { mutantOf, spotsOf } from "../injection/mutant.ts";
import type { Spot } from "../injection/spot.ts";
import { spread } from "../injection/spread.ts";

/** Lines that some standalone test file reaches. */
function coveredLines(environment: Environment): ReadonlyMap<string, ReadonlySet<number>> {
  const covered = new Map<string, Set<number>>();
  for (const test of environment.testFiles) {
    if (!test.standalone) continue;
    for (const [file, lines] of Object.entries(test.covers)) {
      const all = covered.get(file) ?? new Set();
      for (const line of lines) all.add(line);
      covered.set(file, all);
    }
  }
  return covered;
}

const whereOf = ({ site }: Spot): string => `${site.file}:${site.startLine} ${site.operator}`;

function refused({ id }: Spot, environment: Environment, code: string, detail: string): Result<Candidate> {
  return { id, parent: environment.id, outcome: drop(`inject/${code}`, detail) };
}

function isCovered({ site }: Spot, covered: ReadonlyMap<string, ReadonlySet<number>>): boolean {
  const lines = covered.get(site.file);
  for (let line = site.startLine; line <= site.endLine; line++) if (lines?.has(line)) return true;
  return false;
}

/** A changed message is the mistake that teaches least: it comes after all others. */
const inOrder = (spots: readonly Spot[], seed: string, environment: Environment): Spot[] => {
  const groups = Object.groupBy(spots, ({ site }) => (site.operator === "error-message" ? "last" : "first"));
  return [groups.first ?? [], groups.last ?? []].flatMap((group, at) => spread(group, rngFor(seed, environment.id, `inject/spread-${at}`)));
};

/** Spots in the order of the spread until the budget is met; each that is taken has passed the gate. */
function* takeSingles(spots: readonly Spot[], budget: number, gate: Gate, make: (spot: Spot) => Mutant, environment: Environment) {
  const chosen: Spot[] = [];
  for (const spot of spots) {
    if (chosen.length >= budget) {
      yield refused(spot, environment, "over-budget", whereOf(spot));
      continue;
    }
    const mutant = make(spot);
    const refusal = gate.refuse(mutant);
    if (!refusal) chosen.push(spot);
    const outcome = keep<Candidate>(mutant);
    yield refusal
      ? refused(spot, environment, refusal.code, `${whereOf(spot)}: ${refusal.detail}`)
      : { id: spot.id, parent: environment.id, outcome };
  }
  return chosen;
}

/** An environment, and the changes of its repository's history that may be taken back in it. */
export interface Injectable {
  readonly environment: Environment;
  readonly changes: readonly Commit[];
}

/** Every change of the history that can be taken back in this tree, each of which has passed the gate. */
async function* mirrors(
  { environment, changes }: Injectable,
  workspace: Workspace,
  gate: Gate,
  bench: Bench,
  foreignAt: (path: string) => Dropped | null,
): AsyncGenerator<Result<Candidate>> {
  const repository = bench.repository(environment.revision.repository.name);
  for (const change of changes) {
    const mirror = await mirrorOf(change, environment, workspace, repository);
    const foreign = mirror.kept
      ? Object.keys(mirror.value.before)
          .map(foreignAt)
          .find((one) => one !== null)
      : undefined;
    const refusal = mirror.kept && foreign === undefined ? gate.refuse(mirror.value) : null;
    const refused = refusal ? drop(`inject/${refusal.code}`, `takes back ${change.subject}: ${refusal.detail}`) : mirror;
    const outcome = foreign ?? refused;
    yield { id: mirror.kept ? mirror.value.id : mirrorId(change, environment), parent: change.id, outcome };
  }
}

async function* inject({ environment, changes }: Injectable, workspace: Workspace, bench: Bench): AsyncGenerator<Result<Candidate>> {
  const { config } = bench;
  const text = (path: string): string => workspace.text(path) ?? "";
  const covered = coveredLines(environment);
  const foreignAt = (path: string): Dropped | null => foreignFile(path, text(path), environment.revision.repository, config.permissive);
  const spots: Spot[] = [];
  for (const path of environment.sourceFiles) {
    const found = spotsOf({ path, text: text(path) }, environment, workspace.language, config.operators);
    const foreign = foreignAt(path);
    if (foreign === null) spots.push(...found);
    else for (const { id } of found) yield { id, parent: environment.id, outcome: foreign };
  }
  const { reached = [], missed = [] } = Object.groupBy(spots, (spot) => (isCovered(spot, covered) ? "reached" : "missed"));
  for (const spot of missed) yield refused(spot, environment, "uncovered", whereOf(spot));
  const reachable = inOrder(reached, config.seed, environment);
  const unitsOf = (path: string): readonly Unit[] => workspace.language.units({ path, text: text(path) });
  const singles = Math.round(config.mutants * (1 - config.higherOrder));
  const gate = openGate(workspace, config.typeCheck, bench.scratch);
  try {
    const make = (spot: Spot): Mutant => mutantOf(environment, [spot.site], text);
    const chosen = yield* takeSingles(reachable, singles, gate, make, environment);
    for (const sites of combine(chosen, config.mutants - singles, unitsOf, rngFor(config.seed, environment.id, "inject/combine"))) {
      const mutant = mutantOf(environment, sites, text);
      const refusal = gate.refuse(mutant);
      const outcome = refusal ? drop(`inject/${refusal.code}`, refusal.detail) : keep<Candidate>(mutant);
      yield { id: mutant.id, parent: environment.id, outcome };
    }
    yield* mirrors({ environment, changes }, workspace, gate, bench, foreignAt);
  } finally {
    gate.close();
  }
}

export const injectStage: Stage<Injectable, Candidate> = {
  name: "inject",
  version: 4,
  resource: "cpu",
  output: candidateSchema,
  settings: ["seed", "mutants", "higherOrder", "operators", "typeCheck", "permissive"],
  async *work([injectable], bench) {
    if (injectable) yield* inject(injectable, await bench.workspace(injectable.environment), bench);
  },
};
