import { describe, expect, it } from "vitest";
import type { Candidate } from "../../schemas/candidate.ts";
import type { Review } from "../../schemas/pull-request.ts";
import { reviewVerdicts } from "../../skills/review-verdicts.ts";
import { commitOf, pullRequestOf } from "./reported.ts";

const review = (verdict: Review["verdict"], author: Review["author"]): Review => ({
  verdict,
  author,
  commit: null,
  body: "",
  submittedAt: "2024-01-01T00:00:00Z",
});
const own = pullRequestOf().author;
const reader = { login: "reader", kind: "user" } as const;
const of = (reviews?: readonly Review[], more: object = {}): Candidate => {
  const pullRequest = { ...pullRequestOf(), ...(reviews === undefined ? {} : { reviews }) };
  return { ...commitOf({}), pullRequest, ...more } as Candidate;
};

describe("verdicts of reviewers", () => {
  it("are counted by what they say", () => {
    const said = ["approved", "approved", "changes-requested", "commented", "dismissed"] as const;
    expect(reviewVerdicts(of(said.map((verdict) => review(verdict, reader))))).toEqual({ approvals: 2, "change-requests": 1 });
    expect(reviewVerdicts(of([]))).toEqual({ approvals: 0, "change-requests": 0 });
  });

  it.each([
    ["robots", { login: "lint", kind: "bot" } as const, 0],
    ["the author", own, 0],
    ["people whose account is gone", { login: null, kind: "ghost" } as const, 1],
  ])("of %s count %#", (_, author, approvals) => {
    expect(reviewVerdicts(of([review("approved", author)]))).toMatchObject({ approvals });
  });

  it("are not known where nobody asked for them, where there was no pull request, and of a change that is taken back later", () => {
    expect(reviewVerdicts(of())).toEqual({});
    const { pullRequest: _, ...bare } = commitOf({});
    expect(reviewVerdicts(bare as Candidate)).toEqual({});
    expect(reviewVerdicts(of([review("approved", reader)], { mirrorOf: "e".repeat(40) }))).toEqual({});
  });
});
