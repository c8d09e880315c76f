import { expect, it } from "vitest";
import type { Verdict } from "../../pipeline/ledger.ts";
import { siftSummary } from "../../pipeline/sift-summary.ts";
import type { Sifted } from "../../pipeline/stages/5-sift.ts";
import { environmentOf } from "../grading/stand.ts";

const dropped = (id: string, reason: string): Verdict => ({ id, parent: id, blob: null, reason, detail: "" });
const kept = (id: string): Verdict => ({ id, parent: id, blob: "b", reason: null, detail: "" });
const summaryOf = (verdicts: readonly Verdict[], sifted: Readonly<Record<string, Pick<Sifted, "verdict" | "said">>>) =>
  siftSummary(environmentOf(), verdicts, (id) => (sifted[id] === undefined ? null : { candidateId: id, ...sifted[id] }));

it("counts those that survive, never end, are killed, and are unsure", () => {
  const verdicts = [dropped("a", "sift/survived"), dropped("b", "sift/endless"), kept("c"), kept("d")];
  const said = { c: { verdict: "killed", said: "killed by t" }, d: { verdict: "unsure", said: "t fails" } } as const;
  expect(summaryOf(verdicts, said)).toMatchObject({ mutants: 4, survived: 1, endless: 1, killed: 1, unsure: 1, nothing: null });
});

it("says the commonest reason where a sift that was made told of no mutant", () => {
  const failed = { verdict: "unsure", said: "the sift of its tests ended early: timed-out" } as const;
  const verdicts = [kept("a"), kept("b"), kept("c")];
  const summary = summaryOf(verdicts, { a: { verdict: "unsure", said: "it cannot stand beside what it replaces" }, b: failed, c: failed });
  expect(summary).toMatchObject({ mutants: 3, unsure: 3, nothing: failed.said });
});

it("says why a sift was left out", () => {
  const out = { verdict: "not-sifted", said: "sift/few: 2 mutants are too few to be sifted" } as const;
  expect(summaryOf([kept("a"), kept("b")], { a: out, b: out })).toMatchObject({ mutants: 2, unsure: 0, nothing: out.said });
});
