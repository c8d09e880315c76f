import { describe, expect, it } from "vitest";
import { createLog } from "../../pipeline/log.ts";
import { defaultPlace } from "../../pipeline/place.ts";
import { figureOf, solve, solveText } from "../../pipeline/solve.ts";

const one = (reward: 0 | 1 | null, pairId: string | null = null, answered = true) => ({
  skill: "review" as const,
  pairId,
  answered,
  reward,
});

describe("what a rule earns", () => {
  it("is the mean over the rows, one without an answer counting 0", () => {
    expect(figureOf("x", "review", [one(1), one(0), one(0, null, false), one(1)])).toMatchObject({
      rows: 4,
      answered: 3,
      reward: 0.5,
      pairs: null,
    });
  });
  it("is told of pairs where both arms are there", () => {
    const scored = [one(1, "a"), one(0, "a"), one(1, "b"), one(1, "b"), one(1, "c")];
    expect(figureOf("x", "review", scored)).toMatchObject({ reward: 0.8, pairs: 0.5 });
  });
  it("leaves out rows that the machine had trouble with, and counts them", () => {
    const figure = figureOf("x", "review", [one(1), one(null)]);
    expect(figure).toMatchObject({ rows: 1, reward: 1, infrastructure: 1 });
    expect(solveText({ dataset: "d", figures: [figure], recorded: null })).toContain("1 not graded for trouble of the machine");
    expect(solveText({ dataset: "d", figures: [figure], recorded: 0 })).toMatch(/report: 0 figures\nnot recorded: figures of which a row/);
  });
  it("is told with what was recorded", () => {
    const text = solveText({ dataset: "d", figures: [figureOf("x", "review", [one(1)])], recorded: 1 });
    expect(text).toContain("recorded in d, its card and its report: 1 figure");
    expect(text).not.toContain("not recorded");
  });
});

describe("what is asked for", () => {
  const log = createLog({ json: false, terminal: false, write: () => undefined, now: () => 0 });
  const place = defaultPlace({ out: "nowhere" });
  it("is a rule that is there", async () => {
    await expect(solve("nowhere", place, { log, baselines: ["guess"] })).rejects.toThrow("there is no baseline guess");
  });
  it("is one rule where its answers are to be written", async () => {
    await expect(solve("nowhere", place, { log, baselines: [], out: "x.jsonl" })).rejects.toThrow("answers are written for one baseline");
  });
  it("is all rows where the figures are to be recorded", async () => {
    const asked = solve("nowhere", place, { log, baselines: [], limit: 5, record: true });
    await expect(asked).rejects.toThrow("figures of a part of the rows are not recorded");
  });
  it("is a dataset here where the figures are to be recorded", async () => {
    await expect(solve("nowhere", place, { log, baselines: [], record: true })).rejects.toThrow("nowhere holds no manifest.json");
    await expect(solve("https://host/data", place, { log, baselines: [], record: true })).rejects.toThrow("is an address");
  });
});
