/** Do the review arms give themselves away? A naive Bayes over the tokens of the added and removed lines says how well they do. 0.5 is chance. */
import type { Draft } from "../schemas/instance.ts";

export const tokensOf = (prompt: string): string[] => {
  const diff = /```diff\n([\s\S]*?)\n```/.exec(prompt)?.[1] ?? "";
  return diff
    .split("\n")
    .filter((line) => /^[+-](?![+-]{2} )/.test(line))
    .flatMap((line) => (line.match(/[A-Za-z_$][\w$]*|\d+|[^\s\w]+/g) ?? []).map((token) => `${line[0]}${token}`));
};

export interface Arm {
  readonly wrong: boolean;
  readonly tokens: readonly string[];
  readonly half: 0 | 1;
}

function accuracy(train: readonly Arm[], test: readonly Arm[]): number {
  const counts = { true: new Map<string, number>(), false: new Map<string, number>() };
  const totals = { true: 0, false: 0 };
  for (const { wrong, tokens } of train) {
    const side = `${wrong}` as const;
    for (const token of tokens) counts[side].set(token, (counts[side].get(token) ?? 0) + 1);
    totals[side] += tokens.length;
  }
  const words = new Set([...counts.true.keys(), ...counts.false.keys()]).size + 1;
  const log = (token: string, side: "true" | "false"): number => Math.log(((counts[side].get(token) ?? 0) + 1) / (totals[side] + words));
  const right = test.filter(({ wrong, tokens }) => {
    const lean = tokens.reduce((sum, token) => sum + log(token, "true") - log(token, "false"), 0);
    return lean > 0 === wrong;
  });
  return right.length / test.length;
}

/** Of all arms: trained on one half and tested on the other, both ways round. */
export function cueAccuracy(arms: readonly Arm[]): number {
  const [even, odd] = [arms.filter((arm) => arm.half === 0), arms.filter((arm) => arm.half === 1)];
  return (accuracy(even, odd) * odd.length + accuracy(odd, even) * even.length) / arms.length;
}

/** Halves are of whole pairs. Null under 20 pairs: too little to say anything. */
export function reviewCue(
  instances: Iterable<{ readonly draft: Pick<Draft, "id" | "skill" | "pairId" | "judgement" | "prompt"> }>,
): { accuracy: number; rows: number } | null {
  const reviews: { id: string; pairId: string | null; wrong: boolean; tokens: string[] }[] = [];
  for (const { draft } of instances) {
    if (draft.skill !== "review") continue;
    const wrong = draft.judgement.kind === "review" && draft.judgement.verdict === "request_changes";
    reviews.push({ id: draft.id, pairId: draft.pairId, wrong, tokens: tokensOf(draft.prompt) });
  }
  const pairs = new Map([...new Set(reviews.map(({ pairId }) => pairId))].sort().map((pairId, at) => [pairId, at]));
  if (pairs.size < 20) return null;
  reviews.sort((a, b) => (a.id < b.id ? -1 : 1));
  const arms = reviews.map(({ pairId, wrong, tokens }): Arm => ({ wrong, tokens, half: (pairs.get(pairId) ?? 0) % 2 === 0 ? 0 : 1 }));
  return { accuracy: Math.round(cueAccuracy(arms) * 1000) / 1000, rows: arms.length };
}
