/** `kihon diff`: what one dataset has that another has not, and why. Both are read side by side in the order of ids, so no size is too large. */
import { canonical } from "../lib/hash.ts";
import { plural } from "../lib/plural.ts";
import { type Dataset, openDataset } from "../output/dataset-reader.ts";
import { environmentHashOf, toEnvironmentRow } from "../output/rows.ts";
import { candidateSchema } from "../schemas/candidate.ts";
import { type SkillName, skills } from "../schemas/instance.ts";
import type { RowPair } from "../schemas/row.ts";
import { printable } from "./log.ts";

export interface Difference {
  readonly change: "added" | "removed" | "changed";
  readonly kind: "row" | "environment";
  readonly id: string;
  /** Null for an environment. */
  readonly skill: SkillName | null;
  readonly repo: string;
  /** Columns with other content, of the public row and then of the private one; empty where the row is only in one of them. */
  readonly columns: readonly string[];
  readonly why: string;
}

export interface DiffSummary {
  readonly rows: { readonly same: number; readonly added: number; readonly removed: number; readonly changed: number };
  readonly environments: { readonly added: number; readonly removed: number; readonly changed: number };
  readonly same: boolean;
}

interface Sides {
  readonly before: Dataset;
  readonly after: Dataset;
  /** Commits of the environments that the older dataset has. */
  readonly known: ReadonlySet<string>;
  /** What each dataset's list says of a row, by id and content hash. */
  readonly gone: { readonly before: ReadonlyMap<string, string>; readonly after: ReadonlyMap<string, string> };
}

type Pair = RowPair | undefined;

const idOf = (pair: RowPair): string => pair.public.instance_id;

/** Rows of both that have the same id together; a row that only one has stands alone. */
async function* sideBySide(skill: SkillName, { before, after }: Sides): AsyncGenerator<{ readonly old: Pair; readonly now: Pair }> {
  const [olds, nows] = [before.pairs({ skill }), after.pairs({ skill })];
  const next = async (rows: AsyncGenerator<RowPair>): Promise<Pair> => (await rows.next()).value as Pair;
  let [old, now] = [await next(olds), await next(nows)];
  while (old !== undefined || now !== undefined) {
    const isOld = old !== undefined && (now === undefined || idOf(old) <= idOf(now));
    const isNow = now !== undefined && (old === undefined || idOf(now) <= idOf(old));
    yield { old: isOld ? old : undefined, now: isNow ? now : undefined };
    if (isOld) old = await next(olds);
    if (isNow) now = await next(nows);
  }
}

function changedColumns(old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(now).filter((name) => name !== "provenance" && canonical(old[name]) !== canonical(now[name]));
}

const keyOf = (id: string, contentHash: string): string => `${id} ${contentHash}`;

function withdrawals({ withdrawn }: Dataset): ReadonlyMap<string, string> {
  const rows = withdrawn.filter((one) => one.kind === "row");
  return new Map(
    rows.map(({ instance_id, content_hash, reason, detail }) => [
      keyOf(instance_id, content_hash),
      detail === "" ? reason : `${reason}: ${detail}`,
    ]),
  );
}

const withdrawal = (list: ReadonlyMap<string, string>, pair: RowPair): string | null =>
  list.get(keyOf(idOf(pair), pair.private.provenance.content_hash)) ?? null;

function whyAdded(pair: RowPair, { gone, known }: Sides): string {
  const was = withdrawal(gone.before, pair);
  if (was !== null) return `no longer withdrawn (${was})`;
  const candidate = candidateSchema.parse(JSON.parse(pair.private.candidate_json));
  const at = pair.public.base_commit.slice(0, 12);
  const age = known.has(pair.public.base_commit) ? "" : "new ";
  if (candidate.kind === "mutant") return `a mutant of the ${age}revision ${at}`;
  return candidate.pullRequest === undefined
    ? `the ${age}commit ${at}`
    : `pull request #${candidate.pullRequest.number}, the ${age}commit ${at}`;
}

function whyChanged(old: RowPair, now: RowPair, { gone }: Sides): string {
  const [was, is] = [old.private.verifier.version, now.private.verifier.version];
  const reasons = [
    ...(was === is ? [] : [`proven anew by verifier ${is}, was ${was}`]),
    ...(old.public.environment_id === now.public.environment_id ? [] : [`environment ${now.public.environment_id}`]),
    ...(old.public.split === now.public.split ? [] : [`split ${now.public.split}, was ${old.public.split}`]),
  ];
  return reasons.join("; ") || (withdrawal(gone.after, old) ?? "posed or proven anew");
}

function rowDifference(skill: SkillName, old: Pair, now: Pair, sides: Sides): Difference | null {
  const row = now ?? (old as RowPair);
  const of = { kind: "row", id: idOf(row), skill, repo: row.public.repo } as const;
  if (old === undefined) return { ...of, change: "added", columns: [], why: whyAdded(row, sides) };
  if (now === undefined)
    return {
      ...of,
      change: "removed",
      columns: [],
      why: withdrawal(sides.gone.after, old) ?? "not in the newer one, which does not say why",
    };
  if (old.private.provenance.content_hash === now.private.provenance.content_hash) return null;
  const columns = [...changedColumns(old.public, now.public), ...changedColumns(old.private, now.private)];
  return { ...of, change: "changed", columns: [...new Set(columns)], why: whyChanged(old, now, sides) };
}

const noBytes = new Uint8Array();

async function* environmentDifferences({ before, after }: Sides): AsyncGenerator<Difference> {
  const [olds, nows] = [new Set(await before.environmentIds()), new Set(await after.environmentIds())];
  const cellsOf = async (data: Dataset, id: string) => toEnvironmentRow(await data.environment(id), noBytes);
  for (const id of [...new Set([...olds, ...nows])].sort()) {
    const now = await cellsOf(nows.has(id) ? after : before, id);
    const of = { kind: "environment", id, skill: null, repo: now.repo } as const;
    const at = `revision ${now.base_commit.slice(0, 12)}`;
    if (!olds.has(id)) yield { ...of, change: "added", columns: [], why: `rows at ${at}` };
    else if (!nows.has(id)) yield { ...of, change: "removed", columns: [], why: `no row is left at ${at}` };
    else {
      const old = await cellsOf(before, id);
      if (environmentHashOf(old) !== environmentHashOf(now))
        yield { ...of, change: "changed", columns: changedColumns(old, now), why: "prepared anew" };
    }
  }
}

/** Calls `tell` for each difference, skill by skill in the order of ids, environments last. Withdrawn rows are in neither dataset. */
export async function diff(olderFolder: string, newerFolder: string, tell: (difference: Difference) => void): Promise<DiffSummary> {
  const [before, after] = [await openDataset(olderFolder), await openDataset(newerFolder)];
  const known = new Set<string>();
  for (const id of await before.environmentIds({ withdrawn: true })) known.add((await before.environment(id)).revision.commit);
  const sides: Sides = { before, after, known, gone: { before: withdrawals(before), after: withdrawals(after) } };
  const rows = { same: 0, added: 0, removed: 0, changed: 0 };
  const environments = { added: 0, removed: 0, changed: 0 };
  for (const skill of skills) {
    for await (const { old, now } of sideBySide(skill, sides)) {
      const difference = rowDifference(skill, old, now, sides);
      rows[difference?.change ?? "same"] += 1;
      if (difference !== null) tell(difference);
    }
  }
  for await (const difference of environmentDifferences(sides)) {
    environments[difference.change] += 1;
    tell(difference);
  }
  const all = [rows.added, rows.removed, rows.changed, ...Object.values(environments)];
  return { rows, environments, same: all.every((count) => count === 0) };
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

export function differenceText({ change, kind, id, skill, repo, columns, why }: Difference): string {
  const of = columns.length === 0 ? "" : ` [${columns.join(", ")}]`;
  return printable(`${signs[change]} ${(skill ?? kind).padEnd(13)} ${id}  ${repo}${of}  ${why.replace(/\s+/g, " ")}`);
}

export function diffText({ rows, environments, same }: DiffSummary): string {
  if (same) return `the same ${plural(rows.same, "row")}`;
  const { added, removed, changed } = environments;
  return `${plural(rows.added, "row")} added, ${rows.removed} removed, ${rows.changed} changed, ${rows.same} the same; environments: ${added} added, ${removed} removed, ${changed} changed`;
}
