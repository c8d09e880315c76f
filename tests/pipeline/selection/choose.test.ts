import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { hashText } from "../../../lib/sketches.ts";
import { type Choice, Choosing, splitFor } from "../../../pipeline/selection/choose.ts";
import type { Document } from "../../../pipeline/selection/document.ts";
import type { Member } from "../../../pipeline/selection/member.ts";
import { crossings, type Placed, proofOfRest } from "../../../pipeline/selection/proof.ts";
import { type SplitRatio, selectionSchema, splits } from "../../../schemas/selection.ts";

const scratch = mkdtempSync(join(tmpdir(), "kihon-choose-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ratio: SplitRatio = { train: 8, validation: 1, test: 1 };
let counter = 0;

const member = (given: Partial<Member>): Member => {
  const id = (++counter).toString(16).padStart(16, "0");
  return {
    id,
    skill: "editing",
    changeId: `change of ${id}`,
    pairId: null,
    address: "acme/calc",
    commit: `commit of ${given.address ?? "acme/calc"}`,
    forks: [],
    at: "2025-01-01T00:00:00Z",
    kind: 2,
    operators: [],
    file: "a.js",
    language: "javascript",
    difficulty: null,
    stands: null,
    ...given,
  };
};

/** A document of its own for each text: those of one text are near. */
const documentOf = (text: string): Document => {
  const words = Uint32Array.from({ length: 60 }, (_, at) => hashText(`${at} of ${text}`));
  return {
    kind: "defect",
    block: 1,
    edit: new Uint32Array([1, 2]),
    hunks: [{ file: words[5] ?? 0, at: 3, left: words.slice(0, 30), right: words.slice(30) }],
  };
};

function choose(
  members: readonly Member[],
  settings: Record<string, unknown> = {},
  {
    shares = ratio,
    texts = new Map<string, string>(),
    known = new Map<string, Placed>(),
  }: { shares?: SplitRatio; texts?: ReadonlyMap<string, string>; known?: ReadonlyMap<string, Placed> } = {},
): Choice {
  const choosing = new Choosing(selectionSchema.parse(settings), shares, join(scratch, "work"), known);
  try {
    for (const one of members) choosing.add(one, () => [documentOf(texts.get(one.id) ?? one.id)]);
    return choosing.choose();
  } finally {
    choosing.close();
  }
}
const reasons = (choice: Choice) => Object.fromEntries(choice.leftOut.map(({ id, reason }) => [id, reason]));
const splitsOf = (choice: Choice) => new Map([...choice.placed].map(([id, { split }]) => [id, split]));

/** Repositories of so many rows each; some are forks of the one before. */
const world = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 12 }), fork: fc.boolean(), pairs: fc.boolean() }), {
  minLength: 1,
  maxLength: 25,
});
type World = ReturnType<typeof fc.sample<readonly { rows: number; fork: boolean; pairs: boolean }[]>>[number];
const membersOf = (repositories: World, prefix: string): Member[] =>
  repositories.flatMap(({ rows, fork, pairs }, at) => {
    const commit = `${prefix}${fork && at > 0 ? at - 1 : at}`;
    return Array.from({ length: rows }, (_, row) =>
      member({
        address: `${prefix}/repository-${at}`,
        commit,
        changeId: `${prefix}${at} ${row >> 1}`,
        ...(pairs && rows % 2 === 0 ? { skill: "review" as const, pairId: `${prefix} pair ${at} ${row >> 1}` } : {}),
      }),
    );
  });

describe("splits", () => {
  it("are never crossed, and come within one group of their shares", () => {
    fc.assert(
      fc.property(world, fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)), (repositories, [train, validation, test]) => {
        const shares = { train: train + 1, validation, test };
        const { placed, proof: prove, leftOut } = choose(membersOf(repositories, "w"), {}, { shares });
        const proof = prove();
        expect(leftOut).toEqual([]);
        expect(crossings(proof)).toBe(0);
        for (const { rows, target } of proof.splits) expect(Math.abs(rows - target * placed.size)).toBeLessThanOrEqual(proof.largestGroup);
      }),
      { numRuns: 60 },
    );
  });

  it("are the same whatever order the rows come in", () => {
    fc.assert(
      fc.property(world, fc.integer(), (repositories, seed) => {
        const members = membersOf(repositories, "o");
        const shuffled = fc.sample(fc.shuffledSubarray(members, { minLength: members.length }), { seed, numRuns: 1 })[0] ?? [];
        expect([...splitsOf(choose(shuffled))].sort()).toEqual([...splitsOf(choose(members))].sort());
      }),
      { numRuns: 20 },
    );
  });

  it("move no row and lose none when rows are added, whatever comes", () => {
    fc.assert(
      fc.property(world, world, (repositories, more) => {
        const first = membersOf(repositories, "s");
        const { placed } = choose(first);
        const standing = first.map((one) => ({ ...one, stands: placed.get(one.id) ?? null }));
        // Some of the new ones are of repositories that stand, some bridge two of them.
        const bridges = repositories
          .slice(1)
          .map((_, at) => member({ address: `s/repository-${at}`, commit: `new ${at}`, forks: [`s/repository-${at + 1}`] }));
        const then = choose([
          ...membersOf(more, "s").map((one) => ({ ...one, pairId: null, skill: "editing" as const })),
          ...bridges,
          ...standing,
        ]);
        for (const [id, place] of placed) expect(then.placed.get(id)).toEqual(place);
        expect(then.proof().groups.crossing + then.proof().repositories.crossing).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("keep renamed repositories, forks, mirrors, named groups and near-duplicates together", () => {
    const members = [
      member({ address: "a/one", commit: "1" }),
      member({ address: "b/mirror", commit: "1" }),
      member({ address: "a/two", commit: "2", forks: ["c/fork"] }),
      member({ address: "c/fork", commit: "3" }),
      member({ address: "d/named", commit: "4" }),
      member({ address: "e/named", commit: "5" }),
      member({ address: "f/copied", commit: "6" }),
      member({ address: "g/copies", commit: "7" }),
      member({ address: "g/copies", commit: "7" }),
    ];
    const texts = new Map([
      [members[6]?.id ?? "", "the very same text"],
      [members[7]?.id ?? "", "the very same text"],
    ]);
    const choice = choose(members, { sameGroup: [["https://example.com/D/named.git", "e/named"]] }, { texts });
    const groups = Map.groupBy(members, ({ id }) => choice.placed.get(id)?.group);
    expect([...groups.keys()]).toEqual(["a/one", "a/two", "d/named", "f/copied", undefined]);
    expect(choice.leftOut).toEqual([
      { id: members[7]?.id, reason: "near-duplicate", detail: `asks what ${members[6]?.id} of f/copied asks` },
    ]);
    expect(groups.get("f/copied")).toHaveLength(2);
  });

  it("go where they are pinned to, with all of the group", () => {
    const members = Array.from({ length: 12 }, (_, at) => member({ address: `p/${at}`, commit: `${at}` }));
    const pinned = choose(members, { pins: { "P/3": "test", "https://github.com/p/4": "validation" }, sameGroup: [["p/3", "p/5"]] });
    expect(["p/3", "p/4", "p/5"].map((name) => splitsOf(pinned).get(members.find(({ address }) => address === name)?.id ?? ""))).toEqual([
      "test",
      "validation",
      "test",
    ]);
    expect(() => choose(members, { pins: { "p/3": "test", "p/5": "train" }, sameGroup: [["p/3", "p/5"]] })).toThrow(
      /p\/3 to test, p\/5 to train/,
    );
  });

  it("keep a repository that is known to stand in one, with its group and what comes to it, though no row of it stands", () => {
    const members = Array.from({ length: 12 }, (_, at) => member({ address: `k/${at}`, commit: `k${at >> 1}` }));
    const known = new Map([["k/4", { split: "validation", group: "k/elsewhere" } as const]]);
    const { placed, proof } = choose(members, {}, { known });
    for (const address of ["k/4", "k/5"])
      expect(placed.get(members.find((one) => one.address === address)?.id ?? "")).toEqual(known.get("k/4"));
    expect(crossings(proof())).toBe(0);
  });

  it("hold what is new of a history that lies in two of them", () => {
    const standing = [
      member({ address: "x/left", stands: { group: "x/left", split: "train" } }),
      member({ address: "x/right", commit: "r", stands: { group: "x/right", split: "test" } }),
    ];
    const bridge = member({ address: "x/bridge", commit: "b", forks: ["x/left", "x/right"] });
    const choice = choose([...standing, bridge]);
    expect(choice.leftOut).toEqual([
      { id: bridge.id, reason: "between-splits", detail: "it belongs to x/left and to x/right, which lie in different splits" },
    ]);
  });
});

describe("a cut-off", () => {
  it("leaves what is older to train and what is newer to the others", () => {
    const members = Array.from({ length: 40 }, (_, at) =>
      member({
        address: `t/${at >> 2}`,
        commit: `${at >> 2}`,
        at: at % 4 < (at >> 2) % 5 ? "2024-12-31T23:59:59Z" : "2025-01-01T00:00:00Z",
      }),
    );
    const { placed, leftOut, proof } = choose(
      members,
      { cutoff: "2025-01-01T00:00:00Z" },
      { shares: { train: 1, validation: 0, test: 1 } },
    );
    expect(crossings(proof())).toBe(0);
    for (const one of members) {
      const place = placed.get(one.id);
      if (place !== undefined) expect(place.split === "train").toBe(one.at.startsWith("2024"));
    }
    expect(new Set(leftOut.map(({ reason }) => reason))).toEqual(new Set(["before-cutoff", "after-cutoff"]));
  });
});

describe("what is left of a dataset", () => {
  it("is counted again, with the shares that were asked for", () => {
    const members = Array.from({ length: 10 }, (_, at) => member({ address: `r/${at}`, commit: `${at}` }));
    const { placed, proof } = choose(members);
    const rest = members.slice(3).flatMap((one) => {
      const place = placed.get(one.id);
      return place === undefined ? [] : [{ ...one, ...place }];
    });
    const again = proofOfRest(rest, proof());
    expect(again.groups).toEqual({ all: 7, crossing: 0 });
    expect(again.splits.map(({ target }) => target)).toEqual([0.8, 0.1, 0.1]);
    expect(again.splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(7);
    const torn = rest.map((one, at) => ({ ...one, group: "one", split: at === 0 ? ("test" as const) : ("train" as const) }));
    expect(proofOfRest(torn, proof()).groups).toEqual({ all: 1, crossing: 1 });
  });
});

describe("a review pair", () => {
  it("goes as a whole, and an arm alone goes", () => {
    const arms = ["one", "one", "two", "two", "three"].map((pairId) => member({ skill: "review", pairId, changeId: `c ${pairId}` }));
    const texts = new Map(arms.map(({ id, pairId }) => [id, pairId === "three" ? "other" : "same"]));
    const { leftOut } = choose(arms, {}, { texts });
    expect(leftOut.map(({ id, reason }) => [id, reason])).toEqual([
      [arms[4]?.id, "lone-arm"],
      [arms[2]?.id, "near-duplicate"],
      [arms[3]?.id, "near-duplicate"],
    ]);
  });

  it.each([
    [1, 0],
    [2, 2],
    [3, 2],
    [4, 4],
    [7, 6],
    [9, 8],
  ])("counts for two where rows are limited: of %d it leaves %d", (limit, kept) => {
    const arms = Array.from({ length: 8 }, (_, at) => member({ skill: "review", pairId: `pair ${at >> 1}` }));
    for (const setting of ["perRepository", "perFile"]) {
      const { placed } = choose(arms, { [setting]: limit });
      expect(placed.size).toBe(kept);
      expect(new Set(arms.filter(({ id }) => placed.has(id)).map(({ pairId }) => pairId)).size).toBe(kept / 2);
    }
  });
});

describe("limits", () => {
  const many = Array.from({ length: 30 }, (_, at) =>
    member({
      address: `l/${at % 3}`,
      commit: `${at % 3}`,
      operators: [at % 2 === 0 ? "negation" : "sign"],
      file: `f${at % 2}.js`,
      difficulty: at % 2 === 0 ? "easy" : "hard",
      skill: at < 24 ? "editing" : "localization",
    }),
  );
  it.each([
    ["perRepository", "over-repository", ({ address, skill }: Member) => `${address} ${skill}`],
    ["perOperator", "over-operator", ({ operators, skill }: Member) => `${operators} ${skill}`],
    ["perFile", "over-file", ({ address, file, skill }: Member) => `${address} ${file} ${skill}`],
    ["perDifficulty", "over-difficulty", ({ difficulty, skill }: Member) => `${difficulty} ${skill}`],
  ] as const)("%s leaves out the rest as %s", (setting, reason, keyOf) => {
    const { placed, leftOut } = choose(many, { [setting]: 2 });
    expect(new Set(leftOut.map((one) => one.reason))).toEqual(new Set([reason]));
    const kept = Object.values(
      Object.groupBy(
        many.filter(({ id }) => placed.has(id)),
        keyOf,
      ),
    ).map((own) => own?.length);
    expect(Math.max(...kept.map((count) => count ?? 0))).toBe(2);
    expect([...placed.keys()].sort()).toEqual([...choose([...many].reverse(), { [setting]: 2 }).placed.keys()].sort());
  });

  it("of difficulty leave alone what has no level", () => {
    const unknown = many.map((one) => ({ ...one, difficulty: null }));
    expect(choose(unknown, { perDifficulty: 1 }).leftOut).toEqual([]);
  });

  it("are off by default, and never move what stands", () => {
    expect(choose(many).leftOut).toEqual([]);
    const standing = many.map((one) => ({ ...one, stands: { group: one.address, split: "train" as const } }));
    expect(choose(standing, { perRepository: 1 }).leftOut).toEqual([]);
  });
});

describe("a composite task", () => {
  it("is never in train", () => {
    expect(splits.map((split) => splitFor("bug-fix", split))).toEqual(["test", "validation", "test"]);
    expect(splits.map((split) => splitFor("editing", split))).toEqual([...splits]);
  });

  it("is left out where its repository has questions in train, and only there", () => {
    const rows = [
      member({ skill: "editing", address: "a/trained", commit: "1" }),
      member({ skill: "bug-fix", address: "a/trained", commit: "1" }),
      member({ skill: "bug-fix", address: "a/alone", commit: "2" }),
      member({ skill: "review", pairId: "p", address: "a/held", commit: "3" }),
      member({ skill: "review", pairId: "p", address: "a/held", commit: "3" }),
      member({ skill: "bug-fix", address: "a/held", commit: "3" }),
    ];
    const choice = choose(rows, { pins: { "a/trained": "train", "a/alone": "train", "a/held": "test" } });
    expect(reasons(choice)).toEqual({ [rows[1]?.id ?? ""]: "trained-on" });
    expect(crossings(choice.proof())).toBe(0);
  });
});
