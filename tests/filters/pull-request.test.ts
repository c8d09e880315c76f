import { describe, expect, it } from "vitest";
import { pullRequest } from "../../filters/pull-request.ts";
import type { PullRequest } from "../../schemas/pull-request.ts";
import { subjectOf } from "./subject.ts";

const oid = "1".repeat(40);
const told: PullRequest = {
  number: 7,
  title: "Fix the sum",
  body: "",
  author: { login: "ann", kind: "user" },
  createdAt: "2025-01-01T00:00:00.000Z",
  mergedAt: "2025-01-02T00:00:00.000Z",
  base: { ref: "main", oid },
  head: { ref: "fix", oid, fork: null },
  mergeCommit: oid,
  method: "squash",
  kind: "change",
  commits: { count: 0, list: [], cut: false },
  forcePushes: [],
  labels: [],
  issues: [],
  threads: [],
};
const judged = (more: Partial<PullRequest>) => {
  const subject = subjectOf({});
  return pullRequest.judge({ ...subject, commit: { ...subject.commit, pullRequest: { ...told, ...more } } });
};

describe("pull-request", () => {
  it("keeps commits that are no pull request", () => {
    expect(pullRequest.judge(subjectOf({}))).toMatchObject({ kept: true });
  });

  it.each(["user", "organization", "ghost"] as const)("keeps changes of a %s", (kind) => {
    expect(judged({ author: { login: null, kind } })).toMatchObject({ kept: true });
  });

  it.each([
    ["bot", { author: { login: "renovate[bot]", kind: "bot" as const } }, "#7 of renovate[bot]: Fix the sum"],
    ["revert", { kind: "revert" as const }, "#7: Fix the sum"],
    ["merge-forward", { kind: "merge-forward" as const }, "#7: Fix the sum"],
  ])("drops a %s", (reason, more, detail) => {
    expect(judged(more)).toEqual({ kept: false, reason: `pull-request/${reason}`, detail });
  });
});
