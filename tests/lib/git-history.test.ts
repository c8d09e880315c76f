/** Beside what git itself says of the same history. */
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

/** Commits in this order, made at once. */
async function made(scratch: ScratchRepository, plan: readonly Planned[]): Promise<readonly string[]> {
  let clock = 1_700_000_000;
  const lines = plan.flatMap(({ parents, seconds }, at) => {
    clock += seconds;
    const [from, ...merged] = [...new Set(parents.map((back) => at - back).filter((parent) => parent >= 0))];
    return [
      `reset refs/heads/b${at}`,
      `commit refs/heads/b${at}`,
      `mark :${at + 1}`,
      `committer A <a@example.invalid> ${clock} +0000`,
      "data 1",
      "x",
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
const pairsOf = (ids: readonly string[]) =>
  ids.slice(-3).flatMap((one) => ids.flatMap((other) => [[one, other] as const, [other, one] as const]));

async function compare(plan: readonly Planned[]): Promise<void> {
  using scratch = await ScratchRepository.make();
  const ids = await made(scratch, plan);
  const history = historyOf(scratch);
  for (const [one, other] of pairsOf(ids)) {
    const fork = await history.fork(one, other);
    expect(fork?.own.map(({ id }) => id).sort()).toEqual([...words(await scratch.git("rev-list", one, `^${other}`))].sort());
    // Git gives an error where there is none.
    const said = await scratch.git("merge-base", "--all", one, other).catch(() => "");
    expect([...(fork?.bases ?? [])].sort()).toEqual([...words(said)].sort());
  }
}

describe("where two lines of history part", () => {
  it.each([
    ["whose commits are older than what stands on them", 0],
    ["whose dates are in disorder", -200],
  ])("is told as git tells it, of any history %s", { timeout: 240_000 }, async (_, least) => {
    await fc.assert(fc.asyncProperty(plans(fc.integer({ min: least, max: 90 })), compare), { numRuns: 10 });
  });

  it("is left to git where a commit is not here", async () => {
    using scratch = await ScratchRepository.make();
    const [only = ""] = await made(scratch, [{ parents: [9], seconds: 0 }]);
    expect(await historyOf(scratch).fork(only, "f".repeat(40))).toBeNull();
    expect(await historyOf(scratch).fork(only, only)).toEqual({ own: [], bases: [only] });
  });
});
