/** Beside what the graph says, and git itself where it goes by dates that it may go by. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitHistory } from "../../lib/git-history.ts";
import { GitObjects } from "../../lib/git-objects.ts";
import { ScratchRepository } from "./scratch-repository.ts";

interface Planned {
  /** How far back each parent lies; more than there are: none. */
  readonly parents: readonly number[];
  /** Seconds after the one before. */
  readonly seconds: number;
}

/** Places of a commit's parents. */
const parentsOf = (plan: readonly Planned[], at: number): readonly number[] => [
  ...new Set((plan[at]?.parents ?? []).map((back) => at - back).filter((parent) => parent >= 0)),
];

/** Commits in this order, made at once. */
async function made(scratch: ScratchRepository, plan: readonly Planned[]): Promise<readonly string[]> {
  let clock = 1_700_000_000;
  const lines = plan.flatMap(({ seconds }, at) => {
    clock += seconds;
    const [from, ...merged] = parentsOf(plan, at);
    return [
      `reset refs/heads/b${at}`,
      `commit refs/heads/b${at}`,
      `mark :${at + 1}`,
      `committer A <a@example.invalid> ${clock} +0000`,
      // No two are the same, whatever their parents and dates.
      `data ${String(at).length}`,
      String(at),
      ...(from === undefined ? [] : [`from :${from + 1}`]),
      ...merged.map((parent) => `merge :${parent + 1}`),
    ];
  });
  await scratch.gitWith(`${lines.join("\n")}\n`, "fast-import", "--quiet", "--force", "--export-marks=.git/marks");
  const marks = readFileSync(join(scratch.work, ".git/marks"), "utf8").trim().split("\n");
  const ids = new Map(marks.map((line): [string, string] => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
  return plan.map((_, at) => ids.get(`:${at + 1}`) ?? "");
}

const historyOf = ({ work }: ScratchRepository): GitHistory => {
  const env = { PATH: process.env["PATH"] ?? "" };
  const objects = new GitObjects((...words) => ({ argv: ["git", `--git-dir=${work}/.git`, ...words], env }));
  return new GitHistory((ids) => objects.read(ids));
};

const words = (said: string): readonly string[] => said.split(/\s+/).filter((word) => word !== "");
const plans = (seconds: fc.Arbitrary<number>): fc.Arbitrary<readonly Planned[]> =>
  fc.array(fc.record({ parents: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), seconds }), {
    minLength: 4,
    maxLength: 14,
  });
const pairsOf = (plan: readonly Planned[]) =>
  plan.flatMap((_, one) => (one < plan.length - 3 ? [] : plan.flatMap((_other, other) => [[one, other] as const, [other, one] as const])));

interface Parted {
  readonly own: readonly string[];
  readonly bases: readonly string[];
}

/** By what the words mean: all that the one stands on and the other does not, and of what both stand on that which none of the rest stands on. */
function byGraph(plan: readonly Planned[], ids: readonly string[], one: number, other: number): Parted {
  const below = plan.map(() => new Set<number>());
  for (const [at, found] of below.entries())
    for (const parent of [at, ...parentsOf(plan, at)]) for (const each of parent === at ? [at] : (below[parent] ?? [])) found.add(each);
  const [all, rest] = [[...(below[one] ?? [])], below[other] ?? new Set()];
  const common = all.filter((at) => rest.has(at));
  const named = (places: readonly number[]): string[] => places.map((at) => ids[at] ?? "").sort();
  return {
    own: named(all.filter((at) => !rest.has(at))),
    bases: named(common.filter((base) => !common.some((later) => later !== base && below[later]?.has(base)))),
  };
}

async function byGit(scratch: ScratchRepository, one: string, other: string): Promise<Parted> {
  const own = words(await scratch.git("rev-list", one, `^${other}`));
  // Git gives an error where there is none.
  const bases = words(await scratch.git("merge-base", "--all", one, other).catch(() => ""));
  return { own: own.toSorted(), bases: bases.toSorted() };
}

async function compare(plan: readonly Planned[]): Promise<void> {
  using scratch = await ScratchRepository.make();
  const ids = await made(scratch, plan);
  const history = historyOf(scratch);
  // Of dates in disorder `git rev-list` may list commits that the other stands on: it goes by dates, and looks only a few commits further.
  const isOrdered = plan.every(({ seconds }) => seconds >= 0);
  for (const [one, other] of pairsOf(plan)) {
    const told = byGraph(plan, ids, one, other);
    const fork = await history.fork(ids[one] ?? "", ids[other] ?? "");
    expect({ own: fork?.own.map(({ id }) => id).sort(), bases: fork?.bases.toSorted() }).toEqual(told);
    if (isOrdered) expect(await byGit(scratch, ids[one] ?? "", ids[other] ?? "")).toEqual(told);
  }
}

describe("where two lines of history part", () => {
  it.each([
    ["whose commits are older than what stands on them", 0],
    ["whose dates are in disorder", -200],
  ])("is told as the graph has it, of any history %s", { timeout: 240_000 }, async (_, least) => {
    await fc.assert(fc.asyncProperty(plans(fc.integer({ min: least, max: 90 })), compare), {
      numRuns: 10,
      interruptAfterTimeLimit: 200_000,
    });
  });

  it("is left to git where a commit is not here", async () => {
    using scratch = await ScratchRepository.make();
    const [only = ""] = await made(scratch, [{ parents: [9], seconds: 0 }]);
    expect(await historyOf(scratch).fork(only, "f".repeat(40))).toBeNull();
    expect(await historyOf(scratch).fork(only, only)).toEqual({ own: [], bases: [only] });
  });
});
