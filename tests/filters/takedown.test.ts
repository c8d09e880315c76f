import { describe, expect, it } from "vitest";
import { madeFrom, type TakedownSubject, takedown, takedownsOf } from "../../filters/takedown.ts";
import type { Bench } from "../../pipeline/bench.ts";
import { screenStage } from "../../pipeline/stages/2-screen.ts";
import type { Commit } from "../../schemas/candidate.ts";
import { configSchema } from "../../schemas/config.ts";
import { subjectOf } from "./subject.ts";

const subject: Required<TakedownSubject> = {
  id: "00000000000000a1",
  repository: { name: "acme/calc", origin: "https://github.com/Acme/Calc.git" },
  pullRequest: 12,
  commits: ["1".repeat(40)],
};

describe("a target", () => {
  it.each([
    "00000000000000a1",
    "acme/calc",
    "https://github.com/acme/calc",
    "git@github.com:Acme/Calc.git",
    "https://github.com/acme/calc/pull/12",
    "1".repeat(40),
  ])("%s means the row", (target) => {
    expect(takedownsOf([target]).match(subject)).toBe(target);
  });

  it.each([
    "00000000000000a2",
    "acme/other",
    "acme",
    "other/calc",
    "https://github.com/acme/calc/pull/1",
    "https://github.com/acme/other/pull/12",
    "2".repeat(40),
  ])("%s does not", (target) => {
    expect(takedownsOf([target]).match(subject)).toBeNull();
  });

  it("may be the bare name of a local repository", () => {
    expect(takedownsOf(["calc"]).match({ ...subject, repository: { name: "Calc", origin: "local" } })).toBe("calc");
  });

  it("that is a pull request leaves the rest of its repository", () => {
    expect(takedownsOf(["https://github.com/acme/calc/pull/12"]).match({ ...subject, pullRequest: null })).toBeNull();
  });
});

const mined = (more: Partial<Commit> = {}) => {
  const subject = subjectOf({});
  return { ...subject, commit: { ...subject.commit, ...more } };
};
const pull = { number: 12, head: { oid: "3".repeat(40) }, mergeCommit: "4".repeat(40) } as unknown as NonNullable<Commit["pullRequest"]>;

describe("takedown", () => {
  it.each([
    ["owner/name", "repository", {}],
    ["https://github.com/Owner/Name.git", "repository", {}],
    ["1".repeat(40), "commit", {}],
    ["2".repeat(40), "commit", { mirrorOf: "2".repeat(40) }],
    ["3".repeat(40), "commit", { pullRequest: pull }],
    ["4".repeat(40), "commit", { pullRequest: pull }],
    ["https://github.com/owner/name/pull/12", "pull-request", { pullRequest: pull }],
    ["https://github.com/owner/name/pull/7", "pull-request", { landed: { pullRequest: 7, closes: [] } }],
  ])("drops a change that %s means, as %s", (target, reason, more) => {
    expect(takedown.judge(mined(more), { targets: ["acme/other", target] })).toEqual({
      kept: false,
      reason: `takedown/${reason}`,
      detail: target,
    });
  });

  it("drops the revision of a repository or commit, and none for a pull request", () => {
    const { revision } = mined().commit;
    expect(takedown.judgeRevision(revision, { targets: ["owner/name"] })).toMatchObject({ reason: "takedown/repository" });
    expect(takedown.judgeRevision(revision, { targets: [revision.commit] })).toMatchObject({ reason: "takedown/commit" });
    expect(takedown.judgeRevision(revision, { targets: ["https://github.com/owner/name/pull/12"] })).toMatchObject({ kept: true });
  });

  it("keeps what no target means", () => {
    const targets = ["owner/names", "2".repeat(40), "https://github.com/owner/name/pull/13", "0".repeat(16)];
    expect(takedown.judge(mined({ pullRequest: pull }), { targets })).toMatchObject({ kept: true });
    expect(takedown.judge(mined(), takedown.options.parse({}))).toMatchObject({ kept: true });
  });

  it("is asked in the stage screen with what the configuration lists", async () => {
    const { revision } = mined().commit;
    const screen = async (targets: readonly string[]) => {
      const bench = { config: configSchema.parse({ takedown: { targets } }) } as unknown as Bench;
      for await (const { outcome } of screenStage.work([{ kind: "revision", revision }], bench)) return outcome;
      return null;
    };
    expect(await screen(["owner/name"])).toMatchObject({ kept: false, reason: "takedown/repository" });
    expect(await screen([])).toMatchObject({ kept: true });
    expect(screenStage.settings).toContain("takedown");
  });

  it("knows of a mutant the state that it is of", () => {
    const { revision } = mined().commit;
    const mutant = { kind: "mutant", id: "0".repeat(16), revision, before: {}, edits: [], sites: [] } as const;
    expect(madeFrom(mutant as unknown as Parameters<typeof madeFrom>[0])).toMatchObject({ pullRequest: null, commits: [revision.commit] });
  });
});
