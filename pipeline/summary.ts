/** What a run did, counted while it went: what the card and the report are written from. */
import type { Environment } from "../schemas/environment.ts";
import type { Instance } from "../schemas/instance.ts";
import type { Reason } from "../schemas/outcome.ts";
import type { RepositorySummary, RunSummary, StageSummary } from "../schemas/run-summary.ts";
import { shortId } from "../lib/hash.ts";
import type { Bench } from "./bench.ts";
import type { Driven } from "./drive.ts";
import { tool } from "./identity.ts";
import { reviewCue } from "./review-cue.ts";

interface Counts {
  generated: number;
  covered: number;
  sampled: number;
  observed: number;
  killed: number;
  wallMs: number;
}

export class Summary {
  readonly #bench: Bench;
  readonly #startedAt = new Date();
  readonly #stages: StageSummary[] = [];
  readonly #environments: Environment[] = [];
  /** By repository name. */
  readonly #counts = new Map<string, Counts>();
  #troubles = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  #of(name: string): Counts {
    const known = this.#counts.get(name) ?? { generated: 0, covered: 0, sampled: 0, observed: 0, killed: 0, wallMs: 0 };
    this.#counts.set(name, known);
    return known;
  }

  note<In, Out>(stage: string, driven: Driven<In, Out>): void {
    const { tally } = driven;
    this.#troubles += tally.failed;
    this.#stages.push({
      name: stage,
      in: tally.in,
      kept: tally.kept,
      dropped: [...tally.dropped.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => ({ reason: reason as Reason, count })),
      retried: tally.retried,
      wallMs: Math.round(tally.wallMs),
      cpuMs: null,
    });
    if (stage === "prepare") for (const item of driven.kept) this.#environments.push(item.load() as Environment);
    if (stage === "inject") this.#noteInjected(driven as Driven<Environment, unknown>);
    if (stage === "observe") this.#noteObserved(driven as Driven<{ environment: Environment }, unknown>);
  }

  #noteInjected(driven: Driven<Environment, unknown>): void {
    for (const { inputs, verdicts } of driven.outcomes) {
      const name = inputs[0]?.load().revision.repository.name;
      if (name === undefined || verdicts === null) continue;
      const counts = this.#of(name);
      counts.generated += verdicts.length;
      counts.covered += verdicts.filter(({ reason }) => reason !== "inject/uncovered").length;
      counts.sampled += verdicts.filter(({ blob }) => blob !== null).length;
    }
  }

  #noteObserved(driven: Driven<{ environment: Environment }, unknown>): void {
    for (const { inputs, verdicts } of driven.outcomes) {
      const name = inputs[0]?.load().environment.revision.repository.name;
      if (name === undefined || verdicts === null) continue;
      const counts = this.#of(name);
      counts.observed += 1;
      counts.killed += verdicts.filter(({ blob }) => blob !== null).length;
    }
  }

  /** Drops that a stage without a driver made (export). */
  noteExport(given: number, dropped: ReadonlyMap<Reason, number>): void {
    const count = [...dropped.values()].reduce((sum, one) => sum + one, 0);
    const list = [...dropped.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, one]) => ({ reason, count: one }));
    this.#stages.push({ name: "export", in: given, kept: given - count, dropped: list, retried: 0, wallMs: 0, cpuMs: null });
  }

  finish(instances: readonly Instance[]): RunSummary {
    const finishedAt = new Date();
    const usage = this.#bench.jobs.usage();
    const names = [...new Set(this.#environments.map(({ revision }) => revision.repository.name))].sort();
    const alone = names.length === 1;
    return {
      tool: tool.name,
      toolVersion: tool.version,
      seed: this.#bench.config.seed,
      configHash: shortId({ ...this.#bench.config, repos: [] }),
      startedAt: this.#startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      repositories: names.map((name) => this.#repository(name, instances, alone ? { ...usage, wallMs: finishedAt.getTime() - this.#startedAt.getTime() } : null)),
      stages: this.#stages,
      sandbox: { provider: this.#bench.provider.name, promises: [] },
      reviewCue: reviewCue(instances),
      audit: null,
      baselines: [],
      infrastructureFailures: this.#troubles,
    };
  }

  #repository(name: string, instances: readonly Instance[], cost: { wallMs: number; cpuMs: number; peakMemoryBytes: number } | null): RepositorySummary {
    const environments = this.#environments.filter(({ revision }) => revision.repository.name === name);
    const { generated, covered, sampled, observed, killed } = this.#of(name);
    const own = instances.filter(({ candidate }) => candidate.revision.repository.name === name);
    const bySkill = Object.groupBy(own, ({ draft }) => draft.skill);
    return {
      name,
      commit: environments[0]?.revision.commit ?? "",
      license: environments[0]?.revision.repository.license ?? null,
      environments: environments.map(({ id, recipe, tests, testFiles }) => ({
        id,
        runner: recipe.runner,
        runnerVersion: recipe.runnerVersion,
        nodeVersion: recipe.nodeVersion,
        tests: tests.length,
        quarantined: tests.filter((test) => test.standing === "quarantined").length,
        files: testFiles.length,
      })),
      mutants: { generated, covered, sampled, observed, killed },
      instances: Object.fromEntries(Object.entries(bySkill).map(([skill, list]) => [skill, list?.length ?? 0])),
      wallMs: cost?.wallMs ?? 0,
      cpuMs: cost?.cpuMs ?? null,
      peakMemoryBytes: cost?.peakMemoryBytes ?? null,
    };
  }
}
