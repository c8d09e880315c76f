/** What a run did, counted while it went: what the card and the report are written from. */

import { listNamedIn } from "../filters/contamination/deny-list.ts";
import { listsInForce } from "../filters/contamination.ts";
import { publicAddress } from "../lib/address.ts";
import { readTree } from "../lib/archive.ts";
import { canonical, sha256, shortId } from "../lib/hash.ts";
import { copyrightLines, isManifest } from "../lib/license.ts";
import type { MinedItem } from "../miners/contract.ts";
import { flakinessOf } from "../output/flakiness.ts";
import { settingsKept } from "../output/split-settings.ts";
import type { Audited } from "../schemas/audit.ts";
import type { Config } from "../schemas/config.ts";
import type { Contamination, ContaminationFacts } from "../schemas/contamination.ts";
import type { Environment } from "../schemas/environment.ts";
import type { SkillName } from "../schemas/instance.ts";
import type { Reason } from "../schemas/outcome.ts";
import type { RepositorySummary, RunSummary, SiftSummary, StageSummary } from "../schemas/run-summary.ts";
import type { Bench } from "./bench.ts";
import type { Driven } from "./drive.ts";
import { tool } from "./identity.ts";
import { promisesOf } from "./promises.ts";
import { siftSummary } from "./sift-summary.ts";
import type { Preparable } from "./stages/3-prepare.ts";
import type { Injectable } from "./stages/4-inject.ts";
import type { Sifted } from "./stages/5-sift.ts";
import type { Posable } from "./stages/8-pose.ts";

interface Counts {
  generated: number;
  covered: number;
  sampled: number;
  observed: number;
  killed: number;
  readonly history: { changes: number; prepared: number; observed: number; mirrors: number; mirrorsFailing: number };
}

/** What the end of a run says of its instances. */
export interface Exported {
  readonly instances: readonly { readonly repository: string; readonly skill: SkillName }[];
  readonly reviewCue: RunSummary["reviewCue"];
  readonly splitProof?: RunSummary["splitProof"];
}

export const nothingExported: Exported = { instances: [], reviewCue: null };

/** Of the configuration, wherever its repositories lie. */
export const configHashOf = (config: Config): string => shortId({ ...config, repos: [] });

/** Of the lists in force, before anything was dropped. */
function listsOf({ bundled, lists, allow }: Contamination): ContaminationFacts {
  return {
    bundled,
    allowed: [...allow],
    lists: listsInForce({ bundled, lists }).map(({ name, version, source, ...keys }) => ({
      name,
      version,
      source,
      sha256: sha256(canonical(keys)),
      entries: Object.values(keys).reduce((total, entries) => total + entries.length, 0),
      dropped: 0,
    })),
  };
}

/** What the licence files of an environment's tree say of whose it is. */
function copyrightIn({ archive, revision }: Environment, { store }: Bench): readonly string[] {
  const files = new Set((revision.repository.licenseFrom ?? []).filter((path) => !isManifest(path)));
  if (files.size === 0) return [];
  const entries = readTree(store.get(archive)).filter(({ path, kind }) => kind === "file" && files.has(path));
  const texts = entries.map((entry) => (entry.kind === "file" ? new TextDecoder().decode(entry.bytes) : ""));
  return [...new Set(texts.flatMap(copyrightLines))];
}

export class Summary {
  readonly #bench: Bench;
  readonly #startedAt = new Date();
  readonly #stages: StageSummary[] = [];
  readonly #environments: Environment[] = [];
  /** By repository name. */
  readonly #counts = new Map<string, Counts>();
  /** What was injected, by id. */
  readonly #kinds = new Map<string, "mutant" | "mirror">();
  readonly #leftOut: NonNullable<RunSummary["leftOut"]>[number][] = [];
  readonly #sifts: SiftSummary[] = [];
  readonly #lists: ContaminationFacts;
  readonly #audit = { recomputed: 0, undecided: 0, disagreements: [] as NonNullable<NonNullable<RunSummary["audit"]>["disagreements"]> };
  /** Targets of the takedown list that something was dropped for. */
  readonly #obeyed = new Set<string>();
  #troubles = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#lists = listsOf(bench.config.contamination);
  }

  #of(name: string): Counts {
    const history = { changes: 0, prepared: 0, observed: 0, mirrors: 0, mirrorsFailing: 0 };
    const known = this.#counts.get(name) ?? { generated: 0, covered: 0, sampled: 0, observed: 0, killed: 0, history };
    this.#counts.set(name, known);
    return known;
  }

  /** `cpuMs` is what the stage's jobs used in the sandbox in this process, `tookMs` its time on the clock; what an earlier process did is in neither. */
  note<In, Out>(stage: string, driven: Driven<In, Out>, { cpuMs, tookMs }: { readonly cpuMs: number; readonly tookMs: number }): void {
    const { tally } = driven;
    this.#troubles += tally.failed;
    this.#stages.push({
      name: stage,
      in: tally.in,
      kept: tally.kept,
      dropped: [...tally.dropped.entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([reason, count]) => ({ reason: reason as Reason, count })),
      retried: tally.retried,
      tookMs: Math.round(tookMs),
      wallMs: Math.round(tally.wallMs),
      cpuMs: Math.round(cpuMs),
    });
    if (stage === "mine") this.#noteMined(driven);
    if (stage === "screen") this.#noteScreened(driven as Driven<MinedItem, unknown>);
    if (stage === "prepare") this.#notePrepared(driven as unknown as Driven<Preparable, Environment>);
    if (stage === "inject") this.#noteInjected(driven as Driven<Injectable, unknown>);
  }

  #noteMined({ outcomes }: Driven<unknown, unknown>): void {
    for (const { inputs, told, verdicts } of outcomes) {
      if (told === null || told.kept.length > 0) continue;
      const [first] = verdicts();
      if (first === undefined) continue;
      this.#leftOut.push({ name: inputs[0]?.id ?? "", packageDir: ".", reason: first.reason ?? "", detail: first.detail });
    }
  }

  #noteScreened({ outcomes }: Driven<MinedItem, unknown>): void {
    for (const { inputs, told, verdicts } of outcomes) {
      if (told === null || told.kept.length > 0) continue;
      const [verdict] = verdicts();
      if (verdict === undefined) continue;
      if (verdict.reason?.startsWith("takedown/")) this.#obeyed.add(verdict.detail);
      const list = verdict.reason?.startsWith("contamination/") ? listNamedIn(verdict.detail, this.#lists.lists) : undefined;
      if (list !== undefined) list.dropped += 1;
      const item = inputs[0]?.load();
      if (item?.kind !== "revision") continue;
      const { repository, packageDir } = item.revision;
      this.#leftOut.push({ name: repository.name, packageDir, reason: verdict.reason ?? "", detail: verdict.detail });
    }
  }

  #notePrepared({ kept, outcomes }: Driven<Preparable, Environment>): void {
    for (const item of kept) this.#environments.push(item.load());
    for (const { inputs, told, verdicts } of outcomes) {
      const given = inputs[0]?.load();
      if (given === undefined) continue;
      const { revision, change } = given;
      const isKept = told !== null && told.kept.length > 0;
      if (change !== null) {
        const { history } = this.#of(revision.repository.name);
        history.changes += 1;
        history.prepared += isKept ? 1 : 0;
        continue;
      }
      if (isKept) continue;
      const { reason, detail } = verdicts()[0] ?? { reason: null, detail: "trouble of this machine or of the registry" };
      this.#leftOut.push({ name: revision.repository.name, packageDir: revision.packageDir, reason: reason ?? "not-finished", detail });
    }
  }

  /** A mutant comes of its environment, a mirror of the change that it takes back. */
  #noteInjected(driven: Driven<Injectable, unknown>): void {
    for (const { inputs, told } of driven.outcomes) {
      const [input] = inputs;
      if (input === undefined || told === null) continue;
      const counts = this.#of(input.load().environment.revision.repository.name);
      for (const { reason, parent, count } of told.dropped) {
        if (parent !== input.id) continue;
        counts.generated += count;
        counts.covered += reason === "inject/uncovered" || reason === "permissive/file-license" ? 0 : count;
      }
      const { mutants = [], mirrors = [] } = Object.groupBy(told.kept, ({ parent }) => (parent === input.id ? "mutants" : "mirrors"));
      counts.generated += mutants.length;
      counts.covered += mutants.length;
      counts.sampled += mutants.length;
      counts.history.mirrors += mirrors.length;
      for (const { id } of mutants) this.#kinds.set(id, "mutant");
      for (const { id } of mirrors) this.#kinds.set(id, "mirror");
    }
  }

  /** Mutants that go here were seen to survive. `environmentOf` is asked by the id of the subject, which is costly to load. */
  noteSifted({ outcomes, kept }: Driven<unknown, Sifted>, environmentOf: (id: string) => Environment | null): void {
    const said = new Map(kept.map((item) => [item.id, item]));
    for (const { inputs, told, verdicts } of outcomes) {
      const environment = inputs[0] === undefined ? null : environmentOf(inputs[0].id);
      if (environment === null || told === null) continue;
      const mutants = verdicts().filter(({ id }) => this.#kinds.get(id) === "mutant");
      this.#of(environment.revision.repository.name).observed += mutants.filter(({ blob }) => blob === null).length;
      if (mutants.length > 0) this.#sifts.push(siftSummary(environment, mutants, (id) => said.get(id)?.load() ?? null));
    }
  }

  /** As above: what the tests of each were seen to do by itself. */
  noteObserved({ outcomes }: Driven<unknown, unknown>, repositoryOf: (id: string) => string | null): void {
    for (const { inputs, told } of outcomes) {
      const [subject] = inputs;
      const name = subject === undefined ? null : repositoryOf(subject.id);
      if (subject === undefined || name === null || told === null) continue;
      const counts = this.#of(name);
      const failing = told.kept.length;
      const kind = this.#kinds.get(subject.id) ?? "commit";
      if (kind === "commit") counts.history.observed += failing;
      else if (kind === "mirror") counts.history.mirrorsFailing += failing;
      else {
        counts.observed += 1;
        counts.killed += failing;
      }
    }
  }

  noteAudited({ kept }: Driven<unknown, Audited>, repositoryOf: (id: string) => string | null): void {
    for (const item of kept) {
      const { result, why: _, ...found } = item.load();
      if (result === "undecided") this.#audit.undecided += 1;
      else this.#audit.recomputed += 1;
      if (result === "disagrees") this.#audit.disagreements.push({ repository: repositoryOf(found.candidateId) ?? "", ...found });
    }
  }

  /** An environment of which nothing is believed any more is left out. */
  notePosed({ said }: Driven<Posable, unknown>): void {
    for (const { id, revision } of this.#environments) {
      const { reason, detail } = said(id) ?? { reason: null, detail: "" };
      if (reason !== null) this.#leftOut.push({ name: revision.repository.name, packageDir: revision.packageDir, reason, detail });
    }
  }

  /** Drops that a stage without a driver made (export). */
  noteExport(given: number, dropped: ReadonlyMap<Reason, number>): void {
    const count = [...dropped.values()].reduce((sum, one) => sum + one, 0);
    const list = [...dropped.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, one]) => ({ reason, count: one }));
    this.#stages.push({ name: "export", in: given, kept: given - count, dropped: list, retried: 0, wallMs: 0, cpuMs: 0 });
  }

  /** Targets of the takedown list that meant nothing, where these instances were left out for their ids. */
  unmatched(down: readonly string[]): string[] {
    return this.#bench.config.takedown.targets.filter((target) => !this.#obeyed.has(target) && !down.includes(target));
  }

  /** Counts alone, without what differs between two runs that say the same. */
  get funnel(): readonly unknown[] {
    return this.#stages.map(({ name, in: given, kept, dropped }) => [name, given, kept, dropped]);
  }

  async finish({ instances, reviewCue, splitProof }: Exported): Promise<RunSummary> {
    const { provider, place, jobs, config } = this.#bench;
    const promises = await promisesOf(provider, place.cache);
    const finishedAt = new Date();
    const names = [...new Set(this.#environments.map(({ revision }) => revision.repository.name))].sort();
    const cost = names.length === 1 ? { ...jobs.usage(), wallMs: finishedAt.getTime() - this.#startedAt.getTime() } : null;
    return {
      tool: tool.name,
      toolVersion: tool.version,
      seed: config.seed,
      configHash: configHashOf(config),
      startedAt: this.#startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      repositories: names.map((name) => this.#repository(name, instances, cost)),
      flakiness: flakinessOf(
        this.#environments.map(({ tests, steadiness }) => ({ tests: tests.length, unsteady: steadiness?.quarantine ?? [] })),
      ),
      leftOut: this.#leftOut,
      stages: this.#stages,
      sifts: this.#sifts,
      sandbox: { provider: provider.name, ...(provider.image === undefined ? {} : { image: provider.image }), promises: [...promises] },
      ...(provider.isolates ? {} : { isolated: false as const }),
      contamination: this.#lists,
      ...(config.author === null && config.year === null ? {} : { citation: { author: config.author, year: config.year } }),
      reviewCue,
      ...(splitProof === undefined ? {} : { splitProof, splitSettings: this.#dealing() }),
      audit: this.#audit.recomputed + this.#audit.undecided === 0 ? null : { ...this.#audit, disagreed: this.#audit.disagreements.length },
      infrastructureFailures: this.#troubles,
    };
  }

  #dealing(): NonNullable<RunSummary["splitSettings"]> {
    const { splitRatio: ratio, selection } = this.#bench.config;
    return settingsKept({ toolVersion: tool.version, ratio, selection });
  }

  #repository(
    name: string,
    instances: Exported["instances"],
    cost: { wallMs: number; cpuMs: number; peakMemoryBytes: number } | null,
  ): RepositorySummary {
    const environments = this.#environments.filter(({ revision }) => revision.repository.name === name);
    const [first] = environments;
    const { license = null, licenseFrom, origin = "" } = first?.revision.repository ?? {};
    const address = publicAddress(origin);
    const copyright = first === undefined ? [] : copyrightIn(first, this.#bench);
    const { generated, covered, sampled, observed, killed, history } = this.#of(name);
    const bySkill: Partial<Record<SkillName, number>> = Object.fromEntries(this.#bench.config.skills.map((skill) => [skill, 0]));
    for (const { repository, skill } of instances) if (repository === name) bySkill[skill] = (bySkill[skill] ?? 0) + 1;
    return {
      name,
      commit: first?.revision.commit ?? "",
      license,
      ...(licenseFrom === undefined ? {} : { licenseFrom }),
      ...(address === null ? {} : { address }),
      ...(copyright.length === 0 ? {} : { copyright }),
      environments: environments.map(({ id, recipe, tests, steadiness, testFiles }) => ({
        id,
        runner: recipe.runner,
        runnerVersion: recipe.runnerVersion,
        nodeVersion: recipe.nodeVersion,
        tests: tests.length,
        quarantined: tests.filter((test) => test.standing === "quarantined").length,
        unsteady: [...(steadiness?.quarantine ?? [])],
        files: testFiles.length,
      })),
      mutants: { generated, covered, sampled, observed, killed },
      history,
      instances: bySkill,
      wallMs: cost?.wallMs ?? 0,
      cpuMs: cost?.cpuMs ?? null,
      peakMemoryBytes: cost?.peakMemoryBytes ?? null,
    };
  }
}
