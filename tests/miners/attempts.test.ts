import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../languages/contract.ts";
import { openRepository } from "../../lib/git.ts";
import { attemptsOf, locateAttempts } from "../../miners/attempts.ts";
import type { Attempt, PassedAttempt } from "../../schemas/candidate.ts";
import { attemptSchema, passedAttemptSchema } from "../../schemas/candidate.ts";
import { ScratchRepository } from "../lib/scratch-repository.ts";

const roleOf = (path: string): Role => (/\btest\b/.test(path) ? "test" : path.endsWith(".js") ? "source" : "other");

/** Ten numbered lines, some of them others. */
const lines = (...changed: readonly (readonly [number, string])[]): string => {
  const all = Array.from({ length: 10 }, (_, at) => `${at}`);
  for (const [at, text] of changed) all[at] = text;
  return `${all.join("\n")}\n`;
};
type Files = Readonly<Record<string, string | Uint8Array | null>>;

let scratch: ScratchRepository;
let start: string;
beforeEach(async () => {
  scratch = await ScratchRepository.make();
  start = await scratch.commit("Start", { "a.js": lines(), "b.js": "b\n", "test/a.js": "", "README.md": "r" });
});
afterEach(() => scratch[Symbol.dispose]());

/** Commits on a branch of its own, the oldest first. */
async function branch(...states: readonly Files[]): Promise<string[]> {
  await scratch.git("switch", "--quiet", "--create", "fix", start);
  const commits: string[] = [];
  for (const [at, files] of states.entries()) commits.push(await scratch.commit(`Step ${at}`, files));
  await scratch.git("switch", "--quiet", "main");
  return commits;
}

interface Told {
  readonly attempts: readonly Attempt[];
  readonly passed: readonly PassedAttempt[];
}
/** Attempts of the change between two commits, made of these heads. */
async function told(
  heads: readonly string[],
  before: string,
  after: string,
  more: { packageDir?: string; max?: number } = {},
): Promise<Told> {
  const { packageDir = ".", max = 50 } = more;
  const repository = await openRepository(scratch.work, scratch.cache, { name: "owner/name" });
  const context = { repository, roleOf, cursor: null };
  const limits = { packageDir, maxFileBytes: 10_000, maxSourceFiles: max };
  const located = await locateAttempts(
    heads.map((commit) => ({ commit, kind: "commit" as const })),
    before,
    limits,
    context,
  );
  const found = await attemptsOf(located, await repository.changesBetween(before, after), limits, context);
  return {
    attempts: (found.attempts ?? []).map((attempt) => attemptSchema.parse(attempt)),
    passed: (found.passedAttempts ?? []).map((passed) => passedAttemptSchema.parse(passed)),
  };
}
/** The branch squashed onto main as it is now. */
async function squashed(): Promise<readonly [before: string, after: string]> {
  const before = await scratch.git("rev-parse", "main");
  await scratch.git("merge", "--quiet", "--squash", "fix");
  await scratch.git("commit", "--quiet", "-m", "Fix");
  return [before, await scratch.git("rev-parse", "main")];
}

describe("what a branch was before", () => {
  it("is told by the sources that were others, laid over the change with its tests", async () => {
    const [first = ""] = await branch({ "a.js": lines([3, "wrong"]) }, { "a.js": lines([3, "right"]), "test/a.js": "1" });
    expect(await told([first], ...(await squashed()))).toEqual({
      attempts: [{ commits: [first], kind: "commit", layer: { "a.js": lines([3, "wrong"]) }, merged: [] }],
      passed: [],
    });
  });

  it("is no attempt where its sources are those of the change, or those before it", async () => {
    const [tests = "", work = ""] = await branch({ "test/a.js": "1" }, { "a.js": lines([3, "right"]) }, { "README.md": "s" });
    expect(await told([work, tests], ...(await squashed()))).toEqual({
      attempts: [],
      passed: [
        { commit: work, reason: "same-as-fix" },
        { commit: tests, reason: "nothing-changed" },
      ],
    });
  });

  it("is told once where its sources stayed the same for some commits", async () => {
    const [one = "", two = "", three = ""] = await branch(
      { "a.js": lines([3, "wrong"]) },
      { "test/a.js": "1" },
      { "a.js": lines([3, "worse"]) },
      { "a.js": lines([3, "right"]) },
    );
    const { attempts } = await told([three, two, one], ...(await squashed()));
    expect(attempts.map(({ commits }) => commits)).toEqual([[three], [two, one]]);
  });

  it("has files that only it changed, those that it had not made yet, and those that it had not yet taken away", async () => {
    const [first = ""] = await branch(
      { "a.js": lines([3, "right"]), "b.js": "of no use\n", "extra.js": "x\n" },
      { "b.js": "b\n", "extra.js": null, "new.js": "n\n" },
    );
    const { attempts } = await told([first], ...(await squashed()));
    expect(attempts[0]?.layer).toEqual({ "b.js": "of no use\n", "extra.js": "x\n", "new.js": null });
  });

  it("is told four times at most, by those that came first", async () => {
    const states = ["one", "two", "three", "four", "five", "right"].map((text) => ({ "a.js": lines([3, text]) }));
    const heads = (await branch(...states)).slice(0, -1).reverse();
    const { attempts } = await told(heads, ...(await squashed()));
    expect(attempts.map(({ layer }) => layer["a.js"])).toEqual(["five", "four", "three", "two"].map((text) => lines([3, text])));
  });

  it("keeps to the package's folder", async () => {
    const [first = ""] = await branch({ "a.js": "x\n", "pack/c.js": "1\n" }, { "pack/c.js": "2\n" });
    const [before, after] = await squashed();
    expect((await told([first], before, after, { packageDir: "pack" })).attempts[0]?.layer).toEqual({ "pack/c.js": "1\n" });
  });
});

describe("where others went on meanwhile", () => {
  const right = lines([3, "right"]);
  const wrong = lines([3, "wrong"]);
  const beside = async (files: Files): Promise<Told> => {
    const [first = ""] = await branch({ "a.js": wrong }, { "a.js": right });
    await scratch.commit("Meanwhile", files);
    return told([first], ...(await squashed()));
  };

  it("in other files, the attempt is as it was", async () => {
    const { attempts } = await beside({ "b.js": "c\n" });
    expect(attempts).toMatchObject([{ layer: { "a.js": wrong }, merged: [] }]);
  });
  it("in other lines of the file, it is what git merges, and the file is named", async () => {
    const { attempts } = await beside({ "a.js": lines([8, "others"]) });
    expect(attempts).toMatchObject([{ layer: { "a.js": lines([3, "wrong"], [8, "others"]) }, merged: ["a.js"] }]);
  });
  it("on the very lines that it had then, nobody knows what it would be", async () => {
    const [first = ""] = await branch({ "a.js": lines([3, "wrong"], [8, "mine"]) }, { "a.js": lines([3, "right"]) });
    await scratch.commit("Meanwhile", { "a.js": lines([8, "others"]) });
    const { attempts, passed } = await told([first], ...(await squashed()));
    expect([attempts, passed]).toEqual([[], [{ commit: first, reason: "conflict" }]]);
  });
  it("and took the file away that it still changed, neither", async () => {
    const [first = ""] = await branch({ "a.js": wrong, "b.js": "c\n" }, { "a.js": right, "b.js": "b\n" });
    await scratch.commit("Meanwhile", { "b.js": null });
    const { passed } = await told([first], ...(await squashed()));
    expect(passed).toEqual([{ commit: first, reason: "conflict" }]);
  });
  it("and did the same to a line, it is done once", async () => {
    const [first = ""] = await branch({ "a.js": lines([3, "wrong"], [8, "both"]) }, { "a.js": lines([3, "right"], [8, "both"]) });
    await scratch.commit("Meanwhile", { "a.js": lines([8, "both"]) });
    const { attempts } = await told([first], ...(await squashed()));
    expect(attempts[0]?.layer).toEqual({ "a.js": lines([3, "wrong"], [8, "both"]) });
  });
  it("and was merged into the branch, what they did is no part of it", async () => {
    const [first = ""] = await branch({ "a.js": wrong });
    await scratch.commit("Meanwhile", { "a.js": lines([8, "others"]), "b.js": "c\n" });
    await scratch.git("switch", "--quiet", "fix");
    await scratch.git("merge", "--quiet", "--no-edit", "main");
    const joined = await scratch.git("rev-parse", "HEAD");
    await scratch.commit("Last", { "a.js": lines([3, "right"], [8, "others"]) });
    await scratch.git("switch", "--quiet", "main");
    const { attempts } = await told([joined, first], ...(await squashed()));
    expect(attempts).toEqual([
      { commits: [joined, first], kind: "commit", layer: { "a.js": lines([3, "wrong"], [8, "others"]) }, merged: ["a.js"] },
    ]);
  });
});

describe("what cannot be told is named", () => {
  const reasonOf = async (state: Files, more: { max?: number } = {}): Promise<unknown> => {
    const [first = ""] = await branch(state, {
      "a.js": lines([3, "right"]),
      ...Object.fromEntries(Object.keys(state).map((path) => [path, path === "a.js" ? lines([3, "right"]) : null])),
    });
    const { attempts, passed } = await told([first], ...(await squashed()), more);
    expect(attempts).toEqual([]);
    return passed.map(({ reason }) => reason);
  };
  it("where a source is no text", async () => expect(await reasonOf({ "x.js": Buffer.from([0]) })).toEqual(["unreadable"]));
  it("where a source is too large", async () => expect(await reasonOf({ "x.js": "x".repeat(10_001) })).toEqual(["unreadable"]));
  it("where it changed more files than are looked at", async () =>
    expect(await reasonOf({ "x.js": "1", "y.js": "1" }, { max: 1 })).toEqual(["too-many-files"]));
  it("where it has no one base", async () => {
    await scratch.git("switch", "--quiet", "--orphan", "apart");
    const apart = await scratch.commit("Apart", { "a.js": "x\n" });
    await scratch.git("switch", "--quiet", "main");
    await branch({ "a.js": lines([3, "right"]) });
    expect((await told([apart], ...(await squashed()))).passed).toEqual([{ commit: apart, reason: "no-base" }]);
  });
});
