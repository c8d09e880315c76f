import { describe, expect, it } from "vitest";
import { rngFor } from "../../lib/rng.ts";
import { reviewCue } from "../../pipeline/review-cue.ts";
import type { Instance } from "../../schemas/instance.ts";

const words = ["alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "theta"];

/** Pairs of arms whose added lines are words by chance, with a word more in the wrong arms where a cue is planted. */
function pairsOf(count: number, cue: string | null, skill = "review"): Instance[] {
  return Array.from({ length: count }, (_, pair) =>
    [false, true].map((wrong) => {
      const rng = rngFor("1", `${pair}`, `${wrong}`);
      const line = Array.from({ length: 6 }, () => words[rng.below(words.length)]).join(" ");
      const prompt = `text\n\`\`\`diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-gone\n+${line}${wrong && cue !== null ? ` ${cue}` : ""}\n\`\`\`\n`;
      const judgement = { kind: "review", verdict: wrong ? "request_changes" : "approve", defects: [] };
      return { draft: { id: `${pair}-${wrong}`, skill, pairId: `pair${pair}`, prompt, judgement } } as unknown as Instance;
    }),
  ).flat();
}

describe("the cheap classifier over the two arms", () => {
  it("stays near chance where the arms differ by chance alone", () => {
    const found = reviewCue(pairsOf(200, null));
    expect(found?.rows).toBe(400);
    expect(found?.accuracy).toBeGreaterThan(0.4);
    expect(found?.accuracy).toBeLessThan(0.6);
  });
  it("finds a word that stands in the wrong arms only", () => {
    expect(reviewCue(pairsOf(40, "debugger"))?.accuracy).toBeGreaterThan(0.9);
  });
  it("does not look at the headers of the diff or the text around it", () => {
    const told = pairsOf(100, null).map((instance) => {
      const wrong = instance.draft.judgement.kind === "review" && instance.draft.judgement.verdict === "request_changes";
      const prompt = instance.draft.prompt
        .replace("--- a/x", wrong ? "--- a/wrong" : "--- a/right")
        .replace("text", wrong ? "wrong" : "right");
      return { ...instance, draft: { ...instance.draft, prompt } };
    });
    expect(reviewCue(told)).toEqual(reviewCue(pairsOf(100, null)));
  });
  it("gives the same figure in any order", () => {
    const instances = pairsOf(60, null);
    expect(reviewCue([...instances].reverse())).toEqual(reviewCue(instances));
  });
  it("says nothing of fewer than 20 pairs, or of other skills", () => {
    expect(reviewCue(pairsOf(19, "debugger"))).toBeNull();
    expect(reviewCue(pairsOf(20, "debugger"))).not.toBeNull();
    expect(reviewCue(pairsOf(40, "debugger", "editing"))).toBeNull();
  });
});
