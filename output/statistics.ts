/** What the rows of a dataset are, in figures: for the card and for `kihon stats`. Equal rows give equal figures, whatever their order. */
import { z } from "zod";
import { BrokenRecord } from "../lib/errors.ts";
import { readJson } from "../lib/json.ts";
import type { PrivateRow, PublicRow } from "../schemas/row.ts";

/** Columns of the plain configs that are read; a reader over a network fetches no others. */
export const publicNeeds = [
  "instance_id",
  "skill",
  "repo",
  "language",
  "license_spdx",
  "source_kind",
  "change_id",
  "problem_statement",
  "split",
  "facts",
] as const satisfies readonly (keyof PublicRow)[];
/** Of the `-private` ones. */
export const privateNeeds = [
  "instance_id",
  "skill",
  "change_id",
  "candidate_json",
  "premises_json",
  "trials_json",
  "validation",
] as const satisfies readonly (keyof PrivateRow)[];

/** Of the `-private` ones, what files of earlier row schemas have not. */
export const privateLater = ["leak_scan_json", "specification_json"] as const satisfies readonly (keyof PrivateRow)[];

export interface Subject {
  readonly public?: Pick<PublicRow, (typeof publicNeeds)[number]>;
  readonly private?: Pick<PrivateRow, (typeof privateNeeds)[number]> & Partial<Pick<PrivateRow, (typeof privateLater)[number]>>;
}

/** Of some numbers; the percentiles are numbers that were there (nearest rank). */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
  readonly mean: number;
}

export type Counts = Readonly<Record<string, number>>;

/** What a known answer scored, over the rows that have it. */
export interface Rewarded {
  readonly role: "gold" | "blank" | "decoy" | "probe";
  readonly name: string;
  readonly rows: number;
  /** Least and greatest over all rows and, for gold, all repeats. */
  readonly least: number;
  readonly greatest: number;
  /** Why it earned nothing, and how often. */
  readonly reasons: Counts;
}

export interface SkillStatistics {
  readonly rows: number;
  readonly splits: Counts;
  readonly sources: Counts;
  /** Rows whose change was mined as a pull request. Null where no private row was read. */
  readonly pullRequests: number | null;
  /** Characters of the question. Null where no plain row was read. */
  readonly prompt: Spread | null;
  /** Answers that were graded to prove an instance: gold in each repeat, blank, decoys and probes. Null where no private row was read. */
  readonly gradings: Spread | null;
  /** Test files in premises and trials, each of which is run for a grading or before it. */
  readonly testFiles: Spread | null;
  /** What the posing skill measured of each question, such as its failing tests: how hard it is, as far as it can be counted. */
  readonly facts: Readonly<Record<string, Spread>>;
  readonly rewards: readonly Rewarded[];
  /** Rows by what a scan for leaks said of them: `clean`, `noted`, or `not scanned` for rows of before there was one. */
  readonly leakScans: Counts;
  /** Rows of which it was looked at where the question says less than its judgement asks, and of these those that have a label. */
  readonly specified: number;
  readonly labels: Counts;
}

export interface Statistics {
  readonly rows: number;
  /** Changes behind the questions. */
  readonly changes: number;
  readonly skills: Readonly<Record<string, SkillStatistics>>;
  /** repository → skill → rows */
  readonly repositories: Readonly<Record<string, Counts>>;
  readonly languages: Counts;
  readonly licenses: Counts;
  /** Rows of injected defects, by operator; those of several operators are counted by themselves. */
  readonly operators: Counts;
  /** Rows whose change edits the file, by `repository: path`; a row may edit several. */
  readonly files: Counts;
}

class Tally {
  readonly #counts = new Map<string, number>();
  add(name: string, more = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
  }
  /** By name, so that the order of the rows leaves no trace. */
  get counts(): Counts {
    return sorted(this.#counts);
  }
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => Object.fromEntries([...entries].sort(byKey));

/** Null for no numbers. */
export function spreadOf(numbers: readonly number[]): Spread | null {
  if (numbers.length === 0) return null;
  const rising = Float64Array.from(numbers).sort();
  const rank = (share: number): number => rising[Math.max(0, Math.ceil(share * rising.length) - 1)] ?? 0;
  const sum = rising.reduce((total, each) => total + each, 0);
  return {
    count: rising.length,
    min: rank(0),
    median: rank(0.5),
    p90: rank(0.9),
    max: rank(1),
    mean: Math.round((sum / rising.length) * 100) / 100,
  };
}

/** Stands for the operator of a defect that several of them made. */
export const severalOperators = "several operators";

interface Scores {
  rows: number;
  least: number;
  greatest: number;
  readonly reasons: Tally;
}

const roles = ["gold", "blank", "decoy", "probe"] as const;

class OneSkill {
  rows = 0;
  readonly splits = new Tally();
  readonly sources = new Tally();
  readonly prompt: number[] = [];
  pullRequests: number | null = null;
  readonly gradings: number[] = [];
  readonly testFiles: number[] = [];
  readonly facts = new Map<string, number[]>();
  readonly leakScans = new Tally();
  specified = 0;
  readonly labels = new Tally();
  /** By `role name`. */
  readonly scores = new Map<string, Scores>();

  score(role: (typeof roles)[number], name: string, rewards: readonly number[], reason: string | null): void {
    const key = `${roles.indexOf(role)} ${name}`;
    const own = this.scores.get(key) ?? {
      rows: 0,
      least: Number.POSITIVE_INFINITY,
      greatest: Number.NEGATIVE_INFINITY,
      reasons: new Tally(),
    };
    this.scores.set(key, own);
    own.rows += 1;
    own.least = Math.min(own.least, ...rewards);
    own.greatest = Math.max(own.greatest, ...rewards);
    if (reason !== null) own.reasons.add(reason);
  }

  finish(): SkillStatistics {
    const facts = [...this.facts].flatMap(([name, numbers]) => {
      const spread = spreadOf(numbers);
      return spread === null ? [] : [[name, spread] as const];
    });
    return {
      rows: this.rows,
      splits: this.splits.counts,
      sources: this.sources.counts,
      prompt: spreadOf(this.prompt),
      pullRequests: this.pullRequests,
      gradings: spreadOf(this.gradings),
      testFiles: spreadOf(this.testFiles),
      facts: sorted(facts),
      rewards: [...this.scores].sort(byKey).map(([key, { rows, least, greatest, reasons }]) => ({
        role: roles[Number(key[0])] ?? "gold",
        name: key.slice(2),
        rows,
        least,
        greatest,
        reasons: reasons.counts,
      })),
      leakScans: this.leakScans.counts,
      specified: this.specified,
      labels: this.labels.counts,
    };
  }
}

// Of a candidate and its trials only what is counted: rows of every schema version say this much.
const changeSchema = z.looseObject({
  revision: z.looseObject({ repository: z.looseObject({ name: z.string() }) }),
  edits: z.array(z.looseObject({ file: z.string() })).default([]),
  sites: z.array(z.looseObject({ operator: z.string() })).default([]),
  pullRequest: z.looseObject({}).optional(),
  mirrorOf: z.string().optional(),
});
const scanSchema = z.looseObject({ verdict: z.string() });
const labelsSchema = z.array(z.looseObject({ label: z.string() }));
const runsSchema = z.array(z.looseObject({ files: z.array(z.string()) }));

/** Null where the row is older than the column, or says `null` itself. */
const cellIf = <T>(schema: z.ZodType<T>, text: string | undefined, where: string): T | null =>
  text === undefined || text === "null" ? null : cell(schema, text, where);

function cell<T>(schema: z.ZodType<T>, text: string, where: string): T {
  const parsed = readJson(text, schema);
  if (parsed !== null) return parsed;
  throw new BrokenRecord(`${where} is not what its column promises`);
}

/** Collects; holds a few numbers a row and none of its text. */
export class StatisticsOf {
  readonly #skills = new Map<string, OneSkill>();
  readonly #repositories = new Map<string, Tally>();
  readonly #languages = new Tally();
  readonly #licenses = new Tally();
  readonly #operators = new Tally();
  readonly #files = new Tally();
  readonly #changes = new Set<string>();

  /** Throws `BrokenRecord` where a cell is not what its column promises. */
  add(subject: Subject): void {
    const skill = subject.public?.skill ?? subject.private?.skill;
    if (skill === undefined) throw new TypeError("a subject has a row");
    const own = this.#skills.get(skill) ?? new OneSkill();
    this.#skills.set(skill, own);
    own.rows += 1;
    this.#changes.add(subject.public?.change_id ?? subject.private?.change_id ?? "");
    if (subject.public !== undefined) this.#addPublic(own, subject.public);
    if (subject.private !== undefined) this.#addPrivate(own, subject.private);
  }

  #addPublic(own: OneSkill, row: NonNullable<Subject["public"]>): void {
    own.splits.add(row.split);
    own.sources.add(row.source_kind);
    own.prompt.push(row.problem_statement.length);
    for (const { name, value } of row.facts) {
      if (value === "" || Number.isNaN(Number(value))) continue;
      const numbers = own.facts.get(name) ?? [];
      own.facts.set(name, numbers);
      numbers.push(Number(value));
    }
    const repository = this.#repositories.get(row.repo) ?? new Tally();
    this.#repositories.set(row.repo, repository);
    repository.add(row.skill);
    this.#languages.add(row.language);
    this.#licenses.add(row.license_spdx ?? "none found");
  }

  #addPrivate(own: OneSkill, row: NonNullable<Subject["private"]>): void {
    const where = `the private row ${row.instance_id}`;
    const { revision, edits, sites, pullRequest, mirrorOf } = cell(changeSchema, row.candidate_json, `${where}: candidate_json`);
    own.pullRequests = (own.pullRequests ?? 0) + (pullRequest === undefined || mirrorOf !== undefined ? 0 : 1);
    const [operator, ...others] = new Set(sites.map((site) => site.operator));
    if (operator !== undefined) this.#operators.add(others.length === 0 ? operator : severalOperators);
    for (const file of new Set(edits.map((edit) => edit.file))) this.#files.add(`${revision.repository.name}: ${file}`);
    const runs = [
      ...cell(runsSchema, row.premises_json, `${where}: premises_json`),
      ...cell(runsSchema, row.trials_json, `${where}: trials_json`),
    ];
    own.testFiles.push(runs.reduce((total, { files }) => total + files.length, 0));
    const scan = cellIf(scanSchema, row.leak_scan_json, `${where}: leak_scan_json`);
    own.leakScans.add(scan?.verdict ?? "not scanned");
    const labels = cellIf(labelsSchema, row.specification_json, `${where}: specification_json`);
    if (labels !== null) own.specified += 1;
    for (const label of new Set((labels ?? []).map((one) => one.label))) own.labels.add(label);
    const { gold_rewards, blank_reward, decoys, probes } = row.validation;
    own.gradings.push(gold_rewards.length + 1 + decoys.length + probes.length);
    own.score("gold", "gold", gold_rewards, null);
    own.score("blank", "blank", [blank_reward], null);
    for (const { name, reward, reason } of decoys) own.score("decoy", name, [reward], reason);
    for (const { name, reward, reason } of probes) own.score("probe", name, [reward], reason);
  }

  finish(): Statistics {
    const skills = [...this.#skills].map(([name, own]) => [name, own.finish()] as const);
    return {
      rows: skills.reduce((total, [, { rows }]) => total + rows, 0),
      changes: this.#changes.size,
      skills: sorted(skills),
      repositories: sorted([...this.#repositories].map(([name, tally]) => [name, tally.counts])),
      languages: this.#languages.counts,
      licenses: this.#licenses.counts,
      operators: this.#operators.counts,
      files: this.#files.counts,
    };
  }
}
