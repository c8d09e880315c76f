/** Which of the proven instances a dataset holds, and in which split. What was in the dataset before is never moved and never left out. */
import { groupOfAddress } from "../../lib/address.ts";
import { StopRun } from "../../lib/errors.ts";
import { isComposite, type SkillName } from "../../schemas/instance.ts";
import type { Reason } from "../../schemas/outcome.ts";
import { type Selection, type Split, type SplitProof, type SplitRatio, splits } from "../../schemas/selection.ts";
import { type Dealt, deal } from "./deal.ts";
import type { Document } from "./document.ts";
import { groupsOf } from "./groups.ts";
import type { Member } from "./member.ts";
import { type Duplicates, NearDuplicates } from "./near-duplicates.ts";
import { crossings, type Placed, proofOf } from "./proof.ts";

/** Why a proven instance is left out. */
export const leftOutReasons = [
  "lone-arm",
  "near-duplicate",
  "between-splits",
  "over-repository",
  "over-operator",
  "over-file",
  "over-difficulty",
  "before-cutoff",
  "after-cutoff",
  "trained-on",
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];

export interface LeftOut {
  readonly id: string;
  readonly reason: LeftOutReason;
  readonly detail: string;
}

/** As the funnel counts them. */
export const countsOf = (leftOut: readonly LeftOut[]): Map<Reason, number> =>
  new Map(
    leftOutReasons.flatMap((name) => {
      const count = leftOut.filter(({ reason }) => reason === name).length;
      return count === 0 ? [] : [[`export/${name}` as const, count] as const];
    }),
  );

export interface Choice {
  /** By id, of what stays. */
  readonly placed: ReadonlyMap<string, Placed>;
  readonly leftOut: readonly LeftOut[];
  /** Of those that are there in the end. */
  readonly proof: (isThere?: (id: string) => boolean) => SplitProof;
}

/** A composite task is held out from what is trained on: where its repository group is of `train`, it stands in `test`. */
export const splitFor = (skill: SkillName, groupSplit: Split): Split =>
  isComposite(skill) && groupSplit === "train" ? "test" : groupSplit;

const before = (a: string | number | boolean, b: string | number | boolean): number => (a === b ? 0 : a < b ? -1 : 1);

/** What stands first, changes of the history before what was injected, the older first: copies are younger than what they copy. */
const byWorth = (a: Member, b: Member): number =>
  before(a.stands === null, b.stands === null) ||
  before(a.kind, b.kind) ||
  before(Date.parse(a.at), Date.parse(b.at)) ||
  before(a.address, b.address) ||
  before(a.id, b.id);

const unitOf = ({ pairId, id }: Member): string => pairId ?? id;

function pinTrouble(own: readonly Member[], pins: ReadonlyMap<string, Split>): StopRun {
  const addresses = [...new Set(own.map(({ address }) => address))].filter((address) => pins.has(address)).sort();
  const said = addresses.map((address) => `${address} to ${pins.get(address)}`).join(", ");
  return new StopRun(`repositories that belong together are pinned to different splits: ${said}`, { next: "pin all of them to one split" });
}

/** Skills and languages, to be dealt evenly. Composite tasks are held out, whatever the shares. */
function strataOf(own: readonly Member[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { skill, language } of own)
    if (!isComposite(skill)) for (const name of [`skill ${skill}`, `language ${language}`]) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const nothing: Duplicates = { goneFor: new Map(), near: [], left: [] };

/** It is told of every instance once, then chooses once, then is closed. */
export class Choosing {
  readonly #selection: Selection;
  readonly #ratio: SplitRatio;
  readonly #known: ReadonlyMap<string, Placed>;
  readonly #members: Member[] = [];
  readonly #near: NearDuplicates | null;
  /** Numbers of members whose documents were taken, by unit: both arms of a pair ask about one change. */
  readonly #asked = new Set<string>();
  #alive: Member[] = [];
  readonly #leftOut: LeftOut[] = [];

  /** `scratch` is a folder that may be made and is removed. `known`: where repositories stand of which no row need stand, by address. */
  constructor(selection: Selection, ratio: SplitRatio, scratch: string, known: ReadonlyMap<string, Placed> = new Map()) {
    this.#known = known;
    this.#selection = selection;
    this.#ratio = ratio;
    this.#near = selection.nearDuplicates ? new NearDuplicates(scratch) : null;
  }

  add(member: Member, documents: () => readonly Document[]): void {
    if (!this.#asked.has(unitOf(member))) this.#near?.add(this.#members.length, documents());
    this.#asked.add(unitOf(member));
    this.#members.push(member);
  }

  choose(): Choice {
    this.#alive = [...this.#members];
    this.#dropLoneArms();
    const duplicates = this.#dropDuplicates();
    const member = (at: number): Member => this.#members[at] as Member;
    const alike = duplicates.near.map(([a, b]) => [member(a), member(b)] as const);
    const { groupOf, between } = groupsOf(this.#members, alike, this.#selection.sameGroup, this.#known);
    const group = ({ address }: Member): string => groupOf.get(address) ?? address;
    this.#drop("between-splits", (one) => {
      const sides = one.stands === null ? between.get(one.address) : undefined;
      return sides === undefined ? null : `it belongs to ${sides.join(" and to ")}, which lie in different splits`;
    });
    this.#balance(group);
    const dealt = deal(this.#groups(group), this.#ratio);
    const splitOf = (one: Member): Split => dealt.get(group(one)) ?? "train";
    this.#dropByTime(splitOf);
    this.#dropTrainedOn(group, splitOf);
    const placed = new Map(
      this.#alive.map((one) => [one.id, one.stands ?? { split: splitFor(one.skill, splitOf(one)), group: group(one) }] as const),
    );
    const left = this.#near === null ? null : duplicates.left.map(([a, b]) => [member(a), member(b)] as const);
    const [alive, ratio] = [this.#alive, this.#ratio];
    const proof = (isThere: (id: string) => boolean = () => true): SplitProof =>
      proofOf(
        alive.filter(({ id }) => isThere(id)),
        placed,
        left,
        ratio,
      );
    const isNew = this.#known.size === 0 && this.#members.every(({ stands }) => stands === null);
    const crossed = isNew ? crossings(proof()) : 0;
    if (crossed > 0) throw new Error(`${crossed} repositories, groups, changes or near-duplicates would lie in two splits`);
    return { placed, leftOut: this.#leftOut, proof };
  }

  close(): void {
    this.#near?.close();
  }

  /** With a review goes its other arm, unless that one stands. */
  #drop(reason: LeftOutReason, why: (one: Member) => string | null): void {
    const gone = new Map<string, string>();
    for (const one of this.#alive) {
      const detail = one.stands === null && !gone.has(unitOf(one)) ? why(one) : null;
      if (detail !== null) gone.set(unitOf(one), detail);
    }
    this.#alive = this.#alive.filter((one) => {
      const detail = one.stands === null ? gone.get(unitOf(one)) : undefined;
      if (detail !== undefined) this.#leftOut.push({ id: one.id, reason, detail });
      return detail === undefined;
    });
  }

  /** Review arms whose other arm was not proven teach nothing. */
  #dropLoneArms(): void {
    const arms = Map.groupBy(this.#alive, ({ pairId }) => pairId);
    this.#drop("lone-arm", ({ pairId }) =>
      pairId !== null && arms.get(pairId)?.length !== 2 ? "the other arm of the pair was not proven" : null,
    );
  }

  #dropDuplicates(): Duplicates {
    if (this.#near === null) return nothing;
    const lone = new Set(this.#leftOut.map(({ id }) => id));
    const rank = new Array<number>(this.#members.length);
    const order = this.#members.map((_, at) => at).sort((a, b) => byWorth(this.#members[a] as Member, this.#members[b] as Member));
    for (const [place, at] of order.entries()) rank[at] = place;
    const found = this.#near.find(
      rank,
      (at) => this.#members[at]?.stands !== null,
      (at) => !lone.has(this.#members[at]?.id ?? ""),
    );
    const stayers = new Map(
      [...found.goneFor].map(([gone, stays]) => [unitOf(this.#members[gone] as Member), this.#members[stays]] as const),
    );
    this.#drop("near-duplicate", (one) => {
      const stays = stayers.get(unitOf(one));
      return stays === undefined ? null : `asks what ${stays.id} of ${stays.address} asks`;
    });
    return found;
  }

  /** Of each skill, so that no source dominates it; those with the smallest ids stay, which are hashes. No limit is passed for the second arm of a pair. */
  #balance(group: (one: Member) => string): void {
    const { perRepository, perOperator, perFile, perDifficulty } = this.#selection;
    this.#cap("over-repository", perRepository, (one) => [group(one)]);
    this.#cap("over-operator", perOperator, ({ operators }) => operators);
    this.#cap("over-file", perFile, (one) => [`${one.file} of ${group(one)}`]);
    this.#cap("over-difficulty", perDifficulty, ({ difficulty }) => (difficulty === null ? [] : [`what is ${difficulty}`]));
  }

  #cap(reason: LeftOutReason, most: number | null, keysOf: (one: Member) => readonly string[]): void {
    if (most === null) return;
    const taken = new Map<string, number>();
    const units = Map.groupBy(this.#alive, unitOf);
    const full = new Map<string, string>();
    const order = [...units.values()]
      .flatMap(([one]) => one ?? [])
      .sort((a, b) => before(a.stands === null, b.stands === null) || before(unitOf(a), unitOf(b)));
    for (const one of order) {
      const keys = keysOf(one).map((key) => `${key} in ${one.skill}`);
      const withIt = (key: string): number => (taken.get(key) ?? 0) + (units.get(unitOf(one))?.length ?? 0);
      const over = keys.find((key) => withIt(key) > most);
      if (over !== undefined && one.stands === null) full.set(unitOf(one), `at most ${most} are kept of ${over}`);
      else for (const key of keys) taken.set(key, withIt(key));
    }
    this.#drop(reason, (one) => full.get(unitOf(one)) ?? null);
  }

  #groups(group: (one: Member) => string): Dealt[] {
    const pins = new Map(Object.entries(this.#selection.pins).map(([name, split]) => [groupOfAddress(name), split]));
    return [...Map.groupBy(this.#alive, group)].map(([name, own]) => {
      const pinned = [...new Set(own.flatMap(({ address }) => pins.get(address) ?? []))];
      const standing = own.flatMap(({ stands }) => stands ?? [])[0] ?? own.flatMap(({ address }) => this.#known.get(address) ?? [])[0];
      const fixed = standing?.split ?? pinned[0] ?? null;
      if (pinned.length > 1) throw pinTrouble(own, pins);
      return {
        name,
        rows: own.length,
        strata: strataOf(own),
        fixed,
        allowed: splits.filter((split) => own.some((one) => this.#isInTime(one, split))),
      };
    });
  }

  #isInTime({ at }: Member, split: Split): boolean {
    const { cutoff } = this.#selection;
    return cutoff === null || (split === "train") === Date.parse(at) < Date.parse(cutoff);
  }

  #dropByTime(splitOf: (one: Member) => Split): void {
    const late = (one: Member): boolean => splitOf(one) === "train";
    const wrong = (one: Member): boolean => !this.#isInTime(one, splitOf(one));
    this.#drop("after-cutoff", (one) => (wrong(one) && late(one) ? `of ${one.at}; its repository is in train` : null));
    this.#drop("before-cutoff", (one) => (wrong(one) && !late(one) ? `of ${one.at}; its repository is held out` : null));
  }

  /** Composite tasks of repository groups that have atomic questions in `train`. */
  #dropTrainedOn(group: (one: Member) => string, splitOf: (one: Member) => Split): void {
    const trained = new Set(this.#alive.filter((one) => !isComposite(one.skill) && splitOf(one) === "train").map(group));
    this.#drop("trained-on", (one) => (isComposite(one.skill) && trained.has(group(one)) ? "its repository has questions in train" : null));
  }
}
